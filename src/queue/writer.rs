//! The one thread that writes the store: gathers what waits, asks the gate, writes and flushes
//! once, then answers everybody (group commit).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::record::{Delivery, Fate, Record, VERSION};
use super::retention::{MOST_AT_ONCE, excess, is_old};
use super::store::{Batch, Store};
use super::{Gate, QueueError, Read, Verdict};
use crate::alert::{Alert, AlertId};
use crate::config::Config;

/// Most operations that share a flush.
const MOST_OPERATIONS: usize = 256;

/// Most mail bytes that share a flush, which bounds what a batch holds in memory.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Free space that is left on the disk whatever the settings say: for outcomes of what was
/// accepted, beyond them for new alerts. After a write that failed sled can hang for ever, so it is
/// not asked to write what has no room.
const ROOM_FOR_OUTCOMES: u64 = 1024 * 1024;
const ROOM_FOR_ALERTS: u64 = 4 * 1024 * 1024;

/// Space an operation takes besides the mail: records, indexes and the log's own.
const BYTES_PER_OPERATION: u64 = 16 * 1024;

/// How often the ages in the history are looked at.
const COMMITS_PER_LOOK: u32 = 64;

type Answer<T> = oneshot::Sender<Result<T, QueueError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Operation {
    Admit { alert: Box<Alert>, raw: Bytes, now: Instant, answer: Answer<(AlertId, Verdict)> },
    Record { id: AlertId, deliveries: Vec<Delivery>, answer: Answer<()> },
    Finish { id: AlertId, answer: Answer<()> },
    Reopen { id: AlertId, deliveries: Vec<Delivery>, answer: Answer<()> },
}

/// An answer that is given when the flush is over.
enum Promise {
    Admitted(Answer<(AlertId, Verdict)>, AlertId, Verdict),
    Done(Answer<()>),
}

pub(super) struct Writer<G> {
    store: Arc<Store>,
    gate: G,
    settings: watch::Receiver<Arc<Config>>,
    announce: watch::Sender<AlertId>,
    newest: AlertId,
    kept: u64,
    pending: BTreeSet<AlertId>,
    /// Pending alerts nobody has tried to tell yet.
    waiting: BTreeSet<AlertId>,
    /// Every kept alert up to this one is pending: the search for old ones begins after it.
    all_pending_up_to: AlertId,
    commits: u32,
    /// What is kept in memory may not be what is in the store, since that could not be read.
    stale: bool,
}

impl<G: Gate> Writer<G> {
    pub(super) fn new(
        store: Arc<Store>,
        gate: G,
        settings: watch::Receiver<Arc<Config>>,
        announce: watch::Sender<AlertId>,
    ) -> Self {
        let mut writer = Self {
            store,
            gate,
            settings,
            announce,
            newest: AlertId(0),
            kept: 0,
            pending: BTreeSet::new(),
            waiting: BTreeSet::new(),
            all_pending_up_to: AlertId(0),
            commits: 0,
            stale: false,
        };
        writer.take_stock();
        writer
    }

    /// Works until the last handle is gone.
    pub(super) fn run(mut self, mut mailbox: mpsc::Receiver<Operation>) {
        // Tells the dispatcher of what an earlier run left on the queue.
        self.announce.send_replace(self.newest);
        let mut operations = Vec::with_capacity(MOST_OPERATIONS);
        while let Some(first) = mailbox.blocking_recv() {
            let mut bytes = first.bytes();
            operations.push(first);
            while operations.len() < MOST_OPERATIONS && bytes < MOST_BYTES {
                let Ok(next) = mailbox.try_recv() else { break };
                bytes += next.bytes();
                operations.push(next);
            }
            self.commit(&mut operations);
            if self.store.is_stuck() {
                tracing::error!("the store does not let go of its files; only a new start helps");
                return;
            }
        }
        if let Err(error) = self.store.flush_all() {
            tracing::warn!(%error, "the last flush failed");
        }
    }

