//! The administration: how soon its pages are there when the store is full, and what it costs the
//! mails: how long they take while many look at the status, and how much memory it takes.
//!
//! Who sends and who looks would be on other machines. So those who send have real-time priority and
//! never wait for a processor, and those who look take none that the appliance wants. As a control
//! they look at an appliance that gets no mail: what is late then waits for the machine alone.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::process::setpriority_process;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::time::{Instant, sleep_until};
use ureq::Agent;

use crate::child::{Running, free_address};
use crate::intake::{KEEP_ALL, NO_CHANNELS, mib};
use crate::report::{Report, Value, median, spread};
use crate::start::{self, STORED, millis};
use crate::telling::Client;

/// Pages that are looked at.
const PAGES: [(&str, &str); 6] = [
    ("status", "/"),
    ("alerts", "/alerts"),
    ("search that finds", "/alerts?q=web-017"),
    ("search that finds nothing", "/alerts?q=nowhere"),
    ("statistics of a day", "/statistics?span=day"),
    ("statistics of a month", "/statistics?span=month"),
];

/// How often each is looked at.
const LOOKS: usize = 20;

/// Mails and requests a second.
const MAILS: u32 = 500;
const REQUESTS: u32 = 200;

/// Connections that share them.
const MAIL_CLIENTS: u32 = 10;
const WEB_CLIENTS: u32 = 8;

/// Times without requests, with them, and with such at another appliance.
const ROUNDS: usize = 3;

/// The least urgent there is (`setpriority(2)`).
const NICEST: i32 = 19;

/// A low one of 1 to 99: what the kernel itself does in real time stays ahead.
const REAL_TIME: u8 = 10;

/// A file system in memory.
const MEMORY: &str = "/dev/shm";

/// How long each of them lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lengths(Duration);

impl Lengths {
    pub(crate) const fn new(quick: bool) -> Self {
        Self(Duration::from_secs(if quick { 5 } else { 30 }))
    }
}

pub(crate) fn measure(folder: &Path, lengths: Lengths, report: &mut Report) -> Result<()> {
    pages(&folder.join("pages"), report)?;
    if let Err(error) = aside(in_real_time) {
        report.note(&format!("those who send mails wait for a processor as all others: {error}"));
    }
    beside_mails(&folder.join("beside"), "", lengths, report)?;
    let memory = Path::new(MEMORY);
    if !memory.is_dir() {
        report.note(&format!("no {MEMORY} here: what the disk does to mails is not taken out"));
        return Ok(());
    }
    // Without the disk, whose syncs spread more than requests do.
    let store = tempfile::tempdir_in(memory)?;
    beside_mails(&store.path().join("beside"), ", store in memory", lengths, report)
}

/// A browser that is logged in.
struct Visitor {
    agent: Agent,
    base: String,
    cookie: String,
}

impl Visitor {
    /// Makes the first user.
    fn set_up(running: &Running, address: SocketAddr) -> Result<Self> {
        let base = format!("http://{address}");
        let begun = Instant::now();
        let file = running.folder.join("web/setup-token");
        let is_there = || {
            fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n'))
                && agent().get(format!("{base}/healthz")).call().is_ok()
        };
        while !is_there() {
            ensure!(begun.elapsed() < Duration::from_secs(30), "no administration");
            thread::sleep(Duration::from_millis(20));
        }
        let token = fs::read_to_string(&file)?;
        let form = format!(
            "token={}&name=admin&password=correct+horse+battery&again=correct+horse+battery",
            token.trim()
        );
        let agent = agent();
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let answer =
            agent.post(format!("{base}/setup")).header(form_type.0, form_type.1).send(form)?;
        let cookie = answer.headers().get("set-cookie").context("no session")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { agent, base, cookie })
    }

    /// The page, and how long it took.
    fn look(&self, path: &str) -> Result<(String, Duration)> {
        let begun = Instant::now();
        let request = self.agent.get(format!("{}{path}", self.base));
        let mut answer = request.header("cookie", &self.cookie).call()?;
        let body = answer.body_mut().read_to_string()?;
        let took = begun.elapsed();
        ensure!(answer.status().as_u16() == 200, "{path}: {}", answer.status());
        Ok((body, took))
    }

    /// The same visitor with a connection of her own.
    fn again(&self) -> Self {
        Self { agent: agent(), base: self.base.clone(), cookie: self.cookie.clone() }
    }
}

fn agent() -> Agent {
    Agent::config_builder().max_redirects(0).build().new_agent()
}

fn with_web(address: SocketAddr) -> String {
    format!("{NO_CHANNELS}\n[web]\nlisten = \"{address}\"\nhttps = false\n")
}

