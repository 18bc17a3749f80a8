//! The one door by which mail comes in, whoever brings it: understood, filtered, kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::alert::{self, Alert, AlertId, Event, MailText, Origin};
use crate::config::{Config, PersonName};
use crate::filter::{self, Filter};
use crate::queue::{DropReason, Fate, Gate, Queue, QueueError, Recent, Record, Verdict};

/// Mails longer than this many bytes are read aside.
const READ_ASIDE: usize = 64 * 1024;

/// Stands for the text of a mail that cannot be read. The mail channel passes the mail itself on.
const UNREADABLE: &[u8] =
    b"Subject: An alert that cannot be read\r\n\r\nThe mail itself has what it says.\r\n";

/// What is said of an alert for people whom no channel reaches.
const NOBODY: &str = "kept, but nobody is told: no enabled channel reaches anybody it is for";

/// A mail as its bringer (an SMTP session) hands it over.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Who brings it.
    pub origin: Origin,
    /// Whom it is for, each once, at least one.
    pub people: Vec<PersonName>,
    /// The message: DATA with dots unstuffed, lines end in CRLF.
    pub raw: Bytes,
}

/// The promise that a mail is safe on disk (or was rightly dropped).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The number it is known by from now on.
    pub id: AlertId,
}

/// Why a mail was not taken. The bringer keeps it and may come again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// As many alerts wait as may.
    #[error("queue full")]
    QueueFull,
    /// The store could not write it: disk full, I/O error.
    #[error("storage: {0}")]
    Storage(String),
    /// The appliance is about to stop.
    #[error("stopping")]
    Stopping,
}

/// Where a bringer hands mails in.
pub trait Door: Send + Sync {
    /// Resolves to [`Accepted`] only after the mail is flushed to disk.
    ///
    /// # Errors
    /// [`Rejected`] if it is not kept; nothing of it remains then.
    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<Accepted, Rejected>>;
}

/// The door of the appliance itself.
#[derive(Debug, Clone)]
pub struct Intake {
    queue: Queue,
}

impl Intake {
    /// A door that leads to this queue.
    #[must_use]
    pub const fn new(queue: Queue) -> Self {
        Self { queue }
    }

    async fn take(&self, submission: Submission) -> Result<Accepted, Rejected> {
        let Submission { origin, people, raw } = submission;
        let (client, size, count) = (origin.client.clone(), raw.len(), people.len());
        let (text, events) = understand(&raw, &origin).await;
        let received = Timestamp::now();
        let alert = Alert { id: AlertId::default(), received, origin, people, text, events };
        let now = tokio::time::Instant::now().into_std();
        match self.queue.admit(alert, raw, now).await {
            Ok((id, verdict @ (Verdict::Pass | Verdict::Nobody | Verdict::Drop(_)))) => {
                // The bringer waits for the answer and not for this line.
                tokio::spawn(async move { tell(id, &verdict, &client, size, count) });
                Ok(Accepted { id })
            }
            Ok((_, Verdict::Full)) | Err(QueueError::Full) => Err(Rejected::QueueFull),
            Err(QueueError::Closed) => Err(Rejected::Stopping),
            Err(error @ (QueueError::DiskFull(_) | QueueError::Store(_) | QueueError::Gone(_))) => {
                Err(Rejected::Storage(error.to_string()))
            }
        }
    }
}

/// Says in the log what became of a mail.
fn tell(alert_id: AlertId, verdict: &Verdict, client: &str, size: usize, people: usize) {
    match verdict {
        Verdict::Pass => {
            let outcome = "queued";
            tracing::info!(%alert_id, client, size, people, outcome, "queued");
        }
        Verdict::Nobody => {
            let outcome = "nobody";
            tracing::error!(%alert_id, client, size, people, outcome, "{NOBODY}");
        }
        Verdict::Drop(reason) => {
            let outcome = "dropped";
            tracing::info!(%alert_id, client, size, %reason, outcome, "dropped");
        }
        Verdict::Full => {}
    }
}

/// Understands a mail, whatever it does to the code that reads it: a panic must not cost the
/// alert. A large one is read aside, as others wait for this thread.
async fn understand(raw: &Bytes, origin: &Origin) -> (MailText, Vec<Event>) {
    let read = {
        let (raw, origin) = (raw.clone(), origin.clone());
        move || catch_unwind(AssertUnwindSafe(|| alert::understand(&raw, &origin))).ok()
    };
    let understood = if raw.len() > READ_ASIDE {
        tokio::task::spawn_blocking(read).await.ok().flatten()
    } else {
        read()
    };
    understood.unwrap_or_else(|| {
        tracing::error!(size = raw.len(), "a mail could not be read; it is told all the same");
        alert::understand(UNREADABLE, origin)
    })
}

impl Door for Intake {
    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<Accepted, Rejected>> {
        Box::pin(self.take(submission))
    }
}

/// Whether an enabled channel reaches one of them.
fn reaches_anybody(people: &[PersonName], config: &Config) -> bool {
    let mut people = people.iter().filter_map(|name| config.directory.people.get(name));
    people.any(|person| config.channels.enabled.iter().any(|name| person.is_reachable_by(*name)))
}

/// The filter as the queue's gate.
#[derive(Debug)]
pub struct FilterGate {
    filter: Filter,
    settings: watch::Receiver<Arc<Config>>,
}

impl FilterGate {
    /// A filter that remembers what an earlier run told. Ages are taken from the wall clock; one
    /// that went backwards makes them fresh.
    #[must_use]
    pub fn recall(
        recent: &Recent<'_>,
        settings: watch::Receiver<Arc<Config>>,
        now: Instant,
        wall: Timestamp,
    ) -> Self {
        let mut filter = Filter::default();
        let config = Arc::clone(&settings.borrow());
        let age = |record: &Record| {
            Duration::try_from(wall.duration_since(record.alert.received)).unwrap_or_default()
        };
        let fresh = |record: &Record| age(record) < config.filter.repeat_window;
        let records = recent.records(config.filter.capacity, fresh);
        for record in records.iter().rev().filter(|record| record.fate == Fate::Queued) {
            if let Some(at) = now.checked_sub(age(record)) {
                filter.recall(&record.alert, at, &config.filter);
            }
        }
        Self { filter, settings }
    }
}

impl Gate for FilterGate {
    fn admit(
        &mut self,
        alert: &mut Alert,
        now: Instant,
        waiting: &dyn Fn(AlertId) -> bool,
    ) -> Verdict {
        let config = Arc::clone(&self.settings.borrow());
        match self.filter.judge(alert, now, &config.filter, waiting) {
            filter::Verdict::Pass(people) => {
                alert.people.retain(|person| people.contains(person));
                if reaches_anybody(&alert.people, &config) {
                    Verdict::Pass
                } else {
                    Verdict::Nobody
                }
            }
            filter::Verdict::Ignored(entry) => Verdict::Drop(DropReason::Ignored(entry)),
            filter::Verdict::Repeat(of) => Verdict::Drop(DropReason::Repeat(of)),
            filter::Verdict::Full => Verdict::Full,
        }
    }

    fn committed(&mut self) {
        self.filter.commit();
    }

    fn rolled_back(&mut self) {
        self.filter.roll_back();
    }

    fn lost(&mut self) {
        // Else the next coming of an alert that is lost would be dropped as its repeat.
        self.filter = Filter::default();
    }
}
