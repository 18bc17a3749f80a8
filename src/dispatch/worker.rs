//! The task that owns the plan. It waits on: news from the queue, the end of an attempt, the next
//! due time, a receipt, a command, a change of the configuration, the stop. All it does itself is
//! quick; attempts run beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempt::{Attempt, Ended, finish, read_delivery, write};
use super::attention::Attention;
use super::command::{ByHand, Command};
use super::journal::{self, Next};
use super::plan::{Key, Manner, Plan, Urgency};
use super::receipts::{Awaited, Meaning, Receipt};
use super::wanted::{open_deliveries, spares};
use crate::alert::{Alert, AlertId};
use crate::channel::{Channel, Job, Outcome, Reach};
use crate::config::{ChannelName, Config, PersonName};
use crate::health::Telling;
use crate::queue::{Delivery, Progress, Queue, ReadError};

/// Most commands and receipts that wait.
const MAILBOX: usize = 64;

/// Most alerts read from the queue at a time, so that attempts begin in between.
const MOST_READ: usize = 256;

/// How long attempts in flight may take to end when the appliance stops.
const GRACE: Duration = Duration::from_secs(10);

/// Wait before alerts that could not be read are read again.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Alerts of the history whose receipts may still come after a restart.
const RECENT: usize = 256;

/// Where commands and receipts are handed in.
#[derive(Debug, Clone)]
pub struct Handle {
    /// For people's commands.
    pub commands: mpsc::Sender<Command>,
    /// For the network's reports.
    pub receipts: mpsc::Sender<Receipt>,
}

/// The task that has alerts told.
pub struct Dispatcher {
    pub(super) queue: Queue,
    pub(super) channels: BTreeMap<ChannelName, Arc<dyn Channel>>,
    pub(super) settings: watch::Receiver<Arc<Config>>,
    commands: mpsc::Receiver<Command>,
    receipts: mpsc::Receiver<Receipt>,
    pub(super) plan: Plan,
    pub(super) in_flight: BTreeSet<Key>,
    /// Who acknowledged an alert of the plan, and by what: attempts in flight are the last.
    pub(super) acknowledged: BTreeMap<(AlertId, PersonName), ChannelName>,
    /// In flight when somebody ended the telling of their alert: they are not tried again.
    pub(super) ended_by_hand: BTreeMap<Key, ByHand>,
    /// Attempts under way, per channel.
    busy: BTreeMap<ChannelName, usize>,
    awaited: Awaited,
    pub(super) work: JoinSet<Done>,
    read_up_to: AlertId,
    /// Alerts on the queue that could not be read, and when to try again.
    unread: BTreeSet<AlertId>,
    read_again: Option<Instant>,
    /// The configuration the plan was made by.
    planned_by: Arc<Config>,
    pub(super) attention: Attention,
    /// What is told of it.
    telling: watch::Sender<Telling>,
}

/// What ended beside the task.
pub(super) enum Done {
    /// An attempt.
    Attempt(Ended),
    /// An alert of the history is on the queue again; these deliveries are to be tried.
    Reopened(AlertId, Urgency, Vec<Key>),
    /// A test.
    Tested(ChannelName, Vec<Outcome>),
    /// A write.
    Other,
}

impl Dispatcher {
    /// A dispatcher with these channels, and the handle to it.
    #[must_use]
    pub fn new(
        queue: Queue,
        channels: Vec<Arc<dyn Channel>>,
        settings: watch::Receiver<Arc<Config>>,
    ) -> (Self, Handle) {
        let (command_sender, commands) = mpsc::channel(MAILBOX);
        let (receipt_sender, receipts) = mpsc::channel(MAILBOX);
        let planned_by = Arc::clone(&settings.borrow());
        let dispatcher = Self {
            queue,
            channels: channels.into_iter().map(|channel| (channel.name(), channel)).collect(),
            settings,
            commands,
            receipts,
            plan: Plan::default(),
            in_flight: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            ended_by_hand: BTreeMap::new(),
            busy: BTreeMap::new(),
            awaited: Awaited::default(),
            work: JoinSet::new(),
            read_up_to: AlertId(0),
            unread: BTreeSet::new(),
            read_again: None,
            planned_by,
            attention: Attention::default(),
            telling: watch::Sender::default(),
        };
        (dispatcher, Handle { commands: command_sender, receipts: receipt_sender })
    }

