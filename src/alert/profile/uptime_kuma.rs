//! Uptime Kuma: `[monitor] [🔴 Down] reason`, `[monitor] [✅ Up] reason`.

use super::{Event, Kind, Mail};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (monitor, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let (state, reason) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
    let word = state.trim_start_matches(|c: char| !c.is_alphabetic()).trim();
    if word == state {
        return None;
    }
    let (kind, grade) = match word {
        "Down" => (Kind::Problem, Some(word)),
        "Up" => (Kind::Recovery, Some(word)),
        "Pending" => (Kind::Update, None),
        "Maintenance" => (Kind::Downtime, None),
        _ => return None,
    };
    let summary = format!("{monitor}: {word} {}", reason.trim());
    Event::new("uptime-kuma", kind).on(Some(monitor)).graded(grade).told(&summary).alone()
}
