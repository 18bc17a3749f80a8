//! Grafana alerting. The subject is Alertmanager's; Grafana's name in the mail tells them apart.

use super::label_set::{events, subject_state};
use super::{Event, Kind, Mail};
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (resolved, rest) = subject_state(mail)?;
    let named = fold(&mail.text.from).contains("grafana")
        || mail.body().contains("Grafana")
        || mail.html_contains("Grafana");
    if !named {
        return None;
    }
    let mut found = events("grafana", mail.body(), resolved);
    if found.is_empty() {
        found = mail.html_text().map(|text| events("grafana", &text, resolved)).unwrap_or_default();
    }
    if found.is_empty() {
        let kind = if resolved { Kind::Recovery } else { Kind::Problem };
        let name = rest.split_once(" (").map_or(rest, |(name, _)| name);
        found.push(Event::new("grafana", kind).about(name).told(rest).known_by(name));
    }
    Some(found)
}
