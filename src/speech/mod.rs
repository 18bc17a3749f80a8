//! Speech made on the device: what an alert says aloud, and the voices that say it.
//!
//! A [`Speaker`] makes the sound of an [`Utterance`]: with the Piper voice that speaks its language
//! ([`voices`]), or with espeak-ng, which is always there. What was said is kept.

mod cache;
mod choose;
pub mod engine;
pub mod espeak;
mod fetch;
pub mod install;
mod lanes;
pub mod piper;
pub mod script;
mod speaker;
mod text;
pub mod voices;
mod work;

pub use engine::EngineError;
pub use speaker::{Speaker, Utterance};

/// Why there is no sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// More than is said at once, in characters.
    #[error("the text is longer than {0} characters")]
    TooLong(usize),
    /// No engine can say it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Too many texts wait.
    #[error("too much is waiting to be spoken")]
    Busy,
    /// The program ends.
    #[error("speech has been stopped")]
    Stopping,
}
