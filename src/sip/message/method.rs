//! Methods (RFC 3261 section 7.1): what a request asks for.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The method of a request. Its letters count: `invite` is another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Method {
    /// Begins a call, or changes one.
    Invite,
    /// Confirms the final response to an INVITE.
    Ack,
    /// Ends a call.
    Bye,
    /// Gives up a request that has no final response yet.
    Cancel,
    /// Tells the registrar where we are.
    Register,
    /// Asks what the other side can, or whether it is there.
    Options,
    /// An event (RFC 6665).
    Notify,
    /// Something in the course of a call (RFC 6086), such as a key.
    Info,
    /// A text (RFC 3428).
    Message,
    /// Confirms a provisional response (RFC 3262).
    Prack,
    /// Changes a call, even before it is answered (RFC 3311).
    Update,
    /// Asks for events (RFC 6665).
    Subscribe,
    /// Asks for a transfer (RFC 3515).
    Refer,
    /// Publishes a state (RFC 3903).
    Publish,
    /// Another one.
    Other(String),
}

impl Method {
    /// The word in the request.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Notify => "NOTIFY",
            Self::Info => "INFO",
            Self::Message => "MESSAGE",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Subscribe => "SUBSCRIBE",
            Self::Refer => "REFER",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "REGISTER" => Self::Register,
            "OPTIONS" => Self::Options,
            "NOTIFY" => Self::Notify,
            "INFO" => Self::Info,
            "MESSAGE" => Self::Message,
            "PRACK" => Self::Prack,
            "UPDATE" => Self::Update,
            "SUBSCRIBE" => Self::Subscribe,
            "REFER" => Self::Refer,
            "PUBLISH" => Self::Publish,
            other => Self::Other(other.to_owned()),
        })
    }
}

impl From<&str> for Method {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(method) => method,
        }
    }
}
