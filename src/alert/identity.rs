//! What of a subject stays the same from a problem to its recovery.

use super::words::{Sense, Token, senses, tokens};

/// A subject without state words, brackets, counts, durations and times, folded; possibly empty.
pub(super) fn core(subject: &str) -> String {
    // The mark goes whole, with its counts and durations: `[FIRING:2]`, `Resuelto en 1m 30s:`.
    let unmarked = super::words::marker(subject).map(|(mark, rest)| {
        let before = subject.split_once(mark).map_or("", |(before, _)| before);
        format!("{before} . {rest}")
    });
    let text = unmarked.as_deref().unwrap_or(subject);
    let words = tokens(text);
    core_words(text, &words).map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The same as people read it: the part of the subject that names what is wrong.
pub(super) fn topic(subject: &str, host: Option<&str>) -> Option<String> {
    let rest = super::words::marker(subject).map_or(subject, |(_, rest)| rest);
    let rest = rest.trim_start_matches(|c: char| !(c.is_alphanumeric() || "/[(\"«'".contains(c)));
    let mut topic = rest.trim_end_matches(['*', '!', ' ', ':', '-', '|', '–']).to_owned();
    if let Some(host) = host {
        for before in [" on host ", " on ", " en ", " at ", " for ", " from ", " de ", " of "] {
            if let Some(at) = topic.find(&format!("{before}{host}")) {
                topic.truncate(at);
            }
        }
        if let Some(rest) = topic.strip_prefix(host) {
            topic = rest.trim_start_matches([' ', ':', '-', '/', '|', '–', ',']).to_owned();
        }
    }
    let topic = topic.trim().trim_end_matches(['.', '!', ':', '-', ' ', '(', '[']).to_owned();
    // "ALERT!" names nothing.
    (!core(&topic).is_empty() && topic != host.unwrap_or_default()).then_some(topic)
}

fn core_words<'a>(text: &'a str, words: &'a [Token]) -> impl Iterator<Item = &'a Token> {
    let found = senses(words);
    let state = move |at: usize| {
        found.iter().any(|found| {
            let within = (found.at..found.at + found.words).contains(&at);
            within && !matches!(found.sense, Sense::Topic | Sense::Report | Sense::Test)
        })
    };
    // "97 %", "41 °C"
    let has_sign = move |token: &Token| {
        text.get(token.end..).is_some_and(|rest| rest.trim_start().starts_with(['%', '°']))
    };
    words.iter().enumerate().filter_map(move |(at, token)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let after = words.get(at + 1);
        let drop = state(at)
            || SMALL.contains(&token.text.as_str())
            || is_measure(token, before, after)
            || is_number(&token.text) && has_sign(token)
            || (UNITS.contains(&token.text.as_str())
                && before.is_some_and(|before| is_number(&before.text)));
        (!drop).then_some(token)
    })
}

/// Words that come and go with the state.
const SMALL: &[&str] = &[
    "is", "are", "was", "were", "has", "have", "had", "been", "be", "the", "a", "an", "now", "on",
    "at", "in", "for", "from", "to", "of", "with", "after", "since", "again", "still", "no", "not",
    "en", "el", "la", "los", "las", "de", "del", "con", "sin", "se", "ha", "han", "esta", "estan",
    "tras", "desde", "por", "ya", "al", "un", "una", "y", "and", "longer", "back", "->", "state",
    "status", "estado", "changed", "previous", "new", "nuevo", "nueva", "re", "fwd", "vez", "0",
];

const UNITS: &[&str] = &[
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "segundo",
    "segundos",
    "m",
    "min",
    "mins",
    "minute",
    "minutes",
    "minuto",
    "minutos",
    "h",
    "hour",
    "hours",
    "hora",
    "horas",
    "d",
    "day",
    "days",
    "dia",
    "dias",
    "ms",
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
    "tib",
    "c",
    "f",
    "celsius",
    "times",
    "veces",
    "errors",
    "errores",
    "attempts",
    "intentos",
    "failures",
    "v",
    "w",
    "rpm",
    "percent",
    "objects",
    "instances",
    "files",
    "ficheros",
    "archivos",
    "am",
    "pm",
    "utc",
    "gmt",
    "weeks",
];

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '-' | '/'))
}

/// Numbers that measure or date; "port 5" and "disk 3" stay.
fn is_measure(token: &Token, before: Option<&Token>, after: Option<&Token>) -> bool {
    let text = token.text.as_str();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return false;
    }
    // 5m, 87.2%, 19:32:53, 2026-11-23, 2026.11.23, 3.25
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let dated =
        is_number(text) && !is_ipv4(text) && (text.contains([':', '/', '.']) || text.len() >= 8);
    let dashed = is_number(text) && text.matches('-').count() == 2;
    let with_unit = !unit.is_empty() && UNITS.contains(&unit);
    let counted =
        is_number(text) && after.is_some_and(|after| UNITS.contains(&after.text.as_str()));
    // "after 5", "over 90" measure as well.
    let compared = is_number(text)
        && before.is_some_and(|before| {
            matches!(
                before.text.as_str(),
                "over" | "above" | "below" | "at" | "al" | "is" | "a" | "than" | "reached"
            )
        });
    dated || dashed || with_unit || counted || compared
}

fn is_ipv4(text: &str) -> bool {
    text.split([':', '/']).next().is_some_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

/// FNV-1a, 64 bits: short, and the same in every version of the program, since identities are
/// stored.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{core, topic};

    #[test]
    fn problem_and_recovery_share_a_core() {
        let pairs = [
            ("[FIRING:2] CPU high on web-01", "[RESOLVED] CPU high on web-01"),
            ("web-01 is DOWN", "web-01 is UP again after 5m 3s"),
            ("Backup of db1 failed", "Backup of db1 completed successfully"),
            ("Disk usage 97 % on web-01", "Disk usage 98.2 % on web-01"),
            ("Problema: servidor caído", "Resuelto en 1m 30s: servidor"),
            ("Connection to 10.0.0.1 lost", "Connection to 10.0.0.1 restored"),
        ];
        for (problem, recovery) in pairs {
            assert_eq!(core(problem), core(recovery));
        }
        assert_ne!(core("Port 5 down"), core("Port 6 down"));
        assert_ne!(core("Disk full on web-01"), core("Disk failure on web-01"));
        assert_ne!(core("10.0.0.1 down"), core("10.0.0.2 down"));
    }

    #[test]
    fn topics() {
        let cases = [
            ("[CRITICAL] Disk full on web-01", Some("web-01"), Some("Disk full")),
            ("web-01: load too high", Some("web-01"), Some("load too high")),
            ("Copia con errores en srv-bk-01", Some("srv-bk-01"), Some("Copia con errores")),
            ("[Up] web-01", Some("web-01"), None),
        ];
        for (subject, host, found) in cases {
            assert_eq!(topic(subject, host).as_deref(), found);
        }
    }
}
