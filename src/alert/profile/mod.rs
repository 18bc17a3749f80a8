//! Who sent it, and what it says: one file per source, and rules for everybody else.
//!
//! A profile looks for its source's marks (headers, the shape of the subject, labels of the body)
//! and gives nothing if they are missing; the first that gives something has read the mail. A relay
//! in between (Postfix, Exim) keeps all of those marks. `generic` reads what is left.

mod alertmanager;
mod apcupsd;
mod backupninja;
mod checkmk;
mod cron;
mod drac;
mod dsn;
mod fail2ban;
mod generic;
mod grafana;
mod hp;
mod icinga;
mod label_set;
mod logwatch;
mod mdadm;
mod monit;
mod munin;
mod nagios;
mod netdata;
mod nut;
mod pfsense;
mod proxmox_backup;
mod proxmox_ve;
mod prtg;
mod rkhunter;
mod smartd;
mod truenas;
mod unattended_upgrades;
mod uptime_kuma;
mod veeam;
mod zabbix;

use super::mail::Mail;
use super::mail::clean::one_line;
use super::words::{fold, severity_of};
use super::{Event, Kind, identity};

/// Most events taken from one mail.
const MAX_EVENTS: usize = 200;
/// Characters kept of one field of an event.
const MAX_FIELD: usize = 250;

type Read = fn(&Mail<'_>) -> Option<Vec<Event>>;

/// The profiles, those with unmistakable marks first.
const PROFILES: &[Read] = &[
    dsn::read,
    zabbix::read,
    netdata::read,
    monit::read,
    grafana::read,
    alertmanager::read,
    nagios::read,
    icinga::read,
    checkmk::read,
    smartd::read,
    mdadm::read,
    munin::read,
    fail2ban::read,
    unattended_upgrades::read,
    logwatch::read,
    backupninja::read,
    rkhunter::read,
    proxmox_backup::read,
    proxmox_ve::read,
    truenas::read,
    uptime_kuma::read,
    veeam::read,
    hp::read,
    drac::read,
    prtg::read,
    pfsense::read,
    cron::read,
    apcupsd::read,
    nut::read,
];

/// What a mail reports: at least one event.
pub(super) fn read(mail: &Mail<'_>) -> Vec<Event> {
    let known = PROFILES.iter().find_map(|read| read(mail).filter(|events| !events.is_empty()));
    let mut events = known.unwrap_or_else(|| generic::read(mail));
    events.truncate(MAX_EVENTS);
    for event in &mut events {
        finish(mail, event);
    }
    events
}

/// Fills what a profile left open and makes every field one short line.
fn finish(mail: &Mail<'_>, event: &mut Event) {
    if event.summary.trim().is_empty() {
        event.summary.clone_from(&mail.subject);
    }
    if event.summary.trim().is_empty() {
        event.summary = mail.body().lines().next().unwrap_or_default().to_owned();
    }
    event.summary = one_line(&event.summary, MAX_FIELD);
    for field in
        [&mut event.severity_text, &mut event.host, &mut event.check, &mut event.problem_id]
    {
        *field =
            field.take().map(|text| one_line(&text, MAX_FIELD)).filter(|text| !text.is_empty());
    }
    if event.identity.is_empty() {
        let check = event.check.as_deref().unwrap_or_default();
        event.identity = match (&event.problem_id, &event.host) {
            (Some(id), _) => id.clone(),
            (None, Some(host)) => format!("{host}/{check}"),
            (None, None) if !check.is_empty() => check.to_owned(),
            (None, None) => identity::core(&mail.subject),
        };
    }
    let key = fold(&event.identity);
    let key = one_line(&key, 4 * MAX_FIELD);
    // Long keys differ at their end, where a cut would make them equal.
    event.identity = if key.chars().count() > MAX_FIELD {
        format!("{}:{:016x}", event.source, identity::hash(&key))
    } else {
        format!("{}:{key}", event.source)
    };
}

/// The short name of a machine, `web1` of `web1.example.org`; addresses stay whole.
fn short_name(host: &str) -> String {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return host.to_owned();
    }
    host.split('.').next().unwrap_or(host).to_owned()
}

impl Event {
    fn new(source: &str, kind: Kind) -> Self {
        Self {
            source: source.to_owned(),
            kind,
            severity: None,
            severity_text: None,
            host: None,
            check: None,
            problem_id: None,
            summary: String::new(),
            identity: String::new(),
        }
    }

    /// Sets the severity by the mail's own word.
    fn graded(mut self, word: Option<&str>) -> Self {
        self.severity = word.and_then(severity_of);
        self.severity_text = word.map(str::to_owned);
        self
    }

    fn on(mut self, host: Option<&str>) -> Self {
        self.host = host.map(str::to_owned);
        self
    }

    fn about(mut self, check: &str) -> Self {
        self.check = Some(check.to_owned());
        self
    }

    fn numbered(mut self, id: &str) -> Self {
        self.problem_id = Some(id.to_owned());
        self
    }

    fn told(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.summary);
        self
    }

    /// Sets what identifies the problem, without the source's name.
    fn known_by(mut self, key: &str) -> Self {
        key.clone_into(&mut self.identity);
        self
    }

    fn alone(self) -> Option<Vec<Self>> {
        Some(vec![self])
    }
}
