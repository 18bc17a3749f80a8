//! The sound of a telephone call over a network: RTP, RTCP, SRTP.

pub mod clock;
mod comfort;
pub mod event;
pub mod packet;
pub mod quality;
pub mod reception;
pub mod recording;
pub mod rtcp;
pub mod srtp;

pub use comfort::Silence;
pub use quality::{Flow, Quality};
