//! The header section (RFC 5322 section 2.2) and its encoded words (RFC 2047), as they really come.

use super::charset;
use super::transfer;

/// Fields kept of one header section; the rest is read over.
const MAX_FIELDS: usize = 400;
/// Bytes kept of one field's value.
const MAX_VALUE: usize = 16 * 1024;

/// The fields of a header section, in order, still encoded.
#[derive(Debug, Default)]
pub(in crate::alert) struct Headers<'a> {
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Headers<'a> {
    /// Splits a message into header section and body. What looks like a header section but has no
    /// field that mails have is body: scripts send text without any header.
    pub(super) fn of_message(raw: &'a [u8]) -> (Self, &'a [u8]) {
        let start = if raw.starts_with(b"From ") || raw.starts_with(b">From ") {
            memchr::memchr(b'\n', raw).map_or(raw.len(), |end| end + 1)
        } else {
            0
        };
        let (headers, body) = Self::of_part(raw.get(start..).unwrap_or_default());
        let mail = headers.fields.iter().any(|(name, _)| {
            MAIL_FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        });
        if mail { (headers, body) } else { (Self::default(), raw) }
    }

    /// Splits a MIME part into header section and body, at the first line that is not a field.
    pub(super) fn of_part(raw: &'a [u8]) -> (Self, &'a [u8]) {
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        let mut position = 0;
        let mut value_start = 0;
        while let Some(rest) = raw.get(position..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = rest.get(..length).unwrap_or_default().trim_ascii_end();
            if line.is_empty() && !matches!(rest.first(), Some(b' ' | b'\t')) {
                position += length;
                break;
            }
            if matches!(rest.first(), Some(b' ' | b'\t')) && position > 0 {
                if let Some(last) = fields.last_mut().filter(|_| value_start > 0) {
                    last.1 = raw.get(value_start..position + line.len()).unwrap_or_default();
                }
            } else if let Some(colon) = field_name(line) {
                value_start = 0;
                if fields.len() < MAX_FIELDS {
                    value_start = position + colon + 1;
                    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
                    let value = raw.get(value_start..position + line.len()).unwrap_or_default();
                    fields.push((name, value));
                }
            } else {
                break;
            }
            position += length;
        }
        (Self { fields }, raw.get(position..).unwrap_or_default())
    }

    /// The first field of that name, as it came.
    pub(in crate::alert) fn raw(&self, name: &str) -> Option<&'a [u8]> {
        let named = |field: &&(&[u8], &'a [u8])| field.0.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().find(named).map(|field| field.1)
    }

    /// Whether there is a field of that name.
    pub(in crate::alert) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The first field of that name, decoded and unfolded.
    pub(in crate::alert) fn get(&self, name: &str) -> Option<String> {
        self.raw(name).map(decode)
    }
}

/// Fields one of which every real mail has.
const MAIL_FIELDS: [&str; 14] = [
    "from",
    "to",
    "subject",
    "received",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "return-path",
    "reply-to",
    "in-reply-to",
    "x-mailer",
    "auto-submitted",
    "cc",
];

/// Position of the colon after a field name (RFC 5322 section 3.6.8, blanks before the colon
/// tolerated).
fn field_name(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line.get(..line.len().min(80)).unwrap_or_default())?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
}

/// Decodes a field's value: unfolded, encoded words undone, raw 8-bit text guessed.
pub(super) fn decode(value: &[u8]) -> String {
    let mut rest = value.get(..MAX_VALUE).unwrap_or(value);
    let mut text = String::new();
    // Bytes of adjacent encoded words in one charset: a character may be split between them.
    let mut pending: Option<(String, Vec<u8>)> = None;
    while let Some(word) = EncodedWord::find(rest) {
        let gap = rest.get(..word.start).unwrap_or_default();
        rest = rest.get(word.end..).unwrap_or_default();
        match &mut pending {
            Some((label, bytes)) if gap.trim_ascii().is_empty() && *label == word.label => {
                bytes.extend(word.bytes);
            }
            _ => {
                let adjacent = pending.is_some() && gap.trim_ascii().is_empty();
                flush(&mut text, &mut pending);
                if !adjacent {
                    text.push_str(&unfold(gap));
                }
                pending = Some((word.label, word.bytes));
            }
        }
    }
    let encoded = pending.is_some();
    flush(&mut text, &mut pending);
    if encoded && rest.first() == Some(&b'<') && !text.ends_with(' ') {
        text.push(' ');
    }
    text.push_str(&unfold(rest));
    text.trim().to_owned()
}

