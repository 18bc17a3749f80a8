//! What is asked of a call, what is told of it, and how it may end.

use std::fmt;
use std::time::Duration;

use crate::config::{PhoneNumber, is_emergency};
use crate::line::Happens;
use crate::sip::message::{Response, Scheme, Uri};
use crate::sip::sdp;

/// Whom to call or to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An extension of the account's exchange.
    Extension(String),
    /// A number, dialled by way of the account's exchange.
    Number(PhoneNumber),
    /// A whole address.
    Uri(Uri),
}

impl Target {
    /// Whether it can be called at all: a web address cannot.
    #[must_use]
    pub fn is_telephone(&self) -> bool {
        match self {
            Self::Extension(_) | Self::Number(_) => true,
            Self::Uri(uri) => matches!(uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel),
        }
    }

    /// Whether an exchange might make an emergency call of it.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        let number = match self {
            Self::Number(number) => Some(number.clone()),
            Self::Extension(extension) => extension.parse().ok(),
            Self::Uri(uri) => uri.user.as_ref().and_then(|user| user.parse().ok()),
        };
        number.is_some_and(|number| is_emergency(&number))
    }
}

/// A call to make.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// Who is called.
    pub to: Target,
    /// Our side of the sound. The agent fills in its own address, the session's number and version,
    /// and whether the account it calls by encrypts.
    pub media: sdp::Local,
    /// How long the telephone may ring.
    pub ring_time: Duration,
    /// How long the call may last, from the answer on.
    pub max_length: Duration,
}

/// What happens in a call. Keys also come before the answer, and the sound may change at any time.
#[derive(Debug, Clone, PartialEq)]
pub enum CallEvent {
    /// The INVITE is on its way.
    Dialling,
    /// It goes on (181, 182, 183), with the sound that is heard before the answer, if any.
    Progress(Option<sdp::Agreed>),
    /// The telephone rings (180), with the sound that is heard before the answer, if any.
    Ringing(Option<sdp::Agreed>),
    /// Somebody or something answered: speak now.
    Answered(sdp::Agreed),
    /// The other side changed the sound: held it, moved it, chose another codec.
    Media(sdp::Agreed),
    /// A key by SIP INFO: `0` to `9`, `A` to `D`, `*` or `#`.
    Key(char),
    /// It is over. Always the last, and always told.
    Ended(CallEnd),
}

impl Happens for CallEvent {
    fn is_end(&self) -> bool {
        matches!(self, Self::Ended(_))
    }

    fn stopping() -> Self {
        Self::Ended(CallEnd::Stopping)
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEnd {
    /// We hung up, as asked.
    HungUp,
    /// The other side hung up after it had answered.
    FarEnd,
    /// The line is busy (486, 600).
    Busy,
    /// The call was declined (603).
    Declined,
    /// Nobody answered in time (408, 480, 487, or our own ring time).
    NoAnswer,
    /// There is no such extension or number (404, 410, 484, 604).
    NotFound,
    /// No sound that both sides know, or no encryption (488, 606), in words.
    NotAcceptable(String),
    /// The exchange does not let us call, or log in (401, 403, 407), in words.
    Forbidden(String),
    /// The exchange or what is behind it cannot now (5xx, or it cannot be reached).
    Unavailable {
        /// Why, in words.
        why: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// Refused with another status.
    Refused {
        /// The status code.
        status: u16,
        /// Its reason.
        reason: String,
    },
    /// No account can be used, in words.
    NotRegistered(String),
    /// It was as long as it may be, and we hung up.
    TooLong,
    /// It broke off, in words.
    Lost(String),
    /// The appliance stops.
    Stopping,
}

impl CallEnd {
    /// What a refusal of an INVITE means.
    #[must_use]
    pub(crate) fn of_refusal(response: &Response) -> Self {
        let reason = printable(&response.reason);
        let words = || format!("{} {reason}", response.status).trim_end().to_owned();
        match response.status {
            486 | 600 => Self::Busy,
            603 | 607 | 608 => Self::Declined,
            408 | 480 | 487 => Self::NoAnswer,
            404 | 410 | 484 | 485 | 604 => Self::NotFound,
            415 | 420 | 421 | 488 | 606 => Self::NotAcceptable(words()),
            401 | 402 | 403 | 407 => Self::Forbidden(words()),
            500..=599 => Self::Unavailable { why: words(), retry_after: retry_after(response) },
            status => Self::Refused { status, reason },
        }
    }

    /// Whether another call like this would end the same.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::NotFound | Self::NotAcceptable(_) | Self::Forbidden(_) => true,
            Self::HungUp
            | Self::FarEnd
            | Self::Busy
            | Self::Declined
            | Self::NoAnswer
            | Self::Unavailable { .. }
            | Self::Refused { .. }
            | Self::NotRegistered(_)
            | Self::TooLong
            | Self::Lost(_)
            | Self::Stopping => false,
        }
    }
}

/// When to come back, within a day.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers.retry_after()?.min(24 * 3600);
    Some(Duration::from_secs(u64::from(seconds)))
}

/// Words of the other side, fit for a log.
pub(crate) fn printable(words: &str) -> String {
    words.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

impl fmt::Display for CallEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => out.write_str("hung up"),
            Self::FarEnd => out.write_str("the other side hung up"),
            Self::Busy => out.write_str("busy"),
            Self::Declined => out.write_str("the call was declined"),
            Self::NoAnswer => out.write_str("no answer"),
            Self::NotFound => out.write_str("there is no such extension or number"),
            Self::NotAcceptable(words) => write!(out, "no common kind of sound: {words}"),
            Self::Forbidden(words) => write!(out, "the exchange does not allow it: {words}"),
            Self::Unavailable { why, retry_after: None } => out.write_str(why),
            Self::Unavailable { why, retry_after: Some(wait) } => {
                write!(out, "{why}, to be tried again after {} s", wait.as_secs())
            }
            Self::Refused { status, reason } => write!(out, "refused: {status} {reason}"),
            Self::NotRegistered(why) => write!(out, "no line: {why}"),
            Self::TooLong => out.write_str("the call was too long"),
            Self::Lost(words) => write!(out, "the call was lost: {words}"),
            Self::Stopping => out.write_str("stopping"),
        }
    }
}

impl fmt::Display for CallEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dialling => out.write_str("dialling"),
            Self::Progress(None) => out.write_str("in progress"),
            Self::Progress(Some(_)) => out.write_str("in progress, with sound"),
            Self::Ringing(None) => out.write_str("ringing"),
            Self::Ringing(Some(_)) => out.write_str("ringing, with sound"),
            Self::Answered(_) => out.write_str("answered"),
            Self::Media(_) => out.write_str("the sound changed"),
            Self::Key(_) => out.write_str("a key"),
            Self::Ended(end) => write!(out, "ended: {end}"),
        }
    }
}
