//! Calls by SIP over a line that loses packets: whether everybody is told, and whether what is said
//! is understood. Both run in a network of their own, whose loopback drops a share of all UDP: SIP,
//! sound and reports alike, both ways.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use smtp_appliance::audio;
use smtp_appliance::channel::Reach;
use smtp_appliance::control::{self, Answer, Request};
use smtp_appliance::queue::Progress;
use smtp_appliance::sip::Target;
use tokio::time::{Instant, sleep};

use crate::child::Running;
use crate::intake::KEEP_ALL;
use crate::report::{Report, Value, say};
use crate::speech;
use crate::support::baresip::{self, Baresip};
use crate::support::kamailio::{self, Kamailio};
use crate::support::programs::{in_target, program};
use crate::support::sip::{Line, settings, trunk};
use crate::support::talk::Talk;
use crate::telling::Client;

/// The part of this program that runs inside, and what it does there.
pub(crate) const INSIDE: &str = "--inside";

/// Who is called at the same time, by an extension of that name, and the passwords.
const PEOPLE: [(&str, &str); 4] =
    [("ben", "one"), ("carla", "two"), ("david", "three"), ("eva", "four")];

const SENTENCE: &str = "Problem: the agent on the web server is unreachable for five minutes. All \
                        thirteen checks of it wait. Press four to accept.";

/// So often is the sentence said with each share of loss; the worst call counts.
const CALLS: usize = 3;

/// Recordings longer than this hold more than the ringing and the first words.
const HEARD: Duration = Duration::from_secs(2);

pub(crate) fn measure(folder: &Path, calls: usize, report: &mut Report) -> Result<()> {
    let told = inside(folder, 1, &["calls", &calls.to_string()])?;
    let [first, all, heard] = *told.as_slice() else { anyhow::bail!("not three: {told:?}") };
    let value = Value {
        number: first / whole(calls),
        text: format!("{first} of {calls} at the first try, {all} in all; {heard} recordings"),
    };
    report.row("calls told with 1 % of all packets lost", "all", &value, |share| share >= 1.0);

    let sentence = folder.join("sentence.wav");
    let runtime = tokio::runtime::Runtime::new()?;
    let spoken = runtime.block_on(speech::sentence(folder, SENTENCE))?;
    audio::write_wav(&sentence, &audio::telephone(&spoken))?;
    for percent in [0, 1, 5] {
        let mut worst = (f64::INFINITY, String::new());
        for _ in 0..CALLS {
            let heard = folder.join("heard.wav");
            let paths = [&sentence, &heard].map(|path| path.display().to_string());
            let told = inside(folder, percent, &["clarity", &paths[0], &paths[1]])?;
            let [sent, lost] = *told.as_slice() else { anyhow::bail!("not two: {told:?}") };
            let (pesq, stoi) = quality(&sentence, &heard)?;
            if stoi < worst.0 {
                let share = lost / sent * 100.0;
                let text = format!("{stoi:.3} (PESQ {pesq:.2}; {share:.1} % lost by her report)");
                worst = (stoi, text);
            }
        }
        let (number, text) = worst;
        let what = format!("STOI of a sentence with {percent} % lost, as baresip hears it");
        let goal = "at least 0.93 in each of 3 calls";
        report.row(&what, goal, &Value { number, text }, |stoi| stoi >= 0.93);
    }
    Ok(())
}

/// Runs a part of this program where a share of all UDP is lost; the figures in its last line.
fn inside(folder: &Path, percent: u32, part: &[&str]) -> Result<Vec<f64>> {
    // The input hook sees each packet of loopback once.
    let rules = format!(
        "add table inet loss\n\
         add chain inet loss in {{ type filter hook input priority 0; }}\n\
         add rule inet loss in meta l4proto udp numgen random mod 100 < {percent} drop\n"
    );
    let file = folder.join("loss.nft");
    fs::write(&file, rules)?;
    let output = Command::new(program("unshare", "util-linux"))
        .args(["--map-root-user", "--net", "sh", "-ec"])
        .arg("ip link set lo up; \"$1\" -f \"$2\"; shift 2; exec \"$@\"")
        .args(["sh".as_ref(), program("nft", "nftables").as_os_str(), file.as_os_str()])
        .arg(std::env::current_exe()?)
        .arg(INSIDE)
        .arg(folder)
        .args(part)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{part:?} with {percent} % loss: {said}");
    let last = said.lines().next_back().unwrap_or_default();
    last.split_whitespace().map(|word| Ok(word.parse()?)).collect()
}

/// What runs inside.
pub(crate) fn run_inside(arguments: &[String]) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments {
        [folder, part, calls] if part == "calls" => {
            runtime.block_on(call_all(Path::new(folder), calls.parse()?))
        }
        [_, part, said, heard] if part == "clarity" => {
            runtime.block_on(call_one(Path::new(said), Path::new(heard)))
        }
        _ => anyhow::bail!("{arguments:?}"),
    }
}

