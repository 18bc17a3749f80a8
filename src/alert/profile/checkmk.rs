//! Checkmk: `Check_MK: host/service OK -> CRIT`, `Check_MK: host - UP -> DOWN`; the new state counts.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::{fold, read_kind, severity_of};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let subject = label::strip_prefix(&mail.subject, "check_mk:")
        .or_else(|| label::strip_prefix(&mail.subject, "checkmk:"))?
        .trim();
    let (object, event) = split(subject);
    let event = mail.label(&["event"]).unwrap_or(event);
    let (host, service) = object.split_once('/').map_or((object, None), |(h, s)| (h, Some(s)));
    let event = event.replace('→', "->");
    let event = event.as_str();
    let state = event.rsplit_once("->").map_or(event, |(_, state)| state).trim();
    let state_word = state.split(' ').next().unwrap_or(state);
    let folded = fold(event);
    let kind = if folded.contains("acknowledg") {
        Kind::Acknowledgement
    } else if folded.contains("downtime") {
        Kind::Downtime
    } else if folded.contains("flapping") {
        Kind::Flapping
    } else if matches!(state_word, "OK" | "UP") {
        Kind::Recovery
    } else if event.contains("->") {
        Kind::Problem
    } else if folded.contains("test") {
        Kind::Test
    } else {
        read_kind(event).map_or(Kind::Update, |reading| reading.kind)
    };
    let graded = severity_of(state_word).is_some() && !state_word.contains(char::is_lowercase);
    Event::new("checkmk", kind)
        .on(Some(mail.label(&["host"]).unwrap_or(host)))
        .about(mail.label(&["service"]).or(service).unwrap_or("host"))
        .graded(graded.then_some(state_word))
        .told(subject)
        .alone()
}

const EVENTS: [&str; 6] =
    ["Acknowledged", "Downtime", "Flapping", "Custom", "Alert Handler", "Problem"];

/// Splits `host/service EVENT` and `host - EVENT`. A service's name may hold blanks, so the event
/// is found by its own shape: state words around an arrow, or what Checkmk calls its other events.
fn split(subject: &str) -> (&str, &str) {
    if let Some((before, _)) = subject.split_once("->") {
        let before = before.trim_end();
        let start = before.rfind(' ').map_or(0, |at| at + 1);
        let (object, event) = subject.split_at(start);
        return (object.trim_end_matches([' ', '-']), event);
    }
    if let Some((host, event)) = subject.split_once(" - ").filter(|(host, _)| !host.contains('/')) {
        return (host, event);
    }
    let at = EVENTS.iter().filter_map(|name| subject.rfind(&format!(" {name}"))).min();
    let (object, event) = subject.split_at(at.unwrap_or(subject.len()));
    (object, event.trim_start())
}
