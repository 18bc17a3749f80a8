//! Icinga 2 (stock scripts): `[PROBLEM] service on host is CRITICAL!`, with display names in the
//! subject and the object names in the body.

use super::nagios::kind_of;
use super::{Event, Mail};
use crate::alert::label;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (kind_word, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let kind = kind_of(kind_word)?;
    let rest = rest.trim().trim_end_matches('!');
    let (object, state) = rest.rsplit_once(" is ")?;
    let body = mail.body();
    let (check, host) = match object.strip_prefix("Host ") {
        Some(host) if label::value(body, &["service"]).is_none() => ("host", host),
        _ => object.rsplit_once(" on ").unwrap_or(("host", object)),
    };
    let host = label::value(body, &["host"]).unwrap_or(host);
    let check = label::value(body, &["service"]).unwrap_or(check);
    Event::new("icinga", kind).on(Some(host)).about(check).graded(Some(state)).told(rest).alone()
}
