//! Monit. It has no severity; an event ends by its opposite ("failed"/"succeeded"), a reminder
//! equals the first mail. The subject is often customised, so the event's name is searched in it.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::fold;

/// Monit's own event names (`event.c`), folded: family, when it begins, when it is over.
const EVENTS: &[(&str, &[&str], &[&str])] = &[
    ("existence", &["does not exist"], &["exists"]),
    (
        "checksum",
        &["checksum failed", "checksum changed"],
        &["checksum succeeded", "checksum not changed"],
    ),
    (
        "connection",
        &["connection failed", "connection changed"],
        &["connection succeeded", "connection not changed"],
    ),
    (
        "content",
        &["content failed", "content match"],
        &["content succeeded", "content doesn't match"],
    ),
    ("data", &["data access error"], &["data access succeeded"]),
    ("execution", &["execution failed"], &["execution succeeded"]),
    (
        "flags",
        &["filesystem flags failed", "filesystem flags changed"],
        &["filesystem flags succeeded"],
    ),
    ("gid", &["gid failed", "gid changed"], &["gid succeeded", "gid not changed"]),
    ("heartbeat", &["heartbeat failed"], &["heartbeat succeeded"]),
    ("icmp", &["icmp failed", "ping failed"], &["icmp succeeded", "ping succeeded"]),
    ("type", &["invalid type"], &["type succeeded"]),
    ("link", &["link down"], &["link up"]),
    ("linkmode", &["link mode changed"], &["link mode not changed"]),
    (
        "permission",
        &["permission failed", "permission changed"],
        &["permission succeeded", "permission not changed"],
    ),
    ("pid", &["pid failed", "pid changed"], &["pid succeeded", "pid not changed"]),
    ("ppid", &["ppid failed", "ppid changed"], &["ppid succeeded", "ppid not changed"]),
    (
        "resource",
        &["resource limit matched", "resource limit changed"],
        &["resource limit succeeded", "resource limit not changed"],
    ),
    (
        "saturation",
        &["saturation exceeded", "saturation changed"],
        &["saturation succeeded", "saturation ok"],
    ),
    ("size", &["size failed", "size changed"], &["size succeeded", "size not changed"]),
    ("speed", &["speed failed", "speed changed"], &["speed succeeded", "speed ok"]),
    ("status", &["status failed", "status changed"], &["status succeeded", "status not changed"]),
    ("timeout", &["timeout"], &["timeout recovery"]),
    (
        "timestamp",
        &["timestamp failed", "timestamp changed"],
        &["timestamp succeeded", "timestamp not changed"],
    ),
    ("uid", &["uid failed", "uid changed"], &["uid succeeded", "uid not changed"]),
    ("uptime", &["uptime failed", "uptime changed"], &["uptime succeeded", "uptime not changed"]),
    (
        "bytes",
        &["download bytes exceeded", "upload bytes exceeded"],
        &["download bytes ok", "upload bytes ok"],
    ),
];

/// Events that neither raise nor clear.
const OTHERS: &[(&str, Kind)] = &[
    ("monit instance changed", Kind::Test),
    ("instance changed", Kind::Test),
    ("action done", Kind::Update),
];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let program = mail.header("x-mailer").is_some_and(|name| fold(&name).starts_with("monit"));
    if !program && label::strip_prefix(&mail.subject, "monit alert --").is_none() {
        return None;
    }
    let body = mail.body();
    let (name, family, kind) = find_event(&mail.subject).or_else(|| find_event(body))?;
    let (before, after) = split_folded(&mail.subject, name).unwrap_or_default();
    let (named_service, named_host) = around(before, after);
    let service = service_of(body, name).or(named_service);
    let host = mail.label(&["host", "equipo", "servidor"]).or(named_host);
    let key = format!("{}/{}/{family}", host.unwrap_or_default(), service.unwrap_or_default());
    let mut event = Event::new("monit", kind).on(host).known_by(&key);
    event.check = service.map(str::to_owned);
    event.alone()
}

fn find_event(text: &str) -> Option<(&'static str, &'static str, Kind)> {
    let text = fold(text);
    let mut best: Option<(&'static str, &'static str, Kind)> = None;
    let lists = EVENTS.iter().flat_map(|(family, raise, clear)| {
        let raise = raise.iter().map(move |name| (*name, *family, Kind::Problem));
        raise.chain(clear.iter().map(move |name| (*name, *family, Kind::Recovery)))
    });
    let others = OTHERS.iter().map(|(name, kind)| (*name, *name, *kind));
    for candidate in lists.chain(others) {
        // "timeout recovery" holds "timeout": the longer name is meant.
        if text.contains(candidate.0) && best.is_none_or(|best| best.0.len() < candidate.0.len()) {
            best = Some(candidate);
        }
    }
    best
}

/// What stands around `name`, found without regard to case.
fn split_folded<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let at = text.to_ascii_lowercase().find(name)?;
    Some((text.get(..at)?, text.get(at + name.len()..)?))
}

/// Stock: `monit alert --  EVENT SERVICE`; custom: `[monit] SERVICE en HOST: EVENT`.
fn around<'a>(before: &'a str, after: &'a str) -> (Option<&'a str>, Option<&'a str>) {
    if before.trim_end().ends_with("--") {
        return (Some(after.trim()).filter(|service| !service.is_empty()), None);
    }
    let before = before.rsplit_once(']').map_or(before, |(_, rest)| rest);
    let before = before.trim_matches([' ', ':', '-', '/']);
    let link =
        [" en ", " on ", " at ", "@", " - ", "/"].iter().find_map(|link| before.split_once(link));
    let one_word = |text: &&str| !text.is_empty() && !text.contains(' ');
    match link {
        Some((service, host)) => {
            (Some(service.trim()).filter(one_word), Some(host.trim()).filter(one_word))
        }
        None => (Some(before).filter(one_word), None),
    }
}

/// The body's first line: `EVENT Service NAME`.
fn service_of<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = split_folded(body.lines().next()?, name)?;
    let service = after.trim().strip_prefix("Service ")?.trim();
    (!service.is_empty()).then_some(service)
}
