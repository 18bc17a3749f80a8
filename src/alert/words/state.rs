//! The state a line of text tells: where the words stand, what negates them, which of them wins.

use super::lexicon::{Sense, phrase};
use super::{Token, tokens};
use crate::alert::Kind;

/// A phrase of the lexicon found in a text, negation already applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) struct Found {
    /// What it says.
    pub sense: Sense,
    /// Its first word.
    pub at: usize,
    /// How many words it has.
    pub words: usize,
}

/// How many words a negation reaches.
const REACH: usize = 4;

/// Things that are numbered from 0, so that "disk 0 failed" is no "0 failed".
const NUMBERED: &[&str] = &[
    "disk",
    "drive",
    "port",
    "slot",
    "bay",
    "cpu",
    "channel",
    "unit",
    "node",
    "sensor",
    "lun",
    "volume",
    "array",
    "controller",
    "fan",
    "psu",
    "battery",
    "line",
    "interface",
    "input",
    "zone",
    "raid",
    "supply",
    "group",
    "pool",
    "member",
    "module",
    "disco",
    "puerto",
    "ranura",
    "bahia",
    "unidad",
    "ventilador",
    "bateria",
    "zona",
    "code",
    "codigo",
    "core",
    "stack",
    "switch",
    "link",
];

/// Every phrase of the lexicon in the text, in order.
pub(in crate::alert) fn senses(tokens: &[Token]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut turned: Option<(Sense, usize)> = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.break_before || turned.is_some_and(|(_, until)| at >= until) {
            turned = None;
        }
        let words = tokens.get(at..).unwrap_or_default();
        let joined = words.iter().enumerate().map_while(|(position, word)| {
            (position == 0 || !word.break_before).then_some(word.text.as_str())
        });
        let Some((sense, length)) = phrase(joined) else {
            at += 1;
            continue;
        };
        let next = tokens.get(at + length);
        let none_of_it = next.is_some_and(|next| next.text == "0");
        match sense {
            Sense::Not if token.text == "0" && is_number_of_thing(tokens, at) => {}
            Sense::Not | Sense::Past | Sense::NoLonger => {
                turned = Some((sense, at + length + REACH))
            }
            Sense::Neutral => {}
            Sense::Raise | Sense::Topic | Sense::Mild if none_of_it => {
                found.push(Found { sense: Sense::Success, at, words: length });
                at += 1;
            }
            Sense::Raise
            | Sense::Topic
            | Sense::Mild
            | Sense::Clear
            | Sense::Good
            | Sense::Success
            | Sense::Ack
            | Sense::Downtime
            | Sense::Flap
            | Sense::Test
            | Sense::Report => {
                if let Some(sense) = turn(sense, turned.map(|(by, _)| by)) {
                    found.push(Found { sense, at, words: length });
                }
            }
        }
        at += length;
    }
    found
}

/// What is left of a sense after "no", "was" or "no longer".
fn turn(sense: Sense, by: Option<Sense>) -> Option<Sense> {
    let bad = matches!(sense, Sense::Raise | Sense::Topic | Sense::Mild);
    let good = matches!(sense, Sense::Clear | Sense::Good | Sense::Success);
    match by {
        Some(Sense::Not) if bad => Some(Sense::Success),
        Some(Sense::Not) if good => Some(Sense::Raise),
        Some(Sense::NoLonger) if bad => Some(Sense::Clear),
        Some(Sense::NoLonger) if good => Some(Sense::Raise),
        Some(Sense::Past) if bad || matches!(sense, Sense::Good) => None,
        Some(Sense::Not) if !matches!(sense, Sense::Report) => None,
        _ => Some(sense),
    }
}

fn is_number_of_thing(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_some_and(|before| NUMBERED.contains(&before.text.as_str()))
}

/// What a text tells, and whether only words like "alert" or "warning" say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) struct Reading {
    /// The kind of news.
    pub kind: Kind,
    /// Whether it is worth looking for better evidence elsewhere.
    pub weak: bool,
}

