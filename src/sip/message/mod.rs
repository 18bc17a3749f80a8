//! SIP messages (RFC 3261 section 7): read with patience, written to the letter.
//!
//! Telephones, exchanges and the session border controllers of providers write much that no
//! grammar allows; a call is not lost over that. What is written has no such liberties: no header
//! can be smuggled into a message through a name, an address or a reason.

mod challenge;
mod debug;
mod error;
mod framing;
pub(super) mod grammar;
mod headers;
mod host;
mod method;
mod name;
mod name_addr;
mod params;
mod part;
mod read;
mod typed;
mod uri;
mod via;
mod write;

use bytes::Bytes;

pub use challenge::{Algorithm, Challenge, Qop};
pub use error::{MessageError, MessageFault};
pub use framing::{Frame, StreamFramer};
pub use headers::Headers;
pub use host::Host;
pub use method::Method;
pub use name::Name;
pub use name_addr::NameAddr;
pub use params::Params;
pub(crate) use part::part;
pub use typed::{CSeq, RAck, Refresher, SessionExpires};
pub use uri::{Scheme, Uri, UriError};
pub use via::{MAGIC_COOKIE, Transport, Via};

/// Longest message, in bytes: what a UDP datagram can hold.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Most header lines of a message.
pub const MAX_HEADERS: usize = 256;

/// A request or a response.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI: whom it is for.
    pub uri: Uri,
    /// The headers, without Content-Length: that is read and written with the body.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase, for people.
    pub reason: String,
    /// The headers, without Content-Length: that is read and written with the body.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Message {
    /// Reads a datagram, or a message that a stream was cut into. Without Content-Length the body
    /// is the rest; what stands behind the body is ignored (RFC 3261 section 18.3).
    ///
    /// # Errors
    /// If it is no message, or lacks what every message must have. The error holds the response
    /// that a faulty request deserves.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        read::datagram(bytes)
    }

    /// The message as it travels.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The headers, to change them.
    pub const fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::default(), body: Bytes::new() }
    }

    /// A response with what RFC 3261 section 8.2.6 has it copy: all Via in their order, From, To,
    /// Call-ID, `CSeq`, and for a 100 the Timestamp. The tag of To is the caller's to add.
    #[must_use]
    pub fn response(&self, status: u16, reason: &str) -> Response {
        Response::to_headers(&self.headers, status, reason)
    }
}

impl Response {
    fn to_headers(request: &Headers, status: u16, reason: &str) -> Self {
        let mut headers = Headers::default();
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            for value in request.all(&name) {
                headers.push(name.clone(), value);
            }
        }
        if let (100, Some(time)) = (status, request.get(&Name::Timestamp)) {
            headers.push(Name::Timestamp, time);
        }
        Self { status, reason: reason.to_owned(), headers, body: Bytes::new() }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

#[cfg(test)]
mod tests;
