//! rkhunter: `[rkhunter] Warnings found for HOST`.

use super::{Event, Kind, Mail};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = mail.subject.strip_prefix("[rkhunter]")?.trim();
    let host = rest.rsplit_once(" for ").map(|(_, host)| host.trim());
    let kind = if rest.starts_with("Warning") { Kind::Problem } else { Kind::Report };
    Event::new("rkhunter", kind).on(host).alone()
}
