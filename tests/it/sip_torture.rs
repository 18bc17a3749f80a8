//! SIP messages that are odd or wrong, each with what must be read of it, or why it is refused.

use std::fmt::Display;
use std::path::Path;

use smtp_appliance::sip::message::{
    Challenge, Frame, Message, MessageError, Name, NameAddr, Qop, StreamFramer,
};

/// A file of `tests/dialog/sip/torture`.
struct Case {
    name: String,
    expected: Vec<String>,
    bytes: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialog/sip/torture");
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let (expected, message) = text.split_once("---\n").expect("`---`");
        let expected = expected.lines().filter_map(|line| line.strip_prefix("= "));
        Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            expected: expected.map(str::to_owned).collect(),
            bytes: message.lines().flat_map(bytes_of).collect(),
        }
    };
    let mut cases: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect();
    cases.sort_by(|one, two| one.name.cmp(&two.name));
    cases
}

/// The bytes of a line of a file: `{0A}`, `{61*300}`, and `{}` for no line end.
fn bytes_of(line: &str) -> Vec<u8> {
    let (line, end) = line.strip_suffix("{}").map_or((line, "\r\n"), |line| (line, ""));
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('{') {
        let (inside, behind) = behind.split_once('}').expect("`}`");
        let (byte, count) = inside.split_once('*').unwrap_or((inside, "1"));
        bytes.extend_from_slice(before.as_bytes());
        let byte = u8::from_str_radix(byte, 16).expect("two digits");
        bytes.extend(std::iter::repeat_n(byte, count.parse().expect("how many")));
        rest = behind;
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes.extend_from_slice(end.as_bytes());
    bytes
}

/// The lines by their first word: of a header that there may be several of, all in their order.
fn groups(lines: &[String]) -> Vec<(&str, Vec<&str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is_single = matches!(key, "header" | "seconds");
        match groups.iter_mut().find(|(known, _)| *known == key && !is_single) {
            Some((_, group)) => group.push(rest),
            None => groups.push((key, vec![rest])),
        }
    }
    groups
}

/// What is read of it under `key`, in the words of the files.
fn found(key: &str, argument: &str, message: &Result<Message, MessageError>) -> Vec<String> {
    let message = match message {
        Ok(message) => message,
        Err(error) => {
            return match key {
                "refused" => vec![error.fault.to_string()],
                "answer" => error.answer.iter().map(|a| a.status.to_string()).collect(),
                _ => vec![error.to_string()],
            };
        }
    };
    let headers = message.headers();
    let number = |value: Option<u32>| format!("{argument} {}", value.unwrap_or_default());
    match (key, message) {
        ("request", Message::Request(request)) => {
            vec![format!("{} {}", request.method, request.uri)]
        }
        ("response", Message::Response(response)) => {
            vec![format!("{} {}", response.status, response.reason)]
        }
        ("from", _) => written(headers.from()),
        ("to", _) => written(headers.to()),
        ("cseq", _) => written(headers.cseq()),
        ("via", _) => written(headers.vias()),
        ("contact", _) => written(headers.contacts()),
        ("route", _) => written(headers.routes()),
        ("record-route", _) => written(headers.record_routes()),
        ("challenge", _) => headers.challenges().iter().map(challenge).collect(),
        ("header", _) => {
            let name = argument.split(':').next().unwrap_or_default();
            let value = headers.get(&Name::from(name)).unwrap_or("(none)");
            vec![format!("{name}: {value}")]
        }
        ("seconds", _) => vec![match argument {
            "expires" => number(headers.expires()),
            "retry-after" => number(headers.retry_after()),
            "session-expires" => number(headers.session_expires().map(|timer| timer.seconds)),
            other => format!("{other} is not known"),
        }],
        ("star", _) => vec![if headers.contact_is_star() { "" } else { "none" }.to_owned()],
        ("body", _) => vec![message.body().len().to_string()],
        _ => vec![format!("{message:?}")],
    }
}

fn written(parts: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    parts.into_iter().map(|part| part.to_string()).collect()
}

fn challenge(challenge: &Challenge) -> String {
    let qop = challenge
        .qop
        .as_ref()
        .map(|offered| offered.iter().map(|qop: &Qop| qop.as_str()).collect::<Vec<_>>().join(","));
    let (realm, nonce) = (&challenge.realm, &challenge.nonce);
    format!("{realm}|{nonce}|{}|{}", challenge.algorithm.as_str(), qop.unwrap_or("-".to_owned()))
}

#[test]
fn each_is_read_or_refused_as_it_should() {
    let cases = cases();
    assert!(cases.len() >= 60);
    for case in cases {
        let message = Message::parse(&case.bytes);
        let refused = case.name.starts_with("bad-");
        assert_eq!(message.is_err(), refused, "{}: {message:?}", case.name);
        for (key, expected) in groups(&case.expected) {
            let argument = expected[0].split(' ').next().unwrap_or_default();
            assert_eq!(found(key, argument, &message), expected, "{}: {key}", case.name);
        }
        let is_answered = case.expected.iter().any(|line| line.starts_with("answer "));
        let answer = message.as_ref().err().and_then(|error| error.answer.as_ref());
        assert_eq!(answer.is_some(), is_answered, "{}: {answer:?}", case.name);
    }
}

#[test]
fn what_is_read_is_written_alike() {
    for case in cases() {
        let Ok(message) = Message::parse(&case.bytes) else { continue };
        let written = message.to_bytes();
        assert_eq!(Message::parse(&written).as_ref(), Ok(&message), "{}", case.name);
        // The same on a stream, a byte at a time, and behind it another one.
        let mut framer = StreamFramer::default();
        for _ in 0..2 {
            let (last, others) = written.split_last().unwrap();
            for byte in others {
                framer.push(&[*byte]);
                assert_eq!(framer.next(), Ok(None), "{}", case.name);
            }
            framer.push(&[*last]);
            assert_eq!(framer.next(), Ok(Some(Frame::Message(message.clone()))), "{}", case.name);
        }
    }
}

#[test]
fn addresses_of_them_are_written_alike() {
    for case in cases() {
        let Ok(message) = Message::parse(&case.bytes) else { continue };
        let headers = message.headers();
        for address in headers.from().into_iter().chain(headers.to()).chain(headers.contacts()) {
            assert_eq!(address.to_string().parse::<NameAddr>(), Ok(address), "{}", case.name);
        }
    }
}
