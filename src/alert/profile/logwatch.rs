//! Logwatch: `Logwatch for HOST (Linux)`.

use super::{Event, Kind, Mail};
use crate::alert::label;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "logwatch for ")?;
    let host = rest.split(" (").next().unwrap_or(rest).trim();
    Event::new("logwatch", Kind::Report).on(Some(host)).alone()
}
