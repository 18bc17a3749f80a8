//! The telephone on the exchange rings: from a mail through the whole appliance to a key that is
//! pressed there, or to the next kind of call.

use std::net::SocketAddr;

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, simulated};
use smtp_appliance::channel::call::{CallByHand, Happening, Progress, Source};
use smtp_appliance::channel::{Outcome, Reach};
use smtp_appliance::config::ChannelName;
use smtp_appliance::control::{self, Answer, Request, SipState};
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

/// Resolves when the exchange knows the appliance.
async fn registered(place: &Place) {
    let asked = async {
        loop {
            // A machine with too much to do has no answer at first.
            if let Answer::SipStatus { accounts } = place.ask(Request::SipStatus).await
                && matches!(accounts[0].state, SipState::Registered { .. })
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    soon(asked).await;
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
    registered(&place).await;
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

/// How much of a sound is a tone of this pitch: 1 is all of it.
fn tone_in(sound: &Pcm, hertz: f64) -> f64 {
    let (mut real, mut imaginary, mut energy) = (0.0, 0.0, 0.0);
    for (n, sample) in (0_u32..).zip(&sound.samples) {
        let (angle, sample) =
            (f64::from(n) * hertz * std::f64::consts::TAU / 8000.0, f64::from(*sample));
        real += sample * angle.cos();
        imaginary += sample * angle.sin();
        energy += sample * sample;
    }
    let count = f64::from(u32::try_from(sound.samples.len()).unwrap());
    2.0 * real.mul_add(real, imaginary * imaginary) / (count * energy)
}

/// The second of it in which there is most of the tone.
fn most_of(sound: &Pcm, hertz: f64) -> f64 {
    let seconds = sound.samples.windows(8000).step_by(800);
    let shares = seconds
        .map(|samples| tone_in(&Pcm { rate: TELEPHONE_RATE, samples: samples.to_vec() }, hertz));
    shares.fold(0.0, f64::max)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_or_the_sound_card_can_be_heard_in_place_of_words() {
    let folder = tempfile::tempdir().unwrap();
    let [wav, raw] = ["tone.wav", "room.raw"].map(|name| folder.path().join(name));
    let tone = |hertz, seconds| {
        audio::tone(TELEPHONE_RATE, hertz, std::time::Duration::from_secs(seconds), 0.4)
    };
    audio::write_wav(&wav, &tone(600.0, 3)).unwrap();
    let room: Vec<u8> = tone(1000.0, 60).samples.iter().flat_map(|it| it.to_le_bytes()).collect();
    std::fs::write(&raw, room).unwrap();
    let (exchange, mut heard) = exchange(Habit::Answers).await;
    let place = Place::set(|settings| {
        calls(settings, r#"["voip"]"#, exchange.address());
        settings.capture = simulated::capture(&raw);
    })
    .await;
    let running = place.start();
    registered(&place).await;
    let person = accept(&running, &exchange, &place.modem);
    for (sound, hertz) in [(Source::File(wav), 600.0), (Source::Input(3), 1000.0)] {
        let call = CallByHand {
            to: "ana".to_owned(),
            text: String::new(),
            language: None,
            voice: None,
            via: None,
            sound: Some(sound.clone()),
        };
        let store = place.store();
        let called = tokio::task::spawn_blocking(move || control::call(&store, call, |_| ()));
        let answer = soon(called).await.unwrap().unwrap();
        let Answer::Tested { outcomes } = answer else { panic!("{answer:?}") };
        assert!(
            matches!(outcomes[0].1, Outcome::Told { reach: Reach::Acknowledged, .. }),
            "{outcomes:?}"
        );
        let call = soon(heard.recv()).await.unwrap();
        let share = most_of(&call.heard, hertz);
        assert!(share > 0.9, "{sound}: {share}");
    }
    person.abort();
    let missing = Source::File(folder.path().join("nothing.mp3"));
    assert!(missing.check().unwrap_err().contains("nothing.mp3"));
    running.stop().await;
}
