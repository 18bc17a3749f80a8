//! What words in a mail mean, whoever wrote them: state, severity, negation; English and Spanish,
//! with the state words of a few more languages.

mod lexicon;
mod marker;
mod sense;
mod severity;
mod state;

use std::ops::Range;

pub(super) use lexicon::Sense;
pub(super) use marker::marker;
pub(super) use sense::senses;
pub(super) use severity::{severity_beside, severity_of, severity_word};
pub(super) use state::read_kind;

/// One word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Lower case, without accents.
    pub text: String,
    /// Position in the original text, in bytes.
    pub start: usize,
    /// End in the original text, in bytes.
    pub end: usize,
    /// Whether a sentence mark or a bracket stands between the word before and this one.
    pub break_before: bool,
}

/// Lower case without accents: what words are compared by.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).map(fold_char).collect()
}

/// Whether two words are the same but for case and accents; `folded` is already so.
pub(super) fn same(text: &str, folded: &str) -> bool {
    text.chars().flat_map(char::to_lowercase).map(fold_char).eq(folded.chars())
}

const fn fold_char(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        '’' => '\'',
        c => c,
    }
}

/// Splits text into words. A word with a digit in it (`web-01`, `10.0.0.1`, `2026-11-23`) stays
/// whole with its hyphens, dots and colons; so do arrows and the signs that stand for a state.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut break_before = true;
    let mut position = 0;
    while let Some(c) = text.get(position..).and_then(|rest| rest.chars().next()) {
        let start = position;
        position += c.len_utf8();
        if c.is_alphanumeric() {
            let (end, joined) = word_end(text, start);
            position = end;
            push_word(&mut tokens, text, start..end, joined, &mut break_before);
        } else if let Some(sign) = sign(text, start) {
            tokens.push(Token { text: sign.into(), start, end: position, break_before });
            break_before = false;
        } else if matches!(
            c,
            '.' | ','
                | ';'
                | ':'
                | '!'
                | '?'
                | '('
                | ')'
                | '['
                | ']'
                | '*'
                | '|'
                | '"'
                | '\''
                | '«'
                | '»'
                | '\n'
                | '–'
                | '—'
                | '-'
                | '{'
                | '}'
                | '='
        ) {
            break_before = true;
        }
    }
    tokens
}

/// Where the word that begins at `start` ends, and whether there are signs within that join it.
fn word_end(text: &str, start: usize) -> (usize, bool) {
    let mut end = start;
    let mut joined = false;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let plain = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        end += plain;
        let mut ahead = rest.get(plain..).unwrap_or_default().chars();
        let Some(c) = ahead.next() else { return (end, joined) };
        // `web1:9100` and `19:32` are one word, `FIRING:2` and `Status:Down` are not.
        let numbered = || {
            let word = text.get(start..end).unwrap_or_default();
            word.bytes().any(|byte| byte.is_ascii_digit())
        };
        let joins = (matches!(c, '\'' | '’' | '.' | '_' | '-' | '/' | '@')
            || (c == ':' && numbered()))
            && ahead.next().is_some_and(char::is_alphanumeric);
        if !(c.is_alphanumeric() || joins) {
            return (end, joined);
        }
        joined |= joins;
        end += c.len_utf8();
    }
}

/// A word joined by hyphens and the like falls into its parts unless it has a digit or a dot.
fn push_word(
    tokens: &mut Vec<Token>,
    text: &str,
    place: Range<usize>,
    joined: bool,
    first: &mut bool,
) {
    let Range { start, end } = place;
    let word = text.get(start..end).unwrap_or_default();
    // "https://" says nothing.
    if text.get(end..).is_some_and(|rest| rest.starts_with("://")) {
        return;
    }
    let mut push = |piece: &str, start: usize| {
        let end = start + piece.len();
        tokens.push(Token { text: fold(piece), start, end, break_before: *first });
        // `Status:Down` and `up/down` are not one expression, `self-test` is.
        *first = text.get(end..).is_some_and(|rest| rest.starts_with([':', '/']));
    };
    let whole = !joined || word.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'.' | b'@'));
    if whole {
        return push(word, start);
    }
    let mut position = start;
    for piece in word.split(['_', '-', ':', '/']) {
        if !piece.is_empty() {
            push(piece, position);
        }
        position += piece.len() + 1;
    }
}

/// Signs that mean something: arrows and the traffic lights some monitors draw.
fn sign(text: &str, start: usize) -> Option<&'static str> {
    const SIGNS: [(&str, &str); 16] = [
        ("->", "->"),
        ("=>", "->"),
        ("→", "->"),
        ("➡", "->"),
        ("➜", "->"),
        ("🔴", "down"),
        ("🛑", "critical"),
        ("❌", "failed"),
        ("❗", "problem"),
        ("🚨", "alarm"),
        ("🔥", "alarm"),
        ("⚠", "warning"),
        ("🟡", "warning"),
        ("✅", "ok"),
        ("🟢", "ok"),
        ("💚", "ok"),
    ];
    let rest = text.get(start..)?;
    // Blanks and full stops are asked most.
    if rest.starts_with(|c: char| c.is_ascii() && !matches!(c, '-' | '=')) {
        return None;
    }
    SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::{fold, same, tokens};

    #[test]
    fn folds() {
        assert_eq!(fold("Caída CRÍTICA ñ"), "caida critica n");
        assert!(same("Gravedad", "gravedad") && same("DURACIÓN", "duracion"));
        assert!(!same("Host name", "host"));
    }

    #[test]
    fn splits() {
        let cases = [
            ("** PROBLEM: web-01.example.org is DOWN!", "problem web-01.example.org is down"),
            ("self-test Status:Down OK -> CRIT", "self test status down ok -> crit"),
            (
                "🔴 Tienda en línea → isn't 10.0.0.1:443",
                "down tienda en linea -> isn't 10.0.0.1:443",
            ),
            ("state_change a/b", "state change a b"),
        ];
        for (text, words) in cases {
            let tokens: Vec<_> = tokens(text).into_iter().map(|token| token.text).collect();
            assert_eq!(tokens.join(" "), words);
        }
    }
}
