//! From the start of the process to the greeting of its first client.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use jiff::Timestamp;
use smtp_appliance::alert::{self, Alert, AlertId, Origin};
use smtp_appliance::channel::{Moment, Outcome, Reach};
use smtp_appliance::config::{ChannelName, Config};
use smtp_appliance::queue::{self, Attempt, Delivery, Gate, Progress, Verdict};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::child::Running;
use crate::intake::{KEEP_ALL, NO_CHANNELS};
use crate::report::{Report, Value, median};

const SAMPLE: &[u8] = include_bytes!("../../samples/zabbix-problem.eml");

/// Alerts of the full store.
pub(crate) const STORED: usize = 100_000;

/// Time between two alerts of a store that looks lived in.
const BETWEEN: Duration = Duration::from_secs(20);

/// Alerts that are written side by side.
const SIDE_BY_SIDE: usize = 256;

pub(crate) fn measure(folder: &Path, rounds: usize, report: &mut Report) -> Result<()> {
    let mut empty = Vec::new();
    for round in 0..rounds {
        let running =
            Running::start(&folder.join(format!("empty-{round}")), NO_CHANNELS, KEEP_ALL)?;
        empty.push(millis(running.start));
    }
    let value = Value::new(median(&empty), "ms");
    report.row("start to greeting, empty store", "at most 50 ms", &value, |v| v <= 50.0);
    let full = folder.join("full");
    drop(Running::start(&full, NO_CHANNELS, KEEP_ALL)?);
    tokio::runtime::Runtime::new()?.block_on(fill(&full, false))?;
    let mut times = Vec::new();
    let mut memory = 0;
    for _ in 0..rounds {
        let running = Running::start(&full, NO_CHANNELS, KEEP_ALL)?;
        times.push(millis(running.start));
        memory = running.memory("VmHWM:")?;
    }
    let value = Value::new(median(&times), "ms");
    report.row("start to greeting, 100 000 stored alerts", "at most 1000 ms", &value, |v| {
        v <= 1000.0
    });
    report
        .note(&format!("memory after the start with 100 000 stored alerts: {} MB", memory / 1024));
    Ok(())
}

/// Puts alerts into the store, all of them done with long since; told by every channel, at an even
/// pace over some weeks and from many hosts, if they are to be `told`.
pub(crate) async fn fill(folder: &Path, told: bool) -> Result<()> {
    let config = Arc::new(Config::load(&folder.join("config.toml"))?.config);
    let (_sender, settings) = watch::channel(config);
    let (queue, writer) = queue::open(folder.join("queue"), |_| Everything, settings)?.start();
    let next = Arc::new(AtomicUsize::new(0));
    let mut work: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let (queue, next) = (queue.clone(), Arc::clone(&next));
        work.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= STORED {
                    return Ok(());
                }
                let now = Instant::now().into_std();
                let raw = if told { of_host(number) } else { Bytes::from_static(SAMPLE) };
                let mut alert = sample(&raw);
                if told {
                    let age = BETWEEN * u32::try_from(STORED - number)?;
                    alert.received = alert.received.checked_sub(age)?;
                }
                let received = alert.received;
                let (id, _) = queue.admit(alert, raw, now).await?;
                if told {
                    queue.record(id, deliveries(received)?).await?;
                }
                queue.finish(id).await?;
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    drop(queue);
    writer.await?;
    Ok(())
}

/// The sample, about another host.
fn of_host(number: usize) -> Bytes {
    let host = format!("web-{:03}", number % 100);
    String::from_utf8_lossy(SAMPLE).replace("Wordpress Server", &host).into_bytes().into()
}

/// How one was told by mail, SMS and a call.
fn deliveries(received: Timestamp) -> Result<Vec<Delivery>> {
    let steps = ["dialling", "ringing", "answered", "said once", "key 3", "acknowledged"];
    [(ChannelName::Mail, Reach::HandedOver), (ChannelName::Sms, Reach::Delivered)]
        .into_iter()
        .chain([(ChannelName::Gsm, Reach::Acknowledged)])
        .map(|(channel, reach)| {
            let mut delivery = Delivery::new("ana".parse()?, channel);
            let at = received.checked_add(Duration::from_secs(25))?;
            let detail = "by the bench".to_owned();
            let outcome = Outcome::Told { reach, detail, receipts: Vec::new() };
            let mut attempt = Attempt::new(at, outcome);
            if channel.is_call() {
                let moment = |what: &&str| Moment { at, what: (*what).to_owned() };
                attempt.course = steps.iter().map(moment).collect();
            }
            delivery.progress = Progress::Told(reach);
            delivery.tries = 1;
            delivery.push(attempt);
            Ok(delivery)
        })
        .collect()
}

fn sample(raw: &[u8]) -> Alert {
    let origin = Origin {
        client: "127.0.0.1".to_owned(),
        helo: "monitor".to_owned(),
        user: None,
        sender: "monitor@appliance.test".to_owned(),
        recipients: vec!["ana@appliance.test".to_owned()],
    };
    let (text, events) = alert::understand(raw, &origin);
    let people = "ana".parse().into_iter().collect();
    Alert { id: AlertId::default(), received: Timestamp::now(), origin, people, text, events }
}

/// Lets everything pass.
struct Everything;

impl Gate for Everything {
    fn admit(
        &mut self,
        _alert: &mut Alert,
        _now: std::time::Instant,
        _waiting: &dyn Fn(AlertId) -> bool,
    ) -> Verdict {
        Verdict::Pass
    }

    fn committed(&mut self) {}

    fn rolled_back(&mut self) {}

    fn lost(&mut self) {}
}

/// A time as milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
