//! The one task that writes the store: gathers what waits, asks the gate, writes and syncs once,
//! then answers everybody (group commit).
//!
//! It gathers and answers on the thread of those who hand in, and commits aside, so that they go on
//! meanwhile: few hand-overs between threads, and many mails in each sync.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::arrivals::{Arrival, arrival};
use super::aside::aside;
use super::batch::Batch;
use super::gather::{Gathering, MOST_OPERATIONS};
use super::operation::{Answer, Operation};
use super::record::{Delivery, Fate, Record, VERSION};
use super::retention::{MOST_AT_ONCE, excess, is_old};
use super::room::Room;
use super::store::Store;
use super::{Gate, QueueError, Read, Stock, Verdict};
use crate::alert::{Alert, AlertId, Kind};
use crate::config::Config;

/// How often the ages in the history are looked at.
const COMMITS_PER_LOOK: u32 = 64;

/// An answer that is given when the sync is over.
enum Promise {
    Admitted(Answer<(AlertId, Verdict)>, AlertId, Verdict),
    Done(Answer<()>),
    Pulse(oneshot::Sender<Stock>),
}

/// What became of a batch, and who waits to hear it.
struct Commit {
    result: Result<(), QueueError>,
    promises: Vec<Promise>,
}

/// Where it is told that there is something new.
pub(super) struct Announce {
    /// The newest alert.
    pub(super) newest: watch::Sender<AlertId>,
    /// The newest that is to be told: the dispatcher need not wake for others.
    pub(super) pending: watch::Sender<AlertId>,
    /// Each of which something is known that was not.
    pub(super) changes: broadcast::Sender<AlertId>,
}

pub(super) struct Writer<G> {
    store: Arc<Store>,
    gate: G,
    settings: watch::Receiver<Arc<Config>>,
    announce: Announce,
    newest: AlertId,
    room: Room,
    pending: BTreeSet<AlertId>,
    /// Pending alerts nobody has tried to tell yet.
    waiting: BTreeSet<AlertId>,
    /// Every kept alert up to this one is pending: the search for old ones begins after it.
    all_pending_up_to: AlertId,
    commits: u32,
    /// What could not be read since the start.
    damage: Option<String>,
    /// Why the last writing failed, if it did.
    failing: Option<String>,
    /// The newest bad news that no channel could tell anybody.
    unreachable: Option<AlertId>,
    /// Of the batch that is being written.
    came: Vec<Arrival>,
}

