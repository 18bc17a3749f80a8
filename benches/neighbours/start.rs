//! From the start of the process to the greeting of its first client.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use smtp_appliance::alert::{self, Alert, AlertId, Origin};
use smtp_appliance::config::Config;
use smtp_appliance::queue::{self, Gate, Verdict};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::child::Running;
use crate::intake::{KEEP_ALL, NO_CHANNELS};
use crate::report::{Report, Value, median};

const SAMPLE: &[u8] = include_bytes!("../../samples/zabbix-problem.eml");

/// Alerts of the full store.
const STORED: usize = 100_000;

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
    tokio::runtime::Runtime::new()?.block_on(fill(&full))?;
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

/// Puts alerts into the store, all of them told long since.
async fn fill(folder: &Path) -> Result<()> {
    let config = Arc::new(Config::load(&folder.join("config.toml"))?.config);
    let (_sender, settings) = watch::channel(config);
    let (queue, writer) = queue::open(folder.join("queue"), |_| Everything, settings)?.start()?;
    let mut work: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let queue = queue.clone();
        work.spawn(async move {
            for _ in 0..STORED.div_ceil(SIDE_BY_SIDE) {
                let now = Instant::now().into_std();
                let (id, _) = queue.admit(sample(), SAMPLE.into(), now).await?;
                queue.finish(id).await?;
            }
            Ok(())
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    drop(queue);
    tokio::task::spawn_blocking(move || writer.join()).await?.ok();
    Ok(())
}

fn sample() -> Alert {
    let origin = Origin {
        client: "127.0.0.1".to_owned(),
        helo: "monitor".to_owned(),
        user: None,
        sender: "monitor@appliance.test".to_owned(),
        recipients: vec!["ana@appliance.test".to_owned()],
    };
    let (text, events) = alert::understand(SAMPLE, &origin);
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
