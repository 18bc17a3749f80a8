//! What every engine can do, and how it can fail.

use crate::audio::Pcm;

/// Makes speech of plain words.
pub trait Engine {
    /// The sound of `text`: short, cleaned, of one language. `rate` is in percent of the voice's
    /// own.
    ///
    /// # Errors
    ///
    /// If nothing in it can be said, or the engine fails.
    fn speak(&mut self, text: &str, rate: u32) -> Result<Pcm, EngineError>;
}

/// Why an engine said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Only punctuation, or characters the voice knows nothing of.
    #[error("there is nothing in this text that can be said")]
    Nothing,
    /// The library came without its data.
    #[error("espeak-ng finds no data: install the package espeak-ng-data")]
    NoData,
    /// Neither the language nor English is there.
    #[error("espeak-ng has no voice for {0}")]
    NoVoice(String),
    /// The library refused.
    #[error("espeak-ng failed with code {0}")]
    Espeak(i32),
    /// The model could not be run.
    #[error("the voice's model failed: {0}")]
    Model(String),
    /// A bug in an engine; it was caught.
    #[error("the engine panicked")]
    Panicked,
}
