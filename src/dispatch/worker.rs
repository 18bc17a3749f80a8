//! The task that owns the plan. It waits on: news from the queue, the end of an attempt, the next
//! due time, a receipt, a command, the stop. All it does itself is quick; attempts run beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::journal::{self, Next};
use super::plan::{Key, Manner, Plan, Urgency};
use super::receipts::{Awaited, Meaning, Receipt};
use crate::alert::{Alert, AlertId};
use crate::channel::{Channel, Job, Outcome, Reach};
use crate::config::{ChannelName, Config, Person, PersonName, Retry};
use crate::queue::{Delivery, Progress, Queue, QueueError};

/// Most commands and receipts that wait.
const MAILBOX: usize = 64;

/// Most alerts read from the queue at a time, so that attempts begin in between.
const MOST_READ: usize = 256;

/// How long attempts in flight may take to end when the appliance stops.
const GRACE: Duration = Duration::from_secs(10);

/// Wait before an outcome that could not be written is written again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// Alerts of the history whose receipts may still come after a restart.
const RECENT: usize = 256;

/// What the dispatcher can be told.
#[derive(Debug)]
pub enum Command {
    /// Try an alert again now: what rests at once, what failed from the beginning.
    Retry(AlertId, oneshot::Sender<Result<usize, CommandError>>),
    /// Do not try this alert any more.
    Drop(AlertId, oneshot::Sender<Result<(), CommandError>>),
    /// Tell this job by this channel now, beside the queue.
    Test(Box<Job>, ChannelName, oneshot::Sender<Result<Vec<Outcome>, CommandError>>),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such alert.
    #[error("there is no alert {0}")]
    UnknownAlert(AlertId),
    /// The alert is being told at this moment.
    #[error("alert {0} is being told at this moment; try again when that has ended")]
    InFlight(AlertId),
    /// The alert is not on the queue.
    #[error("alert {0} is not on the queue")]
    NotQueued(AlertId),
    /// The channel does not exist.
    #[error("there is no channel {0}")]
    UnknownChannel(ChannelName),
    /// The store failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A record cannot be read.
    #[error("{0}")]
    Read(String),
    /// The dispatcher has ended.
    #[error("the appliance is about to stop")]
    Stopped,
}

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
    queue: Queue,
    channels: BTreeMap<ChannelName, Arc<dyn Channel>>,
    settings: watch::Receiver<Arc<Config>>,
    commands: mpsc::Receiver<Command>,
    receipts: mpsc::Receiver<Receipt>,
    plan: Plan,
    in_flight: BTreeSet<Key>,
    /// Attempts under way, per channel.
    busy: BTreeMap<ChannelName, usize>,
    awaited: Awaited,
    work: JoinSet<Done>,
    read_up_to: AlertId,
}

