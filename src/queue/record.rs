//! What is written, and in which version. Records are JSON with named fields: a new field gets a
//! default, so an old store opens in a new program.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertId};
use crate::channel::{CallQuality, Moment, Outcome, Reach};
use crate::config::{ChannelName, PersonName};

/// Version of the records this program writes.
pub(super) const VERSION: u32 = 1;

/// Most attempts of one delivery that are kept, the newest.
const MAX_ATTEMPTS_KEPT: usize = 20;

/// An alert in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this record.
    pub version: u32,
    /// The alert, with its id.
    pub alert: Alert,
    /// What the filter said.
    pub fate: Fate,
}

/// What the filter said of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is told.
    Queued,
    /// It is not told.
    Dropped(DropReason),
}

impl Fate {
    /// In one word: `queued`, `ignored` or `repeat`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Dropped(DropReason::Ignored(_)) => "ignored",
            Self::Dropped(DropReason::Repeat(_)) => "repeat",
        }
    }
}

/// Why an alert is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// Its subject is on the ignore list.
    #[error("ignored: the subject matches {0}")]
    Ignored(String),
    /// The same news came before.
    #[error("repeat of alert {0}")]
    Repeat(AlertId),
}

/// How the telling of one person by one channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whom.
    pub person: PersonName,
    /// By which channel.
    pub channel: ChannelName,
    /// Where it stands.
    pub progress: Progress,
    /// How many attempts there were.
    pub tries: u32,
    /// How long it has been tried, in ms: counted by the program, since the wall clock may jump.
    pub waited_ms: u64,
    /// The newest attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// To be tried (again).
    Open,
    /// It went out.
    Told(Reach),
    /// It will not be tried again.
    Failed,
    /// It is not needed any more: she acknowledged by another channel.
    Spared,
}

/// One attempt and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Wall clock of its end.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// How far it came all the same, when that was not enough: a call that was answered and not
    /// acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// What happened on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<Moment>,
    /// How well its sound travelled, if it was a call that can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<CallQuality>,
}

impl Attempt {
    /// An attempt of which no more is known than its end.
    #[must_use]
    pub const fn new(at: Timestamp, outcome: Outcome) -> Self {
        Self { at, outcome, reach: None, course: Vec::new(), quality: None }
    }
}

impl Delivery {
    /// A delivery nobody has tried yet.
    #[must_use]
    pub const fn new(person: PersonName, channel: ChannelName) -> Self {
        Self {
            person,
            channel,
            progress: Progress::Open,
            tries: 0,
            waited_ms: 0,
            attempts: Vec::new(),
        }
    }

    /// How long it has been tried.
    #[must_use]
    pub const fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms)
    }

    /// Whether it has had its first attempt, or needs none.
    #[must_use]
    pub fn begun(&self) -> bool {
        self.tries > 0 || self.progress != Progress::Open
    }

    /// Adds an attempt to the history.
    pub fn push(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MAX_ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }
}
