//! The mail as it goes to the relay: the header speaks for the appliance, the body stays byte for
//! byte.
//!
//! Of the header, `From` is replaced and its old value kept in `X-Original-From`; `Sender` goes to
//! `X-Original-Sender`; `Return-Path`, `Bcc` and `Delivered-To` go, since they belong to the way
//! the mail came. What a mail lacks and people need (`Subject`, `Date`, `Message-ID`) is added.
//! Every other field passes as it is, but for raw 8-bit text (see `encoded_word`).

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::encoded_word::{ascii_field, encode};
use super::header::{self, Field};
use crate::alert::AlertId;
use crate::config::MailAddress;

/// Field that names the alert, and by which the appliance knows its own mails.
pub const TRACE_FIELD: &str = "X-Smtp-Appliance-Alert";

/// Fields that are added when they are missing.
const WANTED: [&str; 4] = ["Reply-To", "Subject", "Date", "Message-ID"];

/// How often a mail may pass an appliance: more is a loop. Two in a row are a sensible set-up (one
/// that holds the SIM card, one elsewhere).
pub const MAX_PASSES: usize = 3;

/// Longest display name taken over from the old `From`, in characters.
const MAX_NAME: usize = 64;

/// Longest `Subject` made for a mail that has none, in characters.
const MAX_SUMMARY: usize = 200;

/// Longest old `From` that is read for name and address, in bytes.
const MAX_FROM: usize = 4096;

/// What the header says beyond the mail itself.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The appliance's own address: the new `From`.
    pub from: &'a MailAddress,
    /// The appliance's host name.
    pub name: &'a str,
    /// The alert's number.
    pub alert: AlertId,
    /// When the mail was received.
    pub received: Timestamp,
    /// Address of the client that brought it.
    pub client: &'a str,
    /// Name that client gave at HELO or EHLO.
    pub helo: &'a str,
    /// Subject for a mail that has none.
    pub summary: &'a str,
}

/// A mail ready for the relay. Lines end in CRLF and in nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The header in ASCII, with the blank line that ends it.
    pub header: Vec<u8>,
    /// The body.
    pub body: Bytes,
}

/// The mail passed this or another appliance more than [`MAX_PASSES`] times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("loop: the mail passed an appliance {0} times")]
pub struct Loop(pub usize);

