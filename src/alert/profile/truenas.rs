//! TrueNAS: `TrueNAS host.domain: Alerts`. One mail raises, clears and lists.

use super::{Event, Kind, Mail};
use crate::alert::identity;
use crate::alert::label;
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "truenas ")
        .or_else(|| label::strip_prefix(&mail.subject, "freenas "))?;
    let (host, what) = rest.split_once(':')?;
    if !fold(what).contains("alert") {
        return None;
    }
    let mut section = Kind::Problem;
    let mut events: Vec<Event> = Vec::new();
    for line in mail.body().lines() {
        let line = line.trim();
        let folded = fold(line);
        if line.ends_with(':') && folded.contains("cleared") {
            section = Kind::Recovery;
        } else if line.ends_with(':') && folded.starts_with("current alert") {
            section = Kind::Update;
        } else if line.ends_with(':') && folded.contains("alert") {
            section = Kind::Problem;
        } else if let Some(text) = line.strip_prefix(['*', '-', '•']).map(str::trim) {
            let key = format!("{host}/{}", identity::core(text));
            // What is new also stands in the list of all current alerts.
            let listed =
                section == Kind::Update && events.iter().any(|event| event.identity == key);
            if !text.is_empty() && !listed {
                let event = Event::new("truenas", section).on(Some(host)).about(text);
                events.push(event.told(&format!("{host}: {text}")).known_by(&key));
            }
        }
    }
    if events.is_empty() {
        events.push(Event::new("truenas", Kind::Problem).on(Some(host)));
    }
    Some(events)
}