/// What ended beside the task.
enum Done {
    /// An attempt, with what is to be done with each delivery, and its receipts.
    Attempt { channel: ChannelName, ends: Vec<(Key, Next)>, receipts: Vec<(Key, Vec<u8>)> },
    /// A write or a test.
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
        let dispatcher = Self {
            queue,
            channels: channels.into_iter().map(|channel| (channel.name(), channel)).collect(),
            settings,
            commands,
            receipts,
            plan: Plan::default(),
            in_flight: BTreeSet::new(),
            busy: BTreeMap::new(),
            awaited: Awaited::default(),
            work: JoinSet::new(),
            read_up_to: AlertId(0),
        };
        (dispatcher, Handle { commands: command_sender, receipts: receipt_sender })
    }

    /// Works until told to stop; attempts in flight then get a while to end.
    pub async fn run(mut self, stop: CancellationToken) {
        self.await_recent_receipts();
        self.read_queue();
        loop {
            self.begin_attempts();
            let due = self.plan.next_due().map(Instant::from_std);
            tokio::select! {
                () = stop.cancelled() => break,
                news = self.queue.news() => match news {
                    Ok(_) => self.read_queue(),
                    Err(_) => break,
                },
                Some(done) = self.work.join_next() => match done {
                    Ok(done) => self.conclude(done),
                    Err(error) => {
                        tracing::error!(%error, "an attempt broke off");
                        break;
                    }
                },
                () = sleep_until(due), if due.is_some() => {}
                Some(receipt) = self.receipts.recv() => {
                    if let Some(meaning) = self.awaited.take(receipt) {
                        self.enter(meaning);
                    }
                }
                Some(command) = self.commands.recv() => self.obey(command),
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
                Err(error) => return tracing::error!(%error, "cannot read the queue"),
            };
            let Some(last) = ids.last() else { return };
            self.read_up_to = *last;
            for id in ids {
                if let Err(error) = self.take_in(id) {
                    tracing::error!(alert = %id, error, "cannot read this alert; it stays on the queue");
                }
            }
        }
    }

    fn take_in(&mut self, id: AlertId) -> Result<(), String> {
        if self.plan.knows(id) {
            return Ok(());
        }
        let reader = self.queue.reader();
        let record = reader.record(id).map_err(|error| error.to_string())?;
        let record = record.ok_or("it is gone")?;
        let tried = reader.deliveries(id).map_err(|error| error.to_string())?;
        let open = self.open_deliveries(&record.alert, &tried);
        if open.is_empty() && !tried.iter().any(|delivery| delivery.progress != Progress::Open) {
            tracing::warn!(alert = %id, "nobody is told: no enabled channel reaches anybody it is for");
        }
        self.plan.add(id, Urgency::of(&record.alert), open);
        self.finish_if_done(id);
        Ok(())
    }

    /// The deliveries of an alert that are still to be tried: every person by every enabled
    /// channel that reaches her, without what is settled.
    fn open_deliveries(&self, alert: &Alert, tried: &[Delivery]) -> Vec<Key> {
        let config = self.settings.borrow();
        let mut open = Vec::new();
        for channel in &config.channels.enabled {
            for name in &alert.people {
                let reachable = config
                    .directory
                    .people
                    .get(name)
                    .is_some_and(|person| person.is_reachable_by(*channel));
                let settled = tried.iter().any(|delivery| {
                    delivery.channel == *channel
                        && delivery.person == *name
                        && delivery.progress != Progress::Open
                });
                if reachable && !settled {
                    open.push(Key { alert: alert.id, channel: *channel, person: name.clone() });
                }
            }
        }
        open
    }

    /// Begins as many attempts as the channels have lanes free, in the configured order.
    fn begin_attempts(&mut self) {
        let config = Arc::clone(&self.settings.borrow());
        for name in &config.channels.enabled {
            let Some(channel) = self.channels.get(name).cloned() else { continue };
            let digest_from = match name {
                ChannelName::Mail => 0,
                ChannelName::Sms => config.sms.digest_from,
            };
            let manner = Manner { reaches_many: channel.reaches_many(), digest_from };
            while self.busy.get(name).copied().unwrap_or(0) < channel.lanes() {
                let keys = self.plan.next(*name, manner, Instant::now().into_std());
                if keys.is_empty() {
                    break;
                }
                self.begin(&channel, keys, &config);
            }
        }
    }

    fn begin(&mut self, channel: &Arc<dyn Channel>, keys: Vec<Key>, config: &Config) {
        let name = channel.name();
        *self.busy.entry(name).or_default() += 1;
        self.in_flight.extend(keys.iter().cloned());
        let attempt = Attempt {
            job: self.job(&keys, config),
            keys,
            channel: Arc::clone(channel),
            retry: retry_of(name, config),
            queue: self.queue.clone(),
        };
        self.work.spawn(attempt.run());
    }

    /// What the channel needs; an error if the alert or the person is gone.
    fn job(&self, keys: &[Key], config: &Config) -> Result<Job, String> {
        let reader = self.queue.reader();
        let mut alerts: Vec<Alert> = Vec::new();
        let mut people: Vec<Person> = Vec::new();
        for key in keys {
            if alerts.last().is_none_or(|alert| alert.id != key.alert) {
                let record = reader.record(key.alert).map_err(|error| error.to_string())?;
                alerts.push(record.ok_or("the alert is gone")?.alert);
            }
            if people.last().is_none_or(|person| person.name != key.person) {
                let person = config.directory.people.get(&key.person);
                let gone = || format!("{} is no longer in the configuration", key.person);
                people.push(person.cloned().ok_or_else(gone)?);
            }
        }
        let raw = match keys.first() {
            Some(key) => reader.raw(key.alert).map_err(|error| error.to_string())?,
            None => Bytes::new(),
        };
        Ok(Job { alerts, raw, people })
    }

    fn conclude(&mut self, done: Done) {
        let Done::Attempt { channel, ends, receipts } = done else { return };
        if let Some(busy) = self.busy.get_mut(&channel) {
            *busy = busy.saturating_sub(1);
        }
        for (key, next) in ends {
            self.in_flight.remove(&key);
            match next {
                Next::Settled => {
                    if self.plan.settle(&key) {
                        self.finish(key.alert);
                    }
                }
                Next::Rest(wait) => self.plan.rest(key, (Instant::now() + wait).into_std()),
            }
        }
        for (key, references) in receipts {
            self.expect_receipts(key, references);
        }
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
        tracing::debug!(alert = %id, "done with");
        let queue = self.queue.clone();
        self.work.spawn(async move {
            if let Err(error) = queue.finish(id).await {
                tracing::error!(alert = %id, %error, "stays on the queue until the next start");
            }
            Done::Other
        });
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Retry(id, answer) => self.retry(id, answer),
            Command::Drop(id, answer) => {
                let result = self.drop_alert(id);
                drop(answer.send(result));
            }
            Command::Test(job, channel, answer) => match self.channels.get(&channel).cloned() {
                None => drop(answer.send(Err(CommandError::UnknownChannel(channel)))),
                Some(channel) => {
                    self.work.spawn(async move {
                        drop(answer.send(Ok(channel.tell(*job).await)));
                        Done::Other
                    });
                }
            },
        }
    }

    fn retry(&mut self, id: AlertId, answer: oneshot::Sender<Result<usize, CommandError>>) {
        if self.plan.knows(id) {
            drop(answer.send(Ok(self.plan.hasten(id))));
            return;
        }
        match self.begin_anew(id) {
            Err(error) => drop(answer.send(Err(error))),
            Ok((open, deliveries)) => {
                let queue = self.queue.clone();
                self.work.spawn(async move {
                    let result = queue.reopen(id, deliveries).await;
                    drop(answer.send(result.map(|()| open).map_err(CommandError::from)));
                    Done::Other
                });
            }
        }
    }

    /// Puts an alert of the history into the plan again. Returns how many deliveries are tried,
    /// and how they are to be written.
    fn begin_anew(&mut self, id: AlertId) -> Result<(usize, Vec<Delivery>), CommandError> {
        if self.in_flight.iter().any(|key| key.alert == id) {
            return Err(CommandError::InFlight(id));
        }
        let reader = self.queue.reader();
        let read = |error: crate::queue::ReadError| CommandError::Read(error.to_string());
        let record = reader.record(id).map_err(read)?.ok_or(CommandError::UnknownAlert(id))?;
        let mut deliveries = reader.deliveries(id).map_err(read)?;
        deliveries.retain(|delivery| delivery.progress == Progress::Failed);
        for delivery in &mut deliveries {
            delivery.progress = Progress::Open;
            delivery.waited_ms = 0;
        }
        let mut tried = reader.deliveries(id).map_err(read)?;
        tried.retain(|delivery| delivery.progress != Progress::Failed);
        let open = self.open_deliveries(&record.alert, &tried);
        let count = open.len();
        self.plan.add(id, Urgency::of(&record.alert), open);
        self.finish_if_done(id);
        Ok((count, deliveries))
    }

    fn drop_alert(&mut self, id: AlertId) -> Result<(), CommandError> {
        if !self.plan.knows(id) {
            return Err(CommandError::NotQueued(id));
        }
        self.plan.remove(id);
        tracing::warn!(alert = %id, "dropped by hand");
        self.finish(id);
        Ok(())
    }
}

