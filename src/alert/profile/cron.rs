//! cron: `Cron <user@host> command`. Whether the command failed it does not say, but in variants
//! that add `(failed)`.

use super::{Event, Kind, Mail};
use crate::alert::label;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let job = label::strip_prefix(&mail.subject, "cron <");
    if job.is_none() && !mail.has_header("x-cron-env") {
        return None;
    }
    let host = job.and_then(|job| job.split_once('>')).and_then(|(who, _)| who.split_once('@'));
    let (name, failed) = match mail.subject.strip_suffix(" (failed)") {
        Some(name) => (name, true),
        None => (mail.subject.as_str(), false),
    };
    let kind = if failed { Kind::Problem } else { Kind::Report };
    Event::new("cron", kind).on(host.map(|(_, host)| host)).about(name).known_by(name).alone()
}