impl Reading {
    const fn sure(kind: Kind) -> Option<Self> {
        Some(Self { kind, weak: false })
    }
}

/// Reads the state out of one line, such as a subject.
pub(in crate::alert) fn read_kind(text: &str) -> Option<Reading> {
    if let Some((mark, rest)) = marker(text)
        && let Some(reading) = read_marked(mark, rest)
    {
        return Some(reading);
    }
    let tokens = tokens(text);
    let found = senses(&tokens);
    if is_test(&tokens, &found) {
        return Reading::sure(Kind::Test);
    }
    after_arrow(&tokens, &found).or_else(|| weigh(text, &tokens, &found))
}

/// Words of a mark that grade rather than tell a state.
const GRADING: &[&str] = &[
    "critical",
    "crit",
    "critico",
    "critica",
    "error",
    "errors",
    "fatal",
    "emergency",
    "emergencia",
    "disaster",
    "desastre",
    "high",
    "low",
    "major",
    "minor",
];

/// A subject that begins with its state: `[RESOLVED] …`, `PROBLEM: …`, `** DOWN ** …`.
fn read_marked(mark: &str, rest: &str) -> Option<Reading> {
    let words = tokens(mark);
    let found = senses(&words);
    let has = |sense| found.iter().any(|found| found.sense == sense);
    let bare = |list: &[&str]| words.iter().any(|word| list.contains(&word.text.as_str()));
    if has(Sense::Test) || bare(&["test", "prueba", "testing"]) {
        return Reading::sure(Kind::Test);
    }
    let inner = if rest.trim().is_empty() { None } else { read_kind(rest) };
    let special = [
        (Sense::Ack, Kind::Acknowledgement),
        (Sense::Downtime, Kind::Downtime),
        (Sense::Flap, Kind::Flapping),
        (Sense::Clear, Kind::Recovery),
    ];
    if let Some((_, kind)) = special.into_iter().find(|(sense, _)| has(*sense)) {
        return Reading::sure(kind);
    }
    if has(Sense::Raise) || has(Sense::Mild) || has(Sense::Topic) {
        let grading = bare(GRADING) || !has(Sense::Raise);
        let overruled = inner.filter(|inner| {
            grading
                && !inner.weak
                && !matches!(inner.kind, Kind::Problem | Kind::Report | Kind::Other | Kind::Update)
        });
        let weak = !has(Sense::Raise) && inner.is_none_or(|inner| inner.weak);
        return overruled.or(Some(Reading { kind: Kind::Problem, weak }));
    }
    if has(Sense::Report) {
        return None;
    }
    if has(Sense::Success) {
        return inner.filter(|inner| inner.kind == Kind::Problem).or(Reading::sure(Kind::Report));
    }
    // "OK: backup done" is a job's success, "OK: web01" an end.
    let job = inner.filter(|inner| inner.kind == Kind::Report);
    has(Sense::Good).then_some(job.unwrap_or(Reading { kind: Kind::Recovery, weak: false }))
}

/// The state a subject begins with and what follows it. Brackets that hold no state (the name of a
/// site, a program) are passed over.
pub(in crate::alert) fn marker(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.trim_start();
    for _ in 0..4 {
        let (group, after, closed) = leading_group(rest)?;
        if is_state(group) {
            return Some((group, after));
        }
        if !closed {
            return None;
        }
        rest = after.trim_start_matches([' ', ':', '-', '|']);
    }
    None
}

