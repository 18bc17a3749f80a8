//! Proxmox Backup Server: `Verify Datastore 'x' failed`, `Sync remote 'r' datastore 'd' successful`.

use super::{Event, Kind, Mail};
use crate::alert::label;

const SOURCE: &str = "proxmox-backup";

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    const JOBS: [&str; 9] = [
        "garbage collect datastore",
        "verify datastore",
        "verification of datastore",
        "pruning datastore",
        "prune datastore",
        "sync remote",
        "sync datastore",
        "tape backup",
        "datastore",
    ];
    let subject = mail.subject.trim();
    let job = JOBS.iter().find(|job| label::strip_prefix(subject, job).is_some())?;
    let end = [" failed", " successful", " - failed", " - successful"];
    let (what, result) = end
        .iter()
        .find_map(|end| Some((subject.strip_suffix(end)?, end.trim_start_matches([' ', '-']))))?;
    if *job == "datastore" && !what.contains('\'') {
        return None;
    }
    let failed = result == "failed";
    let kind = if failed { Kind::Problem } else { Kind::Report };
    let host = mail.body().split("https://").nth(1).and_then(|rest| {
        rest.split([':', '/', ' ', '\n', '>']).next().filter(|host| !host.is_empty())
    });
    let job_id = mail.label(&["job id"]);
    let key = format!("{}/{what}/{}", host.unwrap_or_default(), job_id.unwrap_or_default());
    let event = Event::new(SOURCE, kind).on(host).about(what).graded(Some(result));
    event.known_by(&key).alone()
}
