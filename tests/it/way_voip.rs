//! The telephone on the exchange rings: from a mail through the whole appliance to a key that is
//! pressed there, or to the next kind of call.

use std::net::SocketAddr;

use smtp_appliance::channel::call::{Happening, Progress};
use smtp_appliance::channel::{Outcome, Reach};
use smtp_appliance::config::ChannelName;
use smtp_appliance::control::{Answer, Request, SipState};
use smtp_appliance::demo::exchange::{self, Exchange, Habit, HeardCall};
use smtp_appliance::modem::simulator::SimulatorControl;
use smtp_appliance::queue::{self, Attempt};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::support::appliance::{Place, Running, Settings};
use crate::support::receiver::soon;

const ACKNOWLEDGED: queue::Progress = queue::Progress::Told(Reach::Acknowledged);

/// An exchange, and the calls its telephone took.
async fn exchange(habit: Habit) -> (Exchange, mpsc::Receiver<HeardCall>) {
    let (sender, heard) = mpsc::channel(8);
    (Exchange::start(habit, sender).await.unwrap(), heard)
}

/// Calls of these kinds in this order, and nothing else; ana has an extension and a telephone.
fn calls(settings: &mut Settings, order: &str, exchange: SocketAddr) {
    order.clone_into(&mut settings.order);
    "enabled = true\n".clone_into(&mut settings.gsm);
    "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"20 s\"\n".clone_into(&mut settings.call);
    settings.mail.push_str("enabled = false\n");
    settings.sms.push_str("enabled = false\n");
    settings.people = people(&account(exchange));
}

fn account(exchange: SocketAddr) -> String {
    format!(
        "[[sip.account]]\ndomain = \"exchange.test\"\nproxy = \"{exchange}\"\n\
         extension = \"200\"\npassword = \"secret\"\n"
    )
}

fn people(account: &str) -> String {
    format!(
        "[[person]]\nname = \"ana\"\nextension = \"101\"\nphone = \"+34600000001\"\n\
         mail = \"ana@phone.example\"\n\
         [sip]\nlisten = \"127.0.0.1:0\"\nrtp_ports = \"30000-39999\"\n{account}\
         [voip]\nlead_out = \"0 s\"\n\
         [voip.retry]\nfirst = \"50 ms\"\nmax = \"200 ms\"\ngive_up = \"1 h\"\n"
    )
}

/// Whoever takes the calls presses the key that accepts, once the prompt has named it.
fn accept(running: &Running, exchange: &Exchange, modem: &SimulatorControl) -> JoinHandle<()> {
    let (mut calls, exchange) = (running.calls.resubscribe(), exchange.orders());
    let modem = modem.clone();
    tokio::spawn(async move {
        let mut key = '0';
        while let Ok(Progress { channel, what, .. }) = calls.recv().await {
            if let Happening::Begun(named) = what {
                key = named;
            } else if what == Happening::Listens && channel == ChannelName::Voip {
                exchange.send(exchange::Order::Press(key)).await.unwrap();
            } else if what == Happening::Listens {
                modem.order(format!("press {key}").parse().unwrap()).await;
            }
        }
    })
}

fn attempts(running: &Running, id: smtp_appliance::alert::AlertId, by: &str) -> Vec<Attempt> {
    let deliveries = running.queue.reader().deliveries(id).unwrap();
    let hers = deliveries.into_iter().find(|delivery| delivery.channel.as_str() == by);
    hers.map(|delivery| delivery.attempts).unwrap_or_default()
}

fn stands(running: &Running, id: smtp_appliance::alert::AlertId, what: &str) -> queue::Progress {
    let all = running.progress(id);
    all.into_iter().find(|(name, _)| name == what).unwrap_or_else(|| panic!("no {what}")).1
}

