//! Bytes → message: any line end, folded lines, any case, blanks where none belong.

use bytes::Bytes;

use super::error::{MessageError, MessageFault};
use super::grammar;
use super::{
    Headers, MAX_HEADERS, MAX_MESSAGE_BYTES, Message, Method, Name, NameAddr, Request, Response,
    Uri,
};

/// The first line.
enum Start {
    Request(Method, Uri),
    Response(u16, String),
}

/// All that stands before the body.
pub(super) struct Head {
    /// The method of a request line, even if the rest of the line is faulty.
    method: Option<Method>,
    start: Result<Start, MessageFault>,
    headers: Headers,
}

pub(super) fn datagram(bytes: &[u8]) -> Result<Message, MessageError> {
    let blanks = bytes.iter().take_while(|byte| is_line_end(**byte)).count();
    let bytes = bytes.get(blanks..).unwrap_or_default();
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(MessageFault::TooLong.into());
    }
    let (head, body) = match head_end(bytes, 0) {
        Some(end) => bytes.split_at_checked(end).unwrap_or((bytes, &[])),
        // Some devices leave the empty line away where there is no body.
        None if bytes.ends_with(b"\n") => (bytes, &[][..]),
        None => return Err(MessageFault::Cut.into()),
    };
    let head = Head::read(head)?;
    let length = head.content_length().map_err(|fault| head.refuse(fault))?;
    match body.get(..length.unwrap_or(body.len())) {
        Some(body) => head.with_body(Bytes::copy_from_slice(body)),
        None => Err(head.refuse(MessageFault::BodyCut)),
    }
}

/// Where the body begins: behind the first empty line. `from` is where to look for it.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    for at in memchr::memchr_iter(b'\n', rest) {
        let behind = rest.get(at + 1..)?;
        let empty = [&b"\r\n"[..], b"\n"].into_iter().find(|end| behind.starts_with(end));
        if let Some(end) = empty {
            return Some(from + at + 1 + end.len());
        }
    }
    None
}

pub(super) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

impl Head {
    /// Reads the lines. A faulty first line is no error yet: the headers tell what to answer, and
    /// where the next message of a stream begins.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(text);
        let first = lines.next().unwrap_or_default();
        let (method, start) = start(first.trim());
        let mut head = Self { method, start, headers: Headers::default() };
        let mut unfolded = String::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            if line.starts_with([' ', '\t']) {
                unfolded.push(' ');
                unfolded.push_str(line.trim());
            } else {
                head.take_line(&std::mem::replace(&mut unfolded, line))?;
            }
        }
        head.take_line(&unfolded)?;
        Ok(head)
    }

    /// Adds a line; one that is no header is passed over.
    fn take_line(&mut self, line: &str) -> Result<(), MessageError> {
        let Some((name, value)) = line.split_once(':') else { return Ok(()) };
        let name = name.trim();
        // Content-Length is one more.
        if self.headers.len() > MAX_HEADERS {
            return Err(self.refuse(MessageFault::TooManyHeaders));
        }
        if grammar::is_token(name) {
            self.headers.push(name.into(), value);
        }
        Ok(())
    }

    /// The length of the body, if the message tells it.
    pub(super) fn content_length(&self) -> Result<Option<usize>, MessageFault> {
        let mut values = self.headers.all(&Name::ContentLength);
        let Some(value) = values.next() else { return Ok(None) };
        if values.any(|other| other != value) {
            return Err(MessageFault::Twice(Name::ContentLength));
        }
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(MessageFault::Length);
        }
        // Too large for a number is too large for a body.
        Ok(Some(value.parse().unwrap_or(usize::MAX)))
    }

    /// Makes the message, if it has what every message must have (RFC 3261 section 8.1.1).
    pub(super) fn with_body(mut self, body: Bytes) -> Result<Message, MessageError> {
        if let Some(fault) = self.fault() {
            return Err(self.refuse(fault));
        }
        self.headers.remove(&Name::ContentLength);
        if self.headers.len() > MAX_HEADERS {
            return Err(self.refuse(MessageFault::TooManyHeaders));
        }
        let headers = self.headers;
        match self.start {
            Ok(Start::Request(method, uri)) => {
                Ok(Message::Request(Request { method, uri, headers, body }))
            }
            Ok(Start::Response(status, reason)) => {
                Ok(Message::Response(Response { status, reason, headers, body }))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn fault(&self) -> Option<MessageFault> {
        if let Err(fault) = &self.start {
            return Some(fault.clone());
        }
        let headers = &self.headers;
        let address = |name: &Name| headers.get(name).and_then(|v| v.parse::<NameAddr>().ok());
        let readable = [
            (Name::Via, headers.top_via().is_some()),
            (Name::From, address(&Name::From).is_some()),
            (Name::To, address(&Name::To).is_some()),
            (Name::CallId, headers.call_id().is_some()),
            (Name::CSeq, headers.cseq().is_some()),
        ];
        for (name, is_readable) in readable {
            if !is_readable {
                return Some(MessageFault::Missing(name));
            }
            // Two stations that each believe another one could be led to act differently.
            let first = headers.get(&name);
            if name != Name::Via && headers.all(&name).any(|value| Some(value) != first) {
                return Some(MessageFault::Twice(name));
            }
        }
        let cseq = headers.cseq().map(|cseq| cseq.method);
        let differs = self.method.is_some() && self.method != cseq;
        differs.then_some(MessageFault::OtherMethod)
    }

    /// The error, with the answer that the request deserves.
    pub(super) fn refuse(&self, fault: MessageFault) -> MessageError {
        let can_be_answered = self.method.as_ref().is_some_and(|method| *method != Method::Ack)
            && self.headers.top_via().is_some();
        let (status, reason) = fault.status();
        let answer =
            can_be_answered.then(|| Box::new(Response::to_headers(&self.headers, status, reason)));
        MessageError { fault, answer }
    }
}

/// A line without its end, as text. What is not UTF-8 is taken for Latin-1, so that no byte is
/// lost and none takes others along.
fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::mem::decode_latin1(line).into_owned(),
    }
}

fn start(line: &str) -> (Option<Method>, Result<Start, MessageFault>) {
    let is_version = |word: &str| word.get(..4).is_some_and(|v| v.eq_ignore_ascii_case("SIP/"));
    if is_version(line) {
        return (None, status_line(line));
    }
    let (method, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let (uri, version) = rest.trim().rsplit_once([' ', '\t']).unwrap_or((rest, ""));
    if !grammar::is_token(method) || !is_version(version) {
        return (None, Err(MessageFault::StartLine));
    }
    let method = Method::from(method);
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return (Some(method), Err(MessageFault::Version));
    }
    // Some devices put the address into brackets.
    let uri = uri.trim();
    let uri = uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri);
    let start = uri.parse().map(|uri| Start::Request(method.clone(), uri));
    (Some(method), start.map_err(MessageFault::RequestUri))
}

fn status_line(line: &str) -> Result<Start, MessageFault> {
    let (version, rest) = line.split_once([' ', '\t']).ok_or(MessageFault::StartLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(MessageFault::Version);
    }
    let rest = rest.trim();
    let (status, reason) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let is_number = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    let status = status.parse().ok().filter(|status| is_number && (100..=699).contains(status));
    let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Ok(Start::Response(status.ok_or(MessageFault::StartLine)?, reason.trim().to_owned()))
}
