//! What people ask of the dispatcher: try again, drop, test.

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::attempt::{finish, read_delivery, tell, write};
use super::journal;
use super::plan::{Key, Urgency};
use super::wanted::open_deliveries;
use super::worker::{Dispatcher, Done};
use crate::alert::{Alert, AlertId};
use crate::channel::{Job, Outcome};
use crate::config::ChannelName;
use crate::queue::{Delivery, Fate, Progress, QueueError, ReadError};

/// What the dispatcher can be told.
#[derive(Debug)]
pub enum Command {
    /// Try an alert again now: what rests at once, what failed from the beginning.
    Retry(AlertId, oneshot::Sender<Result<usize, CommandError>>),
    /// Do not try this alert any more.
    Drop(AlertId, oneshot::Sender<Result<(), CommandError>>),
    /// Somebody takes this alert on: nobody need be told any more. Who, for the history.
    Acknowledge(AlertId, String, oneshot::Sender<Result<(), CommandError>>),
    /// Tell this job by this channel now, beside the queue.
    Test(Box<Job>, ChannelName, oneshot::Sender<Result<Vec<Outcome>, CommandError>>),
    /// Answer, to show that the task works.
    Pulse(oneshot::Sender<()>),
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
    /// The filter dropped it, and its mail was not kept.
    #[error("alert {0} was dropped by the filter; its mail was not kept")]
    Dropped(AlertId),
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

/// How a person ends the telling of an alert.
#[derive(Debug, Clone)]
pub(super) enum ByHand {
    Dropped,
    /// Who took it on.
    Acknowledged(String),
}

impl ByHand {
    fn enter(&self, delivery: &mut Delivery, at: Timestamp) {
        match self {
            Self::Dropped => journal::enter_drop(delivery, at),
            Self::Acknowledged(who) => {
                journal::enter_spared(delivery, format!("acknowledged by {who}"), at);
            }
        }
    }
}

impl Dispatcher {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Retry(id, answer) => self.retry(id, answer),
            Command::Drop(id, answer) => self.end_alert(id, &ByHand::Dropped, answer),
            Command::Acknowledge(id, who, answer) => {
                self.end_alert(id, &ByHand::Acknowledged(who), answer);
            }
            // Who asked may have lost patience.
            Command::Pulse(answer) => drop(answer.send(())),
            Command::Test(job, channel, answer) => match self.channels.get(&channel).cloned() {
                None => drop(answer.send(Err(CommandError::UnknownChannel(channel)))),
                Some(channel) => {
                    self.work.spawn(async move {
                        let reports = tell(&*channel, *job).await;
                        let outcomes = reports.into_iter().map(|report| report.outcome);
                        let outcomes: Vec<Outcome> = outcomes.collect();
                        drop(answer.send(Ok(outcomes.clone())));
                        Done::Tested(channel.name(), outcomes)
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
        let (record, deliveries) = match self.begin_anew(id) {
            Err(error) => return drop(answer.send(Err(error))),
            Ok(found) => found,
        };
        let open = open_deliveries(&record, &deliveries, &self.settings.borrow());
        if open.is_empty() {
            return drop(answer.send(Ok(0)));
        }
        let (queue, urgency) = (self.queue.clone(), Urgency::of(&record));
        self.work.spawn(async move {
            // On the queue first, else it might be told and done with before.
            let reopened = queue.reopen(id, deliveries).await;
            let done = match &reopened {
                Ok(()) => Done::Reopened(id, urgency, open.clone()),
                Err(_) => Done::Other,
            };
            drop(answer.send(reopened.map(|()| open.len()).map_err(CommandError::from)));
            done
        });
    }

    /// An alert of the history, and its deliveries as they are to be written before it is told
    /// again: what failed is open.
    fn begin_anew(&mut self, id: AlertId) -> Result<(Alert, Vec<Delivery>), CommandError> {
        if self.in_flight.iter().any(|key| key.alert == id) {
            return Err(CommandError::InFlight(id));
        }
        let reader = self.queue.reader();
        let read = |error: ReadError| CommandError::Read(error.to_string());
        let record = reader.record(id).map_err(read)?.ok_or(CommandError::UnknownAlert(id))?;
        if record.fate != Fate::Queued {
            return Err(CommandError::Dropped(id));
        }
        let mut deliveries = reader.deliveries(id).map_err(read)?;
        for delivery in &mut deliveries {
            if delivery.progress == Progress::Failed {
                delivery.progress = Progress::Open;
                delivery.waited_ms = 0;
            }
        }
        Ok((record.alert, deliveries))
    }

    /// Writes down that nobody is to be told, before anybody relies on it.
    fn end_alert(
        &mut self,
        id: AlertId,
        how: &ByHand,
        answer: oneshot::Sender<Result<(), CommandError>>,
    ) {
        if !self.plan.knows(id) {
            return drop(answer.send(Err(CommandError::NotQueued(id))));
        }
        let deliveries = match self.ended_by_hand(id, how) {
            Ok(deliveries) => deliveries,
            Err(error) => return drop(answer.send(Err(CommandError::Read(error.to_string())))),
        };
        self.plan.remove(id);
        for key in self.in_flight.iter().filter(|key| key.alert == id) {
            self.ended_by_hand.insert(key.clone(), how.clone());
        }
        self.attention.forget(id);
        self.acknowledged.retain(|(acknowledged, _), _| *acknowledged != id);
        match how {
            ByHand::Dropped => tracing::warn!(alert_id = %id, "dropped by hand"),
            ByHand::Acknowledged(who) => {
                tracing::info!(alert_id = %id, who, "acknowledged by hand");
            }
        }
        let queue = self.queue.clone();
        self.work.spawn(async move {
            write(&queue, id, deliveries).await;
            finish(&queue, id).await;
            drop(answer.send(Ok(())));
            Done::Other
        });
    }

    /// The deliveries that nobody will try any more.
    fn ended_by_hand(&self, id: AlertId, how: &ByHand) -> Result<Vec<Delivery>, ReadError> {
        let reader = self.queue.reader();
        let Some(record) = reader.record(id)? else { return Ok(Vec::new()) };
        let tried = reader.deliveries(id)?;
        let open = open_deliveries(&record.alert, &tried, &self.settings.borrow());
        let waiting = open.iter().filter(|key| !self.in_flight.contains(*key));
        let deliveries = waiting.map(|key| {
            let mut delivery = read_delivery(&self.queue, key);
            how.enter(&mut delivery, Timestamp::now());
            delivery
        });
        Ok(deliveries.collect())
    }

    /// Writes the same of a delivery that was in flight then, and failed.
    pub(super) fn end_late(&mut self, key: &Key, how: &ByHand) {
        let mut delivery = read_delivery(&self.queue, key);
        how.enter(&mut delivery, Timestamp::now());
        let (queue, alert) = (self.queue.clone(), key.alert);
        self.work.spawn(async move {
            write(&queue, alert, vec![delivery]).await;
            Done::Other
        });
    }
}