    fn commit(&mut self, operations: &mut Vec<Operation>) {
        if self.stale {
            self.take_stock();
        }
        if self.stale {
            let error = QueueError::Store("it cannot be read".to_owned());
            operations.drain(..).for_each(|operation| operation.refuse(error.clone()));
            return;
        }
        if !operations.iter().any(Operation::is_urgent) {
            return self.finish(operations);
        }
        let config = Arc::clone(&self.settings.borrow());
        let before = self.newest;
        let mut batch = self.store.batch();
        let mut promises = Vec::with_capacity(operations.len());
        let room = Room::of(&self.store, operations);
        if let Err(error) = room.beyond(ROOM_FOR_OUTCOMES) {
            operations.drain(..).for_each(|operation| operation.refuse(error.clone()));
            return;
        }
        let room = room.beyond(config.queue.min_free_space.0.max(ROOM_FOR_ALERTS));
        for operation in operations.drain(..) {
            match operation {
                Operation::Admit { alert, raw, now, answer } => {
                    match room.clone().and_then(|()| {
                        self.admit(&mut batch, *alert, &raw, now, config.queue.max_pending)
                    }) {
                        Ok((id, verdict)) => promises.push(Promise::Admitted(answer, id, verdict)),
                        Err(error) => reply(answer, Err(error)),
                    }
                }
                Operation::Record { id, deliveries, answer } => {
                    // A late report on an alert that has left the history would stay for ever.
                    if self.pending.contains(&id) || self.store.has(id) {
                        batch.deliveries(id, &deliveries);
                    }
                    self.waiting.remove(&id);
                    promises.push(Promise::Done(answer));
                }
                Operation::Finish { id, answer } => {
                    batch.finish(id);
                    self.is_finished(id);
                    promises.push(Promise::Done(answer));
                }
                Operation::Reopen { id, deliveries, answer } => {
                    if !self.store.has(id) {
                        reply(answer, Err(QueueError::Gone(id)));
                        continue;
                    }
                    batch.deliveries(id, &deliveries);
                    batch.reopen(id);
                    self.pending.insert(id);
                    promises.push(Promise::Done(answer));
                }
            }
        }
        self.forget_old(&mut batch, &config);
        batch.kept(self.kept);
        let result = self.store.commit(batch);
        self.conclude(&result, before, promises);
    }

    /// Takes alerts off the queue when nobody waits for a flush.
    fn finish(&mut self, operations: &mut Vec<Operation>) {
        let mut ids = Vec::with_capacity(operations.len());
        let mut promises = Vec::with_capacity(operations.len());
        for operation in operations.drain(..) {
            if let Operation::Finish { id, answer } = operation {
                self.is_finished(id);
                ids.push(id);
                promises.push(Promise::Done(answer));
            }
        }
        let result = self.store.finish(&ids);
        self.conclude(&result, self.newest, promises);
    }

    fn is_finished(&mut self, id: AlertId) {
        self.pending.remove(&id);
        self.waiting.remove(&id);
        self.all_pending_up_to = self.all_pending_up_to.min(AlertId(id.0.saturating_sub(1)));
    }

    fn conclude(
        &mut self,
        result: &Result<(), QueueError>,
        before: AlertId,
        promises: Vec<Promise>,
    ) {
        match result {
            Ok(()) => {
                self.gate.committed();
                if self.newest > before {
                    self.announce.send_replace(self.newest);
                }
            }
            Err(error) => {
                tracing::error!(%error, "nothing of this batch was kept");
                self.gate.rolled_back();
                self.take_stock();
            }
        }
        for promise in promises {
            match promise {
                Promise::Admitted(answer, id, verdict) => {
                    reply(answer, result.clone().map(|()| (id, verdict)));
                }
                Promise::Done(answer) => reply(answer, result.clone()),
            }
        }
    }

    fn admit(
        &mut self,
        batch: &mut Batch,
        mut alert: Alert,
        raw: &[u8],
        now: Instant,
        max_pending: usize,
    ) -> Result<(AlertId, Verdict), QueueError> {
        if self.pending.len() >= max_pending {
            return Err(QueueError::Full);
        }
        alert.id = AlertId(self.newest.0 + 1);
        let waiting = &self.waiting;
        let verdict = self.gate.admit(&mut alert, now, &|id| waiting.contains(&id));
        let fate = match &verdict {
            Verdict::Pass => Fate::Queued,
            Verdict::Drop(reason) => Fate::Dropped(reason.clone()),
            Verdict::Full => return Err(QueueError::Full),
        };
        let id = alert.id;
        let queued = fate == Fate::Queued;
        batch.admit(&Record { version: VERSION, alert, fate }, raw, queued);
        self.newest = id;
        self.kept += 1;
        if queued {
            self.pending.insert(id);
            self.waiting.insert(id);
        }
        Ok((id, verdict))
    }

