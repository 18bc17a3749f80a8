//! The sound of calls on the wire: how regular its packets are beside baresip's in the same call,
//! with an idle machine and a busy one, over ten minutes, and in fifty calls at once.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use smtp_appliance::audio::{Pcm, TELEPHONE_RATE, g711::Law};
use smtp_appliance::rtp::{Options, Session, Stream};
use smtp_appliance::sip::Target;
use tokio::net::UdpSocket;
use tokio::process::Command;
use tokio::time::sleep;

use crate::report::{Report, Value};
use crate::support::baresip::{self, Baresip};
use crate::support::programs::program;
use crate::support::sip::{Line, settings, trunk};
use crate::support::talk::Talk;
use crate::support::tshark::{Capture, Captured};

/// From one packet to the next, milliseconds.
const GAP_MS: f64 = 20.0;

/// What the goals speak of, and how long that takes here.
pub(crate) struct Lengths {
    /// Of a call whose regularity is measured.
    call: Duration,
    /// Of the call whose drift is.
    long: Duration,
    /// How many calls at once.
    calls: usize,
}

impl Lengths {
    pub(crate) const fn new(quick: bool) -> Self {
        if quick {
            Self { call: Duration::from_secs(10), long: Duration::from_mins(1), calls: 50 }
        } else {
            Self { call: Duration::from_secs(30), long: Duration::from_mins(10), calls: 50 }
        }
    }
}

pub(crate) fn measure(lengths: &Lengths, report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        regularity(lengths, report).await?;
        drift(lengths, report).await?;
        many(lengths, report).await
    })
}

/// A call with baresip, which speaks as long as we do: both directions are of the same moments.
async fn regularity(lengths: &Lengths, report: &mut Report) -> Result<()> {
    let (ours, theirs) = side_by_side(lengths.call).await?;
    let seconds = lengths.call.as_secs();
    let what = format!("RTP over {seconds} s, mean distance of a gap from 20 ms");
    let text = format!("{:.3} ms (baresip {:.3} ms)", ours.mean, theirs.mean);
    let value = Value { number: ours.mean, text };
    report.row(&what, "at most 0.2 ms, and baresip's", &value, |mean| {
        mean <= 0.2 && mean <= theirs.mean
    });

    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut load = Command::new(program("stress-ng", "stress-ng"));
    load.args(["--cpu", &cores.to_string(), "--quiet"]).stdin(Stdio::null()).kill_on_drop(true);
    // Its workers share its group, and end with it.
    let mut load = load.process_group(0).spawn()?;
    let busy = side_by_side(lengths.call).await;
    let group = load.id().and_then(|id| i32::try_from(id).ok());
    let group = group.and_then(rustix::process::Pid::from_raw).context("it ended early")?;
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL)?;
    load.wait().await?;
    let (ours, theirs) = busy?;
    let ratio = ours.mean / theirs.mean;
    let text = format!("{ratio:.2} × ({:.3} ms, baresip {:.3} ms)", ours.mean, theirs.mean);
    let what = "the same with all cores busy, beside baresip";
    report.row(what, "at most 0.5 ×", &Value { number: ratio, text }, |ratio| ratio <= 0.5);
    Ok(())
}

/// How regular packets are.
#[derive(Debug, Clone, Copy)]
struct Gaps {
    /// Mean distance of a gap from what it should be, milliseconds.
    mean: f64,
}

async fn side_by_side(length: Duration) -> Result<(Gaps, Gaps)> {
    let phone = Baresip::start(baresip::Options::default()).await;
    let line = Line::open(settings(vec![trunk(phone.port)]));
    let mut talk = Talk::begin(&line, Target::Extension("ana".to_owned())).await;
    talk.answered().await;
    sleep(Duration::from_secs(1)).await;
    let port = talk.session.port();
    let capture = Capture::start(&format!("udp port {port}")).await;
    sleep(length).await;
    let captured = capture.stop().await;
    talk.hang_up().await;
    line.close().await;
    let times = times(&captured).await?;
    let of = |ours: bool| {
        let mut streams = times.iter().filter(|((from, _), _)| (*from == port) == ours);
        let (_, times) = streams.next().context("no packets")?;
        gaps(times)
    };
    Ok((of(true)?, of(false)?))
}

/// Moments of the packets of each stream, milliseconds, by the ports they went from and to.
async fn times(captured: &Captured) -> Result<BTreeMap<(u16, u16), Vec<f64>>> {
    let fields = ["udp.srcport", "udp.dstport", "frame.time_epoch"];
    let mut streams: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for line in captured.fields("rtp && !rtcp", &fields).await {
        let mut words = line.split('\t');
        let mut word = || words.next().context("a field");
        let ports = (word()?.parse()?, word()?.parse()?);
        // Seconds since 1970 with nine digits are too long for a float.
        let (seconds, fraction) = word()?.split_once('.').context("a fraction")?;
        let seconds: u32 = seconds.get(seconds.len().saturating_sub(6)..).context("")?.parse()?;
        let nanos: u32 = fraction.parse()?;
        let time = f64::from(seconds) * 1e3 + f64::from(nanos) / 1e6;
        streams.entry(ports).or_default().push(time);
    }
    Ok(streams)
}