fn flush(text: &mut String, pending: &mut Option<(String, Vec<u8>)>) {
    if let Some((label, bytes)) = pending.take() {
        text.push_str(&charset::decode(&bytes, Some(&label)));
    }
}

fn unfold(raw: &[u8]) -> String {
    let text = charset::guess(raw);
    if text.contains(['\r', '\n']) {
        text.replace("\r\n", "").replace(['\r', '\n'], "")
    } else {
        text
    }
}

/// One `=?charset?encoding?text?=`.
struct EncodedWord {
    start: usize,
    end: usize,
    label: String,
    bytes: Vec<u8>,
}

impl EncodedWord {
    fn find(raw: &[u8]) -> Option<Self> {
        memchr::memmem::find_iter(raw, b"=?").find_map(|start| Self::at(raw, start))
    }

    fn at(raw: &[u8], start: usize) -> Option<Self> {
        let inner = raw.get(start + 2..)?;
        let label_end = memchr::memchr(b'?', inner.get(..inner.len().min(64))?)?;
        let label = std::str::from_utf8(inner.get(..label_end)?).ok()?;
        let label = label.split('*').next().unwrap_or(label).to_ascii_lowercase();
        let encoding = inner.get(label_end + 1)?.to_ascii_lowercase();
        if inner.get(label_end + 2) != Some(&b'?') || label.contains(char::is_whitespace) {
            return None;
        }
        let text = inner.get(label_end + 3..)?;
        let length = memchr::memmem::find(text.get(..text.len().min(4096))?, b"?=")?;
        let encoded = text.get(..length)?;
        let bytes = match encoding {
            b'b' => transfer::base64(encoded),
            b'q' => transfer::quoted_printable(encoded, true),
            _ => return None,
        };
        Some(Self { start, end: start + 2 + label_end + 3 + length + 2, label, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::{Headers, decode};

    #[test]
    fn encoded_words() {
        let cases: &[(&[u8], &str)] = &[
            (b"=?UTF-8?Q?Aplicaci=C3=B3n?= <ana@example.org>", "Aplicación <ana@example.org>"),
            (b"=?UTF-8?B?TW9uaXRvcg==?=<z@example.org>", "Monitor <z@example.org>"),
            (b"=?UTF-8?B?TW9uaXRvciA=?=<z@example.org>", "Monitor <z@example.org>"),
            // A character split between two words, on one line and folded.
            (b"=?utf-8?q?d?= =?utf-8?q?=C3?= =?utf-8?q?=ADas?=", "días"),
            (b"=?utf-8?q?d=C3?=\r\n =?utf-8?q?=ADas?=", "días"),
            (b"Nodo =?utf-8?Q?ca=C3=ADdo:?= =?utf-8?Q?_a=C3=B1adido?=", "Nodo caído: añadido"),
            (b"=?iso-8859-1?q?ca=EDdo?= =?utf-8?q?_a=C3=B1o?=", "caído año"),
            (b"=?utf-8*es?q?a=C3=B1o?=", "año"),
            ("Réplica parada".as_bytes(), "Réplica parada"),
            (b"Nodo ca\xeddo", "Nodo caído"),
            (b"a\r\n b\r\n\tc", "a b\tc"),
            (b"=?utf-8?x?abc?= =?", "=?utf-8?x?abc?= =?"),
            (b"=?utf-8?b?w6E?=", "á"),
        ];
        for (raw, text) in cases {
            assert_eq!(decode(raw), *text);
        }
    }

    #[test]
    fn splits_messages() {
        let cases: &[(&[u8], Option<&str>, &[u8])] = &[
            (b"Subject: a\r\n b\r\nTo: x\r\n\r\nbody", Some("a b"), b"body"),
            (b"no header at all", None, b"no header at all"),
            (b"ERROR: disk full\r\nHost: web1\r\n", None, b"ERROR: disk full\r\nHost: web1\r\n"),
            (b"Subject: a\r\nno colon here\r\nmore", Some("a"), b"no colon here\r\nmore"),
            (b"From ana Mon\r\nSubject: a\n\nbody", Some("a"), b"body"),
            (b"\r\nbody", None, b"\r\nbody"),
            (b"Subject: a", Some("a"), b""),
            (b"", None, b""),
        ];
        for (raw, subject, body) in cases {
            let (headers, rest) = Headers::of_message(raw);
            assert_eq!((headers.get("subject").as_deref(), rest), (*subject, *body));
        }
    }
}
