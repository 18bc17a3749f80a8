//! Durable intake: mails per second beside neighbours, memory under that load, and whether all
//! that got 250 is there after a kill.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use smtp_appliance::alert::AlertId;
use smtp_appliance::queue;
use tokio::time::Instant;

use crate::child::Running;
use crate::neighbour::{Load, Postfix, Sink, postal};
use crate::report::{Report, median, spread};

/// Configuration with every channel off.
pub(crate) const NO_CHANNELS: &str =
    "[mail]\nenabled = false\n\n[sms]\nenabled = false\n\n[gsm]\nenabled = false\n";

/// More alerts than any measurement brings.
pub(crate) const KEEP_ALL: usize = 1_000_000;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) rounds: usize,
    pub(crate) mails: u32,
}

/// Sessions at a time.
const SESSIONS: [u32; 3] = [1, 10, 50];

/// New connections beside `smtp-sink`, kept ones beside Postfix.
pub(crate) fn measure(folder: &Path, amount: Amount, report: &mut Report) -> Result<()> {
    let ours = Running::start(&folder.join("intake"), NO_CHANNELS, KEEP_ALL)?;
    std::thread::sleep(Duration::from_secs(2));
    report.row("memory, idle", "at most 20 MB", &mib(ours.memory("VmRSS:")?), |v| v <= 20.0);
    let sink = Sink::start()?;
    let mut sent = beside_sink(&ours, &sink, amount, report)?;
    beside_sync(&folder.join("sync"), &sink, amount, report)?;
    match Postfix::start(&folder.join("postfix"))? {
        None => report.note("Postfix wants root: not measured"),
        Some(postfix) => sent += beside_postfix(&ours, &postfix, &sink, amount, report)?,
    }
    report.row(
        "memory under that load, at most",
        "at most 40 MB",
        &mib(ours.memory("VmHWM:")?),
        |v| v <= 40.0,
    );
    let kept = count(&ours.kill()?)?;
    let missing = sent.abs_diff(kept);
    report.row(
        &format!("mails missing of {sent}, after kill -9"),
        "0",
        &Value::new(missing_as_f64(missing), ""),
        |v| v == 0.0,
    );
    Ok(())
}

/// A new connection for each mail; how many mails we were sent.
fn beside_sink(ours: &Running, sink: &Sink, amount: Amount, report: &mut Report) -> Result<u64> {
    let mut sent = 0;
    for sessions in SESSIONS {
        let load = Load { sessions, mails: amount.mails, keep: false };
        let mut pairs = Vec::new();
        for _ in 0..amount.rounds {
            let theirs = load.send(sink.address)?;
            pairs.push((load.send(ours.address)?, theirs));
            sent += u64::from(load.mails);
        }
        let what = format!("new connection per mail, {sessions} sessions: smtp-sink");
        compare(report, &what, &pairs, 0.8);
    }
    Ok(sent)
}

/// What a server could reach at the most that is as fast as the sink and syncs each mail of one session.
fn beside_sync(file: &Path, sink: &Sink, amount: Amount, report: &mut Report) -> Result<()> {
    let load = Load { sessions: 1, mails: amount.mails, keep: false };
    let mut pairs = Vec::new();
    for _ in 0..amount.rounds {
        let theirs = load.send(sink.address)?;
        pairs.push((1.0 / (1.0 / theirs + bare_sync(file)?), theirs));
    }
    let what = "new connection per mail, 1 sessions: smtp-sink with a bare sync per mail (sum)";
    report.fact(what, &ratio(&pairs));
    Ok(())
}

/// Seconds for one mail's share of the log, written over zeros, and its sync: the median of many.
fn bare_sync(path: &Path) -> Result<f64> {
    const OCTETS: usize = 2000;
    const SYNCS: usize = 500;
    const PAUSE: Duration = Duration::from_micros(300);
    let mut file = File::create(path)?;
    file.write_all(&vec![0; OCTETS * SYNCS])?;
    file.sync_all()?;
    file.rewind()?;
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        std::thread::sleep(PAUSE);
        let begun = Instant::now();
        file.write_all(&[b'x'; OCTETS])?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(median(&times))
}

/// Mail after mail over the same connections; how many mails we were sent. The sink is sent them
/// as well: it keeps nothing, so it shows what a server could reach at the most.
fn beside_postfix(
    ours: &Running,
    postfix: &Postfix,
    sink: &Sink,
    amount: Amount,
    report: &mut Report,
) -> Result<u64> {
    let mut sent = 0;
    for sessions in SESSIONS {
        let load = Load { sessions, mails: amount.mails, keep: true };
        let (mut pairs, mut bounds) = (Vec::new(), Vec::new());
        for _ in 0..amount.rounds {
            let before = postfix.held()?;
            let theirs = load.send(postfix.address)?;
            ensure!(postfix.held()? - before == load.mails as usize, "Postfix lost mails");
            pairs.push((load.send(ours.address)?, theirs));
            bounds.push((load.send(sink.address)?, theirs));
            sent += u64::from(load.mails);
        }
        let what = format!("kept connections, {sessions} sessions: ");
        compare(report, &format!("{what}Postfix to its queue"), &pairs, 5.0);
        report.fact(
            &format!("{what}smtp-sink, which keeps nothing, beside that Postfix"),
            &ratio(&bounds),
        );
    }
    Ok(sent)
}

/// `postal` against us: what it got 250 for and what there is.
pub(crate) fn by_postal(folder: &Path, time: Duration, report: &mut Report) -> Result<()> {
    let ours = Running::start(&folder.join("postal"), NO_CHANNELS, KEEP_ALL)?;
    let sent = postal(folder, ours.address, time)?;
    let kept = count(&ours.kill()?)?;
    report.row(
        &format!("postal: mails with 250: {sent}, on disk: {kept}; missing"),
        "0",
        &Value::new(missing_as_f64(sent.saturating_sub(kept)), ""),
        |v| v == 0.0,
    );
    Ok(())
}

/// How many alerts a store holds that nobody uses.
pub(crate) fn count(folder: &Path) -> Result<u64> {
    const AT_ONCE: usize = 1000;
    let store = queue::open_offline(folder.join("queue"))?;
    let mut before = AlertId(u64::MAX);
    let mut count = 0;
    loop {
        let records = store.reader().history(before, AT_ONCE)?;
        count += records.len() as u64;
        match records.last() {
            Some(last) => before = last.alert.id,
            None => return Ok(count),
        }
    }
}

fn compare(report: &mut Report, what: &str, pairs: &[(f64, f64)], goal: f64) {
    report.row(what, &format!("at least {goal} ×"), &ratio(pairs), |ratio| ratio >= goal);
}

/// The first of each pair beside the second, both in mails per second.
fn ratio(pairs: &[(f64, f64)]) -> Value {
    let ratios: Vec<f64> = pairs.iter().map(|(one, other)| one / other).collect();
    let rate = |of: fn(&(f64, f64)) -> f64| median(&pairs.iter().map(of).collect::<Vec<_>>());
    Value {
        number: median(&ratios),
        text: format!(
            "{:.2} × ({}; {:.0} against {:.0} mails/s)",
            median(&ratios),
            spread(&ratios),
            rate(|pair| pair.0),
            rate(|pair| pair.1),
        ),
    }
}

pub(crate) use crate::report::Value;

/// KiB as MiB.
pub(crate) fn mib(kib: u64) -> Value {
    Value::new(missing_as_f64(kib) / 1024.0, "MB")
}

/// Counts here are far below 2^52.
fn missing_as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
