//! The durable FIFO: an alert that was accepted is here until everybody was told, and in the
//! history for a while after.
//!
//! Invariant: nothing is acknowledged before it is on the disk. One task (`writer`) does all the
//! writing; whatever waits while a sync runs shares the next one (group commit). Reading is free
//! for all.

mod arrivals;
mod aside;
mod batch;
mod cleaning;
mod contents;
mod damage;
mod flush;
mod frame;
mod gather;
mod index;
mod log;
mod open;
mod operation;
mod reader;
mod record;
mod retention;
mod room;
mod segment;
mod store;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::alert::{Alert, AlertId};
use crate::config;

pub use arrivals::{Arrival, Arrivals};
pub(crate) use aside::aside;
pub use damage::Damage;
pub use flush::{FLUSH_BOUNDS, Flushes};
pub use open::OpenError;
pub use record::{Attempt, Delivery, DropReason, Fate, Progress, Record};
pub use store::ReadError;

use operation::Operation;
use store::Store;
use writer::{Announce, Writer};

/// Most operations that wait for the writer; beyond it callers wait too.
const MAILBOX: usize = 1024;

/// Most changes that wait for who watches; beyond it the oldest are lost to her.
const MOST_UNSEEN: usize = 256;

/// Why an alert or an outcome was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// As many alerts wait as may.
    #[error("as many alerts wait as the queue may hold")]
    Full,
    /// The disk has less free space than is kept free.
    #[error("less than {0} bytes free on the disk of the store")]
    DiskFull(u64),
    /// The disk failed; the next alert is tried again.
    #[error("the store failed: {0}")]
    Store(String),
    /// The alert has left the history.
    #[error("alert {0} is no longer kept")]
    Gone(AlertId),
    /// The writer has ended.
    #[error("the queue is closed")]
    Closed,
}

/// What the gate says about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be told.
    Pass,
    /// It would be told, but no channel reaches anybody it is for: it is done with at once.
    Nobody,
    /// It is kept in the history only.
    Drop(DropReason),
    /// There is no room; the client may come again.
    Full,
}

/// Decides, in the order of the commits, what enters the queue. It learns how a commit ended, so
/// that an alert that could not be written leaves no trace: its second coming is no repeat.
pub trait Gate: Send {
    /// Decides on one alert that arrived at `now`, and may take people off it who know already;
    /// `waiting` tells of an earlier alert whether nobody has been told of it yet.
    fn admit(
        &mut self,
        alert: &mut Alert,
        now: Instant,
        waiting: &dyn Fn(AlertId) -> bool,
    ) -> Verdict;

    /// All admitted since the last call are on disk.
    fn committed(&mut self);

    /// None of those admitted since the last call was written.
    fn rolled_back(&mut self);

    /// Some of what was admitted is lost: it cannot be read any more.
    fn lost(&mut self);
}

/// How the queue stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stock {
    /// Alerts that wait to be told.
    pub waiting: usize,
    /// The oldest of them.
    pub oldest: Option<AlertId>,
    /// The newest bad news of this run that no channel could tell anybody.
    pub unreachable: Option<AlertId>,
    /// What could not be read when the store was opened, or since.
    pub damage: Option<String>,
    /// Why the last writing failed, if it did.
    pub failing: Option<String>,
}

/// Handle on the queue; clones share one store.
#[derive(Debug, Clone)]
pub struct Queue {
    store: Arc<Store>,
    operations: mpsc::Sender<Operation>,
    newest: watch::Receiver<AlertId>,
    newest_pending: watch::Receiver<AlertId>,
    changes: broadcast::Sender<AlertId>,
}

/// A queue just opened.
pub struct Opened<G> {
    store: Arc<Store>,
    gate: G,
    settings: watch::Receiver<Arc<config::Config>>,
    /// What could not be read, and was set aside.
    pub damage: Option<Damage>,
}

/// Opens the store in `folder`. What cannot be read of it is set aside beside it, and told; the rest
/// is kept.
///
/// # Errors
/// [`OpenError`] if the folder cannot be used, is used by another process, or holds a store of a
/// newer version.
pub fn open<G: Gate + 'static>(
    folder: impl AsRef<Path>,
    gate: impl FnOnce(&Recent<'_>) -> G,
    settings: watch::Receiver<Arc<config::Config>>,
) -> Result<Opened<G>, OpenError> {
    let (store, damage) = Store::open(folder.as_ref())?;
    let gate = gate(&Recent { store: &store });
    Ok(Opened { store: Arc::new(store), gate, settings, damage })
}