/// Rewrites a mail for the relay.
///
/// # Errors
/// [`Loop`]: sending it once more cannot help.
pub fn rewrite(mail: &Bytes, facts: &Facts<'_>) -> Result<Rewritten, Loop> {
    let mail = crlf(mail);
    let (header, body) = header::split(&mail);
    let found = Found::in_header(header);
    if found.passes > MAX_PASSES {
        return Err(Loop(found.passes));
    }
    let mut out = Vec::with_capacity(header.len() + 1024);
    for (name, value) in own_fields(facts, &found) {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    for field in header::fields(header) {
        out.extend_from_slice(&kept(&field));
        if !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(Rewritten { header: out, body: mail.slice_ref(body) })
}

/// Every line ended by CRLF, whatever ended it before. Costs nothing when it is so already, which
/// is what the door promises.
fn crlf(mail: &Bytes) -> Bytes {
    let lone = |at: usize| match mail.get(at) {
        Some(b'\n') => at.checked_sub(1).and_then(|before| mail.get(before)) != Some(&b'\r'),
        Some(b'\r') => mail.get(at + 1) != Some(&b'\n'),
        Some(_) | None => false,
    };
    if !memchr::memchr2_iter(b'\r', b'\n', mail).any(lone) {
        return mail.clone();
    }
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 16);
    let mut copied = 0;
    for at in memchr::memchr2_iter(b'\r', b'\n', mail).filter(|at| lone(*at)) {
        out.extend_from_slice(mail.get(copied..at).unwrap_or_default());
        out.extend_from_slice(b"\r\n");
        copied = at + 1;
    }
    out.extend_from_slice(mail.get(copied..).unwrap_or_default());
    out.into()
}

/// What the old header has and has not.
#[derive(Debug, Default)]
struct Found {
    /// Display name of the old `From`, else the local part of its address.
    name: Option<String>,
    /// Address of the old `From`, if it is one.
    address: Option<MailAddress>,
    /// Which of [`WANTED`] it has.
    wanted: Vec<&'static str>,
    passes: usize,
}

impl Found {
    fn in_header(header: &[u8]) -> Self {
        let mut found = Self::default();
        let mut from = None;
        for field in header::fields(header) {
            from = from.or_else(|| field.is("From").then_some(field));
            let wanted = WANTED.into_iter().find(|name| field.is(name));
            found.wanted.extend(wanted.filter(|name| found.lacks(name)));
            found.passes += usize::from(field.is(TRACE_FIELD));
        }
        if let Some(from) = from.filter(|from| from.raw.len() <= MAX_FROM) {
            found.read_from(&from);
        }
        found
    }

    fn lacks(&self, name: &str) -> bool {
        !self.wanted.contains(&name)
    }

    fn read_from(&mut self, from: &Field<'_>) {
        let ascii = ascii_field(from);
        let Some(mail) = mail_parser::MessageParser::default().parse_headers(ascii.as_ref()) else {
            return;
        };
        let Some(sender) = mail.from().and_then(|addresses| addresses.first()) else { return };
        let address = sender.address().unwrap_or_default();
        let local = address.split('@').next().unwrap_or_default();
        let name = one_line(sender.name().unwrap_or_default(), MAX_NAME);
        self.name = name.or_else(|| one_line(local, MAX_NAME));
        self.address = address.parse().ok();
    }
}

/// The fields the appliance puts on top.
fn own_fields(facts: &Facts<'_>, found: &Found) -> Vec<(&'static str, String)> {
    let (name, from, id) = (token(facts.name), facts.from, facts.alert);
    let date = DateTimePrinter::new().timestamp_to_string(&facts.received);
    let date = date.unwrap_or_else(|_| "Thu, 1 Jan 1970 00:00:00 -0000".to_owned());
    let (helo, client) = (token(facts.helo), token(facts.client));
    let mut fields = vec![
        (
            "Received",
            format!("from {helo} ([{client}])\r\n\tby {name} with SMTP id {id};\r\n\t{date}"),
        ),
        (TRACE_FIELD, id.to_string()),
    ];
    let display = match &found.name {
        Some(original) => format!("{original} via {name}"),
        None => name.clone(),
    };
    fields.push(("From", format!("{} <{from}>", phrase(&display))));
    let address = found.address.as_ref().filter(|address| address.as_str().is_ascii());
    if let Some(address) = address.filter(|_| found.lacks("Reply-To")) {
        fields.push(("Reply-To", address.to_string()));
    }
    if found.lacks("Subject") {
        let summary = one_line(facts.summary, MAX_SUMMARY);
        let summary = summary.unwrap_or_else(|| format!("Alert {id}"));
        fields.push(("Subject", if summary.is_ascii() { summary } else { encode(&summary) }));
    }
    if found.lacks("Date") {
        fields.push(("Date", date));
    }
    if found.lacks("Message-ID") {
        // The same at each attempt, so that a mail sent twice can be known as one.
        fields.push(("Message-ID", format!("<{id}.{}@{name}>", facts.received.as_millisecond())));
    }
    fields
}

/// What becomes of a field the mail brought; empty if it is dropped.
fn kept<'a>(field: &Field<'a>) -> Cow<'a, [u8]> {
    const DROPPED: [&str; 3] = ["Return-Path", "Bcc", "Delivered-To"];
    let name = if field.is("From") {
        "X-Original-From"
    } else if field.is("Sender") {
        "X-Original-Sender"
    } else if DROPPED.iter().any(|name| field.is(name)) {
        return Cow::Borrowed(b"");
    } else {
        return ascii_field(field);
    };
    let raw = [name.as_bytes(), b":", field.value, b"\r\n"].concat();
    Cow::Owned(ascii_field(&Field { name, raw: &raw, ..*field }).into_owned())
}

/// A display name: quoted if it is ASCII, else encoded.
fn phrase(text: &str) -> String {
    if text.is_ascii() {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        encode(text)
    }
}

