//! Secure RTP and RTCP (RFC 3711) with keys from the signalling (RFC 4568).
//!
//! On the ciphers of `aes`, `ctr`, `hmac` and `sha1`. *webrtc-srtp* and *rtc-srtp*, which stand on
//! such, too, were not taken: they bring 80 and 100 crates, for they belong to whole stacks. Pure: neither
//! clock nor sockets.

mod keys;
mod replay;
mod reports;
mod sound;

use thiserror::Error;

pub use keys::{MASTER, MasterKey, Suite};
pub use reports::{ReportOpener, ReportSealer};
pub use sound::{Opener, Sealer};

#[cfg(test)]
pub(super) use keys::tests::master;

/// Why a packet was not opened, or not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SrtpError {
    /// It is too short, or no packet.
    #[error("no packet of SRTP")]
    Malformed,
    /// It was received before, or is too old to know.
    #[error("a packet that was received before")]
    Replayed,
    /// It was not made with the key that was agreed, or was changed on its way.
    #[error("a packet with a wrong signature")]
    Forged,
    /// It is signed, but not encrypted.
    #[error("a report that is not encrypted")]
    Clear,
    /// There are more senders in this call than anybody needs.
    #[error("too many senders")]
    TooManySources,
    /// The key has sealed as much as it may (RFC 3711 section 9.2).
    #[error("the key is used up")]
    UsedUp,
}

/// Most senders in one direction of one call; a telephone that starts anew is a further one.
const MAX_SOURCES: usize = 16;
