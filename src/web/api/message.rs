//! An alert handed in by HTTP becomes a mail, so that everything after the door is the same: it is
//! understood, filtered, kept, told and relayed as any other. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Octets of a line of base64 that holds 57 octets (RFC 2045 section 6.8).
const LINE: usize = 57;

/// Most octets in one encoded word: 75 characters with its frame (RFC 2047 section 2).
const WORD: usize = 42;

/// Longest subject, in characters.
const MOST_SUBJECT: usize = 1000;

/// A mail of text (RFC 5322). `from` is an address, `name` its owner, `date` as RFC 5322 has it.
pub(super) fn message(from: &str, name: &str, subject: &str, date: &str, text: &str) -> Vec<u8> {
    let subject = encoded(subject);
    let name = encoded(name);
    let mut mail = format!(
        "From: {name} <{from}>\r\nSubject: {subject}\r\nDate: {date}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    for line in text.as_bytes().chunks(LINE) {
        mail.push_str(&STANDARD.encode(line));
        mail.push_str("\r\n");
    }
    mail.into_bytes()
}

/// Text for a header: as it is when it is plain, else in encoded words, folded.
fn encoded(text: &str) -> String {
    let line: String =
        text.chars().take(MOST_SUBJECT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if line.len() <= 900 && line.chars().all(plain) && !line.contains("=?") {
        return fold(line);
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for c in line.chars() {
        if word.len() + c.len_utf8() > WORD {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// Breaks a long line at blanks (RFC 5322 section 2.2.3).
fn fold(line: &str) -> String {
    let mut folded = String::new();
    let mut length = 0;
    for (index, word) in line.split(' ').enumerate() {
        if index > 0 {
            let new_line = length + word.len() > 70 && !word.is_empty();
            folded.push_str(if new_line { "\r\n " } else { " " });
            length = if new_line { 0 } else { length };
        }
        folded.push_str(word);
        length += word.len() + 1;
    }
    folded
}

/// `Label: value` on one line, for who reads the mail.
pub(super) fn label(name: &str, value: Option<&str>) -> String {
    match value.map(one_line).filter(|value| !value.is_empty()) {
        Some(value) => format!("{name}: {value}\n"),
        None => String::new(),
    }
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(blank).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::alert::{Origin, understand};

    use super::*;

    fn read(subject: &str, text: &str) -> crate::alert::MailText {
        let raw =
            message("a@b.example", "Names <x>", subject, "Thu, 1 Jan 1970 00:00:00 +0000", text);
        let text = String::from_utf8(raw.clone()).unwrap();
        assert!(text.lines().all(|line| line.len() <= 998), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        understand(&raw, &Origin::default()).0
    }

    #[test]
    fn what_goes_in_comes_out() {
        let long = "word ".repeat(150);
        for (subject, text) in [
            ("Disk full", "Host: web-01\nSeverity: high\n"),
            ("Disco lleno en el servidor de Ñuño 🔥 con un asunto muy largo que no cabe", "á\n\nb"),
            ("=?utf-8?B?eA==?= is no encoded word here", "x"),
            (long.trim(), &"línea\n".repeat(1000)),
        ] {
            let mail = read(subject, text);
            assert_eq!(mail.subject, subject);
            assert_eq!(mail.body.trim(), text.trim());
        }
    }

    #[test]
    fn nobody_puts_headers_in() {
        let raw = message("a@b.example", "x\r\nBcc: y", "one\r\nBcc: z\n\nbody", "date", "");
        let text = String::from_utf8(raw).unwrap();
        assert!(!text.contains("\r\nBcc"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn every_subject_survives(subject in "[^\\p{C}\\p{Z}]{1,40}( [^\\p{C}\\p{Z}]{1,40}){0,5}") {
            proptest::prop_assert_eq!(read(&subject, "x").subject, subject);
        }
    }
}
