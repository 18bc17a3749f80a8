//! The sound of a telephone call over a network: RTP, RTCP, SRTP.
//!
//! A [`Session`] is the sound of one call. Packets are sent by one thread for all calls
//! (`pacing.rs`), each at its deadline, and received by a task for each call (`receiving.rs`);
//! `line.rs` is what they share. What is sent (`outgoing.rs`) and what is made of what comes
//! (`incoming.rs`), as all files that those two name, is pure. Knows nothing of how calls are made.

mod allowance;
pub mod clock;
mod comfort;
pub mod event;
pub mod incoming;
mod line;
mod ntp;
mod outgoing;
mod pacing;
pub mod packet;
mod path;
mod ports;
pub mod quality;
mod receiving;
pub mod reception;
pub mod recording;
mod reporting;
pub mod rtcp;
mod session;
mod speech;
pub mod srtp;
mod stream;
pub mod tones;

pub use comfort::Silence;
pub use quality::{Flow, Quality};
pub use session::{Event, Events, Options, Session, SessionError};
pub use stream::{Keys, Stream};
