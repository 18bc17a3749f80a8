//! Prometheus Alertmanager. A mail is about a group and lists its alerts, firing and resolved ones
//! alike; there is no number and no threading. What identifies an alert is its label set; as
//! `problem_id` stands the group, by its alertname, as Alertmanager itself speaks of it.

use super::label_set::{events, subject_state};
use super::{Event, Kind, Mail};
use crate::alert::words::{fold, severity_of};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (resolved, group) = subject_state(mail)?;
    let listed = mail.html_text().map(|text| events("alertmanager", &text, resolved));
    let mut found = listed.unwrap_or_default();
    if found.is_empty() {
        found = events("alertmanager", mail.body(), resolved);
    }
    if found.is_empty() {
        if !is_from_alertmanager(mail) {
            return None;
        }
        found.push(by_subject(mail, resolved, group));
    }
    for event in &mut found {
        event.problem_id = event.check.as_ref().map(|name| format!("group {name}"));
    }
    Some(found)
}

/// Others write `[RESOLVED]` too. Alertmanager's Message-Id is `<nanoseconds.random@host>`.
fn is_from_alertmanager(mail: &Mail<'_>) -> bool {
    let numbers = |id: String| {
        let local = id.trim_start_matches('<').split('@').next().unwrap_or_default().to_owned();
        let digits = |part: &str| part.len() >= 15 && part.bytes().all(|b| b.is_ascii_digit());
        local.split_once('.').is_some_and(|(time, random)| digits(time) && digits(random))
    };
    let from = fold(&mail.text.from);
    mail.subject.starts_with("[FIRING:")
        || from.contains("alertmanager")
        || from.contains("prometheus")
        || mail.header("message-id").is_some_and(numbers)
        || mail.html_contains("Alertmanager")
}

/// Custom templates without the label sets: the group's first word, an `address:port` and a grade
/// in parentheses, if there are any.
fn by_subject(mail: &Mail<'_>, resolved: bool, group: &str) -> Event {
    let kind = if resolved { Kind::Recovery } else { Kind::Problem };
    let name = group.split([' ', '(', ':']).next().unwrap_or(group);
    let instance = [mail.subject.as_str(), mail.body()].into_iter().find_map(instance);
    let grade = mail.label(&["severity", "gravedad"]).or_else(|| {
        let groups = mail.body().split('(').skip(1).filter_map(|rest| rest.split_once(')'));
        groups
            .map(|(word, _)| word.trim())
            .find(|word| !word.contains(' ') && severity_of(word).is_some())
    });
    Event::new("alertmanager", kind)
        .on(instance)
        .about(name)
        .graded(grade)
        .told(group)
        .known_by(group)
}

/// The first `host:port` of a text.
fn instance(text: &str) -> Option<&str> {
    text.split_whitespace().map(|word| word.trim_matches([':', ',', '(', ')', ';'])).find(|word| {
        word.split_once(':').is_some_and(|(host, port)| {
            host.contains(|c: char| c.is_ascii_alphabetic() || c == '.')
                && !host.contains('/')
                && (2..=5).contains(&port.len())
                && port.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}