/// What an earlier run left, for a gate that wants to remember it.
pub struct Recent<'a> {
    store: &'a Store,
}

impl Recent<'_> {
    /// The newest records as long as `wanted`, up to `limit`, the newest first.
    pub fn records(&self, limit: usize, wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.store.newest_while(limit, wanted)
    }
}

/// Opens the store for reading and for changes by hand, while no appliance runs.
///
/// # Errors
/// [`OpenError`] as for [`open`].
pub fn open_offline(folder: impl AsRef<Path>) -> Result<Offline, OpenError> {
    Store::open(folder.as_ref()).map(|(store, damage)| Offline { store, damage })
}

impl<G: Gate + 'static> Opened<G> {
    /// Starts the writer, as a task of the runtime this is called in. It ends when the last handle
    /// is gone, after a last sync.
    pub fn start(self) -> (Queue, JoinHandle<()>) {
        let (operations, mailbox) = mpsc::channel(MAILBOX);
        let (announce, newest) = watch::channel(AlertId(0));
        let (announce_pending, newest_pending) = watch::channel(AlertId(0));
        let store = Arc::clone(&self.store);
        let (changes, _) = broadcast::channel(MOST_UNSEEN);
        let announce =
            Announce { newest: announce, pending: announce_pending, changes: changes.clone() };
        let damage = self.damage.map(|damage| damage.reason);
        let writer = Writer::new(store, self.gate, self.settings, announce, damage);
        let task = tokio::spawn(writer.run(mailbox));
        (Queue { store: self.store, operations, newest, newest_pending, changes }, task)
    }
}

impl Queue {
    /// Takes an alert in. Resolves when it is on the disk (or after it was dropped by the
    /// gate, which is recorded too).
    ///
    /// # Errors
    /// [`QueueError`] if it was not kept.
    pub async fn admit(
        &self,
        alert: Alert,
        raw: Bytes,
        now: Instant,
    ) -> Result<(AlertId, Verdict), QueueError> {
        let (answer, answered) = oneshot::channel();
        let operation = Operation::Admit { alert: Box::new(alert), raw, now, answer };
        self.operations.send(operation).await.map_err(|_| QueueError::Closed)?;
        answered.await.map_err(|_| QueueError::Closed)?
    }

    /// Writes how deliveries of one alert stand. Resolves when that is on the disk.
    ///
    /// # Errors
    /// [`QueueError`] if it was not written.
    pub async fn record(&self, id: AlertId, deliveries: Vec<Delivery>) -> Result<(), QueueError> {
        self.write(|answer| Operation::Record { id, deliveries, answer }).await
    }

    /// Takes an alert off the queue: everybody was told or given up. It stays in the history.
    /// It comes to the disk with the next change: should it be lost, the recorded deliveries say so
    /// again.
    ///
    /// # Errors
    /// [`QueueError`] if it was not written.
    pub async fn finish(&self, id: AlertId) -> Result<(), QueueError> {
        self.write(|answer| Operation::Finish { id, answer }).await
    }

    /// Puts an alert of the history back onto the queue; its unfinished and failed deliveries
    /// begin anew.
    ///
    /// # Errors
    /// [`QueueError`] if it was not written.
    pub async fn reopen(&self, id: AlertId, deliveries: Vec<Delivery>) -> Result<(), QueueError> {
        self.write(|answer| Operation::Reopen { id, deliveries, answer }).await
    }

    /// How the queue stands, by the word of its writer: when the writer hangs, this does not
    /// resolve.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when the writer has ended.
    pub async fn pulse(&self) -> Result<Stock, QueueError> {
        let (answer, answered) = oneshot::channel();
        let operation = Operation::Pulse { answer };
        self.operations.send(operation).await.map_err(|_| QueueError::Closed)?;
        answered.await.map_err(|_| QueueError::Closed)
    }

