//! Header text in ASCII: encoded-words (RFC 2047).
//!
//! Raw UTF-8 in a header needs SMTPUTF8 on every hop of the way, and a hop without it bounces the
//! mail: an alert nobody reads. Encoded-words pass everywhere and show the same text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::header::Field;

/// Bytes of text in one encoded-word: 45 become 60 in base64, and with `=?UTF-8?B?…?=` 72 of the
/// 75 that RFC 2047 section 2 allows.
const TEXT_BYTES: usize = 45;

/// How a field's value is built, which decides what an encoded-word may replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// Free text: `Subject`.
    Unstructured,
    /// Addresses: a quoted display name gives way as a whole, quotes and all.
    Addresses,
    /// `name="value"`: the value stays in its quotes. RFC 2047 section 5 forbids it, and it is
    /// what mail programs write and read.
    Parameters,
}

/// `text` as encoded-words, one to a line, ready to stand in a header.
pub(super) fn encode(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, tail) = rest.split_at(rest.floor_char_boundary(TEXT_BYTES));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = tail;
    }
    words.join("\r\n ")
}

/// The field in ASCII, unchanged if it is so already. Bytes that are not UTF-8 are read as
/// Windows-1252, which programs that declare nothing mostly mean.
pub(super) fn ascii_field<'a>(field: &Field<'a>) -> Cow<'a, [u8]> {
    if field.raw.is_ascii() {
        return Cow::Borrowed(field.raw);
    }
    let value = match std::str::from_utf8(field.value) {
        Ok(value) => Cow::Borrowed(value),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(field.value).0,
    };
    let mut out = format!("{}:", field.name);
    ascii_value(&value, syntax_of(field), &mut out);
    out.push_str("\r\n");
    Cow::Owned(out.into_bytes())
}

fn syntax_of(field: &Field<'_>) -> Syntax {
    const ADDRESSES: [&str; 7] = ["To", "Cc", "Reply-To", "From", "Sender", "Errors-To", "Bcc"];
    const ORIGINAL: &str = "X-Original-";
    let name = match field.name.get(..ORIGINAL.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(ORIGINAL) => {
            field.name.get(ORIGINAL.len()..).unwrap_or_default()
        }
        Some(_) | None => field.name,
    };
    if ADDRESSES.iter().any(|address| address.eq_ignore_ascii_case(name)) {
        Syntax::Addresses
    } else if name.get(..8).is_some_and(|prefix| prefix.eq_ignore_ascii_case("Content-")) {
        Syntax::Parameters
    } else {
        Syntax::Unstructured
    }
}

fn ascii_value(value: &str, syntax: Syntax, out: &mut String) {
    let mut rest = value;
    // Looked for only as long as they close, or a header of opening quotes would take for ever.
    let mut may_quote = syntax != Syntax::Unstructured;
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').filter(|_| may_quote).map(quoted_string);
        may_quote &= quoted != Some(None);
        if let Some((content, tail)) = quoted.flatten() {
            let quoted = rest.get(..rest.len() - tail.len()).unwrap_or_default();
            match syntax {
                Syntax::Addresses if !content.is_ascii() => out.push_str(&encode(&content)),
                Syntax::Parameters if !content.is_ascii() => {
                    out.push('"');
                    out.push_str(&encode(&content));
                    out.push('"');
                }
                Syntax::Unstructured | Syntax::Addresses | Syntax::Parameters => {
                    out.push_str(quoted);
                }
            }
            rest = tail;
            continue;
        }
        let end = rest.find(|c| is_separator(c, syntax)).unwrap_or(rest.len());
        let run =
            if rest.get(..end).is_some_and(str::is_ascii) { end } else { run_end(rest, syntax) };
        // A separator passes as it is: one step, or the loop would stand still.
        let step = if run == 0 { rest.ceil_char_boundary(1) } else { run };
        let (text, tail) = rest.split_at(step);
        if text.is_ascii() {
            out.push_str(text);
        } else {
            out.push_str(&encode(&text.replace("\r\n", "")));
        }
        rest = tail;
    }
}

