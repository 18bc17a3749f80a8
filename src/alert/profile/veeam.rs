//! Veeam Backup & Replication: `[Success|Warning|Failed] job (3 objects) 1 issue`.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (result, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let kind = match result {
        "Success" => Kind::Report,
        "Warning" | "Failed" => Kind::Problem,
        _ => return None,
    };
    let rest = rest.trim();
    let job = match rest.rsplit_once(" (") {
        Some((job, counts)) if is_count(counts) => job,
        _ if fold(mail.body()).contains("veeam") || fold(&mail.text.from).contains("veeam") => rest,
        _ => return None,
    };
    Event::new("veeam", kind).about(job).graded(Some(result)).told(rest).known_by(job).alone()
}

/// `3 objects) 1 issue`
fn is_count(counts: &str) -> bool {
    let mut words = counts.split([' ', ')']);
    let number =
        words.next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let things = ["object", "objects", "instance", "instances", "vm", "vms", "machine", "machines"];
    number && words.next().is_some_and(|thing| things.contains(&fold(thing).as_str()))
}
