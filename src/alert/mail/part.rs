//! The MIME tree (RFC 2045, 2046) and what of it a person reads.
//!
//! `mail-parser` knows the charsets, the encodings and the parameters of Content-Type; the walk is
//! our own because the crate's tree of nested messages is built and dropped by recursion without a
//! limit, which hostile mail turns into a stack overflow.

use std::borrow::Cow;

use mail_parser::parsers::MessageStream;

use super::clean::one_line;
use super::header::Headers;
use super::{charset, html, transfer};

/// Parts looked at in one mail; those after it are left out.
const MAX_PARTS: usize = 100;
/// Parts within parts.
const MAX_DEPTH: usize = 12;
/// Encoded bytes read of one text part.
const MAX_TEXT_PART: usize = 512 * 1024;
/// Attachments named in the text.
const MAX_NAMES: usize = 5;

/// The readable parts of a mail.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The text to read, not yet cleaned.
    pub text: String,
    /// The HTML that stood beside the plain text, still HTML.
    pub html: Option<String>,
    /// Whether it is a report on deliveries (RFC 6522).
    pub report: bool,
    /// Subject of a mail that the mail holds.
    pub subject_of_inner: Option<String>,
}

impl Content {
    /// Reads the body that belongs to `headers`.
    pub(super) fn read(headers: &Headers<'_>, body: &[u8]) -> Self {
        let mut walk = Walk { parts: MAX_PARTS, ..Walk::default() };
        let pieces = walk.part(headers, body, 0);
        let mut text = String::new();
        for piece in &pieces {
            let piece = piece.readable();
            if !piece.trim().is_empty() {
                if !text.is_empty() {
                    text.push_str("\n\n");
                }
                text.push_str(piece.trim());
            }
        }
        for name in walk.names.iter().take(MAX_NAMES) {
            text.push_str(&["\n[+ ", name, "]"].concat());
        }
        if walk.names.len() > MAX_NAMES {
            text.push_str("\n[+ …]");
        }
        Self { text, html: walk.html, report: walk.report, subject_of_inner: walk.inner_subject }
    }
}

/// Renders the HTML beside the plain text, for profiles that need what only it says.
pub(super) fn readable_html(source: &str) -> String {
    html::to_text(source)
}

#[derive(Debug)]
enum Piece {
    Plain(String),
    Html(String),
}

impl Piece {
    fn readable(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => text.into(),
            Self::Html(source) => html::to_text(source).into(),
        }
    }
}

#[derive(Debug, Default)]
struct Walk {
    /// How many parts may still be looked at.
    parts: usize,
    names: Vec<String>,
    html: Option<String>,
    report: bool,
    inner_subject: Option<String>,
}

impl Walk {
    fn part(&mut self, headers: &Headers<'_>, body: &[u8], depth: usize) -> Vec<Piece> {
        if self.parts == 0 || depth > MAX_DEPTH {
            return Vec::new();
        }
        self.parts -= 1;
        let kind = ContentType::of(headers, "content-type");
        let disposition = ContentType::of(headers, "content-disposition");
        if let Some(boundary) = kind.boundary.as_deref().filter(|_| kind.is("multipart/"))
            && let Some(children) = split(body, boundary)
        {
            return self.multipart(&kind, &children, depth);
        }
        if kind.is("message/rfc822") || kind.is("message/global") {
            return self.message(headers, body, depth);
        }
        let attached = disposition.is("attachment")
            || !(kind.name.is_empty() || kind.is("text/plain") || kind.is("text/html"));
        if attached || !kind.is_text() {
            if kind.is("message/delivery-status") || kind.is("text/rfc822-headers") {
                return Vec::new();
            }
            let name = [disposition.name, kind.name, kind.mime].into_iter().find(|n| !n.is_empty());
            self.names.push(one_line(&name.unwrap_or_default(), 60));
            return Vec::new();
        }
        let text = text_of(headers, body, kind.charset.as_deref());
        vec![if kind.is("text/html") { Piece::Html(text) } else { Piece::Plain(text) }]
    }

    fn multipart(&mut self, kind: &ContentType, children: &[&[u8]], depth: usize) -> Vec<Piece> {
        let report = kind.is("multipart/report");
        self.report |= report;
        let children = children.iter().take(self.parts).map(|child| {
            let (headers, body) = Headers::of_part(child);
            self.part(&headers, body, depth + 1)
        });
        if !kind.is("multipart/alternative") {
            return children.flatten().collect();
        }
        let mut plain = None;
        let mut html = None;
        for pieces in children.collect::<Vec<_>>() {
            let blank = |piece: &Piece| match piece {
                Piece::Plain(text) | Piece::Html(text) => text.trim().is_empty(),
            };
            if pieces.iter().all(blank) {
                continue;
            }
            if pieces.iter().any(|piece| matches!(piece, Piece::Html(_))) {
                html = Some(pieces);
            } else if plain.is_none() {
                plain = Some(pieces);
            }
        }
        match (plain, html) {
            (Some(plain), html) => {
                self.html = self.html.take().or_else(|| {
                    html?.into_iter().find_map(|piece| match piece {
                        Piece::Html(source) => Some(source),
                        Piece::Plain(_) => None,
                    })
                });
                plain
            }
            (None, html) => html.unwrap_or_default(),
        }
    }