async fn quick(place: &Place) {
    for order in ["connect 0s", "person answers 0s"] {
        place.order(order).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn she_hears_it_and_accepts_and_its_quality_is_in_the_history() {
    let (exchange, mut heard) = exchange(Habit::Answers).await;
    let place = Place::set(|settings| {
        calls(settings, r#"["voip", "gsm"]"#, exchange.address());
    })
    .await;
    let running = place.start();
    let person = accept(&running, &exchange, &place.modem);
    let id = running.send("ana", "Disk full on web01").await;
    running.idle().await;
    person.abort();
    assert_eq!(stands(&running, id, "voip ana"), ACKNOWLEDGED);
    assert_eq!(stands(&running, id, "gsm ana"), queue::Progress::Spared);
    let call = soon(heard.recv()).await.unwrap();
    assert_eq!(call.extension, "101");
    // A second of speech at least, and not of noise.
    let loud = call.heard.samples.iter().filter(|sample| sample.unsigned_abs() > 1000).count();
    assert!(loud > 8000, "{loud} loud samples of {}", call.heard.samples.len());

    let attempt = attempts(&running, id, "voip").remove(0);
    let what: Vec<&str> = attempt.course.iter().map(|moment| moment.what.as_str()).collect();
    assert_eq!(&what[..4], ["dialling", "ringing", "answered", "said once"]);
    assert_eq!(&what[5..], ["acknowledged", "hung up"]);
    let quality = attempt.quality.expect("its quality");
    assert_eq!((quality.codec.as_str(), quality.encryption), ("PCMU", None));
    assert!(quality.sent.packets > 50 && quality.received.packets > 50);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_kind_of_call_follows_the_other() {
    // Which comes first, what becomes of it, and in which words.
    let table = [
        (r#"["voip", "gsm"]"#, Habit::Busy, "person answers 0s", "voip", "busy"),
        (r#"["voip", "gsm"]"#, Habit::Declines, "person answers 0s", "voip", "declined"),
        (r#"["voip", "gsm"]"#, Habit::Nobody, "person answers 0s", "voip", "no such extension"),
        (r#"["gsm", "voip"]"#, Habit::Answers, "person busy", "gsm", "busy"),
        (r#"["gsm", "voip"]"#, Habit::Answers, "network denied", "gsm", "no network"),
    ];
    for (order, habit, person, first, words) in table {
        let (exchange, _heard) = exchange(habit).await;
        let place = Place::set(|settings| calls(settings, order, exchange.address())).await;
        quick(&place).await;
        place.order(person).await;
        let running = place.start();
        let people = accept(&running, &exchange, &place.modem);
        let id = running.send("ana", "Disk full").await;
        running.idle().await;
        people.abort();
        let second = if first == "gsm" { "voip ana" } else { "gsm ana" };
        assert_eq!(stands(&running, id, second), ACKNOWLEDGED, "{order} {habit:?}");
        let attempt = attempts(&running, id, first).remove(0);
        let (Outcome::Retry(why) | Outcome::Refused(why)) = &attempt.outcome else {
            panic!("{order} {habit:?}: {attempt:?}")
        };
        assert!(why.contains(words), "{order} {habit:?}: {why}");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_down_is_not_waited_for_and_is_used_when_it_is_up() {
    // Nobody is there: a port that was free a moment ago.
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut place = Place::set(|settings| calls(settings, r#"["voip", "gsm"]"#, nobody)).await;
    quick(&place).await;
    let running = place.start();
    let (exchange, _heard) = exchange(Habit::Answers).await;
    let people = accept(&running, &exchange, &place.modem);
    let id = running.send("ana", "Disk full").await;
    running.idle().await;
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    let Outcome::Retry(why) = attempts(&running, id, "voip").remove(0).outcome else { panic!() };
    assert!(why.contains("no line"), "{why}");

    place.change(|settings| settings.people = people_of(&exchange));
    assert_eq!(place.ask(Request::Reload).await, Answer::Done);
    let id = running.send("ana", "Another disk full").await;
    running.idle().await;
    people.abort();
    assert_eq!(stands(&running, id, "voip ana"), ACKNOWLEDGED);
    let Answer::SipStatus { accounts } = place.ask(Request::SipStatus).await else { panic!() };
    assert!(matches!(accounts[0].state, SipState::Registered { .. }), "{accounts:?}");
    assert_eq!(accounts[0].account, "200@exchange.test");
    running.stop().await;
}

fn people_of(exchange: &Exchange) -> String {
    people(&account(exchange.address()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_goes_to_her_extension() {
    let (exchange, _heard) = exchange(Habit::Answers).await;
    let place = Place::set(|settings| {
        calls(settings, r#"["sip-message"]"#, exchange.address());
        "enabled = false\n".clone_into(&mut settings.gsm);
        settings.people = settings.people.replace("[voip]\n", "[voip]\nenabled = false\n")
            + "[sip-message]\nenabled = true\n";
    })
    .await;
    let running = place.start();
    let id = running.send("ana", "Disk full").await;
    running.idle().await;
    let told = queue::Progress::Told(Reach::HandedOver);
    assert_eq!(stands(&running, id, "sip-message ana"), told);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_is_tried_and_measured() {
    let (exchange, _heard) = exchange(Habit::Answers).await;
    let place = Place::set(|settings| calls(settings, r#"["voip"]"#, exchange.address())).await;
    let running = place.start();
    let mut calls: broadcast::Receiver<Progress> = running.calls.resubscribe();
    let Answer::SipTested { trial } = place.ask(Request::SipTest { to: "101".to_owned() }).await
    else {
        panic!()
    };
    assert!(trial.rang_ms.is_some() && trial.answered_ms > trial.rang_ms, "{trial:?}");
    assert_eq!((trial.end.as_str(), trial.echo), ("hung up", None));
    assert!(trial.quality.unwrap().received.packets > 100);
    // It is no alert, and nobody is told of it.
    assert!(calls.try_recv().is_err());
    running.stop().await;
}