/// Outside text fit for a header line: no control characters, cut to a length; none if nothing
/// remains.
fn one_line(text: &str, max_chars: usize) -> Option<String> {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let clean: String = clean.take(max_chars).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Outside text fit for a word in a trace field.
fn token(text: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let clean: String = text.chars().filter(safe).take(255).collect();
    if clean.is_empty() { "unknown".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with<T>(mail: &[u8], use_it: impl FnOnce(Result<Rewritten, Loop>) -> T) -> T {
        let from: MailAddress = "alerts@example.org".parse().unwrap();
        let facts = Facts {
            from: &from,
            name: "smtp.appliance",
            alert: AlertId(7),
            received: "2026-11-23T20:00:00Z".parse().unwrap(),
            client: "192.0.2.1",
            helo: "srv-db-01",
            summary: "Disco lleno: ñ",
        };
        use_it(rewrite(&Bytes::copy_from_slice(mail), &facts))
    }

    fn header(mail: &[u8]) -> String {
        with(mail, |out| String::from_utf8(out.unwrap().header).unwrap())
    }

    #[test]
    fn the_header_speaks_for_the_appliance() {
        let mail = b"Return-Path: <z@x>\r\nDelivered-To: a@b\r\nFrom: Zabbix <zabbix@mon.example>\r\n\
            Sender: root@mon\r\nSubject:  kept  as is\r\nBcc: secret@x\r\nX-Folded: a\r\n\tb\r\n\r\nbody\r\n";
        let expected = "Received: from srv-db-01 ([192.0.2.1])\r\n\
            \tby smtp.appliance with SMTP id 7;\r\n\
            \tMon, 23 Nov 2026 20:00:00 -0000\r\n\
            X-Smtp-Appliance-Alert: 7\r\n\
            From: \"Zabbix via smtp.appliance\" <alerts@example.org>\r\n\
            Reply-To: zabbix@mon.example\r\n\
            Date: Mon, 23 Nov 2026 20:00:00 -0000\r\n\
            Message-ID: <7.1795464000000@smtp.appliance>\r\n\
            X-Original-From: Zabbix <zabbix@mon.example>\r\n\
            X-Original-Sender: root@mon\r\n\
            Subject:  kept  as is\r\n\
            X-Folded: a\r\n\tb\r\n\r\n";
        assert_eq!(header(mail), expected);
    }

    #[test]
    fn the_old_sender_gives_the_name() {
        let cases = [
            ("From: zabbix@mon.example", "\"zabbix via smtp.appliance\""),
            ("From: root (Cron Daemon)", "\"Cron Daemon via smtp.appliance\""),
            ("From: \"a \\\"b\\\" c\" <a@b>", "\"a \\\"b\\\" c via smtp.appliance\""),
            ("From: =?UTF-8?Q?Vigil=C3=A1n?= <a@b>", "=?UTF-8?B?"),
            ("From: Vigilán <a@b>", "=?UTF-8?B?"),
            ("From: =?UTF-8?Q?a=0D=0ABcc:_x?= <a@b>", "\"a  Bcc: x via smtp.appliance\""),
            ("From: ", "\"smtp.appliance\""),
            ("To: a@b", "\"smtp.appliance\""),
        ];
        for (field, name) in cases {
            let header = header(format!("{field}\r\n\r\n").as_bytes());
            assert!(header.contains(&format!("\r\nFrom: {name}")), "{header}");
        }
    }

    #[test]
    fn an_answer_goes_to_the_old_sender_unless_the_mail_says_otherwise() {
        assert!(header(b"From: a@b.org\r\n\r\n").contains("\r\nReply-To: a@b.org\r\n"));
        let own = header(b"From: a@b.org\r\nReply-To: c@d.org\r\n\r\n");
        assert!(own.contains("\r\nReply-To: c@d.org\r\n") && !own.contains("Reply-To: a@b.org"));
        for nobody in ["root", "", "é@b.org", "<>"] {
            let header = header(format!("From: {nobody}\r\n\r\n").as_bytes());
            assert!(!header.contains("Reply-To"), "{header}");
        }
    }

    #[test]
    fn a_mail_without_header_gets_one_and_is_all_body() {
        with(b"\x02Disk full\r\n.\r\n", |out| {
            let out = out.unwrap();
            assert_eq!(out.body.as_ref(), b"\x02Disk full\r\n.\r\n");
            let header = String::from_utf8(out.header).unwrap();
            assert!(header.contains(&format!("\r\nSubject: {}\r\n", encode("Disco lleno: ñ"))));
            assert!(header.contains("\r\nDate: ") && header.contains("\r\nMessage-ID: "));
        });
    }

    #[test]
    fn line_ends_become_crlf() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"To: a\n\nb\rc\r\r\nd\n", b"b\r\nc\r\n\r\nd\r\n"),
            (b"\n", b""),
            (b"\r", b""),
            (b"\r\n\r\n", b"\r\n"),
            (b"To: a\r\n\r\nno end", b"no end"),
        ];
        for (mail, body) in cases {
            with(mail, |out| assert_eq!(out.unwrap().body.as_ref(), body));
        }
    }

    #[test]
    fn a_mail_that_comes_back_again_and_again_is_a_loop() {
        let passed = |times: usize| {
            format!("{}From: a@b\r\n\r\n", "x-smtp-appliance-alert: 1\r\n".repeat(times))
        };
        with(passed(MAX_PASSES).as_bytes(), |out| assert!(out.is_ok()));
        with(passed(MAX_PASSES + 1).as_bytes(), |out| assert_eq!(out, Err(Loop(MAX_PASSES + 1))));
    }

    proptest! {
        #[test]
        fn whatever_comes_the_header_is_sound_and_the_body_untouched(
            parts in prop::collection::vec(prop_oneof![
                Just(b"From: ".to_vec()), Just(b"\r\n".to_vec()), Just(b"\r\n ".to_vec()),
                Just(b"Subject:".to_vec()), Just(b"\"".to_vec()), Just(b"=?UTF-8?Q?=0D=0A?=".to_vec()),
                Just("é <a@b>".as_bytes().to_vec()), Just(b"\r\n\r\n".to_vec()), Just(b":".to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
            ], 0..12)
        ) {
            let mail = parts.concat();
            let normal = crlf(&Bytes::from(mail.clone()));
            with(&mail, |out| {
                let out = out.unwrap();
                assert!(normal.ends_with(&out.body));
                assert!(out.header.is_ascii() && out.header.ends_with(b"\r\n\r\n"));
                let text = std::str::from_utf8(&out.header).unwrap();
                let lines: Vec<_> = text.strip_suffix("\r\n\r\n").unwrap().split("\r\n").collect();
                assert!(lines.iter().all(|line| !line.is_empty() && !line.contains(['\r', '\n'])));
                let is_from = |line: &&&str| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("from:"));
                assert_eq!(lines.iter().filter(is_from).count(), 1, "{text}");
                assert_eq!(header::fields(&out.header).count() , lines.iter().filter(|l| !l.starts_with([' ', '\t'])).count());
                assert_eq!(header::split(&[out.header.as_slice(), &out.body].concat()).1, out.body.as_ref());
            });
        }
    }
}
