//! Alerts and statistics for spreadsheets (RFC 4180). Pure.

use std::time::Duration;

use super::statistics::Statistics;
use crate::alert::Severity;
use crate::config::PersonName;
use crate::control::AlertView;

/// A row for each alert, under a heading.
#[must_use]
pub fn alerts(alerts: &[AlertView]) -> String {
    let mut text =
        String::from("id,received,state,severity,source,kind,host,check,subject,from,people\r\n");
    for alert in alerts {
        let event = alert.events.first();
        let people: Vec<_> = alert.people.iter().map(PersonName::as_str).collect();
        let of = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let row = [
            alert.id.to_string(),
            alert.received.to_string(),
            alert.state.as_str().to_owned(),
            of(alert.severity.map(Severity::as_str)),
            of(event.map(|event| event.source.as_str())),
            of(event.map(|event| event.kind.as_str())),
            of(event.and_then(|event| event.host.as_deref())),
            of(event.and_then(|event| event.check.as_deref())),
            alert.subject.clone(),
            alert.from.clone(),
            people.join(" "),
        ];
        text.push_str(&line(&row));
    }
    text
}

/// A row for each figure, under a heading.
pub(super) fn statistics(figures: &Statistics) -> String {
    let mut text = String::from("figure,of,value\r\n");
    let mut row = |group: &str, name: &str, value: String| {
        text.push_str(&line(&[group.to_owned(), name.to_owned(), value]));
    };
    for (at, count) in &figures.bars {
        row("alerts since", &at.to_string(), count.to_string());
    }
    for (group, counts) in
        [("host", &figures.hosts), ("source", &figures.sources), ("client", &figures.clients)]
    {
        for (name, count) in counts {
            row(group, name, count.to_string());
        }
    }
    let seconds = |time: Option<Duration>| {
        time.map_or_else(String::new, |time| time.as_secs_f64().to_string())
    };
    let channels = figures.channels.iter().map(|(name, of)| (name.as_str(), of));
    let people = figures.people.iter().map(|(name, of)| (name.as_str(), of));
    for (name, of) in channels.chain(people) {
        row("told", name, of.told.to_string());
        row("failed", name, of.failed.to_string());
        row("seconds until told, median", name, seconds(of.told_median()));
        row("seconds until acknowledged, median", name, seconds(of.acknowledged_median()));
    }
    text
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\r\n"
}

/// What a spreadsheet would take for a formula becomes text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    if formula || text.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_do_no_harm_in_a_spreadsheet() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