    /// Resolves when an alert newer than the newest known is on disk.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when the writer has ended.
    pub async fn news(&mut self) -> Result<AlertId, QueueError> {
        self.newest.changed().await.map_err(|_| QueueError::Closed)?;
        Ok(*self.newest.borrow_and_update())
    }

    /// As [`Queue::news`], for alerts that are to be told only.
    ///
    /// # Errors
    /// [`QueueError::Closed`] when the writer has ended.
    pub async fn work(&mut self) -> Result<(), QueueError> {
        self.newest_pending.changed().await.map_err(|_| QueueError::Closed)
    }

    /// Tells when a newer alert is on the disk than the newest of now.
    #[must_use]
    pub fn arriving(&self) -> watch::Receiver<AlertId> {
        let mut newest = self.newest.clone();
        newest.mark_unchanged();
        newest
    }

    /// Tells of which alerts more is known than before, from now on: one was told, given up or reopened.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<AlertId> {
        self.changes.subscribe()
    }

    /// How many alerts came.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        self.store.arrivals.read()
    }

    /// Lets go of the queue, and resolves when all others have too and all is written.
    pub async fn ended(self) {
        let Self { store, operations, mut newest, .. } = self;
        drop((store, operations));
        while newest.changed().await.is_ok() {}
    }

    /// How long the disk took for what was written.
    #[must_use]
    pub fn flushes(&self) -> Flushes {
        self.store.flushes.read()
    }

    /// Reads alerts and their deliveries.
    #[must_use]
    pub fn reader(&self) -> &dyn Read {
        &*self.store
    }

    async fn write(
        &self,
        operation: impl FnOnce(oneshot::Sender<Result<(), QueueError>>) -> Operation,
    ) -> Result<(), QueueError> {
        let (answer, answered) = oneshot::channel();
        self.operations.send(operation(answer)).await.map_err(|_| QueueError::Closed)?;
        answered.await.map_err(|_| QueueError::Closed)?
    }
}

/// What can be read of a store.
pub trait Read: Send + Sync {
    /// One alert with its fate; `None` if it is not (or no longer) kept.
    ///
    /// # Errors
    /// [`ReadError`] if it is there but cannot be read.
    fn record(&self, id: AlertId) -> Result<Option<Record>, ReadError>;

    /// The mail as it was received; empty for dropped alerts.
    ///
    /// # Errors
    /// [`ReadError`] if it is there but cannot be read.
    fn raw(&self, id: AlertId) -> Result<Bytes, ReadError>;

    /// How the deliveries that were tried stand. A record that makes no sense is passed over: its
    /// delivery counts as not tried, as telling twice is better than not telling.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot be read.
    fn deliveries(&self, id: AlertId) -> Result<Vec<Delivery>, ReadError>;

    /// Up to `limit` alerts on the queue after `after`, the oldest first.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot be read.
    fn pending(&self, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError>;

    /// Up to `limit` records before `before`, the newest first, told and dropped ones too.
    /// Records that cannot be read are passed over.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot be read.
    fn history(&self, before: AlertId, limit: usize) -> Result<Vec<Record>, ReadError>;
}

/// A store opened while no appliance runs.
#[derive(Debug)]
pub struct Offline {
    store: Store,
    /// What could not be read, and was set aside. It is told this once.
    pub damage: Option<Damage>,
}

impl Offline {
    /// Reads alerts and their deliveries.
    #[must_use]
    pub fn reader(&self) -> &dyn Read {
        &self.store
    }

    /// As [`Queue::finish`].
    ///
    /// # Errors
    /// [`QueueError`] if it was not written.
    pub fn finish(&self, id: AlertId, deliveries: &[Delivery]) -> Result<(), QueueError> {
        let mut batch = self.store.batch();
        batch.deliveries(id, deliveries);
        batch.finish(id);
        self.store.commit(batch, true)
    }

    /// As [`Queue::reopen`].
    ///
    /// # Errors
    /// [`QueueError`] if it was not written.
    pub fn reopen(&self, id: AlertId, deliveries: &[Delivery]) -> Result<(), QueueError> {
        let mut batch = self.store.batch();
        batch.deliveries(id, deliveries);
        batch.reopen(id);
        self.store.commit(batch, true)
    }
}
