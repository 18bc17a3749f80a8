//! The phrases of the lexicon in a text, negation applied: "no errors", "failed: 0", "was down",
//! "no longer critical".

use super::Token;
use super::lexicon::{Sense, phrase};

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
        let Some((sense, length)) = phrase(&joined) else {
            at += 1;
            continue;
        };
        let next = tokens.get(at + length);
        let none_of_it = next.is_some_and(|next| next.text == "0");
        match sense {
            Sense::Not if token.text == "0" && is_number_of_thing(tokens, at) => {}
            Sense::Not | Sense::Past | Sense::NoLonger => {
                turned = Some((sense, at + length + REACH));
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
                let sense = if is_closing(tokens, at) { Sense::Clear } else { sense };
                if let Some(sense) = turn(sense, turned.map(|(by, _)| by)) {
                    found.push(Found { sense, at, words: length });
                }
                // "Could not be restored", "failed to recover".
                if sense == Sense::Raise && FUTILE.contains(&token.text.as_str()) {
                    turned = Some((Sense::Not, at + length + REACH));
                }
            }
        }
        at += length;
    }
    found
}

/// Words whose phrases deny the good that follows.
const FUTILE: &[&str] = &["unable", "cannot", "can't", "couldn't", "could", "no", "failed"];

/// "Incident 4711 closed", "alarma 3 finalizada": the end of what was open, while a closed door or
/// session is none.
fn is_closing(tokens: &[Token], at: usize) -> bool {
    const CLOSED: &[&str] = &["closed", "cerrado", "cerrada", "ended", "finalizado", "finalizada"];
    const OPENED: &[&str] = &[
        "incident",
        "incidente",
        "incidencia",
        "issue",
        "alert",
        "alerta",
        "alarm",
        "alarma",
        "problem",
        "problema",
        "outage",
    ];
    let before = tokens.get(at.saturating_sub(3)..at).unwrap_or_default();
    tokens.get(at).is_some_and(|token| CLOSED.contains(&token.text.as_str()))
        && before.iter().any(|token| OPENED.contains(&token.text.as_str()))
}

/// What is left of a sense after "no", "was" or "no longer".
fn turn(sense: Sense, by: Option<Sense>) -> Option<Sense> {
    let bad = matches!(sense, Sense::Raise | Sense::Topic | Sense::Mild);
    let good = matches!(sense, Sense::Clear | Sense::Good | Sense::Success);
    match by {
        Some(Sense::Not) if bad => Some(Sense::Success),
        Some(Sense::NoLonger) if bad => Some(Sense::Clear),
        Some(Sense::Not | Sense::NoLonger) if good => Some(Sense::Raise),
        Some(Sense::Past) if bad || matches!(sense, Sense::Good) => None,
        Some(Sense::Not) if !matches!(sense, Sense::Report) => None,
        _ => Some(sense),
    }
}

fn is_number_of_thing(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_some_and(|before| NUMBERED.contains(&before.text.as_str()))
}
