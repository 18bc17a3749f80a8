//! Sound: 16-bit mono inside, files and sound cards at the edges.
//!
//! Speech and files go through [`telephone`] once, which gives them the rate, the band and the
//! loudness of a telephone line ([`Player::speak`] does it); tones are played as they are. Then the
//! configured level applies.

#![expect(
    clippy::cast_precision_loss,
    reason = "samples are counted in millions, and heard to 16 bits"
)]

mod alsa;
mod file;
pub mod g711;
mod loudness;
mod pcm;
mod resample;
pub mod simulated;
mod tone;

pub use alsa::{AudioError, Device, Direction, Level, Player, Recorder, devices};
pub use file::{FileError, LONGEST, decode, read, wav, write_wav};
pub use loudness::telephone;
pub use pcm::Pcm;
pub use resample::{Resampling, resample};
pub use tone::{dtmf, tone};

/// Samples a second of a telephone line.
pub const TELEPHONE_RATE: u32 = 8000;