fn pages(folder: &Path, report: &mut Report) -> Result<()> {
    drop(Running::start(folder, NO_CHANNELS, KEEP_ALL)?);
    tokio::runtime::Runtime::new()?.block_on(start::fill(folder, true))?;
    let address = free_address()?;
    let running = Running::start(folder, &with_web(address), KEEP_ALL)?;
    let visitor = Visitor::set_up(&running, address)?;
    let begun = Instant::now();
    let (mut body, first) = visitor.look("/statistics")?;
    while body.contains("still being counted") {
        thread::sleep(Duration::from_millis(20));
        (body, _) = visitor.look("/statistics")?;
    }
    let counted = begun.elapsed();
    report.note(&format!(
        "statistics after a start with {STORED} alerts: the first look {:.1} ms, all counted after {:.1} s",
        millis(first),
        counted.as_secs_f64()
    ));
    for (name, path) in PAGES {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..LOOKS {
            let (body, took) = visitor.look(path)?;
            times.push(millis(took));
            size = body.len();
        }
        let value = Value {
            number: median(&times),
            text: format!("{:.1} ms ({}; {} kB)", median(&times), spread(&times), size / 1000),
        };
        let what = format!("page with {STORED} stored alerts, request to whole answer: {name}");
        report.row(&what, "under 50 ms", &value, |ms| ms < 50.0);
    }
    report.note(&format!(
        "memory with {STORED} stored alerts and all pages seen: {} MB",
        running.memory("VmRSS:")? / 1024
    ));
    Ok(())
}

/// `place` says in the report where the stores are.
fn beside_mails(
    folder: &Path,
    place: &str,
    Lengths(length): Lengths,
    report: &mut Report,
) -> Result<()> {
    let address = free_address()?;
    let ours = Running::start(&folder.join("with"), &with_web(address), KEEP_ALL)?;
    let off = format!("{NO_CHANNELS}\n[web]\nenabled = false\n");
    let bare = Running::start(&folder.join("without"), &off, KEEP_ALL)?;
    let elsewhere = free_address()?;
    let other = Running::start(&folder.join("other"), &with_web(elsewhere), KEEP_ALL)?;
    let visitor = Visitor::set_up(&ours, address)?;
    let other_visitor = Visitor::set_up(&other, elsewhere)?;
    let visitors = [&visitor, &other_visitor];
    let times = in_rounds(ours.address, visitors, bare.address, length)?;
    tell_times(&times, place, report);
    for (what, name) in [("VmHWM:", "at most"), ("VmRSS:", "afterwards")] {
        let (with, without) = (ours.memory(what)?, bare.memory(what)?);
        let more = mib(with.saturating_sub(without));
        let value = Value {
            number: more.number,
            text: format!("{} ({} against {})", more.text, mib(with).text, mib(without).text),
        };
        let row =
            format!("memory with the administration under that load{place}, {name}: more than off");
        report.row(&row, "at most 20 MB", &value, |v| v <= 20.0);
    }
    Ok(())
}

/// In milliseconds; each ratio is one round's.
#[derive(Default)]
struct Times {
    /// Of mails without requests, with them, with such at another appliance, and without administration.
    quiet: Vec<f64>,
    busy: Vec<f64>,
    control: Vec<f64>,
    off: Vec<f64>,
    /// Of pages beside the mails.
    looks: Vec<f64>,
    /// With requests beside without: the median, and what 99 of 100 are below.
    medians: Vec<f64>,
    lasts: Vec<f64>,
}

/// The visitors are one of the appliance that gets the mails and one of another; `bare` is one without
/// administration, which gets as many.
fn in_rounds(
    to: SocketAddr,
    [visitor, other_visitor]: [&Visitor; 2],
    bare: SocketAddr,
    length: Duration,
) -> Result<Times> {
    let mut times = Times::default();
    send(to, Duration::from_secs(1))?;
    for _ in 0..ROUNDS {
        let without = send(to, length)?;
        let (with, looks) = send_beside(to, visitor, length)?;
        let (beside_other, _) = send_beside(to, other_visitor, length)?;
        times.medians.push(median(&with) / median(&without));
        times.lasts.push(of_a_hundred(&with, 99) / of_a_hundred(&without, 99));
        times.quiet.extend(without);
        times.busy.extend(with);
        times.control.extend(beside_other);
        times.looks.extend(looks);
        for _ in 0..3 {
            times.off.extend(send(bare, length)?);
        }
    }
    Ok(times)
}

