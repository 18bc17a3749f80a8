//! Tokens, quoted strings and escapes (RFC 3261 section 25.1).

use std::fmt::Write as _;

/// The bytes of a text that stand outside its quoted strings, each with its place. A quote that is
/// never closed is an ordinary character: devices forget one.
pub(super) fn unquoted(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut bytes = text.bytes().enumerate();
    let mut all_closed = true;
    std::iter::from_fn(move || {
        loop {
            let (at, byte) = bytes.next()?;
            if byte != b'"' || !all_closed {
                return Some((at, byte));
            }
            let mut inside = bytes.clone();
            all_closed = skip_quoted(&mut inside).is_some();
            if !all_closed {
                return Some((at, byte));
            }
            bytes = inside;
        }
    })
}

/// Goes behind the closing quote, and tells where it is.
fn skip_quoted(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Option<usize> {
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// The items of a list: cut at commas that stand neither in a quoted string nor in `<…>`.
pub(in crate::sip) fn list(text: &str) -> impl Iterator<Item = &str> {
    let mut in_brackets = false;
    split(text, move |byte| {
        match byte {
            b'<' => in_brackets = true,
            b'>' => in_brackets = false,
            _ => {}
        }
        byte == b',' && !in_brackets
    })
}

/// The pieces of a text between the unquoted bytes that `cuts` names, without blanks around them
/// and without the empty ones.
pub(super) fn split(text: &str, mut cuts: impl FnMut(u8) -> bool) -> impl Iterator<Item = &str> {
    let mut places = unquoted(text).filter(move |(_, byte)| cuts(*byte)).map(|(at, _)| at);
    let mut start = Some(0);
    let pieces = std::iter::from_fn(move || {
        let from = start?;
        let cut = places.next();
        start = cut.map(|at| at + 1);
        text.get(from..cut.unwrap_or(text.len()))
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty())
}

/// The text before and behind the first unquoted `byte`.
pub(super) fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let (at, _) = unquoted(text).find(|(_, found)| *found == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// What a quoted string says; anything else says itself.
pub(super) fn unquote(text: &str) -> String {
    let text = text.trim();
    let Some(inside) = text.strip_prefix('"') else {
        return text.chars().filter(|c| !c.is_control()).collect();
    };
    let mut said = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => said.extend(chars.next()),
            c => said.push(c),
        }
    }
    said.retain(|c| !c.is_control());
    said
}

/// A quoted string.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", escape_quoted(text))
}

/// What stands between the quotes of a quoted string.
pub(in crate::sip) fn escape_quoted(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// What stood between quotes, to be put between quotes again; escaped only if it cannot have.
pub(in crate::sip) fn keep_quoted(text: &str) -> String {
    let is_whole =
        !text.contains(char::is_control) && closing_quote(&format!("{text}\"")) == Some(text.len());
    if is_whole { text.to_owned() } else { escape_quoted(text) }
}

/// Where the quoted string ends whose first quote stood before `text`.
pub(super) fn closing_quote(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    skip_quoted(&mut bytes)
}

/// A character of a token.
pub(super) const fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '-' | '.' | '!' | '%' | '*' | '_' | '+' | '`' | '\'' | '~')
}

/// Whether a text is a token.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}

/// Escapes (`%20`) what may not stand in a URI at all, and the characters of `reserved`. Escapes
/// that are there stay, so that a peer gets its own URI back to the letter.
pub(super) fn escape(text: &str, reserved: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let plain = c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>') && !reserved.contains(c);
        if plain {
            escaped.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The number at the start of a text. One that is too large is the largest: devices write
/// `4294967296` for "always".
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let digits = text.get(..end).filter(|digits| !digits.is_empty())?;
    Some(digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_cut_where_they_may() {
        let rows: [(&str, &[&str]); 8] = [
            ("a, b ,c", &["a", "b", "c"]),
            ("", &[]),
            (" , ,a,,", &["a"]),
            ("\"a, b\" <sip:x>, c", &["\"a, b\" <sip:x>", "c"]),
            ("\"a\\\", b\", c", &["\"a\\\", b\"", "c"]),
            ("<sip:a,b@c>, d", &["<sip:a,b@c>", "d"]),
            ("\"never closed, c", &["\"never closed", "c"]),
            ("\"a\\", &["\"a\\"]),
        ];
        for (text, pieces) in rows {
            assert_eq!(list(text).collect::<Vec<_>>(), pieces, "{text:?}");
        }
    }

    #[test]
    fn quoted_strings_are_read() {
        let rows = [
            ("\"a b\"", "a b"),
            ("\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c"),
            ("plain", "plain"),
            (" \"\" ", ""),
            ("\"open", "open"),
            ("\"a\\", "a"),
        ];
        for (text, said) in rows {
            assert_eq!(unquote(text), said, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_with_what_follows() {
        let rows = [
            ("3600", Some(3600)),
            (" 007 ", Some(7)),
            ("120 (lunch)", Some(120)),
            ("18000;duration=3600", Some(18000)),
            ("4294967296", Some(u32::MAX)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (text, value) in rows {
            assert_eq!(number(text), value, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in "\\PC{0,20}") {
            prop_assert_eq!(unquote(&quote(&text)), text);
        }

        #[test]
        fn what_is_escaped_needs_no_more(text in any::<String>()) {
            let once = escape(&text, "@;");
            prop_assert!(once.is_ascii() && !once.contains(['"', '@', ' ', '\r', '\n']));
            prop_assert_eq!(escape(&once, "@;"), once);
        }
    }
}