    /// How telling goes, now and whenever that changes.
    #[must_use]
    pub fn telling(&self) -> watch::Receiver<Telling> {
        self.telling.subscribe()
    }

    /// Works until told to stop; attempts in flight then get a while to end.
    pub async fn run(mut self, stop: CancellationToken) {
        self.await_recent_receipts();
        self.read_queue();
        let mut may_change = true;
        loop {
            self.begin_attempts();
            let due = self.plan.next_due().map(Instant::from_std);
            let due = due.into_iter().chain(self.read_again).chain(self.show()).min();
            tokio::select! {
                () = stop.cancelled() => break,
                work = self.queue.work() => match work {
                    Ok(()) => self.read_queue(),
                    Err(_) => break,
                },
                Some(done) = self.work.join_next() => match done {
                    Ok(done) => self.conclude(done),
                    Err(error) => {
                        tracing::error!(%error, "an attempt broke off");
                        break;
                    }
                },
                () = sleep_until(due), if due.is_some() => self.read_unread(),
                Some(receipt) = self.receipts.recv() => {
                    if let Some(meaning) = self.awaited.take(receipt) {
                        self.enter(meaning);
                    }
                }
                Some(command) = self.commands.recv() => self.obey(command),
                changed = self.settings.changed(), if may_change => {
                    may_change = changed.is_ok();
                    self.follow_settings();
                }
            }
        }
        let ends = async { while self.work.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ends).await.is_err() {
            tracing::warn!("attempts in flight did not end in time; they will be repeated");
        }
    }

    /// Takes new alerts into the plan.
    fn read_queue(&mut self) {
        loop {
            let ids = match self.queue.reader().pending(self.read_up_to, MOST_READ) {
                Ok(ids) => ids,
                Err(error) => {
                    tracing::error!(%error, "cannot read the queue; trying again");
                    self.read_again = Some(Instant::now() + READ_AGAIN);
                    return;
                }
            };
            let Some(last) = ids.last() else { return };
            self.read_up_to = *last;
            for id in ids {
                self.take_in(id);
            }
        }
    }

    /// Tries again what could not be read, if it is time.
    fn read_unread(&mut self) {
        if self.read_again.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.read_again = None;
        for id in std::mem::take(&mut self.unread) {
            self.take_in(id);
        }
        self.read_queue();
    }

    /// Takes an alert into the plan; one that cannot be read later again.
    fn take_in(&mut self, id: AlertId) {
        if let Err(error) = self.plan_alert(id) {
            tracing::error!(alert = %id, %error, "cannot read this alert; trying again");
            self.unread.insert(id);
            self.read_again = Some(Instant::now() + READ_AGAIN);
        }
    }

    fn plan_alert(&mut self, id: AlertId) -> Result<(), ReadError> {
        if self.plan.knows(id) {
            return Ok(());
        }
        let reader = self.queue.reader();
        let Some(record) = reader.record(id)? else {
            tracing::error!(alert_id = %id, "is on the queue, but gone from the store");
            self.finish(id);
            return Ok(());
        };
        let tried = reader.deliveries(id)?;
        let open = open_deliveries(&record.alert, &tried, &self.settings.borrow());
        if open.is_empty() && !tried.iter().any(|delivery| delivery.progress != Progress::Open) {
            tracing::error!(alert_id = %id, "nobody is told: no enabled channel reaches anybody it is for");
        }
        let urgency = Urgency::of(&record.alert);
        self.prepare(record.alert, &open);
        let stand = tried.iter().map(|delivery| delivery.progress);
        self.attention.begin(id, urgency, stand, Instant::now().into_std());
        self.plan.add(id, urgency, open);
        self.finish_if_done(id);
        Ok(())
    }

    /// Lets the channels begin with what takes long, such as speech: the mail itself is not read
    /// for it.
    fn prepare(&self, alert: Alert, open: &[Key]) {
        let config = self.settings.borrow();
        let mut job =
            Job { alerts: vec![alert], raw: Bytes::new(), people: Vec::new(), sound: None };
        for (name, channel) in &self.channels {
            let hers = open.iter().filter(|key| key.channel == *name);
            let people = hers.filter_map(|key| config.directory.people.get(&key.person));
            job.people = people.cloned().collect();
            if !job.people.is_empty() {
                channel.prepare(&job);
            }
        }
    }