    /// A mail within the mail: its From, Subject and Date, then its text. What a bounce brings back
    /// is only named.
    fn message(&mut self, headers: &Headers<'_>, body: &[u8], depth: usize) -> Vec<Piece> {
        let decoded = transfer_decode(headers, body);
        let (inner, inner_body) = Headers::of_part(&decoded);
        let subject = inner.get("subject").unwrap_or_default();
        if self.report {
            self.names.push(one_line(&subject, 60));
            return Vec::new();
        }
        let mut pieces = vec![Piece::Plain(
            ["From", "Subject", "Date"]
                .iter()
                .filter_map(|name| inner.get(name).map(|value| format!("{name}: {value}\n")))
                .collect(),
        )];
        self.inner_subject.get_or_insert(subject);
        pieces.extend(self.part(&inner, inner_body, depth + 1));
        pieces
    }
}

/// What Content-Type or Content-Disposition says.
#[derive(Debug, Default)]
struct ContentType {
    /// `type/subtype` or the disposition, in lower case.
    mime: String,
    boundary: Option<String>,
    charset: Option<String>,
    name: String,
}

impl ContentType {
    fn of(headers: &Headers<'_>, field: &str) -> Self {
        let Some(raw) = headers.raw(field) else { return Self::default() };
        let mut line = raw.get(..4096).unwrap_or(raw).to_vec();
        line.push(b'\n');
        let value = MessageStream::new(&line).parse_content_type();
        let Some(parsed) = value.as_content_type() else { return Self::default() };
        let attribute = |name: &str| parsed.attribute(name).map(str::to_owned);
        let subtype = parsed.subtype().map(|subtype| format!("/{subtype}")).unwrap_or_default();
        Self {
            mime: format!("{}{subtype}", parsed.ctype()).to_ascii_lowercase(),
            boundary: attribute("boundary").filter(|boundary| !boundary.is_empty()),
            charset: attribute("charset"),
            name: attribute("filename")
                .or_else(|| attribute("name"))
                .map(|name| super::header::decode(name.as_bytes()))
                .unwrap_or_default(),
        }
    }

    fn is(&self, start: &str) -> bool {
        self.mime.starts_with(start)
    }

    fn is_text(&self) -> bool {
        self.mime.is_empty()
            || !self.mime.contains('/')
            || self.is("multipart/")
            || (self.is("text/") && !self.is("text/rfc822-headers") && !self.is("text/calendar"))
    }
}

fn text_of(headers: &Headers<'_>, body: &[u8], label: Option<&str>) -> String {
    charset::decode(&transfer_decode(headers, body.get(..MAX_TEXT_PART).unwrap_or(body)), label)
}

fn transfer_decode<'a>(headers: &Headers<'_>, body: &'a [u8]) -> Cow<'a, [u8]> {
    let encoding = headers.get("content-transfer-encoding").unwrap_or_default();
    if encoding.eq_ignore_ascii_case("base64") {
        transfer::base64(body).into()
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        transfer::quoted_printable(body, false).into()
    } else {
        body.into()
    }
}

/// The parts between the lines `--boundary`; none if there is no such line. The last part may lack
/// its end.
fn split<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<&'a [u8]>> {
    let delimiter = format!("--{boundary}");
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut start = None;
    let mut closed = false;
    for position in memchr::memmem::find_iter(body, delimiter.as_bytes()) {
        let before = body.get(..position).unwrap_or_default();
        if !(before.is_empty() || before.ends_with(b"\n")) {
            continue;
        }
        if let Some(start) = start {
            parts.push(body.get(start..position).unwrap_or_default());
        }
        let after = body.get(position + delimiter.len()..).unwrap_or_default();
        closed = after.starts_with(b"--");
        let line = memchr::memchr(b'\n', after).map_or(after.len(), |end| end + 1);
        start = Some(position + delimiter.len() + line);
        if closed || parts.len() >= MAX_PARTS {
            closed = true;
            break;
        }
    }
    if let Some(start) = start.filter(|_| !closed) {
        parts.push(body.get(start..).unwrap_or_default());
    }
    (!parts.is_empty()).then_some(parts)
}
