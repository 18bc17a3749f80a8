//! Message → bytes. Names, methods and reasons are made harmless here; addresses and values are by
//! their types.

use std::fmt::Write as _;

use bytes::Bytes;

use super::grammar;
use super::{Headers, Name, Request, Response};

impl Request {
    /// The request as it travels, with its Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let method = token(self.method.as_str());
        message(&format!("{method} {} SIP/2.0\r\n", self.uri), &self.headers, &self.body)
    }
}

impl Response {
    /// The response as it travels, with its Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let status = self.status.clamp(100, 699);
        let reason = self.reason.replace(char::is_control, " ");
        message(&format!("SIP/2.0 {status} {}\r\n", reason.trim()), &self.headers, &self.body)
    }
}

fn message(start: &str, headers: &Headers, body: &Bytes) -> Bytes {
    let mut text = start.to_owned();
    for (name, value) in headers.iter().filter(|(name, _)| **name != Name::ContentLength) {
        let name = token(name.as_str());
        if !name.is_empty() {
            text.push_str(&name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        }
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "Content-Length: {}\r\n\r\n", body.len());
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes.into()
}

/// Without what cannot stand in a token: a line end, a colon, a blank.
fn token(text: &str) -> String {
    text.chars().filter(|c| grammar::is_token_char(*c)).collect()
}
