//! How an account is, for people.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::config::SipTransport;

/// An account changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News;

/// Whether an account is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// It does not register.
    Off,
    /// It is about to.
    Trying,
    /// It is.
    Registered {
        /// Since when, without a gap.
        since: Instant,
        /// Until when, unless it is refreshed; which it is well before.
        expires: Instant,
    },
    /// It is not.
    Failed {
        /// Why, in words.
        why: String,
        /// The status of the refusal, if there was one.
        status: Option<u16>,
        /// When it is tried again.
        next_try: Instant,
    },
}

/// How an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatus {
    /// Its address, without `sip:`.
    pub account: String,
    /// Whether a call would be tried with it.
    pub usable: bool,
    /// Whether it is registered.
    pub state: Registration,
    /// What went wrong last, until the next success.
    pub last_error: Option<String>,
    /// How long its exchange took to answer last.
    pub round_trip: Option<Duration>,
    /// What SIP travels on.
    pub transport: SipTransport,
    /// Where the exchange sees us.
    pub contact: Option<SocketAddr>,
    /// Our own address towards it.
    pub local: Option<IpAddr>,
}
