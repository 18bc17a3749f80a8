//! How the pure parts of the driver speak with the part that holds the port.

use std::time::Duration;

use crate::modem::at::{Command, ModemFault};

/// What is to be done next.
#[derive(Debug)]
pub enum Action<T> {
    /// Send a command and tell its answer.
    Send(Command),
    /// Send the message after the prompt: hexadecimal digits, to which Ctrl-Z is added.
    SendPdu(String),
    /// Wait, then answer [`Answer::Waited`].
    Wait(Duration),
    /// Wait until the modem says that it is ready for messages, at most so long.
    AwaitReady(Duration),
    /// It is over.
    Done(T),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet: this is the beginning.
    Begin,
    /// `OK`, and the lines before it.
    Ok(Vec<String>),
    /// An error.
    Error(ModemFault),
    /// The prompt for a message.
    Prompt,
    /// No answer in time.
    Timeout,
    /// The wait is over.
    Waited,
    /// The modem started anew meanwhile, or the port vanished; in words for people.
    Lost(&'static str),
}
