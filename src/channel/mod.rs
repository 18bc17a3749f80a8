//! The ways to tell a person. A channel carries out one attempt and says how it ended; when and
//! whether to try again is decided in `dispatch`.

pub mod call;
pub mod mail;
mod sip_message;
pub mod sms;

pub use call::{CallQuality, GsmChannel, Source, VoipChannel};
pub use mail::MailChannel;
pub use sip_message::SipMessageChannel;
pub use sms::{SmsChannel, SmsText};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::config::{ChannelName, Person};

/// One attempt: this alert, to these people, now.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to tell. More than one alert when a storm is told as one message.
    pub alerts: Vec<Alert>,
    /// The first alert's mail as it was received (DATA with dots unstuffed, lines end in CRLF).
    pub raw: Bytes,
    /// Whom to tell. One person, but for channels that reach many at once (mail).
    pub people: Vec<Person>,
    /// What a call lets her hear in place of the alerts.
    pub sound: Option<Source>,
}

/// How far a message is known to have come. Later is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The next carrier (relay, mobile network) took responsibility.
    HandedOver,
    /// It is on the person's device.
    Delivered,
    /// Somebody or something took the call.
    Answered,
    /// A person proved to have understood.
    Acknowledged,
}

/// How an attempt ended for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It went out.
    Told {
        /// How far it is known to have come.
        reach: Reach,
        /// What the carrier answered (relay's reply, SMS references), for the history.
        detail: String,
        /// Marks by which a later receipt finds this attempt: SMS message references (TP-MR).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        receipts: Vec<u8>,
    },
    /// It failed for now; trying again may help.
    Retry(String),
    /// It failed for good: trying again cannot help.
    Refused(String),
    /// It was not needed any more: she acknowledged by another channel.
    Spared(String),
}

/// How an attempt went for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended. A call that was answered and not acknowledged was [`Outcome::Told`] as far as
    /// [`Reach::Answered`]; whether that is enough is decided in `dispatch`.
    pub outcome: Outcome,
    /// What happened on the way, where that is more than the end.
    pub course: Vec<Moment>,
    /// How well its sound travelled, if it was a call that can tell.
    pub quality: Option<CallQuality>,
}

/// What happened at one moment of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Wall clock.
    pub at: Timestamp,
    /// What happened, in a few words: `ringing`, `key 4`.
    pub what: String,
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, course: Vec::new(), quality: None }
    }
}

/// A way to tell people.
pub trait Channel: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> ChannelName;

    /// Whether one attempt reaches many people at once.
    fn reaches_many(&self) -> bool {
        false
    }

    /// How many attempts it carries out side by side.
    fn lanes(&self) -> usize {
        1
    }

    /// This job will be told soon: what takes long may be begun. Returns at once.
    fn prepare(&self, _job: &Job) {}

    /// Carries out one attempt. The answer has one report per person of `job.people`, in order.
    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>>;
}
