//! Alerts for a person to read.

use smtp_appliance::alert::Event;
use smtp_appliance::channel::Moment;
use smtp_appliance::control::{AlertView, DeliveryView, State};
use smtp_appliance::queue::{Attempt, Progress};

use crate::cli::output::{tame, time};
use crate::cli::send_test::{describe, reach_word};
use crate::cli::table;

/// Longest host name in the list; the rest is cut.
const HOST: usize = 24;

/// Longest reason of a drop in the list; `queue show` has it whole.
const REASON: usize = 24;

/// One line per alert, and how many there are in each state.
pub(super) fn list(alerts: &[AlertView], width: Option<usize>) -> String {
    let row = |alert: &AlertView| {
        let host = alert.events.iter().find_map(|event| event.host.as_deref()).unwrap_or("-");
        let more = match alert.events.len() {
            0 | 1 => String::new(),
            events => format!(" (+{})", events - 1),
        };
        vec![
            alert.id.to_string(),
            time(alert.received),
            alert.reason.as_deref().map_or_else(
                || state(alert.state).to_owned(),
                |reason| table::cut(&tame(reason), REASON),
            ),
            alert.severity.map_or("-", smtp_appliance::alert::Severity::as_str).to_owned(),
            table::cut(&tame(host), HOST) + &more,
            subject(alert),
        ]
    };
    let rows: Vec<_> = alerts.iter().map(row).collect();
    let table =
        table::render(&["ID", "RECEIVED", "STATE", "SEVERITY", "HOST", "SUBJECT"], &rows, width);
    table + &count(alerts)
}

/// How many there are in each state.
fn count(alerts: &[AlertView]) -> String {
    let states = [State::Waiting, State::Told, State::Partly, State::Failed, State::Dropped];
    let counts = states.into_iter().filter_map(|one| {
        let count = alerts.iter().filter(|alert| alert.state == one).count();
        (count > 0).then(|| format!("{count} {}", state(one)))
    });
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() { String::new() } else { format!("\n{}\n", counts.join(", ")) }
}

/// One alert with everything that happened to it.
pub(super) fn show(alert: &AlertView) -> String {
    let people: Vec<&str> =
        alert.people.iter().map(smtp_appliance::config::PersonName::as_str).collect();
    let state = match &alert.reason {
        Some(reason) => format!("{} ({})", state(alert.state), tame(reason)),
        None => state(alert.state).to_owned(),
    };
    let mut lines = vec![
        ("alert", alert.id.to_string()),
        ("received", time(alert.received)),
        ("state", state),
        ("from", tame(&alert.from)),
        ("subject", subject(alert)),
        ("for", people.join(", ")),
    ];
    lines.extend(alert.events.iter().map(|event| ("event", describe_event(event))));
    let mut lines: Vec<String> =
        lines.into_iter().map(|(name, value)| format!("{name:<9} {value}")).collect();
    lines.extend(alert.deliveries.iter().flat_map(describe_delivery));
    lines.join("\n") + "\n"
}

fn describe_event(event: &Event) -> String {
    let kind = format!("{:?}", event.kind).to_lowercase();
    let severity = event.severity.map(|severity| format!(", {}", severity.as_str()));
    let place: Vec<String> =
        [&event.host, &event.check].into_iter().flatten().map(|part| tame(part)).collect();
    let place = if place.is_empty() { String::new() } else { format!(" [{}]", place.join(" / ")) };
    let (source, summary) = (tame(&event.source), tame(&event.summary));
    format!("{kind}{}: {summary}{place} ({source})", severity.unwrap_or_default())
}

fn describe_delivery(delivery: &DeliveryView) -> Vec<String> {
    let stands = match delivery.progress {
        Progress::Open if delivery.tries == 0 => "not tried yet",
        Progress::Open => "is tried again",
        Progress::Told(reach) => reach_word(reach),
        Progress::Failed => "given up",
        Progress::Spared => "not needed any more",
    };
    let tries = match delivery.tries {
        1 => "1 attempt".to_owned(),
        tries => format!("{tries} attempts"),
    };
    let (person, channel) = (&delivery.person, delivery.channel);
    let mut lines = vec![String::new(), format!("{person} by {channel}: {stands}, {tries}")];
    lines.extend(delivery.attempts.iter().flat_map(describe_attempt));
    lines
}

/// What happened on the way, then the end.
fn describe_attempt(attempt: &Attempt) -> Vec<String> {
    let moment = |moment: &Moment| format!("  {}    {}", time(moment.at), tame(&moment.what));
    let mut lines: Vec<String> = attempt.course.iter().map(moment).collect();
    let quality = attempt.quality.as_ref();
    lines.extend(quality.map(|quality| format!("  {}    {quality}", time(attempt.at))));
    lines.push(format!("  {}  {}", time(attempt.at), describe(&attempt.outcome)));
    lines
}

const fn state(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Told => "told",
        State::Partly => "partly told",
        State::Failed => "failed",
        State::Dropped => "dropped",
    }
}

fn subject(alert: &AlertView) -> String {
    if alert.subject.trim().is_empty() {
        let summary = alert.events.first().map(|event| tame(&event.summary));
        return summary.unwrap_or_else(|| "(no subject)".to_owned());
    }
    tame(&alert.subject)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use smtp_appliance::alert::{AlertId, Kind, Severity};
    use smtp_appliance::channel::{Outcome, Reach};
    use smtp_appliance::config::ChannelName;

    use super::*;

    fn alert() -> AlertView {
        let event = Event {
            source: "zabbix".to_owned(),
            kind: Kind::Problem,
            severity: Some(Severity::Critical),
            severity_text: None,
            host: Some("web1".to_owned()),
            check: Some("disk".to_owned()),
            problem_id: None,
            summary: "Disk full\u{1b}[31m".to_owned(),
            identity: String::new(),
        };
        let outcome = Outcome::Retry("421 try later".to_owned());
        let attempt = Attempt::new(Timestamp::UNIX_EPOCH, outcome);
        let delivery = DeliveryView {
            person: "ana".parse().unwrap(),
            channel: ChannelName::Mail,
            progress: Progress::Told(Reach::HandedOver),
            tries: 2,
            attempts: vec![attempt],
        };
        AlertView {
            id: AlertId(7),
            received: Timestamp::UNIX_EPOCH,
            state: State::Told,
            reason: None,
            subject: "Problem: Disk full on web1".to_owned(),
            from: "zabbix@example.org".to_owned(),
            severity: Some(Severity::Critical),
            people: vec!["ana".parse().unwrap()],
            events: vec![event.clone(), event],
            deliveries: vec![delivery],
        }
    }

    #[test]
    fn a_list_fits_the_terminal() {
        let list = list(&[alert()], Some(72));
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines[1].starts_with("7   "), "{list}");
        assert!(lines[1].contains("told   critical  web1 (+1)  "), "{list}");
        assert!(lines[1].ends_with('…') && lines[1].chars().count() <= 72, "{list}");
    }

    #[test]
    fn one_alert_is_shown_with_each_attempt() {
        let text = show(&alert());
        assert!(text.contains("subject   Problem: Disk full on web1\n"), "{text}");
        assert!(text.contains("event     problem, critical: Disk full\u{fffd}[31m [web1 / disk]"));
        assert!(text.contains("\nana by mail: handed over, 2 attempts\n"), "{text}");
        assert!(text.contains("failed for now: 421 try later\n"), "{text}");
    }
}
