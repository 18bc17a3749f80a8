//! An alert as the command line shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::{AlertId, Event, Severity};
use crate::config::{ChannelName, PersonName};
use crate::queue::{Attempt, Delivery, Fate, Progress, Read, ReadError, Record};

/// Most alerts listed at a time.
const MOST_LISTED: usize = 10_000;

/// How an alert stands, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// On the queue.
    Waiting,
    /// Everybody was told by every channel.
    Told,
    /// Somebody was told, somebody was not.
    Partly,
    /// Nobody was told.
    Failed,
    /// The filter dropped it.
    Dropped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Told, Self::Partly, Self::Failed, Self::Dropped];

    /// Its word, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Told => "told",
            Self::Partly => "partly",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// An alert and how its telling stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertView {
    /// Its number.
    pub id: AlertId,
    /// When it came, by the wall clock.
    pub received: Timestamp,
    /// How it stands.
    pub state: State,
    /// Why the filter dropped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Subject of its mail.
    pub subject: String,
    /// Sender of its mail.
    pub from: String,
    /// Gravest severity.
    pub severity: Option<Severity>,
    /// Whom it is for.
    pub people: Vec<PersonName>,
    /// What it reports.
    pub events: Vec<Event>,
    /// How each telling stands.
    pub deliveries: Vec<DeliveryView>,
}

/// How the telling of one person by one channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Whom.
    pub person: PersonName,
    /// By which channel.
    pub channel: ChannelName,
    /// Where it stands.
    pub progress: Progress,
    /// How many attempts there were.
    pub tries: u32,
    /// The newest attempts, the oldest first.
    pub attempts: Vec<Attempt>,
}

/// Shows a record with its deliveries; `pending` tells whether it is on the queue.
fn view(record: Record, deliveries: Vec<Delivery>, pending: bool) -> AlertView {
    let reason = match &record.fate {
        Fate::Queued => None,
        Fate::Dropped(reason) => Some(reason.to_string()),
    };
    let is_told = |progress| matches!(progress, Progress::Told(_) | Progress::Spared);
    let told = deliveries.iter().filter(|item| is_told(item.progress)).count();
    let state = match (&record.fate, pending) {
        (Fate::Dropped(_), _) => State::Dropped,
        (Fate::Queued, true) => State::Waiting,
        (Fate::Queued, false) if told == 0 => State::Failed,
        (Fate::Queued, false) if told < deliveries.len() => State::Partly,
        (Fate::Queued, false) => State::Told,
    };
    let severity = record.alert.severity();
    let deliveries = deliveries.into_iter().map(|delivery| DeliveryView {
        person: delivery.person,
        channel: delivery.channel,
        progress: delivery.progress,
        tries: delivery.tries,
        attempts: delivery.attempts,
    });
    AlertView {
        id: record.alert.id,
        received: record.alert.received,
        state,
        reason,
        subject: record.alert.text.subject,
        from: record.alert.text.from,
        severity,
        people: record.alert.people,
        events: record.alert.events,
        deliveries: deliveries.collect(),
    }
}

/// The newest alerts; of the whole history if `all`, else of the queue.
///
/// # Errors
/// [`ReadError`] if the store cannot be read.
pub fn list(reader: &dyn Read, all: bool, limit: usize) -> Result<Vec<AlertView>, ReadError> {
    let limit = limit.min(MOST_LISTED);
    if all {
        let records = reader.history(AlertId(u64::MAX), limit)?;
        let views = records.into_iter().map(|record| complete(reader, record));
        return views.collect();
    }
    let ids = reader.pending(AlertId(0), MOST_LISTED)?;
    let newest = ids.into_iter().rev().take(limit);
    newest.filter_map(|id| show(reader, id).transpose()).collect()
}

/// One alert.
///
/// # Errors
/// [`ReadError`] if it is there but cannot be read.
pub fn show(reader: &dyn Read, id: AlertId) -> Result<Option<AlertView>, ReadError> {
    reader.record(id)?.map(|record| complete(reader, record)).transpose()
}

/// A record with its deliveries, and whether it is on the queue.
///
/// # Errors
/// [`ReadError`] if the store cannot be read.
pub fn complete(reader: &dyn Read, record: Record) -> Result<AlertView, ReadError> {
    let id = record.alert.id;
    let pending = reader.pending(AlertId(id.0.saturating_sub(1)), 1)?.first() == Some(&id);
    Ok(view(record, reader.deliveries(id)?, pending))
}