    /// Alerts that wait follow the people and channels of the moment, as they would after a
    /// restart: a channel switched on while a relay is dead tells what waits.
    fn follow_settings(&mut self) {
        let config = Arc::clone(&self.settings.borrow_and_update());
        let before = std::mem::replace(&mut self.planned_by, Arc::clone(&config));
        let same = before.channels == config.channels && before.directory == config.directory;
        if same && before.call == config.call {
            return;
        }
        for id in self.plan.alerts() {
            if let Err(error) = self.replan(id) {
                tracing::error!(alert_id = %id, %error, "waits by the settings before");
            }
        }
    }

    fn replan(&mut self, id: AlertId) -> Result<(), ReadError> {
        let reader = self.queue.reader();
        let Some(record) = reader.record(id)? else { return Ok(()) };
        let tried = reader.deliveries(id)?;
        let wanted = open_deliveries(&record.alert, &tried, &self.settings.borrow());
        self.plan.replan(id, &wanted, &self.in_flight);
        self.finish_if_done(id);
        Ok(())
    }

    /// Begins as many attempts as the channels have lanes free, in the configured order.
    fn begin_attempts(&mut self) {
        let config = Arc::clone(&self.settings.borrow());
        // Else what is due for a channel without a free lane would wake this task for ever.
        self.plan.wake(Instant::now().into_std());
        let calls: Vec<_> =
            config.channels.enabled.iter().copied().filter(|name| name.is_call()).collect();
        for name in &config.channels.enabled {
            let Some(channel) = self.channels.get(name).cloned() else { continue };
            let digest_from = match name {
                ChannelName::Mail => 0,
                ChannelName::Sms | ChannelName::SipMessage => config.sms.digest_from,
                ChannelName::Voip | ChannelName::Gsm => config.call.digest_from,
            };
            let calls = if name.is_call() { calls.as_slice() } else { &[] };
            let manner = Manner { reaches_many: channel.reaches_many(), digest_from, calls };
            while self.busy.get(name).copied().unwrap_or(0) < channel.lanes() {
                let keys = self.plan.next(*name, manner);
                if keys.is_empty() {
                    break;
                }
                self.begin(&channel, keys, &config);
            }
        }
    }

    fn begin(&mut self, channel: &Arc<dyn Channel>, keys: Vec<Key>, config: &Arc<Config>) {
        *self.busy.entry(channel.name()).or_default() += 1;
        self.in_flight.extend(keys.iter().cloned());
        let (channel, config) = (Arc::clone(channel), Arc::clone(config));
        let attempt = Attempt::new(keys, channel, config, self.queue.clone());
        self.work.spawn(async move { Done::Attempt(attempt.run().await) });
    }

    fn conclude(&mut self, done: Done) {
        let Ended { channel, ends, receipts, outcomes } = match done {
            Done::Attempt(ended) => ended,
            Done::Reopened(id, urgency, open) => {
                if !self.plan.knows(id) {
                    self.attention.begin(id, urgency, [], Instant::now().into_std());
                    self.plan.add(id, urgency, open);
                }
                return;
            }
            Done::Tested(channel, outcomes) => {
                return self.attention.ended(channel, &outcomes, Timestamp::now());
            }
            Done::Other => return,
        };
        self.attention.ended(channel, &outcomes, Timestamp::now());
        if let Some(busy) = self.busy.get_mut(&channel) {
            *busy = busy.saturating_sub(1);
        }
        for (key, next, progress) in ends {
            self.in_flight.remove(&key);
            let by_hand = self.ended_by_hand.remove(&key);
            let acknowledged = self.acknowledged.get(&(key.alert, key.person.clone())).copied();
            match (next, acknowledged) {
                (Next::Settled, _) => self.settle(&key, progress),
                (Next::Rest(_), _) if let Some(how) = by_hand => self.end_late(&key, &how),
                (Next::Rest(_), Some(by)) => {
                    let done = self.plan.settle(&key);
                    self.write_spared(key.alert, &[key], &spared_because(by), done);
                }
                (Next::Rest(wait), None) => {
                    let (alert, channel) = (key.alert, key.channel);
                    self.plan.rest(key, (Instant::now() + wait).into_std());
                    // Switched off while it was in flight.
                    if !self.planned_by.channels.enabled.contains(&channel)
                        && let Err(error) = self.replan(alert)
                    {
                        tracing::error!(alert_id = %alert, %error, "waits for a channel that is off");
                    }
                }
            }
        }
        for (key, references) in receipts {
            self.expect_receipts(key, references);
        }
    }

