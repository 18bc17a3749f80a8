//! Why bytes are no message, and what a faulty request is answered with.

use super::Response;
use super::name::Name;

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// Longer than [`MAX_MESSAGE_BYTES`](super::MAX_MESSAGE_BYTES).
    #[error("is longer than 64 KiB")]
    TooLong,
    /// More lines than [`MAX_HEADERS`](super::MAX_HEADERS).
    #[error("has more than 256 header lines")]
    TooManyHeaders,
    /// It ends within its headers.
    #[error("ends within its headers")]
    Cut,
    /// Neither a request line nor a status line.
    #[error("its first line is neither that of a request nor of a response")]
    StartLine,
    /// Not SIP/2.0.
    #[error("is not in version 2.0 of SIP")]
    Version,
    /// The Request-URI cannot be read.
    #[error("its address cannot be read: {0}")]
    RequestUri(#[from] super::UriError),
    /// A header that every message has is not there, or cannot be read.
    #[error("has no {0}, or none that can be read")]
    Missing(Name),
    /// A header that there is one of says two things.
    #[error("has two {0}")]
    Twice(Name),
    /// `CSeq` names another method than the request line.
    #[error("its CSeq is that of another method")]
    OtherMethod,
    /// Content-Length is no number.
    #[error("its Content-Length is no number")]
    Length,
    /// The body is shorter than Content-Length says.
    #[error("its body is shorter than its Content-Length")]
    BodyCut,
    /// No Content-Length where only that tells the end.
    #[error("has no Content-Length, which it needs on TCP and TLS")]
    NoLength,
}

impl MessageFault {
    /// Status and reason of the answer to a request with this fault.
    pub(super) const fn status(&self) -> (u16, &'static str) {
        match self {
            Self::TooLong | Self::TooManyHeaders => (513, "Message Too Large"),
            Self::Version => (505, "Version Not Supported"),
            Self::Cut
            | Self::StartLine
            | Self::RequestUri(_)
            | Self::Missing(_)
            | Self::Twice(_)
            | Self::OtherMethod
            | Self::Length
            | Self::BodyCut
            | Self::NoLength => (400, "Bad Request"),
        }
    }
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SIP message is refused: it {fault}")]
pub struct MessageError {
    /// What is wrong.
    pub fault: MessageFault,
    /// What a request so faulty is answered with, if it can be: it has a Via to go by, and is no
    /// ACK. The tag of To, and `received` of Via, are the caller's to add.
    pub answer: Option<Box<Response>>,
}

impl From<MessageFault> for MessageError {
    fn from(fault: MessageFault) -> Self {
        Self { fault, answer: None }
    }
}
