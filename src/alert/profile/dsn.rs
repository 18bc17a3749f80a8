//! Reports on undelivered mail (RFC 3464), and bounces in older shapes.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let from = fold(&mail.text.from);
    let daemon = from.contains("mailer-daemon") || from.contains("mail delivery");
    if !(mail.report || mail.has_header("x-failed-recipients") || daemon) {
        return None;
    }
    let failed = mail.header("x-failed-recipients");
    let key = failed.unwrap_or_else(|| mail.subject.clone());
    Event::new("dsn", Kind::Other).known_by(&key).alone()
}