/// Everybody is called for each alert; then: told at the first try, told in all, recordings with
/// speech in them.
async fn call_all(folder: &Path, calls: usize) -> Result<()> {
    let exchange = Kamailio::start(kamailio::Options {
        users: PEOPLE.into_iter().chain([("appliance", "secret")]).collect(),
        ..kamailio::Options::default()
    })
    .await;
    let mut phones = Vec::new();
    for (name, password) in PEOPLE {
        let at = Some((&exchange, password));
        let options = baresip::Options { name, exchange: at, ..baresip::Options::default() };
        let phone = Baresip::start(options).await;
        phone.wait_registered().await;
        phones.push(phone);
    }
    let ours = Running::start(&folder.join("lossy"), &channels(exchange.port), KEEP_ALL)?;
    let mut client = Client::connect(ours.address).await?;
    let alerts = calls.div_ceil(PEOPLE.len());
    for alert in 0..alerts {
        client.send_to("everybody", &format!("Disk {alert} is full"), "").await?;
    }
    let begun = Instant::now();
    let (mut first, mut all);
    loop {
        sleep(Duration::from_secs(2)).await;
        let answer = control::ask(&ours.folder, &Request::List { all: true, limit: alerts })?;
        let Answer::List { alerts: listed } = answer else { anyhow::bail!("{answer:?}") };
        (first, all) = (0, 0);
        for delivery in listed.iter().flat_map(|alert| &alert.deliveries) {
            if delivery.progress == Progress::Told(Reach::Answered) {
                all += 1;
                first += usize::from(delivery.tries == 1);
            }
        }
        say(&format!("{all} of {calls} told after {} s", begun.elapsed().as_secs()));
        if all >= alerts * PEOPLE.len() {
            break;
        }
        let patience = Duration::from_mins(1) + Duration::from_secs(12) * u32::try_from(alerts)?;
        ensure!(begun.elapsed() < patience, "not all were told in time");
    }
    let recordings: BTreeSet<_> = phones.iter().flat_map(Baresip::recordings).collect();
    let mut heard = 0;
    for recording in recordings {
        heard += usize::from(audio::read(&recording)?.duration() > HEARD);
    }
    say(&format!("{first} {all} {heard}"));
    Ok(())
}

fn channels(exchange: u16) -> String {
    let people = PEOPLE.map(|(name, _)| {
        format!(
            "[[person]]\nname = \"{name}\"\nextension = \"{name}\"\ngroups = [\"everybody\"]\n\n"
        )
    });
    format!(
        "[channels]\norder = [\"voip\"]\n\n[mail]\nenabled = false\n\n[sms]\nenabled = false\n\n\
         [gsm]\nenabled = false\n\n[voip]\nlead_out = \"0 s\"\n\n\
         [voip.retry]\nfirst = \"1 s\"\nmax = \"1 s\"\n\n\
         [call]\ndigest_from = 0\ntimes = 1\nkey_wait = \"1 s\"\nunacknowledged = \"told\"\n\n\
         [sip]\nlisten = \"127.0.0.1:0\"\nrtp_ports = \"30000-31999\"\n\n\
         [[sip.account]]\ndomain = \"127.0.0.1\"\nproxy = \"127.0.0.1:{exchange}\"\n\
         extension = \"appliance\"\npassword = \"secret\"\n\n{}",
        people.concat()
    )
}

/// One call, in which this is said; what the telephone heard.
async fn call_one(said: &Path, heard: &Path) -> Result<()> {
    let phone = Baresip::start(baresip::Options::default()).await;
    let line = Line::open(settings(vec![trunk(phone.port)]));
    let mut talk = Talk::begin(&line, Target::Extension("ana".to_owned())).await;
    talk.answered().await;
    talk.say(&audio::read(said)?).await;
    // Her next report tells of all of it.
    sleep(Duration::from_secs(6)).await;
    let (_, quality) = talk.hang_up().await;
    say(&format!("{} {}", quality.sent.packets, quality.sent.lost));
    // The last words are written when it knows of the end.
    sleep(Duration::from_secs(1)).await;
    audio::write_wav(heard, &phone.heard())?;
    Ok(())
}

/// PESQ and STOI of what was heard, against what was said.
fn quality(said: &Path, heard: &Path) -> Result<(f64, f64)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/path_quality.py");
    let mut python = Command::new(in_target("venv/bin/python"));
    python.arg(script).arg("--follow").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn()?;
    let mut input = python.stdin.take().context("its input")?;
    let pair = format!("{}\t{}\n", said.display(), heard.display());
    std::io::Write::write_all(&mut input, pair.as_bytes())?;
    drop(input);
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "path_quality.py failed");
    let figures = String::from_utf8(output.stdout)?;
    let (pesq, stoi) = figures.trim().split_once('\t').context("two figures")?;
    Ok((pesq.parse()?, stoi.parse()?))
}

fn whole(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