fn tell_times(times: &Times, place: &str, report: &mut Report) {
    let Times { quiet, busy, control, off, looks, .. } = times;
    let what =
        format!("{MAILS} mails/s, MAIL to 250, with {REQUESTS} requests/s on the status{place}");
    for (name, ratios, of) in [("median", &times.medians, 50), ("99 of 100", &times.lasts, 99)] {
        let (with, without) = (of_a_hundred(busy, of), of_a_hundred(quiet, of));
        let value = Value {
            number: median(ratios),
            text: format!(
                "{:.2} × ({}; {with:.2} ms against {without:.2} ms)",
                median(ratios),
                spread(ratios)
            ),
        };
        report.fact(&format!("{what}: {name}, beside none"), &value);
    }
    let late = |times: &[f64]| {
        let late = times.iter().filter(|time| **time > 2.0 * median(quiet)).count();
        percent(late, times.len())
    };
    let value = Value {
        number: late(busy),
        text: format!(
            "{:.2} % (without requests {:.2} %, requests at another appliance {:.2} %, \
             no administration {:.2} %)",
            late(busy),
            late(quiet),
            late(control),
            late(off)
        ),
    };
    let goal = "none";
    report.row(&format!("{what}: later than 2 × the median without"), goal, &value, |v| v == 0.0);
    let value = Value {
        number: median(looks),
        text: format!("{:.1} ms, 99 of 100 {:.1} ms", median(looks), of_a_hundred(looks, 99)),
    };
    report.fact(&format!("the status under that load{place}, median"), &value);
    let mails = quiet.len() + busy.len() + control.len() + off.len();
    report.note(&format!("mails {mails}, requests {}", looks.len()));
}

/// Mails while others look at a page; how many milliseconds each took, of both.
fn send_beside(
    to: SocketAddr,
    visitor: &Visitor,
    length: Duration,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let visitors = visit(visitor, length);
    let mails = send(to, length)?;
    let mut looks = Vec::new();
    for visitor in visitors {
        looks.extend(visitor.join().map_err(|_| anyhow!("a visitor panicked"))??);
    }
    Ok((mails, looks))
}

/// Mails at an even pace; how many milliseconds each took.
fn send(to: SocketAddr, length: Duration) -> Result<Vec<f64>> {
    let pause = Duration::from_secs(1) * MAIL_CLIENTS / MAILS;
    aside(move || {
        // It was said if there is none.
        drop(in_real_time());
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let begin = Instant::now();
            let clients: Vec<_> = (0..MAIL_CLIENTS)
                .map(|number| {
                    let first = begin + pause * number / MAIL_CLIENTS;
                    tokio::spawn(send_each(to, first, pause, begin + length))
                })
                .collect();
            let mut times = Vec::new();
            for client in clients {
                times.extend(client.await??);
            }
            Ok(times)
        })
    })
}

/// In a thread of its own, which has a priority of its own.
fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    thread::spawn(work).join().map_err(|_| anyhow!("a thread panicked"))?
}

/// This thread goes before all others.
fn in_real_time() -> Result<()> {
    let priority = ThreadPriorityValue::try_from(REAL_TIME).map_err(anyhow::Error::msg)?;
    let priority = ThreadPriority::Crossplatform(priority);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), priority, policy)
        .map_err(|error| anyhow!("no real-time priority (root has it): {error:?}"))
}

async fn send_each(
    to: SocketAddr,
    first: Instant,
    pause: Duration,
    end: Instant,
) -> Result<Vec<f64>> {
    let mut client = Client::connect(to).await?;
    let (mut due, mut times) = (first, Vec::new());
    while due < end {
        sleep_until(due).await;
        let begun = Instant::now();
        let taken = client.send_about("Disk full").await?;
        times.push(millis(taken - begun));
        // Who is late does not hurry after.
        due = (due + pause).max(begun);
    }
    Ok(times)
}

/// Visitors who look at the status at an even pace, each from a thread of her own.
fn visit(visitor: &Visitor, length: Duration) -> Vec<JoinHandle<Result<Vec<f64>>>> {
    let pause = Duration::from_secs(1) * WEB_CLIENTS / REQUESTS;
    let begin = Instant::now();
    let visitors = (0..WEB_CLIENTS).map(|number| {
        let visitor = visitor.again();
        thread::spawn(move || {
            setpriority_process(None, NICEST)?;
            let (mut due, mut times) = (begin + pause * number / WEB_CLIENTS, Vec::new());
            while due < begin + length {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                times.push(millis(visitor.look("/")?.1));
                due = (due + pause).max(Instant::now().checked_sub(pause).unwrap_or(due));
            }
            Ok(times)
        })
    });
    visitors.collect()
}

/// The one that so many of a hundred are below.
fn of_a_hundred(values: &[f64], many: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() * many / 100).copied().unwrap_or(f64::NAN)
}

fn percent(part: usize, whole: usize) -> f64 {
    let count = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    count(part) * 100.0 / count(whole).max(1.0)
}
