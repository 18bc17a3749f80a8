//! Dell DRAC and iDRAC: `Alert from iDRAC`, the facts as labels in the body.

use super::{Event, Kind, Mail};
use crate::alert::words::{fold, read_kind};
use crate::alert::{host, identity};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let subject = fold(&mail.subject);
    let dell = subject.contains("idrac") || subject.contains("dell remote access");
    if !dell {
        return None;
    }
    let message = mail.label(&["message", "event message", "mensaje"]);
    let severity = mail.label(&["severity", "gravedad"]);
    let grade = severity.map(fold).unwrap_or_default();
    let kind = match read_kind(message.unwrap_or(&mail.subject)).map(|reading| reading.kind) {
        Some(Kind::Recovery) => Kind::Recovery,
        Some(Kind::Test) => Kind::Test,
        _ if matches!(grade.as_str(), "normal" | "ok") => Kind::Recovery,
        _ if matches!(grade.as_str(), "informational" | "info" | "information") => Kind::Other,
        _ => Kind::Problem,
    };
    let names = [
        "system host name",
        "host name",
        "hostname",
        "host",
        "system name",
        "dns rac name",
        "idrac dns name",
        "idrac ip",
        "ip address",
        "service tag",
    ];
    let host = mail
        .labels()
        .first_of(&names)
        .map(str::to_owned)
        .or_else(|| mail.subject.rsplit_once(": ").map(|(_, ip)| ip.to_owned()))
        .or_else(|| host::from_line(&mail.subject));
    let summary = message.unwrap_or(&mail.subject);
    let key = format!("{}/{}", host.as_deref().unwrap_or_default(), identity::core(summary));
    let event = Event::new("drac", kind).on(host.as_deref()).graded(severity).told(summary);
    event.about(summary.trim_end_matches('.')).known_by(&key).alone()
}
