//! One attempt on its way: the channel acts, then the outcome is written down.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::Instant;

use super::journal::{self, Next, Rules, Took};
use super::plan::Key;
use crate::alert::{Alert, AlertId};
use crate::channel::{Channel, Job, Outcome, Report};
use crate::config::{ChannelName, Config, Person, PersonName, Retry};
use crate::queue::{Delivery, Progress, Queue, QueueError, ReadError};

/// Wait before what could not be written is written again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// Owns what it needs, and reports to the dispatcher's task at its end.
pub(super) struct Attempt {
    keys: Vec<Key>,
    channel: Arc<dyn Channel>,
    config: Arc<Config>,
    queue: Queue,
}

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) channel: ChannelName,
    /// What is to be done with each delivery, and where it stands.
    pub(super) ends: Vec<(Key, Next, Progress)>,
    /// Marks by which later receipts find the deliveries.
    pub(super) receipts: Vec<(Key, Vec<u8>)>,
    /// How the channel fared with each.
    pub(super) outcomes: Vec<Outcome>,
}

/// What an attempt can say, and of whom.
struct Material {
    job: Job,
    /// Those who can be told.
    keys: Vec<Key>,
    /// Those who cannot, with the reason.
    refused: Vec<(Key, Report)>,
}

impl Attempt {
    /// An attempt at these deliveries: of one alert to many people, or of many alerts to one.
    pub(super) fn new(
        keys: Vec<Key>,
        channel: Arc<dyn Channel>,
        config: Arc<Config>,
        queue: Queue,
    ) -> Self {
        Self { keys, channel, config, queue }
    }

    pub(super) async fn run(self) -> Ended {
        let begun = Instant::now();
        let reports = match self.material() {
            Ok(Material { job, keys, mut refused }) => {
                if !keys.is_empty() {
                    let reports = tell(&*self.channel, job).await;
                    for (position, key) in keys.into_iter().enumerate() {
                        // A digest has one report for all its alerts, a shared mail one each.
                        let report = reports.get(position).or_else(|| reports.last()).cloned();
                        let none = || Outcome::Retry("no answer".to_owned()).into();
                        refused.push((key, report.unwrap_or_else(none)));
                    }
                }
                refused
            }
            // The store may be well again the next time.
            Err(error) => {
                let report = Report::from(Outcome::Retry(error.to_string()));
                self.keys.iter().map(|key| (key.clone(), report.clone())).collect()
            }
        };
        self.enter(reports, begun.elapsed()).await
    }

    /// Writes the outcomes down, and says what is next.
    async fn enter(&self, reports: Vec<(Key, Report)>, time: Duration) -> Ended {
        let channel = self.channel.name();
        let rules = Rules {
            retry: retry_of(channel, &self.config),
            unacknowledged: self.config.call.unacknowledged,
            // One chance for all: what was told by one message is tried again by one message.
            chance: fastrand::f64(),
        };
        let took = Took { at: Timestamp::now(), time };
        let outcomes = reports.iter().map(|(_, report)| report.outcome.clone()).collect();
        let mut ended = Ended { channel, ends: Vec::new(), receipts: Vec::new(), outcomes };
        let mut by_alert: BTreeMap<AlertId, Vec<Delivery>> = BTreeMap::new();
        for (key, report) in reports {
            if let Outcome::Told { receipts, .. } = &report.outcome {
                ended.receipts.push((key.clone(), receipts.clone()));
            }
            let mut delivery = read_delivery(&self.queue, &key);
            let next = journal::enter(&mut delivery, report, took, &rules);
            journal::log(key.alert, &delivery, next);
            ended.ends.push((key.clone(), next, delivery.progress));
            by_alert.entry(key.alert).or_default().push(delivery);
        }
        for (alert, deliveries) in by_alert {
            write(&self.queue, alert, deliveries).await;
        }
        ended
    }

    /// What the channel needs.
    fn material(&self) -> Result<Material, ReadError> {
        let reader = self.queue.reader();
        let job = Job { alerts: Vec::new(), raw: Bytes::new(), people: Vec::new(), sound: None };
        let mut material = Material { job, keys: Vec::new(), refused: Vec::new() };
        let (mut alerts, mut people) = (Vec::<Alert>::new(), Vec::<Person>::new());
        for key in &self.keys {
            let mut refuse =
                |reason| material.refused.push((key.clone(), Outcome::Refused(reason).into()));
            let Some(person) = self.config.directory.people.get(&key.person) else {
                refuse(format!("{} is no longer in the configuration", key.person));
                continue;
            };
            if alerts.last().is_none_or(|alert| alert.id != key.alert) {
                let Some(record) = reader.record(key.alert)? else {
                    refuse("the alert is gone".to_owned());
                    continue;
                };
                alerts.push(record.alert);
            }
            if people.last().is_none_or(|last| last.name != key.person) {
                people.push(person.clone());
            }
            material.keys.push(key.clone());
        }
        if let Some(first) = alerts.first() {
            material.job.raw = reader.raw(first.id)?;
        }
        (material.job.alerts, material.job.people) = (alerts, people);
        Ok(material)
    }
}

/// Lets the channel act. A panic in it is a failure of this attempt, tried again like any other:
/// if it took the process down, the same alert would do so again at every start.
pub(super) async fn tell(channel: &dyn Channel, job: Job) -> Vec<Report> {
    // The future is made inside, as making it may panic too.
    let told = AssertUnwindSafe(async { channel.tell(job).await }).catch_unwind().await;
    told.unwrap_or_else(|panic| {
        let words = words_of(&*panic);
        tracing::error!(channel = %channel.name(), words, "a channel panicked");
        vec![Outcome::Retry(format!("the channel panicked: {words}")).into()]
    })
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn retry_of(channel: ChannelName, config: &Config) -> Retry {
    match channel {
        ChannelName::Mail => config.mail.retry,
        ChannelName::Sms => config.sms.retry,
        ChannelName::Voip => config.voip.retry,
        ChannelName::Gsm => config.gsm.retry,
        ChannelName::SipMessage => config.sip_message.retry,
    }
}

/// How a delivery stood at its last attempt.
pub(super) fn read_delivery(queue: &Queue, key: &Key) -> Delivery {
    let tried = queue.reader().deliveries(key.alert).unwrap_or_else(|error| {
        tracing::error!(alert_id = %key.alert, %error, "earlier attempts are not known");
        Vec::new()
    });
    let known = tried
        .into_iter()
        .find(|delivery| delivery.channel == key.channel && delivery.person == key.person);
    known.unwrap_or_else(|| Delivery::new(PersonName::clone(&key.person), key.channel))
}

/// Writes outcomes down, however long the store takes to be well again: the next attempt of the
/// same delivery must not begin before.
pub(super) async fn write(queue: &Queue, alert: AlertId, deliveries: Vec<Delivery>) {
    until_written(|| queue.record(alert, deliveries.clone())).await;
}

/// Takes an alert off the queue, however long that takes: one that stays there holds a place.
pub(super) async fn finish(queue: &Queue, alert: AlertId) {
    until_written(|| queue.finish(alert)).await;
}

async fn until_written<F: Future<Output = Result<(), QueueError>>>(write: impl Fn() -> F) {
    let mut told = false;
    loop {
        match write().await {
            Ok(()) | Err(QueueError::Closed | QueueError::Gone(_)) => return,
            Err(error @ (QueueError::Full | QueueError::DiskFull(_) | QueueError::Store(_))) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(%error, "an outcome cannot be written; trying on");
                }
                tokio::time::sleep(WRITE_AGAIN).await;
            }
        }
    }
}