impl<G: Gate + 'static> Writer<G> {
    pub(super) fn new(
        store: Arc<Store>,
        gate: G,
        settings: watch::Receiver<Arc<Config>>,
        announce: Announce,
        damage: Option<String>,
    ) -> Self {
        let mut writer = Self {
            store,
            gate,
            settings,
            announce,
            newest: AlertId(0),
            room: Room::default(),
            pending: BTreeSet::new(),
            waiting: BTreeSet::new(),
            all_pending_up_to: AlertId(0),
            commits: 0,
            damage,
            failing: None,
            unreachable: None,
            came: Vec::new(),
        };
        writer.take_stock();
        writer
    }

    /// Works until the last handle is gone.
    pub(super) async fn run(mut self, mut mailbox: mpsc::Receiver<Operation>) {
        // Tells the dispatcher of what an earlier run left on the queue.
        self.announce.newest.send_replace(self.newest);
        self.announce.pending.send_replace(self.newest);
        let mut operations = Vec::with_capacity(MOST_OPERATIONS);
        let mut gathering = Gathering::default();
        while gathering.gather(&mut mailbox, &mut operations).await {
            let work = move || {
                let commit = self.commit(&mut operations);
                (self, operations, commit)
            };
            let commit;
            (self, operations, commit) = aside(work).await;
            // Here and not in that thread, which would wake this one with each single answer.
            self.answer(commit);
        }
        let sync = move || self.store.sync();
        if let Err(error) = aside(sync).await {
            tracing::warn!(%error, "the last sync failed");
        }
    }

    fn commit(&mut self, operations: &mut Vec<Operation>) -> Commit {
        let changed: Vec<_> = operations.iter().filter_map(Operation::changes).collect();
        let config = Arc::clone(&self.settings.borrow());
        let before = self.newest;
        // A lost finish comes again: the recorded deliveries say that all is done.
        let durable = operations.iter().any(Operation::is_urgent);
        let mut batch = self.store.batch();
        let mut promises = Vec::with_capacity(operations.len());
        for operation in operations.drain(..) {
            match operation {
                Operation::Admit { alert, raw, now, answer } => {
                    match self.admit(&mut batch, *alert, &raw, now, &config) {
                        Ok((id, verdict)) => promises.push(Promise::Admitted(answer, id, verdict)),
                        Err(error) => reply(answer, Err(error)),
                    }
                }
                Operation::Record { id, deliveries, answer } => {
                    // A late report on an alert that has left the history would stay for ever.
                    if self.is_kept(id) {
                        batch.deliveries(id, &deliveries);
                    }
                    self.waiting.remove(&id);
                    promises.push(Promise::Done(answer));
                }
                Operation::Finish { id, answer } => {
                    if self.is_kept(id) {
                        batch.finish(id);
                    }
                    self.pending.remove(&id);
                    self.waiting.remove(&id);
                    let before = AlertId(id.0.saturating_sub(1));
                    self.all_pending_up_to = self.all_pending_up_to.min(before);
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
                Operation::Pulse { answer } => promises.push(Promise::Pulse(answer)),
            }
        }
        if durable {
            self.forget_old(&mut batch, before, &config);
        }
        let writes = !batch.frames().is_empty();
        let result = self.store.commit(batch, durable);
        match &result {
            Err(error) => self.failing = Some(error.to_string()),
            // What was not synced may fail yet, and nothing at all cannot.
            Ok(()) if durable && writes => self.failing = None,
            Ok(()) => {}
        }
        self.conclude(&result, before);
        for id in changed {
            // Nobody may be watching.
            drop(self.announce.changes.send(id));
        }
        Commit { result, promises }
    }

    fn conclude(&mut self, result: &Result<(), QueueError>, before: AlertId) {
        match result {
            Ok(()) => {
                self.gate.committed();
                self.store.arrivals.count(std::mem::take(&mut self.came));
                if self.newest > before {
                    self.announce.newest.send_replace(self.newest);
                }
                if let Some(newest) = self.pending.last().filter(|newest| **newest > before) {
                    self.announce.pending.send_replace(*newest);
                }
            }
            Err(error) => {
                tracing::error!(%error, "nothing of this batch was kept");
                self.gate.rolled_back();
                self.came.clear();
                self.take_stock();
            }
        }
        if let Some(damage) = self.store.take_damage() {
            damage.tell();
            self.damage = Some(damage.reason);
            self.gate.lost();
            self.take_stock();
        }
    }

    fn answer(&self, Commit { result, promises }: Commit) {
        for promise in promises {
            match promise {
                Promise::Admitted(answer, id, verdict) => {
                    reply(answer, result.clone().map(|()| (id, verdict)));
                }
                Promise::Done(answer) => reply(answer, result.clone()),
                // Who asked may have lost patience.
                Promise::Pulse(answer) => drop(answer.send(self.stock())),
            }
        }
    }

    fn stock(&self) -> Stock {
        Stock {
            waiting: self.pending.len(),
            oldest: self.pending.first().copied(),
            unreachable: self.unreachable,
            damage: self.damage.clone(),
            failing: self.failing.clone(),
        }
    }

    fn admit(
        &mut self,
        batch: &mut Batch,
        mut alert: Alert,
        raw: &[u8],
        now: Instant,
        config: &Config,
    ) -> Result<(AlertId, Verdict), QueueError> {
        if self.pending.len() >= config.queue.max_pending {
            return Err(QueueError::Full);
        }
        self.room.take(self.store.folder(), raw.len() as u64, config.queue.min_free_space.0)?;
        alert.id = AlertId(self.newest.0 + 1);
        let waiting = &self.waiting;
        let verdict = self.gate.admit(&mut alert, now, &|id| waiting.contains(&id));
        // A dropped one needs no mail.
        let (fate, mail) = match &verdict {
            Verdict::Pass | Verdict::Nobody => (Fate::Queued, raw),
            Verdict::Drop(reason) => (Fate::Dropped(reason.clone()), b"".as_slice()),
            Verdict::Full => return Err(QueueError::Full),
        };
        let id = alert.id;
        let pending = verdict == Verdict::Pass;
        if verdict == Verdict::Nobody
            && alert.events.iter().any(|event| event.kind == Kind::Problem)
        {
            self.unreachable = Some(id);
        }
        self.came.push(arrival(&alert, &fate));
        batch.admit(&Record { version: VERSION, alert, fate }, mail, pending);
        self.newest = id;
        if pending {
            self.pending.insert(id);
            self.waiting.insert(id);
        }
        Ok((id, verdict))
    }

    /// Takes the oldest alerts out of the history where it is too long or they are too old; `before`
    /// is the newest before this batch. The newest alert always stays.
    fn forget_old(&mut self, batch: &mut Batch, before: AlertId, config: &Config) {
        self.commits = self.commits.wrapping_add(1);
        let kept = self.store.kept() as u64 + (self.newest.0 - before.0);
        let excess = excess(kept, config.queue.max_history);
        let look_at_ages = self.commits.is_multiple_of(COMMITS_PER_LOOK);
        if excess == 0 && !look_at_ages {
            return;
        }
        let now = Timestamp::now();
        let mut forgotten = 0;
        for id in self.store.ids(self.all_pending_up_to, MOST_AT_ONCE) {
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
            batch.forget(id);
            forgotten += 1;
        }
    }

    /// Whether an alert is in the store, or will be with this batch.
    fn is_kept(&self, id: AlertId) -> bool {
        self.pending.contains(&id) || self.store.has(id)
    }

    fn is_old(&self, id: AlertId, now: Timestamp, config: &Config) -> bool {
        match self.store.record(id) {
            Ok(Some(record)) => is_old(record.alert.received, now, config.queue.keep_history),
            // What cannot be read is of no use to anybody.
            Ok(None) | Err(_) => true,
        }
    }

    /// Takes from the store what the writer keeps in memory about it.
    fn take_stock(&mut self) {
        // Ids are never given twice: one whose writing failed may yet be on the disk.
        self.newest = self.newest.max(self.store.newest());
        self.pending =
            self.store.pending(AlertId(0), usize::MAX).unwrap_or_default().into_iter().collect();
        self.waiting = self.pending.clone();
        for id in self.store.pending_with_deliveries() {
            let deliveries = self.store.deliveries(id);
            if deliveries.is_ok_and(|deliveries| deliveries.iter().any(Delivery::begun)) {
                self.waiting.remove(&id);
            }
        }
        self.all_pending_up_to = AlertId(0);
    }
}

/// Nobody may wait for the answer any more (the client hung up); that is no error here.
fn reply<T>(answer: Answer<T>, result: Result<T, QueueError>) {
    drop(answer.send(result));
}
