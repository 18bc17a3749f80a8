//! Nagios Core (stock commands): `** PROBLEM Service Alert: host/service is CRITICAL **`. Service
//! mails name the host by its alias, host mails by its name. The type tells the kind, not the
//! state: acknowledgements, downtimes and flapping repeat the current state.

use super::{Event, Kind, Mail};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let subject = mail.subject.trim_matches(['*', ' ']);
    let (kind_word, rest) = match subject.split_once(" Alert: ") {
        Some((head, rest)) if head.ends_with(" Service") || head.ends_with(" Host") => {
            (head.split(' ').next()?, rest)
        }
        _ => (mail.label(&["notification type"])?, subject),
    };
    let kind = kind_of(mail.label(&["notification type"]).unwrap_or(kind_word))?;
    let (object, state) = rest.rsplit_once(" is ").unwrap_or((rest, ""));
    let state = mail.label(&["state"]).or(Some(state)).filter(|state| !state.is_empty());
    let named = object.split_once('/');
    let host = mail.label(&["host"]).or(named.map(|(host, _)| host)).unwrap_or(object);
    let service = mail.label(&["service"]).or(named.map(|(_, service)| service));
    Event::new("nagios", kind)
        .on(Some(host))
        .about(service.unwrap_or("host"))
        .graded(state)
        .told(rest)
        .alone()
}

/// The kind by Nagios' notification type, which Icinga shares.
pub(super) fn kind_of(notification_type: &str) -> Option<Kind> {
    let word = notification_type.split([' ', '(']).next().unwrap_or_default().to_ascii_uppercase();
    Some(match word.as_str() {
        "PROBLEM" => Kind::Problem,
        "RECOVERY" => Kind::Recovery,
        "ACKNOWLEDGEMENT" => Kind::Acknowledgement,
        "CUSTOM" => Kind::Update,
        word if word.starts_with("DOWNTIME") => Kind::Downtime,
        word if word.starts_with("FLAPPING") => Kind::Flapping,
        _ => return None,
    })
}