    /// A delivery is told or failed. What is not needed after it is settled with it.
    fn settle(&mut self, key: &Key, progress: Progress) {
        if progress == Progress::Told(Reach::Acknowledged) && self.plan.knows(key.alert) {
            self.acknowledged.insert((key.alert, key.person.clone()), key.channel);
        }
        self.attention.note(key.alert, progress);
        let mut done = self.plan.settle(key);
        let needless = spares(key.channel, progress, &self.settings.borrow());
        let spared = match needless {
            Some(needless) if !done => self.plan.spare(key.alert, &key.person, needless),
            Some(_) | None => Vec::new(),
        };
        done = done || !spared.is_empty() && self.plan.finish_if_done(key.alert);
        let why = if progress == Progress::Told(Reach::Acknowledged) {
            spared_because(key.channel)
        } else {
            format!("answered by {}", key.channel)
        };
        self.write_spared(key.alert, &spared, &why, done);
    }

    /// Writes down what is not needed any more, and takes the alert off the queue if it is done
    /// with.
    fn write_spared(&mut self, alert: AlertId, spared: &[Key], why: &str, done: bool) {
        if !spared.is_empty() {
            self.attention.note(alert, Progress::Spared);
        }
        if done {
            self.acknowledged.retain(|(id, _), _| *id != alert);
            self.attention.finish(alert);
        }
        if spared.is_empty() {
            if done {
                self.finish(alert);
            }
            return;
        }
        let deliveries = spared.iter().map(|key| {
            let mut delivery = read_delivery(&self.queue, key);
            journal::enter_spared(&mut delivery, why.to_owned(), Timestamp::now());
            journal::log(alert, &delivery, Next::Settled);
            delivery
        });
        let (queue, deliveries) = (self.queue.clone(), deliveries.collect());
        self.work.spawn(async move {
            write(&queue, alert, deliveries).await;
            if done {
                finish(&queue, alert).await;
            }
            Done::Other
        });
    }

    /// Tells how telling goes, and when it will be looked at again by itself.
    fn show(&self) -> Option<Instant> {
        let now = Instant::now().into_std();
        let patience = self.settings.borrow().alarm_after();
        let mut next = None;
        self.telling.send_if_modified(|told| {
            let (changed, then) = self.attention.tell(told, self.in_flight.len(), patience, now);
            next = then.map(Instant::from_std);
            changed
        });
        next
    }

    fn expect_receipts(&mut self, key: Key, references: Vec<u8>) {
        let config = Arc::clone(&self.settings.borrow());
        let person = config.directory.people.get(&key.person);
        let Some(phone) = person.and_then(|person| person.phone.as_ref()) else { return };
        if let Some(meaning) = self.awaited.expect(key, phone.as_str().to_owned(), references) {
            self.enter(meaning);
        }
    }

    /// After a restart: the messages of the last while whose reports may still come.
    fn await_recent_receipts(&mut self) {
        let records = self.queue.reader().history(AlertId(u64::MAX), RECENT).unwrap_or_default();
        for record in records.iter().rev() {
            let alert = record.alert.id;
            for delivery in self.queue.reader().deliveries(alert).unwrap_or_default() {
                let last = delivery.attempts.last().map(|attempt| attempt.outcome.clone());
                if let Some(Outcome::Told { reach: Reach::HandedOver, receipts, .. }) = last {
                    let Delivery { person, channel, .. } = delivery;
                    self.expect_receipts(Key { alert, channel, person }, receipts);
                }
            }
        }
    }

    /// Writes down what a receipt means.
    fn enter(&mut self, meaning: Meaning) {
        for key in meaning.keys {
            let mut delivery = read_delivery(&self.queue, &key);
            journal::enter_receipt(&mut delivery, meaning.arrived.clone(), Timestamp::now());
            journal::log(key.alert, &delivery, Next::Settled);
            let queue = self.queue.clone();
            self.work.spawn(async move {
                write(&queue, key.alert, vec![delivery]).await;
                Done::Other
            });
        }
    }

    fn finish_if_done(&mut self, id: AlertId) {
        if self.plan.finish_if_done(id) {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: AlertId) {
        self.attention.finish(id);
        tracing::debug!(alert_id = %id, "done with");
        let queue = self.queue.clone();
        self.work.spawn(async move {
            finish(&queue, id).await;
            Done::Other
        });
    }
}

fn spared_because(by: ChannelName) -> String {
    format!("acknowledged by {by}")
}

async fn sleep_until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}
