//! Proxmox VE: backups with a table of guests, replication, fencing, packages.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::fold;

const SOURCE: &str = "proxmox-ve";

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let subject = mail.subject.trim();
    if let Some((_, rest)) = subject.split_once("vzdump backup status (") {
        let (host, result) = rest.split_once(')')?;
        return Some(backup(mail, host, result.trim_start_matches([':', ' '])));
    }
    if let Some(job) = label::between(subject, "Replication Job: '", "'") {
        let failed = subject.contains("failed");
        let kind = if failed { Kind::Problem } else { Kind::Report };
        let host = mail.label(&["source", "node"]);
        let check = format!("replication {job}");
        return Event::new(SOURCE, kind)
            .on(host)
            .about(&check)
            .graded(failed.then_some("failed"))
            .known_by(&check)
            .alone();
    }
    if let Some(host) = label::between(subject, "New software packages available (", ")") {
        return Event::new(SOURCE, Kind::Report).on(Some(host)).about("packages").alone();
    }
    if let Some((_, rest)) = subject.split_once("fence node '") {
        let host = rest.split('\'').next();
        let cleared = subject.starts_with("SUCCEED");
        let kind = if cleared { Kind::Update } else { Kind::Problem };
        return Event::new(SOURCE, kind).on(host).about("fencing").alone();
    }
    None
}

/// A backup job: an event per guest that failed, else one for the job.
fn backup(mail: &Mail<'_>, host: &str, result: &str) -> Vec<Event> {
    let folded = fold(result);
    if folded.contains("successful") {
        let event = Event::new(SOURCE, Kind::Report).on(Some(host)).about("vzdump");
        return vec![event.graded(Some("successful"))];
    }
    let word = if folded.contains("failed") { Some("failed") } else { None };
    let problem =
        |check: &str| Event::new(SOURCE, Kind::Problem).on(Some(host)).about(check).graded(word);
    let failed = mail.body().lines().filter_map(|line| {
        let mut cells =
            line.split(|c: char| c.is_whitespace() || c == '|').filter(|c| !c.is_empty());
        let id =
            cells.next().filter(|id| id.len() >= 3 && id.bytes().all(|b| b.is_ascii_digit()))?;
        let row: Vec<&str> = cells.collect();
        let bad = row
            .iter()
            .take(3)
            .any(|cell| matches!(fold(cell).as_str(), "err" | "error" | "failed"));
        bad.then_some((id, row))
    });
    let mut events: Vec<Event> = failed
        .map(|(id, row)| {
            let name = row.first().copied().unwrap_or_default();
            problem(&format!("vzdump {id}")).told(&format!("{host}: vzdump {id} {name}: {result}"))
        })
        .collect();
    if events.is_empty() {
        events.push(problem("vzdump"));
    }
    events
}
