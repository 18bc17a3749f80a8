//! The words and phrases that tell a state. Data only: the longest phrase that fits wins.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What a phrase says about the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) enum Sense {
    /// Something is wrong.
    Raise,
    /// Something is wrong, and the word also says what: it stays in the problem's identity.
    Topic,
    /// An alert of some kind; whether it begins or ends, other words tell.
    Mild,
    /// What was wrong is over.
    Clear,
    /// A good state; news of an end only in the right place.
    Good,
    /// A job ended well.
    Success,
    /// Somebody took it on.
    Ack,
    /// A planned silence.
    Downtime,
    /// A state that changes too often.
    Flap,
    /// A trial.
    Test,
    /// A regular report.
    Report,
    /// Turns the words after it into their opposite.
    Not,
    /// What follows is past.
    Past,
    /// What follows is over ("no longer down") or no more given ("no longer responding").
    NoLonger,
    /// Words that look like a state and are none.
    Neutral,
}

/// Phrases, folded, parted by commas.
const LEXICON: &[(Sense, &str)] = &[
    (
        Sense::Raise,
        "problem, problems, problema, problemas, probleme, firing, triggered, disparada, disparado, \
         down, caido, caida, caidos, caidas, se ha caido, se cayo, critical, critico, critica, crit, \
         fatal, error, errors, errores, fail, fails, failed, failing, failure, failures, fallo, \
         fallos, fallado, fallido, fallida, fallidos, fallidas, falla, fallaron, ha fallado, fehler, \
         fehlgeschlagen, gestort, erreur, echec, panne, echoue, falha, falhou, erro, degraded, \
         degradado, degradada, offline, fuera de linea, fuera de servicio, unreachable, \
         inaccesible, inalcanzable, unavailable, no disponible, indisponible, unhealthy, timeout, \
         timed out, tiempo de espera agotado, not responding, not responded, no response, \
         sin respuesta, no responde, no respondio, no contesta, not reachable, not running, \
         not available, not working, no funciona, no arranca, stopped responding, \
         dejo de responder, ha dejado de responder, unresponsive, no data, sin datos, \
         no heartbeat, does not exist, doesn't exist, not ok, not healthy, not successful, \
         unsuccessful, unsuccessfully, did not complete, not completed, no se completo, \
         no se ha completado, sin completar, incomplete, incompleta, incompleto, not resolved, \
         no resuelto, sin resolver, not recovered, not cleared, no ack, lost, perdido, perdida, \
         perdio, se perdio, disconnected, desconectado, desconectada, disconnection, \
         recovery failed, restore failed, recovery error, backup missing, aborted, abortado, \
         abortada, crashed, crash, dead, muerto, unable, cannot, can't, couldn't, could not, \
         no se pudo, no se puede, no ha podido, went down, gone down, goes down, going down, broken, \
         roto, rota, averia, averiado, disaster, desastre, emergency, emergencia, outage, \
         needs attention, requires attention, requiere atencion, at risk, has stopped, \
         stopped unexpectedly, parado, parada, detenido, detenida, stopped, on battery, \
         on batteries, en bateria, con bateria, con baterias, running on battery, power failure, \
         power fail, power loss, power lost, power outage, loss of power, corte de luz, \
         corte de corriente, corte electrico, sin corriente, sin luz, fallo electrico, \
         not on line, link down, node down, deadlock, panic, kernel panic, out of service, ausfall, storung, nicht erreichbar, nicht verfugbar, ausgefallen, injoignable, \
         ne repond pas, ne repond plus, sem resposta, nao responde, inacessivel, \
         hors service, indisponivel, fora do ar, caiu, critical warning, rebuild failed, \
         became inactive, no backup, no backups, sin copia, not protected, unprotected, uncorrectable, \
         opened incident, incident opened, new incident, incident started, \
         new issue, regression, down for",
    ),
    (
        Sense::Topic,
        "exceeded, exceeds, exceeding, exceed, excedido, excede, exceeded threshold, superado, \
         supera, superada, sobrepasa, above threshold, below threshold, over threshold, \
         over limit, threshold reached, umbral superado, full, lleno, llena, almost full, \
         nearly full, casi lleno, casi llena, out of memory, out of space, out of disk, oom, \
         without space, sin espacio, no space left, no space, no memory, low disk, low disk space, \
         low battery, battery low, low on, running out, poco espacio, bateria baja, battery is low, \
         replace battery, battery needs, cambiar bateria, missing, missed, overdue, expired, \
         caducado, caducada, vencido, expires, expiring, caduca, caducara, expira, vence, \
         about to expire, late, intrusion, motion detected, movimiento detectado, \
         door open, door opened, door is open, puerta abierta, smoke, humo, fire, incendio, leak, \
         leakage, fuga, flood, inundacion, water detected, agua detectada, overheating, overheated, \
         overheat, overtemperature, over temperature, sobrecalentamiento, sobretemperatura, \
         temperatura alta, temperatura critica, temperature high, high temperature, \
         too hot, high, low, alto uso, elevado, elevada, corrupt, corrupted, corruption, corrupto, \
         virus, malware, infected, infectado, ransomware, threat, amenaza, attack, ataque, \
         exhausted, agotado, agotada, violated, violation, breach, breached, anomaly, anomalia, \
         suspicious, sospechoso, denied, denegado, rejected, rechazado, refused, rehusada, \
         rechazada, blocked, bloqueado, bloqueada, banned, brute force, unauthorized, no autorizado, \
         predictive failure, bad sector, bad sectors, sectores defectuosos, pending sectors, \
         not synchronized, out of sync, desincronizado, overload, overloaded, sobrecarga, \
         overvoltage, undervoltage, not found, no encontrado, no encontrada, locked out, evicted, \
         crashloopbackoff, imagepullbackoff, slow, lento, lenta, latency, saturated, saturado, \
         saturada, spike, flatline, shutdown, shutting down, apagado, apagandose, rebooted, \
         reiniciado, unexpected, inesperado, removed unexpectedly, tampered, panic button",
    ),
    (
        Sense::Mild,
        "alert, alerts, alerta, alertas, alarm, alarms, alarma, alarmas, alarme, warning, warnings, \
         warn, warnung, avertissement, aviso, avisos, advertencia, advertencias, atencion, attention, \
         incident, incidente, incidencia, issue, \
         caution, precaucion, escalated, escalation, raised, activada, activado, major, minor, \
         urgent, urgente, unknown, desconocido",
    ),
    (
        Sense::Clear,
        "resolved, resolves, resuelto, resuelta, resueltos, resueltas, se resolvio, se ha resuelto, \
         solved, solucionado, solucionada, recovered, recovers, recovery, recuperado, recuperada, \
         recuperacion, se ha recuperado, se recupero, restored, restaurado, restaurada, \
         restablecido, restablecida, restaurado el servicio, reestablecido, cleared, clears, clear, \
         despejado, despejada, repaired, reparado, reparada, fixed, arreglado, arreglada, \
         corregido, corregida, corrected, returned, has returned, regresado, back up, back online, \
         back on line, back to normal, back on, back in service, is back, are back, \
         de nuevo en linea, de nuevo operativo, de nuevo disponible, operativo de nuevo, \
         operativa de nuevo, disponible de nuevo, en linea de nuevo, activo de nuevo, \
         funciona de nuevo, vuelve a, ha vuelto, volvio, wieder erreichbar, wieder online, \
         wieder verfugbar, de nouveau disponible, \
         volvio a la normalidad, returned to normal, reachable again, up again, available again, \
         online again, working again, came back, came up, comes up, is now up, is up, is up again, \
         is ok, is now ok, is normal, is now normal, is online, is now online, is healthy, \
         is now healthy, is now available, is available, esta operativo, esta ok, \
         is operational, are operational, is reachable, is now reachable, reconnected, reconectado, \
         reconectada, re established, reestablished, established, restablecida la conexion, \
         reestablecida, on line power, on mains, on utility power, power returned, power restored, \
         alert ended, alarm ended, has ended, incident closed, issue closed, alarm off, \
         alert over, deactivated, desactivada, desactivado, unbanned, behoben, gelost, \
         wiederhergestellt, erholt, resolu, retabli, retablie, resolvido, resolvida, normalizado, \
         normalizada, risolto, ripristinato, went up, returned to ok, back to ok, came online, \
         door closed, puerta cerrada, fin de la alarma, fin de alarma, fin de la alerta, \
         fin del problema, passing again, green again, has started again, exists again, \
         re connected, falling back below, dropped below threshold, within limits, \
         dentro de limites, no issues anymore, resolution, returned to service, unblocked, \
         all clear, node up, link up, host up, service up, up after, up since, online after",
    ),
    (
        Sense::Good,
        "ok, okay, up, normal, normalidad, online, en linea, healthy, operational, operativo, \
         operativa, available, disponible, passed, running, connected, conectado, conectada, \
         active, activo, good, bien, reachable, responding, responde, stable, estable, green, \
         verde, closed, cerrado, cerrada, ended, finalizada la alarma",
    ),
    (
        Sense::Success,
        "success, successful, successfully, succeeded, succeeds, exito, con exito, exitoso, exitosa, \
         exitosamente, correctamente, correcto, correcta, satisfactorio, satisfactoria, \
         satisfactoriamente, completed, complete, completes, completado, completada, completo, \
         finished, finalizado, finalizada, terminado, terminada, done, erfolgreich, reussi, \
         sucesso, applied, installed, instalado, instaladas",
    ),
    (
        Sense::Ack,
        "acknowledged, acknowledgement, acknowledgment, acknowledge, ack, reconocido, reconocida, \
         reconocimiento, confirmado por, taken by, assigned to, asignado a, asignada a, \
         is working on",
    ),
    (
        Sense::Downtime,
        "downtimestart, downtimeend, downtimecancelled, downtimeremoved, downtime start, \
         downtime end, downtime started, downtime starts, downtime ended, downtime ends, \
         downtime begins, downtime cancelled, downtime canceled, downtime removed, \
         scheduled downtime, planned downtime, maintenance, mantenimiento, mantenimiento programado, \
         parada programada, maintenance window, silenced, silence, silenciado, silenciada, muted, \
         en pausa, paused, monitoring paused, snoozed, wartung",
    ),
    (
        Sense::Flap,
        "flapping, flappingstart, flappingstop, flappingend, flappingdisabled, flap, flaps, \
         inestable, oscilando",
    ),
    (
        Sense::Test,
        "test alert, test alerts, test notification, test mail, test email, test e mail, \
         test message, test event, test sms, test alarm, test report, test trap, test page, \
         testmessage, emailtest, this is a test, just a test, sending test, mail test, email test, \
         sms test, smtp test, notification test, alert test, alarm test, prueba de correo, \
         prueba de envio, prueba de alerta, prueba de alarma, prueba de notificacion, prueba de sms, \
         prueba de aviso, prueba de smtp, alerta de prueba, alarma de prueba, aviso de prueba, \
         mensaje de prueba, correo de prueba, notificacion de prueba, evento de prueba, \
         sms de prueba, esto es una prueba, es una prueba, mensaje de test, testnachricht, testmail, \
         test mailing, e mail test, message de test, mensagem de teste, email de teste, test subject, \
         testing alerts, testing notifications, testing mail, testing email, test from",
    ),
    (
        Sense::Report,
        "report, reports, reporte, informe, informes, bericht, rapport, relatorio, summary, resumen, \
         zusammenfassung, digest, daily, weekly, monthly, diario, diaria, semanal, mensual, \
         statistics, estadisticas, newsletter, overview, status mail, updates available, \
         update available, new software packages available, actualizaciones disponibles, \
         actualizacion disponible, logwatch, changelog, audit, auditoria, inventory, inventario",
    ),
    (
        Sense::Not,
        "no, not, without, sin, zero, cero, 0, none, ningun, ninguna, ninguno, never, nunca, isn't, \
         aren't, wasn't, hasn't, haven't, ohne, kein, keine, sans, aucun, sem, nenhum, non",
    ),
    (
        Sense::Past,
        "was, were, had, had been, was in, previously, previous, previous state, estuvo, estaba, \
         estaban, anterior, antes, anteriormente, last state, old state, estado anterior, war",
    ),
    (
        Sense::NoLonger,
        "no longer, not anymore, ya no, ya no esta, is no longer, dejo de, dejado de",
    ),
    (
        Sense::Neutral,
        "self test, selftest, up to date, up to, up from, down to, start up, startup, set up, setup, \
         sign up, follow up, pick up, power up, wake up, look up, lookup, clean up, cleanup, \
         catch up, top up, ramp up, scale up, scale down, scaled down, drill down, break down, \
         count down, count up, back up your, back up data, uptime, upgrade, downgrade, download, \
         disaster recovery, recovery point, recovery plan, recovery key, recovery time, \
         recovery mode, restore point, fail over, failover, fail safe, failsafe, error free, \
         problem free, error code, error log, error rate limit, no longer than, critical update, \
         critical updates, critical patch, high availability, alta disponibilidad, high priority, \
         low priority, prioridad alta, alert manager, alert id, alert rule, alert type, \
         alert name, event id, event type, event log, event time, problem id, warning threshold, \
         critical threshold, error threshold, ok threshold, all good, problem name, \
         not only, no action, no action required, no action needed, do not reply, no reply, \
         noreply, no responder, no responda, was ok, was up, clear log, clear cache, clear text, \
         alert settings, notification settings, notification center, alert notification, \
         test result, test results, test server, test environment, test suite, test system, \
         last error, last problem, late fee, slow query log, on demand, fire wall, firewall, \
         time to live, low latency, issue number, issue tracker, latency test, no later than, \
         no problem, cron daemon, report id, audit log, active directory, active alerts, \
         directorio activo, connected to, issued by, fd full, full backup, full copy, full scan, full report, non critical, not critical, no critico, \
         active checks, running for, fire suppression ok, sin novedad, closed session",
    ),
];

