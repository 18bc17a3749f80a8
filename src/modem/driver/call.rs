//! A voice call: what the driver is asked, what is told of it, and how it may end.

use std::fmt;
use std::time::Duration;

use crate::config::PhoneNumber;
use crate::line::{self, Happens};
use crate::modem::at::{ModemFault, Registration};

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// Who is called.
    pub to: PhoneNumber,
    /// How long the telephone may ring.
    pub ring_time: Duration,
    /// How long the call may last, from the answer on.
    pub max_length: Duration,
}

/// What happens in a call, in this order, but for keys, which are also pressed before the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// The modem was told to dial.
    Dialling,
    /// The telephone rings.
    Ringing,
    /// Somebody or something answered: speak now.
    Answered,
    /// A key was pressed: `0` to `9`, `A` to `D`, `*` or `#`.
    Key(char),
    /// It is over. Always the last, and always told.
    Ended(CallEnd),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEnd {
    /// We hung up, as asked.
    HungUp,
    /// The other side hung up after it had answered.
    FarEnd,
    /// The line is busy, or the call was rejected.
    Busy,
    /// It rang, and nobody answered in time.
    NoAnswer,
    /// The network could not connect, or the other side rejected the call.
    NoCarrier,
    /// The modem cannot dial now.
    NoDialtone,
    /// It was as long as it may be, and we hung up.
    TooLong,
    /// The modem or the network refused to dial.
    Rejected(ModemFault),
    /// The number is one of emergency calls and was not dialled.
    Emergency,
    /// No network.
    NotRegistered(Registration),
    /// The modem cannot be used.
    Unavailable(String),
    /// The modem failed in the middle: it fell silent, started anew or vanished.
    Lost(String),
    /// The appliance stops.
    Stopping,
}

impl fmt::Display for CallEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => out.write_str("hung up"),
            Self::FarEnd => out.write_str("the other side hung up"),
            Self::Busy => out.write_str("busy"),
            Self::NoAnswer => out.write_str("no answer"),
            Self::NoCarrier => out.write_str("no connection (NO CARRIER)"),
            Self::NoDialtone => out.write_str("no dial tone"),
            Self::TooLong => out.write_str("the call was too long"),
            Self::Rejected(fault) => fault.fmt(out),
            Self::Emergency => out.write_str("an emergency number, which is not called"),
            Self::NotRegistered(registration) => {
                write!(out, "no network: {}", registration.as_str())
            }
            Self::Unavailable(words) => out.write_str(words),
            Self::Lost(words) => write!(out, "the call was lost: {words}"),
            Self::Stopping => out.write_str("stopping"),
        }
    }
}

impl fmt::Display for CallEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dialling => out.write_str("dialling"),
            Self::Ringing => out.write_str("ringing"),
            Self::Answered => out.write_str("answered"),
            Self::Key(key) => write!(out, "key {key}"),
            Self::Ended(end) => write!(out, "ended: {end}"),
        }
    }
}

impl Happens for CallEvent {
    fn is_end(&self) -> bool {
        matches!(self, Self::Ended(_))
    }

    fn stopping() -> Self {
        Self::Ended(CallEnd::Stopping)
    }
}

/// A call under way. Dropping it hangs up.
pub type Call = line::Call<CallEvent>;

/// The driver's side of it.
pub(super) type CallJob = line::CallJob<CallRequest, CallEvent>;
