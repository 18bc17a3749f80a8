//! Mails of sources without a profile, and of people's own scripts, are understood by their words.

use smtp_appliance::alert::{Kind, Origin, Severity, understand};

use Kind::{Acknowledgement, Downtime, Flapping, Other, Problem, Recovery, Report, Test};
use Severity::{Critical, Error, Info, Warning};

/// From, subject, body; kind, severity, host.
type Case =
    (&'static str, &'static str, &'static str, Kind, Option<Severity>, Option<&'static str>);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // PRTG and SolarWinds
    ("PRTG Network Monitor <prtg@example.org>", "[PRTG Network Monitor (HQ)] fw-01 Ping Down (Request timed out)", "", Problem, Some(Critical), Some("fw-01")),
    ("PRTG Network Monitor <prtg@example.org>", "[PRTG Network Monitor (HQ)] fw-01 Ping Up (3 msec)", "", Recovery, Some(Info), Some("fw-01")),
    ("PRTG Network Monitor <prtg@example.org>", "[PRTG Network Monitor (HQ)] fw-01 Ping Down ended (now: Up) (3 msec)", "", Recovery, Some(Info), Some("fw-01")),
    ("orion@example.org", "Node core-sw-01 is Down", "core-sw-01 is currently down.\nSeverity: Critical", Problem, Some(Critical), Some("core-sw-01")),
    ("orion@example.org", "Node core-sw-01 is Up", "core-sw-01 has come back up.", Recovery, Some(Info), Some("core-sw-01")),
    // NAS
    ("NAS <nas@example.org>", "[NAS-OFICINA] Volume 1 has crashed", "Dear user,\n\nVolume 1 on NAS-OFICINA has crashed.\n\nSincerely,\nSynology DiskStation", Problem, None, Some("NAS-OFICINA")),
    ("NAS <nas@example.org>", "[DS920-01] The network has been restored", "Dear user,\n\nLAN 1 on DS920-01 is available.\n", Recovery, None, Some("DS920-01")),
    ("NAS <nas@example.org>", "DS920-01 - Volume 1 degraded", "Dear user,\nVolume 1 is degraded.", Problem, None, Some("DS920-01")),
    ("QNAP <nas@example.org>", "[Warning][Storage & Snapshots] Disk 3 on QNAP-02 has bad sectors", "NAS Name: QNAP-02\nSeverity: Warning\nMessage: [Disk] Disk 3 has bad sectors.", Problem, Some(Warning), Some("QNAP-02")),
    ("QNAP <nas@example.org>", "[Information][Network & Virtual Switch] Adapter 1 link up", "NAS Name: QNAP-02\nSeverity: Information\nMessage: Adapter 1 link is up.", Recovery, Some(Info), Some("QNAP-02")),
    // Backup
    ("veeam@example.org", "[Failed] Copia VMs (12 objects) 2 failed", "", Problem, Some(Error), None),
    ("veeam@example.org", "[Success] Daily VMs (12 objects)", "", Report, Some(Info), None),
    ("veeam@example.org", "[Warning] Daily VMs (12 instances) 1 warning", "", Problem, Some(Warning), None),
    ("bacula@backup01.example.org", "Bacula: Backup OK of fileserver-fd Full", "Termination: Backup OK", Report, None, None),
    ("bacula@backup01.example.org", "Bacula: Backup Fatal Error of fileserver-fd Incremental", "", Problem, Some(Critical), None),
    ("root@bk-01.example.org", "borg backup on web-01 finished successfully", "0 errors, 0 warnings", Report, None, Some("web-01")),
    ("root@bk-01.example.org", "restic: snapshot failed for web-01", "Fatal: unable to open repository", Problem, Some(Error), Some("web-01")),
    ("admin@example.org", "Windows Server Backup completed with warnings on SRV-DC01", "", Problem, Some(Warning), Some("SRV-DC01")),
    ("admin@example.org", "Backup job 'Nightly' completed successfully", "Errors: 0\nWarnings: 0", Report, None, None),
    ("admin@example.org", "Backup report for SRV-DC01", "Job: Nightly\nResult: Failed\nErrors: 3", Problem, Some(Error), Some("SRV-DC01")),
    ("admin@example.org", "Nightly backup: no errors", "", Report, None, None),
    ("admin@example.org", "Backup job finished: 14 succeeded, 0 failed", "", Report, None, None),
    ("admin@example.org", "Backup job finished: 13 succeeded, 1 failed", "", Problem, Some(Error), None),
    ("admin@example.org", "Backup did not complete on SRV-DC01", "", Problem, None, Some("SRV-DC01")),
    // Hardware and virtualisation
    ("ilo@example.org", "iLO AlertMail: Power Supply Failure (Power Supply 2)", "Event: Power Supply Failure\nSeverity: Critical\nServer Name: esx-03", Problem, Some(Critical), Some("esx-03")),
    ("ilo@example.org", "iLO AlertMail: Power Supply repaired (Power Supply 2)", "Severity: Repaired\nServer Name: esx-03", Recovery, Some(Info), Some("esx-03")),
    ("idrac@example.org", "Alert from iDRAC", "Message: The power supply 1 failed.\nSeverity: Critical\nSystem Host Name: r740-02\nMessage ID: PSU0003", Problem, Some(Critical), Some("r740-02")),
    ("omsa@example.org", "Dell OpenManage: Fan 3 on r740-02 returned to normal", "", Recovery, Some(Info), Some("r740-02")),
    ("vcenter@example.org", "[VMware vCenter - Alarm alarm.HostConnectionStateAlarm] Host esx-03.example.org lost connection", "Target: esx-03.example.org\nPrevious Status: Green\nNew Status: Red", Problem, None, Some("esx-03.example.org")),
    ("vcenter@example.org", "Alarm 'Datastore usage on disk' changed from Yellow to Red", "Host: esx-04", Problem, None, Some("esx-04")),
    // Network
    ("unifi@example.org", "[UniFi Oficina] AP Disconnected", "Device Name: AP-Planta2\nMessage: AP[AP-Planta2] was disconnected", Problem, None, Some("AP-Planta2")),
    ("unifi@example.org", "[UniFi Oficina] AP Connected again", "Device Name: AP-Planta2", Recovery, None, Some("AP-Planta2")),
    ("cisco@example.org", "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down", "Host: sw-acc-07", Problem, Some(Critical), Some("sw-acc-07")),
    ("cisco@example.org", "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up", "Host: sw-acc-07", Recovery, Some(Info), Some("sw-acc-07")),
    ("router@example.org", "MikroTik netwatch: host 10.20.0.1 is down", "", Problem, Some(Critical), Some("10.20.0.1")),
    ("router@example.org", "MikroTik netwatch: host 10.20.0.1 is up", "", Recovery, Some(Info), Some("10.20.0.1")),
    // Services on the Internet
    ("alert@dtdg.co", "[Triggered] CPU load is very high on host:web-07", "", Problem, None, Some("web-07")),
    ("alert@dtdg.co", "[Recovered] CPU load is very high on host:web-07", "", Recovery, None, Some("web-07")),
    ("alert@dtdg.co", "[No data] Heartbeat missing on host:web-07", "", Problem, None, Some("web-07")),
    ("alert@uptimerobot.com", "Monitor is DOWN: shop.example.com", "", Problem, Some(Critical), Some("shop.example.com")),
    ("alert@uptimerobot.com", "Monitor is UP: shop.example.com", "It was down for 4 minutes.", Recovery, Some(Info), Some("shop.example.com")),
    ("alert@pingdom.com", "DOWN alert: Shop (shop.example.com) is DOWN", "", Problem, Some(Critical), Some("shop.example.com")),
    ("alert@pingdom.com", "UP alert: Shop (shop.example.com) is UP", "", Recovery, Some(Info), Some("shop.example.com")),
    ("noreply@healthchecks.io", "DOWN | nightly-dump", "The check \"nightly-dump\" has gone down.", Problem, Some(Critical), None),
    ("noreply@healthchecks.io", "UP | nightly-dump", "The check is back up.", Recovery, Some(Info), None),
    ("noreply@sentry.io", "[Sentry] TypeError: cannot read property 'id' of undefined", "", Problem, None, None),
    ("gitlab@example.org", "shop | Failed pipeline for main | 1a2b3c4d", "", Problem, Some(Error), None),
    ("gitlab@example.org", "shop | Fixed pipeline for main | 1a2b3c4d", "", Recovery, None, None),
    ("gitlab@example.org", "shop | Successful pipeline for main | 1a2b3c4d", "", Report, None, None),
    ("pagerduty@example.org", "[#48213] Incident acknowledged: API latency", "", Acknowledgement, None, None),
    ("site24x7@example.org", "Scheduled maintenance for db-02 starts at 22:00", "", Downtime, None, Some("db-02")),
    ("libre@example.org", "Interface eth1 on rtr-02 is flapping", "", Flapping, None, Some("rtr-02")),
    // Power and surroundings
    ("apc@example.org", "UPS: On battery power in response to an input power problem.", "Name: Rack UPS\nLocation: CPD\nSeverity: Warning", Problem, Some(Warning), Some("CPD")),
    ("apc@example.org", "UPS: No longer on battery power.", "Location: CPD\nSeverity: Informational", Recovery, Some(Info), Some("CPD")),
    ("eaton@example.org", "[Eaton] Utility power failure on ups-eaton-01", "", Problem, Some(Error), Some("ups-eaton-01")),
    ("eaton@example.org", "[Eaton] Utility power restored on ups-eaton-01", "", Recovery, None, Some("ups-eaton-01")),
    ("temp@example.org", "Temperature in server room is too high: 41.5 C", "", Problem, None, None),
    ("temp@example.org", "Temperature in server room back to normal: 22.0 C", "", Recovery, Some(Info), None),
    ("door@example.org", "Door open: rack 3", "", Problem, None, None),
    ("door@example.org", "Smoke detector triggered in CPD", "", Problem, None, None),
    // Spanish, from scripts
    ("root@srv-01.example.org", "ALERTA: servidor srv-01 caído", "", Problem, Some(Critical), Some("srv-01")),
    ("root@srv-01.example.org", "AVISO: servidor srv-01 operativo de nuevo", "", Recovery, None, Some("srv-01")),
    ("root@srv-01.example.org", "El servicio nginx no responde en srv-web-03", "", Problem, None, Some("srv-web-03")),
    ("root@srv-01.example.org", "El servicio nginx vuelve a responder en srv-web-03", "", Recovery, None, Some("srv-web-03")),
    ("root@srv-01.example.org", "Copia de seguridad terminada sin errores en srv-bk-02", "", Report, None, Some("srv-bk-02")),
    ("root@srv-01.example.org", "Copia de seguridad fallida en srv-bk-02", "", Problem, Some(Error), Some("srv-bk-02")),
    ("root@srv-01.example.org", "Corte de luz en el CPD", "", Problem, None, None),
    ("root@srv-01.example.org", "Se ha restablecido la corriente en el CPD", "", Recovery, None, None),
    ("root@srv-01.example.org", "Resumen diario: 0 incidencias", "", Report, None, None),
    ("root@srv-01.example.org", "Temperatura alta en sala de servidores: 38 °C", "", Problem, None, None),
    ("root@srv-01.example.org", "Correo de prueba", "Si lee esto, funciona.", Test, None, None),
    ("alarma@example.org", "Estado: CRÍTICO", "Equipo: srv-05\nServicio: MySQL\nGravedad: Alta", Problem, Some(Critical), Some("srv-05")),
    ("alarma@example.org", "Estado: OK", "Equipo: srv-05\nServicio: MySQL", Recovery, Some(Info), Some("srv-05")),
    ("alarma@example.org", "srv-05 pasa de CRITICAL a OK", "", Recovery, Some(Info), Some("srv-05")),
    // Negations, words within words, quotations, nothing to tell
    ("a@example.org", "The backup is not ok on zeus-01", "", Problem, None, Some("zeus-01")),
    ("a@example.org", "Issue not resolved on zeus-01", "", Problem, None, Some("zeus-01")),
    ("a@example.org", "web-09 is no longer responding", "", Problem, None, Some("web-09")),
    ("a@example.org", "web-09 is no longer critical", "", Recovery, None, Some("web-09")),
    ("a@example.org", "Disk 0 failed in nas-07", "", Problem, Some(Error), Some("nas-07")),
    ("a@example.org", "Startup of failover node node-02 done", "", Report, None, Some("node-02")),
    ("a@example.org", "Weekly report: errors and warnings", "", Report, None, None),
    ("a@example.org", "Re: lunch on Friday", "See you at noon.\n> the server is down", Other, None, None),
    ("a@example.org", "Hello", "How are you?", Other, None, None),
    ("a@example.org", "Alert", "Service: httpd\nHost: web-11\nState: CRITICAL", Problem, Some(Critical), Some("web-11")),
    ("a@example.org", "Alert", "The web server web-11 has recovered.", Recovery, None, Some("web-11")),
    ("a@example.org", "", "ERROR disk full on web-11", Problem, Some(Error), Some("web-11")),
    ("a@example.org", "Test alert from monitoring", "This is a test.", Test, None, None),
    ("a@example.org", "SMART self-test failed on disk sdb of nas-07", "", Problem, Some(Error), Some("nas-07")),
    ("a@example.org", "mysql on db-03: WARNING -> CRITICAL", "", Problem, Some(Critical), Some("db-03")),
    ("a@example.org", "mysql on db-03: CRITICAL -> OK", "", Recovery, Some(Info), Some("db-03")),
    ("a@example.org", "🔴 db-03 does not answer", "", Problem, Some(Critical), Some("db-03")),
    ("a@example.org", "✅ db-03 answers", "", Recovery, Some(Info), Some("db-03")),
    ("a@example.org", "FAILURE: raid controller on st-01", "", Problem, Some(Error), Some("st-01")),
    ("a@example.org", "Störung: server db-03 nicht erreichbar", "", Problem, None, Some("db-03")),
    ("a@example.org", "Incident #20931 resolved", "", Recovery, None, None),
];

#[test]
fn unseen_mails_are_understood() {
    let mut faults = Vec::new();
    for (from, subject, body, kind, severity, host) in CASES {
        let raw =
            format!("From: {from}\r\nSubject: {subject}\r\n\r\n{}\r\n", body.replace('\n', "\r\n"));
        let (_, events) = understand(raw.as_bytes(), &Origin::default());
        let event = &events[0];
        let found = (event.kind, event.severity, event.host.as_deref());
        // A machine named only by the sender is worth something but not asked for here.
        let named =
            host.is_some() || found.2.is_none() || from.contains(found.2.unwrap_or_default());
        if found.0 != *kind
            || found.1 != *severity
            || (host.is_some() && found.2 != *host)
            || !named
        {
            faults.push(format!(
                "{subject:?}: ({kind:?}, {severity:?}, {host:?}) read as {found:?} by {}",
                event.source
            ));
        }
    }
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), CASES.len(), faults.join("\n"));
}