/// Phrases by their first word, the longest first.
type Index = HashMap<&'static str, Vec<(Vec<&'static str>, Sense)>>;

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index::new();
        for (sense, phrases) in LEXICON {
            for phrase in phrases.split(',') {
                let words: Vec<&str> = phrase.split_whitespace().collect();
                if let Some(first) = words.first() {
                    index.entry(first).or_default().push((words, *sense));
                }
            }
        }
        for phrases in index.values_mut() {
            phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        index
    })
}

/// The longest phrase that begins at the first of `words`: its sense and how many words it has.
pub(super) fn phrase<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Option<(Sense, usize)> {
    let candidates = index().get(words.clone().next()?)?;
    candidates.iter().find_map(|(phrase, sense)| {
        let fits = phrase.iter().copied().eq(words.clone().take(phrase.len()));
        fits.then_some((*sense, phrase.len()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{LEXICON, Sense, phrase};

    #[test]
    fn no_phrase_has_two_senses() {
        let mut seen: HashMap<String, Sense> = HashMap::new();
        for (sense, phrases) in LEXICON {
            for phrase in phrases.split(',') {
                let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(crate::alert::words::fold(&phrase), phrase);
                assert_eq!(seen.insert(phrase.clone(), *sense), None, "{phrase:?} stands twice");
            }
        }
    }

    #[test]
    fn longest_wins() {
        let words = ["back", "to", "normal", "now"];
        assert_eq!(phrase(words.into_iter()), Some((Sense::Clear, 3)));
        assert_eq!(phrase(["fail", "over"].into_iter()), Some((Sense::Neutral, 2)));
        assert_eq!(phrase(["teapot"].into_iter()), None);
    }
}