/// `[…]`, `(…)`, `** … **`, `{…}`, a sign, or a few words before a colon, dash or bar; whether it
/// stood in brackets.
fn leading_group(text: &str) -> Option<(&str, &str, bool)> {
    for (open, close) in
        [("[", "]"), ("(", ")"), ("{", "}"), ("<", ">"), ("***", "***"), ("**", "**"), ("*", "*")]
    {
        if let Some(inner) = text.strip_prefix(open) {
            let (group, after) = inner.split_once(close)?;
            return (group.len() <= 60).then_some((group, after, true));
        }
    }
    let first = text.chars().next()?;
    if !first.is_alphanumeric() {
        let end = text.find(|c: char| c.is_alphanumeric() || "[(".contains(c))?;
        let (sign, after) = text.split_at(end);
        return (!sign.trim().is_empty()).then_some((sign, after, true));
    }
    let end = [": ", " - ", " – ", " — ", " | ", ":"].iter().filter_map(|mark| {
        let end = text.find(mark)?;
        Some((end, end + mark.len()))
    });
    let (end, after) = end.min()?;
    let group = text.get(..end)?;
    (group.len() <= 60).then(|| (group, text.get(after..).unwrap_or_default(), false))
}

/// Whether a group is a state and nothing else but counts, durations and small words.
fn is_state(group: &str) -> bool {
    const SMALL: &[&str] = &[
        "in",
        "en",
        "tras",
        "after",
        "the",
        "alert",
        "alerta",
        "state",
        "status",
        "estado",
        "is",
        "now",
        "service",
        "host",
        "s",
        "m",
        "h",
        "minutes",
        "minutos",
        "test",
        "prueba",
        "new",
        "nuevo",
        "nueva",
        "trigger",
        "severity",
        "level",
        "system",
        "monitor",
        "de",
        "of",
        "event",
        "notification",
        "notificacion",
    ];
    let words = tokens(group);
    let found = senses(&words);
    if words.is_empty() || words.len() > 6 {
        return false;
    }
    let test = |word: &Token| matches!(word.text.as_str(), "test" | "prueba" | "testing");
    if found.is_empty() && !(words.iter().any(test)) {
        return false;
    }
    words.iter().enumerate().all(|(position, word)| {
        let sensed = found.iter().any(|f| (f.at..f.at + f.words).contains(&position));
        let digits = word.text.starts_with(|c: char| c.is_ascii_digit());
        sensed || digits || SMALL.contains(&word.text.as_str()) || test(word)
    })
}

/// A test, if it says so in a phrase, or if it says "test" first and nothing is wrong in it.
fn is_test(tokens: &[Token], found: &[Found]) -> bool {
    let wrong = |found: &Found| matches!(found.sense, Sense::Raise | Sense::Topic | Sense::Clear);
    let leads =
        tokens.first().is_some_and(|t| matches!(t.text.as_str(), "test" | "prueba" | "testing"));
    let ends = tokens.len() <= 3
        && tokens.last().is_some_and(|t| matches!(t.text.as_str(), "test" | "prueba"));
    found.iter().any(|found| found.sense == Sense::Test)
        || ((leads || ends) && !found.iter().any(wrong))
}

/// `OK -> CRITICAL`, `changed from UP to DOWN`, `pasa de OK a WARNING`: the state after it counts.
fn after_arrow(tokens: &[Token], found: &[Found]) -> Option<Reading> {
    let state_at = |at: usize| found.iter().find(|found| found.at == at);
    let stateful = |found: &Found| {
        matches!(
            found.sense,
            Sense::Raise | Sense::Clear | Sense::Good | Sense::Mild | Sense::Topic
        )
    };
    let arrow = tokens.iter().enumerate().rev().find_map(|(at, token)| {
        let after = state_at(at + 1).filter(|found| stateful(found))?;
        let changes = token.text == "->"
            || (matches!(token.text.as_str(), "to" | "a" | "into")
                && tokens.iter().take(at).any(|token| {
                    matches!(
                        token.text.as_str(),
                        "from"
                            | "changed"
                            | "de"
                            | "cambio"
                            | "cambia"
                            | "pasa"
                            | "paso"
                            | "went"
                            | "transitioned"
                            | "moved"
                            | "switched"
                            | "state"
                            | "status"
                    )
                }));
        changes.then_some(after)
    })?;
    match arrow.sense {
        Sense::Clear | Sense::Good => Reading::sure(Kind::Recovery),
        _ => Reading::sure(Kind::Problem),
    }
}

