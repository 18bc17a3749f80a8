//! pfSense: `host.domain - Notification`, no MIME, nothing ever cleared; what happened stands in
//! the body.

use super::{Event, Kind, Mail};
use crate::alert::identity;
use crate::alert::words::read_kind;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let host = mail.subject.strip_suffix(" - Notification")?;
    if host.contains(' ') {
        return None;
    }
    let said = |line: &&str| {
        let line = line.trim();
        !line.is_empty()
            && !line.starts_with("Notifications in this message")
            && !line.starts_with('=')
    };
    let line = mail.body().lines().find(said).unwrap_or_default().trim();
    let kind = match read_kind(line).map(|reading| reading.kind) {
        Some(kind @ (Kind::Recovery | Kind::Test | Kind::Report)) => kind,
        _ => Kind::Problem,
    };
    let key = format!("{host}/{}", identity::core(line));
    Event::new("pfsense", kind)
        .on(Some(host))
        .told(&format!("{host}: {line}"))
        .known_by(&key)
        .alone()
}
