//! Killed at any moment, the appliance loses nothing that it answered 250 for, and repeats at most
//! the attempts that were in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtp_appliance::alert::AlertId;
use smtp_appliance::demo::relay;
use smtp_appliance::modem::simulator::Options;
use smtp_appliance::queue::open_offline;

use crate::support::appliance::{Place, be_a_child, mail};

/// Kills, unless `POWER_CUT_ROUNDS` says otherwise.
const ROUNDS: usize = 100;
/// Sessions that send side by side, and mails each of them sends at most in a round.
const SESSIONS: usize = 4;
const MAILS: usize = 8;
/// Latest moment of a kill, counted from the first mail, in milliseconds.
const LATEST_KILL: u64 = 300;
/// Attempts that may be in flight: the lanes of the mail channel and of the modem.
const LANES: usize = 4 + 1;

/// Not a test: the appliance that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appliance_child() {
    be_a_child().await;
}

/// Sends distinct mails until the other side is gone; notes which got 250.
async fn session(address: std::net::SocketAddr, name: String, kept: Arc<Mutex<BTreeSet<String>>>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let Ok(stream) = tokio::net::TcpStream::connect(address).await else { return };
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    if lines.read_line(&mut line).await.is_err() {
        return;
    }
    for number in 0..MAILS {
        let subject = format!("Alarm {name}-{number}.");
        let commands = ["HELO x", "MAIL FROM:<>", "RCPT TO:<ana@example.org>", "DATA"];
        let text = format!("{}.", mail(&subject));
        for command in commands.into_iter().chain([text.as_str()]) {
            if lines.get_mut().write_all(format!("{command}\r\n").as_bytes()).await.is_err() {
                return;
            }
            line.clear();
            match lines.read_line(&mut line).await {
                Ok(read) if read > 0 => assert!(line.starts_with(['2', '3']), "{line:?}"),
                Ok(_) | Err(_) => return,
            }
        }
        kept.lock().unwrap().insert(subject);
    }
}

/// How often each subject is in these texts.
fn count<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let subject = regex::Regex::new(r"Alarm \d+-\d+-\d+\.").unwrap();
    let mut counts = BTreeMap::new();
    for text in texts {
        let found: BTreeSet<_> = subject.find_iter(text).map(|found| found.as_str()).collect();
        for name in found {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn in_store(place: &Place) -> BTreeSet<String> {
    let offline = open_offline(place.store().join("queue")).unwrap();
    let records = offline.reader().history(AlertId(u64::MAX), usize::MAX).unwrap();
    records.into_iter().map(|record| record.alert.text.subject).collect()
}

async fn in_appliance(place: &Place) -> BTreeSet<String> {
    place.alerts().await.into_iter().map(|alert| alert.subject).collect()
}

fn check(found: &BTreeSet<String>, kept: &BTreeSet<String>, round: usize) {
    let missing: Vec<_> = kept.difference(found).collect();
    assert!(missing.is_empty(), "after kill {round} these are gone: {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_accepted_is_lost_and_only_what_was_in_flight_is_repeated() {
    let rounds = std::env::var("POWER_CUT_ROUNDS").ok().and_then(|text| text.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    let change = |settings: &mut crate::support::appliance::Settings| {
        settings.sms.push_str("digest_from = 0\ndelivery_report = false\n");
    };
    let mut place = Place::with(change, relay::Settings::default(), Options::default()).await;
    place.change(|settings| settings.filter.push_str("capacity = 100000\n"));
    let kept = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..rounds {
        let child = place.start_child().await;
        let moment = tokio::time::sleep(Duration::from_millis(fastrand::u64(0..LATEST_KILL)));
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|number| session(child.address, format!("{round}-{number}"), Arc::clone(&kept)))
            .map(tokio::spawn)
            .collect();
        moment.await;
        child.kill().await;
        for session in sessions {
            session.await.unwrap();
        }
        // By this process in every other round; else what the next appliance finds is tried as
        // the power cut left it.
        if round % 2 == 0 {
            check(&in_store(&place), &kept.lock().unwrap().clone(), round);
        }
    }
    let last = place.start();
    let kept = kept.lock().unwrap().clone();
    check(&in_appliance(&place).await, &kept, rounds);
    last.idle().await;
    let mails = place.mails.all();
    let mails: Vec<_> = mails.iter().map(|mail| String::from_utf8_lossy(&mail.data)).collect();
    let sms = place.phone.all();
    for counts in
        [count(mails.iter().map(|text| &**text)), count(sms.iter().map(|sms| sms.text.as_str()))]
    {
        let untold: Vec<_> = kept.iter().filter(|name| !counts.contains_key(*name)).collect();
        assert!(untold.is_empty(), "not told: {untold:?}");
        let repeated: usize = counts.values().map(|count| count - 1).sum();
        assert!(repeated <= rounds * LANES, "{repeated} repeated in {rounds} kills");
    }
    println!("{} mails got 250 in {rounds} rounds", kept.len());
    last.stop().await;
}
