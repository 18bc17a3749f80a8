//! What two telephones agree on about the sound (SDP: RFC 8866, offer and answer: RFC 3264).
//!
//! The reader is our own: the crate sdp-types refuses a blank in the user of `o=` (Cisco), a
//! version of 20 digits, a session name in Latin-1 and a second `c=`, none of which matters here.

mod agree;
mod crypto;
mod error;
mod read;
mod write;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use crate::config::Encryption;
pub use crypto::{CryptoKey, Suite};
pub use error::{KeyFault, SdpError};

use crate::config::SipCodec;
use agree::Side;
use read::Description;

/// How much sound a packet holds where nobody says otherwise.
pub const PACKET_TIME: Duration = Duration::from_millis(20);
/// Payload type of keys in our offers.
const EVENTS: u8 = 101;
/// Payload type of comfort noise (RFC 3389).
const COMFORT_NOISE: u8 = 13;

/// A codec: G.711 by one of its two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// µ-law, payload type 0.
    Pcmu,
    /// A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// Its name in `a=rtpmap`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// Its payload type.
    #[must_use]
    pub const fn payload(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }
}

impl From<SipCodec> for Codec {
    fn from(codec: SipCodec) -> Self {
        match codec {
            SipCodec::Pcmu => Self::Pcmu,
            SipCodec::Pcma => Self::Pcma,
        }
    }
}

/// Our side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where we are reached.
    pub address: IpAddr,
    /// Where we take the sound; RTCP is on the next port.
    pub rtp_port: u16,
    /// What we know, the best first.
    pub codecs: Vec<Codec>,
    /// Whether we know comfort noise.
    pub comfort_noise: bool,
    /// Whether the sound is encrypted.
    pub encryption: Encryption,
    /// Keys that we would send with, the best suite first; a tag and a random key each.
    pub keys: Vec<CryptoKey>,
    /// Names the session, the same all the call long.
    pub session_id: u64,
    /// Counts what we have said in this session; one more whenever it changes.
    pub version: u64,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where our sound goes.
    pub remote: SocketAddr,
    /// Where our RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// The codec, both ways.
    pub codec: Codec,
    /// Its payload type.
    pub payload: u8,
    /// Payload type of the keys we send (RFC 4733).
    pub events: Option<u8>,
    /// Payload type of the keys we receive: what our own description says. Peers that gave another
    /// number may use either.
    pub events_received: Option<u8>,
    /// Payload type of comfort noise.
    pub comfort_noise: Option<u8>,
    /// How much sound a packet of ours holds.
    pub packet_time: Duration,
    /// Whether we send: not when we are on hold.
    pub we_send: bool,
    /// Whether we receive.
    pub we_receive: bool,
    /// Our key, to send with, and theirs; both of one suite.
    pub encryption: Option<(CryptoKey, CryptoKey)>,
}

/// Our offer.
#[must_use]
pub fn offer(local: &Local) -> String {
    write::offer(local)
}

/// Reads the answer to our offer.
///
/// # Errors
/// If there is nothing to talk by.
pub fn accept_answer(local: &Local, body: &[u8]) -> Result<Agreed, SdpError> {
    let theirs = Description::read(body)?;
    let (_, agreed) = agree::best(local, &theirs, Side::Answers)?;
    Ok(agreed)
}

/// Answers an offer: that of a call, or one that changes it (hold, another port, other codecs).
/// Everything but one stream of sound is refused.
///
/// # Errors
/// If there is nothing to talk by; the answer is 488 then.
pub fn answer_offer(local: &Local, body: &[u8]) -> Result<(String, Agreed), SdpError> {
    let theirs = Description::read(body)?;
    let (place, agreed) = agree::best(local, &theirs, Side::Offers)?;
    Ok((write::answer(local, &theirs, place, &agreed), agreed))
}

#[cfg(test)]
mod tests;