/// Raise words that a periodic report may hold without anything being wrong now.
const REPORTED: &[&str] = &[
    "error",
    "errors",
    "errores",
    "problem",
    "problems",
    "problema",
    "problemas",
    "outage",
    "high",
    "critical",
    "critico",
    "critica",
    "timeout",
    "failures",
    "low",
    "threat",
    "virus",
    "malware",
    "blocked",
    "attack",
    "banned",
];

/// Which of the senses wins when no mark and no arrow tells.
fn weigh(text: &str, tokens: &[Token], found: &[Found]) -> Option<Reading> {
    let has = |sense| found.iter().any(|found| found.sense == sense);
    let raised = |found: &&Found| matches!(found.sense, Sense::Raise | Sense::Topic);
    if has(Sense::Flap) {
        return Reading::sure(Kind::Flapping);
    }
    if has(Sense::Clear) {
        return Reading::sure(Kind::Recovery);
    }
    if has(Sense::Ack) && !found.iter().any(|found| found.sense == Sense::Topic) {
        return Reading::sure(Kind::Acknowledgement);
    }
    let raise = found.iter().filter(raised);
    let hard = raise.clone().any(|found| {
        tokens.get(found.at).is_none_or(|token| !REPORTED.contains(&token.text.as_str()))
    });
    if has(Sense::Report) && !hard {
        return Reading::sure(Kind::Report);
    }
    if raise.count() > 0 {
        return Reading::sure(Kind::Problem);
    }
    if has(Sense::Downtime) {
        return Reading::sure(Kind::Downtime);
    }
    if found.iter().any(|found| found.sense == Sense::Good && is_final(text, tokens, *found)) {
        let job = tokens.iter().any(|token| JOBS.contains(&token.text.as_str()));
        return Reading::sure(if job || has(Sense::Success) {
            Kind::Report
        } else {
            Kind::Recovery
        });
    }
    // "Completed with warnings" is no success.
    if has(Sense::Success) && !has(Sense::Mild) {
        return Reading::sure(Kind::Report);
    }
    has(Sense::Mild).then_some(Reading { kind: Kind::Problem, weak: !has(Sense::Success) })
}

/// What ends well every day: "Backup OK" is the end of a job, not of a problem.
const JOBS: &[&str] = &[
    "backup",
    "backups",
    "copia",
    "copias",
    "respaldo",
    "job",
    "trabajo",
    "tarea",
    "snapshot",
    "replication",
    "replicacion",
    "sync",
    "sincronizacion",
    "scrub",
    "build",
    "deployment",
    "deploy",
    "sicherung",
    "sauvegarde",
];

/// Good words that also stand in bad news ("2 users connected", "job running").
const FAINT: &[&str] = &[
    "running",
    "connected",
    "conectado",
    "conectada",
    "active",
    "activo",
    "good",
    "bien",
    "available",
    "disponible",
    "closed",
    "cerrado",
    "cerrada",
    "ended",
    "verde",
    "green",
    "stable",
    "estable",
    "passed",
];

/// Whether a good word says how things are now: at the end of an expression, or in capitals.
fn is_final(text: &str, tokens: &[Token], found: Found) -> bool {
    let Some(token) = tokens.get(found.at) else { return false };
    let word =
        |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.text.as_str());
    let next = tokens.get(found.at + found.words);
    let now =
        |word: Option<&str>| matches!(word, Some("now" | "again" | "ahora" | "esta" | "nuevo"));
    if FAINT.contains(&token.text.as_str()) {
        return now(word(found.at.checked_sub(1))) || now(word(Some(found.at + found.words)));
    }
    let original = text.get(token.start..token.end).unwrap_or_default();
    let capitals = !original.contains(char::is_lowercase) && original.len() > 1;
    capitals || next.is_none_or(|next| next.break_before || now(Some(&next.text)))
}
