//! Icinga 2 (stock scripts): `[PROBLEM] service on host is CRITICAL!`, with display names in the
//! subject and the object names in the body.

use super::nagios::kind_of;
use super::{Event, Mail};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (kind_word, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let kind = kind_of(kind_word)?;
    let rest = rest.trim().trim_end_matches('!');
    let (object, state) = rest.rsplit_once(" is ")?;
    let (check, host) = match object.strip_prefix("Host ") {
        Some(host) if mail.label(&["service"]).is_none() => ("host", host),
        _ => object.rsplit_once(" on ").unwrap_or(("host", object)),
    };
    let host = mail.label(&["host"]).unwrap_or(host);
    let check = mail.label(&["service"]).unwrap_or(check);
    Event::new("icinga", kind).on(Some(host)).about(check).graded(Some(state)).told(rest).alone()
}
