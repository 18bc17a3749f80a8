//! The dispatcher with channels that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use smtp_appliance::alert::{Alert, AlertId, Origin, understand};
use smtp_appliance::channel::{Channel, Job, Outcome, Reach, Report};
use smtp_appliance::config::{ChannelName, Config};
use smtp_appliance::dispatch::{Command, Dispatcher};
use smtp_appliance::intake::FilterGate;
use smtp_appliance::queue::{self, Progress, Queue};
use tempfile::TempDir;
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::support::appliance::mail;
use crate::support::receiver::{config, soon};

/// What a channel does at its first attempts; then it tells.
#[derive(Debug, Clone, Copy)]
enum Whim {
    /// Panics when asked.
    Panic,
    /// Panics while it works.
    PanicLater,
    /// Answers for fewer people than it was asked to tell.
    NoAnswer,
}

struct Whimsical {
    whim: Whim,
    attempts: Arc<AtomicU32>,
}

impl Channel for Whimsical {
    fn name(&self) -> ChannelName {
        ChannelName::Sms
    }

    fn tell(&self, _: Job) -> BoxFuture<'_, Vec<Report>> {
        let told =
            || Outcome::Told { reach: Reach::HandedOver, detail: String::new(), receipts: vec![] };
        match (self.attempts.fetch_add(1, Ordering::Relaxed), self.whim) {
            (2.., _) => Box::pin(async move { vec![told().into()] }),
            (_, Whim::Panic) => panic!("on purpose"),
            (_, Whim::PanicLater) => Box::pin(async { panic!("on purpose") }),
            (_, Whim::NoAnswer) => Box::pin(async { Vec::new() }),
        }
    }
}

pub(crate) fn settings(folder: &std::path::Path) -> Config {
    let mut config = config(folder);
    config.channels.enabled = vec![ChannelName::Sms];
    for person in config.directory.people.values_mut() {
        person.phone = Some("+34600000001".parse().unwrap());
    }
    config.sms.retry.give_up = std::time::Duration::from_hours(1);
    config
}

pub(crate) fn open(config: &watch::Receiver<Arc<Config>>) -> Queue {
    let now = tokio::time::Instant::now().into_std();
    let folder = config.borrow().appliance.store.clone();
    let gate = |recent: &queue::Recent<'_>| {
        FilterGate::recall(recent, config.clone(), now, jiff::Timestamp::now())
    };
    queue::open(folder, gate, config.clone()).unwrap().start().0
}

async fn admit(queue: &Queue, subject: &str) -> AlertId {
    let (alert, raw) = alert(subject);
    soon(queue.admit(alert, raw, tokio::time::Instant::now().into_std())).await.unwrap().0
}

/// An alert for Ana, and its mail.
pub(crate) fn alert(subject: &str) -> (Alert, Bytes) {
    let raw = Bytes::from(mail(subject));
    let (text, events) = understand(&raw, &Origin::default());
    let alert = Alert {
        id: AlertId::default(),
        received: jiff::Timestamp::now(),
        origin: Origin::default(),
        people: vec!["ana".parse().unwrap()],
        text,
        events,
    };
    (alert, raw)
}

#[tokio::test]
async fn whatever_a_channel_does_the_alert_is_told_in_the_end() {
    for whim in [Whim::Panic, Whim::PanicLater, Whim::NoAnswer] {
        let folder = TempDir::new().unwrap();
        let mut config = settings(folder.path());
        config.sms.retry.first = std::time::Duration::from_millis(20);
        let (_sender, config) = watch::channel(Arc::new(config));
        let queue = open(&config);
        let attempts = Arc::new(AtomicU32::new(0));
        let channel = Arc::new(Whimsical { whim, attempts: Arc::clone(&attempts) });
        let (dispatcher, _handle) = Dispatcher::new(queue.clone(), vec![channel], config);
        let stop = CancellationToken::new();
        let running = tokio::spawn(dispatcher.run(stop.clone()));
        let id = admit(&queue, "Alarm").await;
        soon(async {
            while !queue.reader().pending(AlertId(0), 1).unwrap().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
        let delivery = queue.reader().deliveries(id).unwrap().remove(0);
        assert_eq!(delivery.progress, Progress::Told(Reach::HandedOver), "{whim:?}");
        assert_eq!((delivery.tries, attempts.load(Ordering::Relaxed)), (3, 3), "{whim:?}");
        stop.cancel();
        soon(running).await.unwrap();
        soon(queue.ended()).await;
    }
}

/// Fails when it is let.
struct Held {
    begun: Notify,
    may_end: Notify,
}

impl Channel for Held {
    fn name(&self) -> ChannelName {
        ChannelName::Sms
    }

    fn tell(&self, _: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async {
            self.begun.notify_one();
            self.may_end.notified().await;
            vec![Outcome::Retry("on purpose".to_owned()).into()]
        })
    }
}

#[tokio::test]
async fn what_was_in_flight_when_somebody_took_the_alert_on_is_not_tried_again() {
    let folder = TempDir::new().unwrap();
    let (_sender, config) = watch::channel(Arc::new(settings(folder.path())));
    let queue = open(&config);
    let channel = Arc::new(Held { begun: Notify::new(), may_end: Notify::new() });
    let (dispatcher, handle) = Dispatcher::new(queue.clone(), vec![channel.clone()], config);
    let stop = CancellationToken::new();
    let running = tokio::spawn(dispatcher.run(stop.clone()));
    let id = admit(&queue, "Alarm").await;
    soon(channel.begun.notified()).await;
    let (answer, taken_on) = oneshot::channel();
    handle.commands.send(Command::Acknowledge(id, "ana".to_owned(), answer)).await.unwrap();
    soon(taken_on).await.unwrap().unwrap();
    channel.may_end.notify_one();
    let outcomes = soon(async {
        loop {
            let delivery = queue.reader().deliveries(id).unwrap().pop();
            if let Some(delivery) = delivery.filter(|it| it.progress == Progress::Spared) {
                break delivery.attempts.into_iter().map(|attempt| attempt.outcome);
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    let expected = [
        Outcome::Retry("on purpose".to_owned()),
        Outcome::Spared("acknowledged by ana".to_owned()),
    ];
    assert_eq!(outcomes.await.collect::<Vec<_>>(), expected);
    stop.cancel();
    soon(running).await.unwrap();
    soon(queue.ended()).await;
}
