//! apcupsd (event scripts): `HOST UPS NAME Power Failure !!!`, `HOST Communications with UPS NAME
//! lost`.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

/// Texts of the scripts, folded: what it is about, whether it begins or ends.
const TEXTS: &[(&str, &str, Kind)] = &[
    ("power failure", "power", Kind::Problem),
    ("power has returned", "power", Kind::Recovery),
    ("lost", "communications", Kind::Problem),
    ("restored", "communications", Kind::Recovery),
    ("needs changing", "battery", Kind::Problem),
    ("battery power exhausted", "exhausted", Kind::Problem),
    ("battery disconnected", "attached", Kind::Problem),
    ("battery reattached", "attached", Kind::Recovery),
    ("limit", "limit", Kind::Problem),
    ("shutdown", "shutdown", Kind::Problem),
];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let subject = mail.subject.trim();
    let (host, rest) = subject.split_once(' ')?;
    let (ups, text) = match rest.strip_prefix("UPS ") {
        Some(rest) => rest.split_once(' ')?,
        None => rest.strip_prefix("Communications with UPS ")?.split_once(' ')?,
    };
    if host.ends_with(':') || ups.contains('@') {
        return None;
    }
    let text = fold(text);
    let (_, topic, kind) = TEXTS.iter().find(|(words, _, _)| text.contains(words))?;
    let key = format!("{host}/{ups}/{topic}");
    Event::new("apcupsd", *kind).on(Some(host)).about(ups).known_by(&key).alone()
}
