//! An account of the SIP telephone as the command line shows it.

use std::net::SocketAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::sip::{AccountStatus, Registration};

/// How an account is. Times are seconds from now, since no clock goes over the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipAccountView {
    /// Its address, without `sip:`.
    pub account: String,
    /// Whether a call would be tried with it.
    pub usable: bool,
    /// Whether it is registered.
    pub state: SipState,
    /// What went wrong last, until the next success.
    pub last_error: Option<String>,
    /// How long its exchange took to answer last, in µs.
    pub round_trip_us: Option<u64>,
    /// What SIP travels on.
    pub transport: String,
    /// Where the exchange sees us.
    pub contact: Option<SocketAddr>,
}

/// Whether an account is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SipState {
    /// It does not register.
    Off,
    /// It is about to.
    Trying,
    /// It is.
    Registered {
        /// For how long it has been, in seconds.
        for_s: u64,
        /// How long it is good for, in seconds; it is refreshed well before.
        expires_in_s: u64,
    },
    /// It is not.
    Failed {
        /// Why, in words.
        why: String,
        /// When it is tried again, in seconds.
        next_try_in_s: u64,
    },
}

impl SipAccountView {
    /// An account as it is at this moment.
    #[must_use]
    pub fn of(status: &AccountStatus, now: Instant) -> Self {
        let until = |at: Instant| at.saturating_duration_since(now).as_secs();
        let state = match &status.state {
            Registration::Off => SipState::Off,
            Registration::Trying => SipState::Trying,
            Registration::Registered { since, expires } => SipState::Registered {
                for_s: now.saturating_duration_since(*since).as_secs(),
                expires_in_s: until(*expires),
            },
            Registration::Failed { why, next_try, .. } => {
                SipState::Failed { why: why.clone(), next_try_in_s: until(*next_try) }
            }
        };
        let micros = status.round_trip.map(|time| u64::try_from(time.as_micros()));
        Self {
            account: status.account.clone(),
            usable: status.usable,
            state,
            last_error: status.last_error.clone(),
            round_trip_us: micros.map(|micros| micros.unwrap_or(u64::MAX)),
            transport: status.transport.as_str().to_owned(),
            contact: status.contact,
        }
    }
}