    /// Takes the oldest alerts out of the history where it is too long or they are too old. The
    /// newest alert always stays: the next id is counted from it.
    fn forget_old(&mut self, batch: &mut Batch, config: &Config) {
        self.commits = self.commits.wrapping_add(1);
        let excess = excess(self.kept, config.queue.max_history);
        let look_at_ages = self.commits.is_multiple_of(COMMITS_PER_LOOK);
        if excess == 0 && !look_at_ages {
            return;
        }
        let now = Timestamp::now();
        let mut forgotten = 0;
        for id in self.store.ids(self.all_pending_up_to, MOST_AT_ONCE).unwrap_or_default() {
            if self.pending.contains(&id) {
                if forgotten == 0 {
                    self.all_pending_up_to = id;
                }
                continue;
            }
            let too_many = forgotten < excess;
            if id >= self.newest || !(too_many || self.is_old(id, now, config)) {
                break;
            }
            if self.store.forget(batch, id).is_err() {
                break;
            }
            forgotten += 1;
        }
        self.kept = self.kept.saturating_sub(forgotten);
    }

    fn is_old(&self, id: AlertId, now: Timestamp, config: &Config) -> bool {
        match self.store.record(id) {
            Ok(Some(record)) => is_old(record.alert.received, now, config.queue.keep_history),
            // What cannot be read is of no use to anybody.
            Ok(None) | Err(_) => true,
        }
    }

    /// Reads from the store what this thread keeps in memory about it.
    fn take_stock(&mut self) {
        self.store.revive();
        if let Some(damage) = self.store.take_damage() {
            tracing::error!(
                reason = damage.reason,
                set_aside = %damage.set_aside.display(),
                "THE STORE WAS DAMAGED and is set aside; alerts that waited in it are not told"
            );
            self.gate.lost();
        }
        if let Err(error) = self.store.forget_torn() {
            tracing::error!(%error, "cannot take out what a crash left");
        }
        let stock = self.store.newest().and_then(|newest| {
            Ok((newest, self.store.kept()?, self.store.pending(AlertId(0), usize::MAX)?))
        });
        self.stale = stock.is_err();
        match stock {
            Ok((newest, kept, pending)) => {
                // Ids are never given twice, even where the store that knew them was set aside:
                // the dispatcher and the filter go by them.
                self.newest = self.newest.max(newest);
                self.kept = kept;
                self.pending = pending.into_iter().collect();
                let waiting = self.pending.iter().copied().filter(|id| self.is_waiting(*id));
                self.waiting = waiting.collect();
                self.all_pending_up_to = AlertId(0);
            }
            Err(error) => tracing::error!(%error, "cannot count the alerts in the store"),
        }
    }

    fn is_waiting(&self, id: AlertId) -> bool {
        self.store.deliveries(id).is_ok_and(|deliveries| !deliveries.iter().any(Delivery::begun))
    }
}

impl Operation {
    fn refuse(self, error: QueueError) {
        match self {
            Self::Admit { answer, .. } => reply(answer, Err(error)),
            Self::Record { answer, .. }
            | Self::Finish { answer, .. }
            | Self::Reopen { answer, .. } => reply(answer, Err(error)),
        }
    }

    /// Whether somebody relies on it being on disk when it is answered.
    fn is_urgent(&self) -> bool {
        match self {
            Self::Admit { .. } | Self::Record { .. } | Self::Reopen { .. } => true,
            Self::Finish { .. } => false,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Admit { raw, .. } => raw.len(),
            Self::Record { .. } | Self::Finish { .. } | Self::Reopen { .. } => 0,
        }
    }
}

/// What is free on the disk, and what some operations take of it, in bytes.
struct Room {
    /// Unset if the file system cannot tell; it will say so when written to.
    free: Option<u64>,
    taken: u64,
}

impl Room {
    fn of(store: &Store, operations: &[Operation]) -> Self {
        let disk = rustix::fs::statvfs(store.folder()).ok();
        let free = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        // A mail too large for the log lies beside it until it is written to the tree.
        let taken = operations
            .iter()
            .map(|operation| BYTES_PER_OPERATION + (operation.bytes() as u64).saturating_mul(2));
        Self { free, taken: taken.sum() }
    }

    /// Whether so much stays free.
    fn beyond(&self, kept: u64) -> Result<(), QueueError> {
        let needed = kept.saturating_add(self.taken);
        match self.free {
            Some(free) if free < needed => Err(QueueError::DiskFull(needed)),
            Some(_) | None => Ok(()),
        }
    }
}

/// Nobody may wait for the answer any more (the client hung up); that is no error here.
fn reply<T>(answer: Answer<T>, result: Result<T, QueueError>) {
    drop(answer.send(result));
}
