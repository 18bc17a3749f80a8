//! The state a line of text tells: which of its words wins.

use super::lexicon::Sense;
use super::marker::marker;
use super::sense::{Found, senses};
use super::{Token, tokens};
use crate::alert::Kind;

/// What a text tells, and whether only words like "alert" or "warning" say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) struct Reading {
    /// The kind of news.
    pub kind: Kind,
    /// Whether it is worth looking for better evidence elsewhere.
    pub weak: bool,
}

impl Reading {
    #[expect(clippy::unnecessary_wraps, reason = "every reader of a state gives an Option")]
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
        let changes =
            matches!(token.text.as_str(), "->" | "status" | "state" | "estado" | "zustand")
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
    let over = matches!(arrow.sense, Sense::Clear | Sense::Good);
    Reading::sure(if over { Kind::Recovery } else { Kind::Problem })
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
    if has(Sense::Ack) {
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
    if is_nearly_full(text, tokens) {
        return Reading::sure(Kind::Problem);
    }
    // "Completed with warnings" is no success.
    if has(Sense::Success) && !has(Sense::Mild) {
        return Reading::sure(Kind::Report);
    }
    has(Sense::Mild).then_some(Reading { kind: Kind::Problem, weak: !has(Sense::Success) })
}

/// "Disco al 95 %", "memory at 97%": nobody mails a share like that for pleasure.
fn is_nearly_full(text: &str, tokens: &[Token]) -> bool {
    const THINGS: &[&str] = &[
        "disk",
        "disco",
        "memory",
        "memoria",
        "cpu",
        "swap",
        "filesystem",
        "particion",
        "partition",
        "volume",
        "volumen",
        "usage",
        "uso",
        "space",
        "espacio",
        "inodes",
        "ram",
        "load",
        "carga",
    ];
    let share = |token: &Token| {
        let percent = text.get(token.end..).is_some_and(|rest| rest.trim_start().starts_with('%'));
        percent && token.text.parse::<f32>().is_ok_and(|share| (85.0..=100.0).contains(&share))
    };
    tokens.iter().any(|token| THINGS.contains(&token.text.as_str())) && tokens.iter().any(share)
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
    let placed = |word: &str| matches!(word, "on" | "en" | "at" | "in" | "for" | "after" | "tras");
    capitals
        || next.is_none_or(|next| next.break_before || now(Some(&next.text)) || placed(&next.text))
}
