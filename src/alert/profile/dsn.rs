//! Reports on undelivered mail (RFC 3464), and bounces in older shapes.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let from = fold(&mail.text.from);
    let daemon = from.contains("mailer-daemon") || from.contains("mail delivery");
    let subject = fold(&mail.subject);
    let bounced = SUBJECTS.iter().any(|start| subject.starts_with(start));
    if !(mail.report || mail.has_header("x-failed-recipients") || daemon || bounced) {
        return None;
    }
    let failed = mail.header("x-failed-recipients");
    let key = failed.unwrap_or_else(|| mail.subject.clone());
    Event::new("dsn", Kind::Other).known_by(&key).alone()
}

/// Beginnings of subjects, folded, that only bounces have.
const SUBJECTS: &[&str] = &[
    "undelivered mail returned",
    "undeliverable:",
    "mail delivery failed",
    "returned mail:",
    "delivery status notification",
    "failure notice",
    "delivery failure",
    "no se puede entregar:",
    "correo no entregado",
    "mail system error - returned mail",
];
