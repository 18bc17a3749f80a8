//! Messages for the log: without credentials, and without bodies, which hold keys and texts.

use std::fmt;

use super::{Headers, Message, Name, Request, Response};

impl fmt::Debug for Headers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value)| (name, if is_secret(name) { "***" } else { value });
        let lines = self.iter().map(shown).map(|(name, value)| format!("{name}: {value}"));
        out.debug_list().entries(lines).finish()
    }
}

/// Whoever reads an answer to a challenge can guess passwords against it.
fn is_secret(name: &Name) -> bool {
    *name == Name::Authorization || *name == Name::ProxyAuthorization
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {:?}, {} bytes", self.method, self.uri, self.headers, self.body.len())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, reason, headers, body } = self;
        write!(out, "{status} {reason} {headers:?}, {} bytes", body.len())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => request.fmt(out),
            Self::Response(response) => response.fmt(out),
        }
    }
}
