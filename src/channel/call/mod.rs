//! Telling by a call: the phone rings, a voice says the alert, a key proves that a person
//! understood.
//!
//! `conversation` decides what is said (pure); `talk` carries it out on a [`line::Line`], which is
//! a call by whatever carrier; `caller` is what all of them share; `gsm` is the carrier with the modem
//! and a sound card, `voip` the one by SIP and RTP, which `media` puts together and `trial` tries;
//! `progress` keeps what happens and tells it to those who watch; `quality` is how well the sound
//! travelled; `by_hand` is a call that a person asks for, `source` the sound that may be heard in it
//! in place of words.

mod by_hand;
mod caller;
pub mod conversation;
mod gsm;
pub mod line;
pub mod media;
mod progress;
mod quality;
mod source;
pub mod talk;
mod trial;
mod voip;

pub use by_hand::CallByHand;
pub use caller::Caller;
pub use gsm::GsmChannel;
pub use progress::{Diary, Happening, Progress};
pub use quality::{CallQuality, Flow};
pub use source::Source;
pub use trial::{Echo, Trial, try_line};
pub use voip::VoipChannel;
pub(in crate::channel) use voip::{target, without_agent};