/// One attempt on its way: it owns what it needs and reports to the task at its end.
struct Attempt {
    job: Result<Job, String>,
    keys: Vec<Key>,
    channel: Arc<dyn Channel>,
    retry: Retry,
    queue: Queue,
}

impl Attempt {
    async fn run(self) -> Done {
        let begun = Instant::now();
        let outcomes = match self.job {
            Ok(job) => self.channel.tell(job).await,
            Err(reason) => vec![Outcome::Refused(reason)],
        };
        let took = begun.elapsed();
        let mut ends = Vec::with_capacity(self.keys.len());
        let mut receipts = Vec::new();
        let mut by_alert: BTreeMap<AlertId, Vec<Delivery>> = BTreeMap::new();
        for (position, key) in self.keys.into_iter().enumerate() {
            // A digest has one outcome for all its alerts, a shared mail one per person.
            let outcome = outcomes.get(position).or_else(|| outcomes.last()).cloned();
            let outcome = outcome.unwrap_or_else(|| Outcome::Retry("no answer".to_owned()));
            if let Outcome::Told { receipts: references, .. } = &outcome {
                receipts.push((key.clone(), references.clone()));
            }
            let mut delivery = read_delivery(&self.queue, &key);
            let (chance, at) = (fastrand::f64(), Timestamp::now());
            let next = journal::enter(&mut delivery, outcome, took, &self.retry, chance, at);
            journal::log(key.alert, &delivery, next);
            by_alert.entry(key.alert).or_default().push(delivery);
            ends.push((key, next));
        }
        for (alert, deliveries) in by_alert {
            write(&self.queue, alert, deliveries).await;
        }
        Done::Attempt { channel: self.channel.name(), ends, receipts }
    }
}

fn retry_of(channel: ChannelName, config: &Config) -> Retry {
    match channel {
        ChannelName::Mail => config.mail.retry,
        ChannelName::Sms => config.sms.retry,
    }
}

/// How a delivery stood at its last attempt.
fn read_delivery(queue: &Queue, key: &Key) -> Delivery {
    let tried = queue.reader().deliveries(key.alert).unwrap_or_default();
    let known = tried
        .into_iter()
        .find(|delivery| delivery.channel == key.channel && delivery.person == key.person);
    known.unwrap_or_else(|| Delivery::new(PersonName::clone(&key.person), key.channel))
}

/// Writes outcomes down, however long the store takes to be well again: the next attempt of the
/// same delivery must not begin before.
async fn write(queue: &Queue, alert: AlertId, deliveries: Vec<Delivery>) {
    loop {
        match queue.record(alert, deliveries.clone()).await {
            Ok(()) | Err(QueueError::Closed) => return,
            Err(QueueError::Full | QueueError::DiskFull(_) | QueueError::Store(_)) => {
                tokio::time::sleep(WRITE_AGAIN).await;
            }
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}
