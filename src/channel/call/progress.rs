//! What happens in a call while it happens: kept for the history, and told to whoever watches.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::quality::CallQuality;
use crate::alert::AlertId;
use crate::channel::{Moment, Outcome};
use crate::config::{ChannelName, PersonName};

/// Most moments kept of one call.
const MOST_MOMENTS: usize = 64;

/// Most of them that are keys: a storm of keys must not drive out the rest.
const MOST_KEYS: usize = 20;

/// One thing that happened in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Number of the call since the start of the program.
    pub call: u64,
    /// What kind of call.
    pub channel: ChannelName,
    /// Who is called.
    pub person: PersonName,
    /// The alerts it tells.
    pub alerts: Vec<AlertId>,
    /// Wall clock.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
}

/// What happens in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// It is to be made; this key will accept.
    Begun(char),
    /// The number is dialled.
    Dialling,
    /// It rings.
    Ringing,
    /// Somebody or something answered.
    Answered,
    /// This sentence begins.
    Says(String),
    /// The message was said to its end, this many times so far.
    Said(u32),
    /// All was said; a key is waited for.
    Listens,
    /// A key was pressed.
    Key(char),
    /// The right key it was.
    Acknowledged,
    /// The line is free again; how it ended.
    HungUp(String),
    /// How well its sound travelled.
    Measured(CallQuality),
    /// What came of it.
    Ended(Outcome),
}

impl fmt::Display for Happening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun(key) => write!(out, "key {key} will accept"),
            Self::Dialling => out.write_str("dialling"),
            Self::Ringing => out.write_str("ringing"),
            Self::Answered => out.write_str("answered"),
            Self::Says(text) => write!(out, "says \"{text}\""),
            Self::Said(1) => out.write_str("said once"),
            Self::Said(times) => write!(out, "said {times} times"),
            Self::Listens => out.write_str("waits for a key"),
            Self::Key(key) => write!(out, "key {key}"),
            Self::Acknowledged => out.write_str("acknowledged"),
            Self::HungUp(how) => out.write_str(how),
            Self::Measured(quality) => quality.fmt(out),
            Self::Ended(Outcome::Told { detail, .. }) => out.write_str(detail),
            Self::Ended(
                Outcome::Retry(reason) | Outcome::Refused(reason) | Outcome::Spared(reason),
            ) => out.write_str(reason),
        }
    }
}

/// Notes what happens in one call.
#[derive(Debug)]
pub struct Diary {
    /// The call as it is told to those who watch.
    call: Progress,
    watchers: broadcast::Sender<Progress>,
    course: Vec<Moment>,
    keys: usize,
}

impl Diary {
    /// A diary of a call in which `key` accepts.
    #[must_use]
    pub fn begin(mut call: Progress, watchers: broadcast::Sender<Progress>, key: char) -> Self {
        call.what = Happening::Begun(key);
        // Nobody may be watching.
        drop(watchers.send(call.clone()));
        Self { call, watchers, course: Vec::new(), keys: 0 }
    }

    /// Notes what happens at this moment.
    pub fn note(&mut self, what: Happening) {
        let at = Timestamp::now();
        // What is said is in the alert; quality and outcome have places of their own.
        let kept = match what {
            Happening::Begun(_)
            | Happening::Says(_)
            | Happening::Listens
            | Happening::Measured(_)
            | Happening::Ended(_) => false,
            Happening::Key(_) => {
                self.keys += 1;
                self.keys <= MOST_KEYS
            }
            Happening::Dialling
            | Happening::Ringing
            | Happening::Answered
            | Happening::Said(_)
            | Happening::Acknowledged
            | Happening::HungUp(_) => true,
        };
        if kept && self.course.len() < MOST_MOMENTS {
            self.course.push(Moment { at, what: what.to_string() });
        }
        drop(self.watchers.send(Progress { at, what, ..self.call.clone() }));
    }

    /// What happened, for the history.
    #[must_use]
    pub fn close(mut self, outcome: &Outcome) -> Vec<Moment> {
        self.note(Happening::Ended(outcome.clone()));
        self.course
    }
}