fn gaps(times: &[f64]) -> Result<Gaps> {
    ensure!(times.len() > 100, "{} packets", times.len());
    let distances = times.windows(2).map(|pair| match pair {
        [one, next] => (next - one - GAP_MS).abs(),
        _ => 0.0,
    });
    Ok(Gaps { mean: distances.sum::<f64>() / count(times.len() - 1) })
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Where sound goes that nobody hears.
async fn sink() -> Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

async fn session_to(remote: SocketAddr) -> Result<Session> {
    let opened = Session::open(Ipv4Addr::LOCALHOST.into(), 30_000..=31_999, Options::default());
    let (session, _) = opened.await?;
    session.point(Stream {
        remote,
        remote_rtcp: remote,
        codec: Law::Mu,
        payload: 0,
        events: None,
        events_received: None,
        comfort_noise: None,
        packet_time: Duration::from_millis(20),
        we_send: true,
        we_receive: true,
        keys: None,
    });
    let sound = Pcm::silence(TELEPHONE_RATE, Duration::from_secs(1));
    session.play(Arc::new(sound)).await;
    Ok(session)
}

async fn drift(lengths: &Lengths, report: &mut Report) -> Result<()> {
    let (_sink, remote) = sink().await?;
    let session = session_to(remote).await?;
    sleep(Duration::from_secs(1)).await;
    let capture = Capture::start(&format!("udp dst port {}", remote.port())).await;
    sleep(lengths.long).await;
    let captured = capture.stop().await;
    session.close().await;
    let streams = times(&captured).await?;
    let times = streams.values().next().context("no packets")?;
    // The best of the first and of the last second: a late packet is no drift.
    let early = |times: &[f64], from: usize| {
        let late = times.iter().enumerate().map(|(n, time)| time - GAP_MS * count(from + n));
        late.fold(f64::INFINITY, f64::min)
    };
    let last = times.len().saturating_sub(50);
    let begin = early(times.get(..50).context("too few packets")?, 0);
    let drift = early(times.get(last..).unwrap_or_default(), last) - begin;
    let what = format!("RTP over {} s, drift", lengths.long.as_secs());
    let text = format!("{drift:.3} ms");
    let goal = |drift: f64| drift.abs() < 0.1;
    report.row(&what, "none (less than 0.1 ms)", &Value { number: drift, text }, goal);
    Ok(())
}

async fn many(lengths: &Lengths, report: &mut Report) -> Result<()> {
    let (_sink, remote) = sink().await?;
    let mut sessions = Vec::new();
    for _ in 0..lengths.calls {
        sessions.push(session_to(remote).await?);
    }
    sleep(Duration::from_secs(1)).await;
    let capture = Capture::start(&format!("udp dst port {}", remote.port())).await;
    let before = processor_time()?;
    sleep(lengths.call).await;
    let used = processor_time()?.saturating_sub(before);
    let captured = capture.stop().await;
    for session in sessions {
        session.close().await;
    }
    let streams = times(&captured).await?;
    ensure!(streams.len() == lengths.calls, "{} streams", streams.len());
    let (mut late, mut all, mut sum) = (0_usize, 0_usize, 0.0);
    for times in streams.values() {
        let begin = times.iter().enumerate().map(|(n, time)| time - GAP_MS * count(n));
        let begin = begin.fold(f64::INFINITY, f64::min);
        for (n, time) in times.iter().enumerate() {
            let lateness = time - GAP_MS * count(n) - begin;
            late += usize::from(lateness > GAP_MS);
            all += 1;
            sum += lateness;
        }
    }
    let calls = lengths.calls;
    let mean = sum / count(all);
    let text = format!("{late} of {all} (mean lateness {mean:.2} ms)");
    let what = format!("{calls} calls at once, packets more than 20 ms late");
    report.row(&what, "none", &Value { number: count(late), text }, |late| late < 1.0);
    let share = used.as_secs_f64() / lengths.call.as_secs_f64() / count(calls);
    let text = format!("{:.3} % of a core", share * 100.0);
    report.fact("processor time of one of them", &Value { number: share, text });
    Ok(())
}

/// What this process has used up to now.
fn processor_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("its name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<u64, _>>()?;
    // There are 100 in a second, whatever the kernel counts by.
    Ok(Duration::from_millis(ticks * 10))
}
