//! The state that many subjects begin with: `[RESOLVED] …`, `PROBLEM: …`, `** DOWN ** …`.

use super::sense::senses;
use super::{Token, tokens};

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

/// What parts a marker from what follows.
const DASHES: [&str; 4] = [" - ", " – ", " — ", " | "];

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
    // What parts it begins with an ASCII character, so bytes will do.
    let start = text.get(..text.floor_char_boundary(61)).unwrap_or_default();
    let (end, after) = memchr::memchr2_iter(b':', b' ', start.as_bytes()).find_map(|at| {
        let rest = text.get(at..)?;
        if rest.starts_with(':') {
            return Some((at, at + 1));
        }
        DASHES.iter().find(|mark| rest.starts_with(**mark)).map(|mark| (at, at + mark.len()))
    })?;
    let group = text.get(..end)?;
    Some((group, text.get(after..).unwrap_or_default(), false))
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
        "site",
        "sitio",
        "web",
        "website",
        "server",
        "servidor",
        "node",
        "nodo",
        "check",
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
