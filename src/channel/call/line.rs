//! What a call needs, whoever carries it: a line that says what happens on it, sound that is heard
//! at its other end, and a voice.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::quality::CallQuality;
use crate::audio::Pcm;

/// What happens on a line, in this order; keys between the answer and the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEvent {
    /// The number is dialled.
    Dialling,
    /// It rings.
    Ringing,
    /// Somebody or something answered.
    Answered,
    /// The far end's sound has begun to arrive; not every line can tell.
    Heard,
    /// A key was pressed: `0` to `9`, `A` to `D`, `*` or `#`.
    Key(char),
    /// It is over.
    Ended(LineEnd),
}

/// How a call ended on its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEnd {
    /// We hung up.
    HungUp,
    /// The other side hung up after it had answered.
    FarEnd,
    /// It was as long as it may be.
    TooLong,
    /// It did not come about, or broke off by no decision of either side.
    Failed(String),
    /// It cannot come about; trying again is of no use.
    Refused(String),
}

/// One call under way. Dropping it hangs up.
pub trait Line: Send {
    /// What happens next. Cancel safe. Not asked again after the end.
    fn next(&mut self) -> BoxFuture<'_, LineEvent>;

    /// Asks for the end; it follows as an event.
    fn hang_up(&mut self);

    /// Opens the way for sound; an error is for a person to read.
    fn sound(&self) -> BoxFuture<'static, Result<Box<dyn Sound>, String>>;

    /// How well its sound travelled, once its way is closed; not every line can tell.
    fn quality(&self) -> Option<CallQuality> {
        None
    }
}

/// Sound on its way to the other end. Errors are for a person to read.
pub trait Sound: Send + Sync {
    /// Queues sound; resolves when there is room for more.
    fn play(&self, pcm: Arc<Pcm>) -> BoxFuture<'_, Result<(), String>>;

    /// Resolves when all that was queued has been heard.
    fn drained(&self) -> BoxFuture<'_, Result<(), String>>;

    /// Throws away what has not been heard.
    fn clear(&self);

    /// Ends it; resolves when others may use what it used.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Makes sound of a sentence.
pub trait Voice: Send + Sync {
    /// This sentence will be wanted soon.
    fn prepare(&self, sentence: &str);

    /// The sound of a sentence, soon, in whatever voice there is. An error is for a person to read.
    fn say<'a>(&'a self, sentence: &'a str) -> BoxFuture<'a, Result<Arc<Pcm>, String>>;
}
