//! The sound of a telephone call over a network: RTP, RTCP, SRTP.

pub mod clock;
mod comfort;
pub mod event;
mod incoming;
mod outgoing;
pub mod packet;
mod path;
pub mod quality;
pub mod reception;
pub mod recording;
mod reporting;
pub mod rtcp;
mod speech;
pub mod srtp;
mod stream;
pub mod tones;

pub use comfort::Silence;
pub use quality::{Flow, Quality};
pub use stream::{Keys, Stream};