/// Where the run of words ends that are not ASCII. Blanks between encoded-words are not shown
/// (RFC 2047 section 6.2), so those between two such words must go into the code.
fn run_end(text: &str, syntax: Syntax) -> usize {
    let mut end = 0;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let gap = rest.len() - rest.trim_ascii_start().len();
        let word = rest.get(gap..).unwrap_or_default();
        let length = word.find(|c| is_separator(c, syntax)).unwrap_or(word.len());
        if word.get(..length).is_none_or(str::is_ascii) {
            return end;
        }
        end += gap + length;
    }
}

fn is_separator(c: char, syntax: Syntax) -> bool {
    let special = match syntax {
        Syntax::Unstructured => "",
        Syntax::Addresses => "\"()<>,;:",
        Syntax::Parameters => "\"()<>,;:=",
    };
    c.is_ascii_whitespace() || special.contains(c)
}

/// The content of a quoted-string (RFC 5322 section 3.2.4) whose opening quote has been taken off,
/// without its backslashes and folds, and what comes after it; none if it does not close.
fn quoted_string(inside: &str) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut chars = inside.chars();
    loop {
        match chars.next()? {
            '"' => return Some((content, chars.as_str())),
            '\\' => content.push(chars.next()?),
            '\r' | '\n' => {}
            other => content.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::mail::header::fields;

    fn ascii(field: &[u8]) -> String {
        let field = fields(field).next().unwrap();
        String::from_utf8(ascii_field(&field).into_owned()).unwrap()
    }

    /// What a mail program shows.
    fn shown(field: &str) -> String {
        let mail = mail_parser::MessageParser::default().parse(field.as_bytes()).unwrap();
        mail.subject().unwrap_or_default().to_owned()
    }

    #[test]
    fn fields_in_ascii_stay_as_they_are() {
        for field in ["Subject:  odd   spacing\r\n\t folded \r\n", "To : <a@b>\r\n", "X:\r\n"] {
            assert_eq!(ascii(field.as_bytes()), field);
        }
    }

    #[test]
    fn text_is_shown_as_it_was() {
        let subjects = [
            "Espacio en disco crítico",
            "crítico á é í end",
            "PROBLEM: año dos ñu tres",
            "🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥",
        ];
        for subject in subjects {
            let field = ascii(format!("Subject: {subject}\r\n").as_bytes());
            assert!(field.is_ascii());
            assert!(field.split("\r\n").all(|line| line.len() <= 110), "{field}");
            assert_eq!(shown(&field), subject);
        }
        assert_eq!(shown(&ascii(b"Subject: cr\xedtico\r\n")), "crítico");
    }

    #[test]
    fn structure_survives() {
        let jose = encode("José Pérez, Jr");
        let cases = [
            (
                "To: \"José Pérez, Jr\" <j@x.org>, b@x.org\r\n",
                format!("To: {jose} <j@x.org>, b@x.org\r\n"),
            ),
            ("Cc: José <j@x.org>\r\n", format!("Cc: {} <j@x.org>\r\n", encode("José"))),
            (
                "Content-Type: text/plain; name=\"año.txt\"\r\n",
                format!("Content-Type: text/plain; name=\"{}\"\r\n", encode("año.txt")),
            ),
            ("To: \"never closed é\r\n", format!("To: \"never closed {}\r\n", encode("é"))),
            (
                "x-original-from: \"é\" <a@b>\r\n",
                format!("x-original-from: {} <a@b>\r\n", encode("é")),
            ),
        ];
        for (field, expected) in cases {
            assert_eq!(ascii(field.as_bytes()), expected);
        }
    }
    #[test]
    fn a_megabyte_of_quotes_takes_no_longer_than_other_text() {
        let field = format!("To: é {}\r\n", "\"\\".repeat(500_000));
        assert!(ascii(field.as_bytes()).ends_with("\"\\\r\n"));
    }
}
