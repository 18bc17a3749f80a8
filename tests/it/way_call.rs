//! The telephone rings: from a mail through the whole appliance to a key that is pressed, or not.

use smtp_appliance::alert::AlertId;
use smtp_appliance::channel::call::{Happening, Progress};
use smtp_appliance::channel::{Outcome, Reach};
use smtp_appliance::config::ChannelName;
use smtp_appliance::control::{Answer, Request};
use smtp_appliance::demo::relay::{Fault, Step, Trouble};
use smtp_appliance::modem::simulator::{EndedBy, PhoneEvent, SimulatorControl};
use smtp_appliance::queue::{self, Attempt};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::support::appliance::{Place, Running, Settings};
use crate::support::receiver::soon;

/// Calls, and nothing else; the sound card swallows sound at once.
fn calls_only(settings: &mut Settings) {
    r#"["gsm"]"#.clone_into(&mut settings.order);
    "enabled = true\n".clone_into(&mut settings.gsm);
    "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"1 s\"\n".clone_into(&mut settings.call);
    settings.mail.push_str("enabled = false\n");
    settings.sms.push_str("enabled = false\n");
}

/// Calls first, beside mail and SMS.
fn calls_too(settings: &mut Settings) {
    r#"["gsm", "mail", "sms"]"#.clone_into(&mut settings.order);
    "enabled = true\n".clone_into(&mut settings.gsm);
    "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"20 s\"\n".clone_into(&mut settings.call);
    settings.sms.push_str("delivery_report = false\n");
}

/// The network connects at once, and everybody answers at once.
async fn quick(place: &Place) {
    for order in ["connect 0s", "person answers 0s"] {
        place.order(order).await;
    }
}

/// What a person does when the prompt has named the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// She presses the key it named.
    Accepts,
    /// She presses another one first.
    Errs,
    /// She asks to hear it again first.
    AsksAgain,
}

/// Whoever takes the calls, with a habit for all of them, or one for each person who has one.
fn at_the_phone(running: &Running, modem: &SimulatorControl, habit: Habit) -> JoinHandle<()> {
    let (mut calls, modem) = (running.calls.resubscribe(), modem.clone());
    tokio::spawn(async move {
        let (mut key, mut prompts) = ('0', 0);
        while let Ok(call) = calls.recv().await {
            match call.what {
                Happening::Begun(named) => (key, prompts) = (named, 0),
                // She does not hear the prompt to its end.
                Happening::Says(text) if text.contains("accept.") && !text.contains("alert") => {
                    prompts += 1;
                    let pressed = match (habit, prompts) {
                        (Habit::Errs, 1) => other_than(key),
                        (Habit::AsksAgain, 1) => '*',
                        (Habit::Accepts | Habit::Errs | Habit::AsksAgain, _) => key,
                    };
                    if prompts > 1 {
                        // Keys that follow one another faster are no answers of their own.
                        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
                    }
                    modem.order(format!("press {pressed}").parse().unwrap()).await;
                }
                Happening::Dialling
                | Happening::Ringing
                | Happening::Answered
                | Happening::Says(_)
                | Happening::Said(_)
                | Happening::Listens
                | Happening::Key(_)
                | Happening::Acknowledged
                | Happening::HungUp(_)
                | Happening::Measured(_)
                | Happening::Ended(_) => {}
            }
        }
    })
}

fn other_than(key: char) -> char {
    if key == '7' { '8' } else { '7' }
}

/// Waits for something that happens in a call.
async fn happens(
    calls: &mut broadcast::Receiver<Progress>,
    wanted: impl Fn(&Happening) -> bool,
) -> Progress {
    soon(async {
        loop {
            let call = calls.recv().await.unwrap();
            if wanted(&call.what) {
                return call;
            }
        }
    })
    .await
}

/// The attempts to call this person.
fn attempts(running: &Running, id: AlertId, person: &str) -> Vec<Attempt> {
    let deliveries = running.queue.reader().deliveries(id).unwrap();
    let hers = deliveries.into_iter().find(|delivery| {
        delivery.channel == ChannelName::Gsm && delivery.person.to_string() == person
    });
    hers.map(|delivery| delivery.attempts).unwrap_or_default()
}

/// How the delivery by this channel stands.
fn stands(running: &Running, id: AlertId, what: &str) -> queue::Progress {
    let all = running.progress(id);
    all.into_iter().find(|(name, _)| name == what).unwrap_or_else(|| panic!("no {what}")).1
}

const ACKNOWLEDGED: queue::Progress = queue::Progress::Told(Reach::Acknowledged);

#[tokio::test]
async fn the_right_key_ends_the_telling_and_all_of_it_is_in_the_history() {
    let place = Place::set(calls_too).await;
    quick(&place).await;
    // The mail cannot go out until she has accepted, and then it need not.
    place.relay.troubles().add(Trouble::always(Step::Mail, Fault::reply("451 later")));
    let running = place.start();
    let mut calls = running.calls.resubscribe();
    let id = running.send("ana", "Disk full on web01").await;
    let Happening::Begun(key) =
        happens(&mut calls, |what| matches!(what, Happening::Begun(_))).await.what
    else {
        unreachable!()
    };
    let said =
        happens(&mut calls, |what| matches!(what, Happening::Says(text) if text.contains("Disk")))
            .await;
    assert_eq!(said.alerts, [id]);
    happens(&mut calls, |what| *what == Happening::Listens).await;
    let mail_tried = |queue: &queue::Queue| {
        let deliveries = queue.reader().deliveries(id).unwrap();
        deliveries
            .iter()
            .any(|delivery| delivery.channel == ChannelName::Mail && delivery.tries > 0)
    };
    running.until(mail_tried).await;
    place.order(&format!("press {key}")).await;
    running.idle().await;
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    assert_eq!(stands(&running, id, "mail ana"), queue::Progress::Spared);
    assert!(place.mails.all().is_empty());

    let Answer::Show { alert } = place.ask(Request::Show { id }).await else { panic!() };
    let call = alert.deliveries.iter().find(|delivery| delivery.channel == ChannelName::Gsm);
    let course = &call.unwrap().attempts[0].course;
    let what: Vec<&str> = course.iter().map(|moment| moment.what.as_str()).collect();
    let pressed = format!("key {key}");
    let expected =
        ["dialling", "ringing", "answered", "said once", &pressed, "acknowledged", "hung up"];
    assert_eq!(what, expected);
    assert!(course.is_sorted_by_key(|moment| moment.at));
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_key_and_the_star_are_no_acceptance() {
    for (habit, words) in
        [(Habit::Errs, "said once, wrong keys 1, key "), (Habit::AsksAgain, "asked for again 1")]
    {
        let place = Place::set(|settings| {
            calls_only(settings);
            "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"10 s\"\n".clone_into(&mut settings.call);
        })
        .await;
        quick(&place).await;
        let running = place.start();
        let person = at_the_phone(&running, &place.modem, habit);
        let id = running.send("ana", "Disk full").await;
        running.idle().await;
        person.abort();
        assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED, "{habit:?}");
        let attempts = attempts(&running, id, "ana");
        let Outcome::Told { detail, .. } = &attempts[0].outcome else { panic!("{attempts:?}") };
        assert!(detail.contains(words), "{habit:?}: {detail}");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_reached_is_called_again_until_she_accepts() {
    // How she reacts first, how that call ends, and whether it was answered.
    let table = [
        ("person busy", "busy", false),
        ("person unreachable", "", false),
        ("person rejects 0s", "", false),
        ("person never", "", false),
        ("person voicemail 0s", "answered, not acknowledged: said once, hung up", true),
        ("person answers 0s", "answered, not acknowledged: said once, hung up", true),
        (
            "person answers 0s hangs-up 300ms",
            "answered, not acknowledged: 0 of 1 sentences said, the other side hung up",
            true,
        ),
        (
            "person answers 0s presses 0 0ms presses 1 10ms presses 2 20ms",
            "answered, not acknowledged: said once, hung up",
            true,
        ),
        ("network denied", "no network", false),
        ("dialtone off", "", false),
        ("cme 30 1", "", false),
    ];
    // Speech takes its time: each has an appliance of her own.
    let calls = table.map(|row| tokio::spawn(is_called_again(row)));
    for call in calls {
        call.await.unwrap();
    }
}

async fn is_called_again((first, reason, answered): (&'static str, &'static str, bool)) {
    let place = Place::set(|settings| {
        calls_only(settings);
        "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"500 ms\"\nring_time = \"1 s\"\n"
            .clone_into(&mut settings.call);
    })
    .await;
    quick(&place).await;
    let running = place.start();
    place.order(first).await;
    let id = running.send("ana", "Disk full").await;
    running.until(|_| !attempts(&running, id, "ana").is_empty()).await;
    let attempt = attempts(&running, id, "ana").remove(0);
    let Outcome::Retry(found) = &attempt.outcome else { panic!("{first}: {attempt:?}") };
    assert!(found.contains(reason), "{first}: {found}");
    assert_eq!(attempt.reach, answered.then_some(Reach::Answered), "{first}: {found}");
    assert!(attempt.course.len() >= usize::from(answered), "{first}");
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    for order in ["network home", "dialtone on", "person answers 0s"] {
        place.order(order).await;
    }
    running.idle().await;
    person.abort();
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED, "{first}");
    running.stop().await;
}

#[tokio::test]
async fn what_an_answer_without_the_key_is_worth_is_configured() {
    for (unacknowledged, told) in [("told", true), ("next", true), ("retry", false)] {
        let place = Place::set(|settings| {
            calls_only(settings);
            settings.call = format!(
                "lead_in = \"0 s\"\ntimes = 2\nkey_wait = \"50 ms\"\n\
                 unacknowledged = {unacknowledged:?}\n"
            );
        })
        .await;
        quick(&place).await;
        let running = place.start();
        let id = running.send("ana", "Disk full").await;
        if told {
            running.idle().await;
            let told = queue::Progress::Told(Reach::Answered);
            assert_eq!(stands(&running, id, "gsm ana"), told, "{unacknowledged}");
            assert_eq!(attempts(&running, id, "ana").len(), 1);
        } else {
            running.until(|_| attempts(&running, id, "ana").len() >= 2).await;
            assert_eq!(stands(&running, id, "gsm ana"), queue::Progress::Open);
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn one_who_accepts_does_not_silence_the_others() {
    let place = Place::set(calls_only).await;
    quick(&place).await;
    place.order("person +34600000002 busy").await;
    let running = place.start();
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    let id = running.send("oncall", "Disk full").await;
    running.until(|_| attempts(&running, id, "luis").len() >= 2).await;
    running.until(|_| stands(&running, id, "gsm ana") == ACKNOWLEDGED).await;
    assert_eq!(stands(&running, id, "gsm luis"), queue::Progress::Open);
    place.order("person +34600000002 answers 0s").await;
    running.idle().await;
    person.abort();
    assert_eq!(stands(&running, id, "gsm luis"), ACKNOWLEDGED);
    assert_eq!(attempts(&running, id, "ana").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn good_news_wakes_nobody() {
    let mut place = Place::set(|settings| {
        calls_too(settings);
        settings.mail.push_str("enabled = false\n");
    })
    .await;
    quick(&place).await;
    let running = place.start();
    let id = running.send("ana", "Resolved: Disk full on web01").await;
    running.idle().await;
    let told = queue::Progress::Told(Reach::HandedOver);
    assert_eq!(running.progress(id), [("sms ana".to_owned(), told)]);
    assert_eq!(place.phone.all().len(), 1);
    running.stop().await;

    place.change(|settings| settings.call.push_str("recoveries = true\n"));
    let running = place.start();
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    let id = running.send("ana", "Resolved: Memory low on web01").await;
    running.idle().await;
    person.abort();
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    running.stop().await;
}

#[tokio::test]
async fn what_gathers_during_a_call_is_told_in_one_more_with_one_key() {
    let place = Place::set(|settings| {
        calls_only(settings);
        "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"20 s\"\n".clone_into(&mut settings.call);
    })
    .await;
    quick(&place).await;
    let running = place.start();
    let mut calls = running.calls.resubscribe();
    let mut sent = vec![running.send("ana", "Disk full").await];
    let begun = happens(&mut calls, |what| matches!(what, Happening::Begun(_))).await;
    assert_eq!(begun.alerts, sent);
    happens(&mut calls, |what| *what == Happening::Listens).await;
    for subject in ["Memory low", "Fan broken", "Door open"] {
        sent.push(running.send("ana", subject).await);
    }
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    let Happening::Begun(key) = begun.what else { unreachable!() };
    place.order(&format!("press {key}")).await;
    let mut second = happens(&mut calls, |what| matches!(what, Happening::Begun(_))).await;
    second.alerts.sort();
    assert_eq!(second.alerts, sent[1..]);
    running.idle().await;
    person.abort();
    for id in sent {
        assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
        assert_eq!(attempts(&running, id, "ana").len(), 1);
    }
    running.stop().await;
}

#[tokio::test]
async fn who_was_being_called_when_the_power_went_is_called_again() {
    let place = Place::set(calls_only).await;
    quick(&place).await;
    let mut phone = place.modem.calls();
    let child = place.start_child().await;
    let mut client = crate::support::appliance::greet(child.address).await;
    let reply = crate::support::appliance::send(&mut client, &["ana"], "Disk full").await;
    assert!(reply.starts_with("250"), "{reply}");
    soon(async { while phone.recv().await.unwrap().event != PhoneEvent::Answered {} }).await;
    child.kill().await;

    let running = place.start();
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    running.idle().await;
    person.abort();
    let id = running.newest();
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    running.stop().await;
}

#[tokio::test]
async fn without_sound_she_is_not_taken_to_have_heard_it() {
    let place = Place::set(|settings| {
        calls_too(settings);
        "no_such_card".clone_into(&mut settings.playback);
    })
    .await;
    quick(&place).await;
    let running = place.start();
    let id = running.send("ana", "Disk full").await;
    running.until(|_| !attempts(&running, id, "ana").is_empty()).await;
    let attempt = attempts(&running, id, "ana").remove(0);
    let Outcome::Retry(reason) = &attempt.outcome else { panic!("{attempt:?}") };
    assert!(reason.starts_with("answered, but there was no sound: "), "{reason}");
    // Nobody waits for that: the other ways go on between two calls.
    assert_eq!(place.mails.at_least(1).await.len(), 1);
    assert_eq!(place.phone.at_least(1).await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn an_sms_waits_for_the_end_of_a_call() {
    let place = Place::set(calls_too).await;
    quick(&place).await;
    let running = place.start();
    let mut calls = running.calls.resubscribe();
    let id = running.send("ana", "Disk full").await;
    let begun = happens(&mut calls, |what| matches!(what, Happening::Begun(_))).await;
    happens(&mut calls, |what| *what == Happening::Listens).await;
    running.send("luis", "Memory low").await;
    assert!(place.phone.all().is_empty());
    let Happening::Begun(key) = begun.what else { unreachable!() };
    place.order(&format!("press {key}")).await;
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    running.idle().await;
    person.abort();
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    assert!(!place.phone.all().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn emergency_services_are_never_called() {
    let place = Place::set(|settings| {
        calls_only(settings);
        "[[person]]\nname = \"ana\"\nphone = \"112\"\n".clone_into(&mut settings.people);
    })
    .await;
    quick(&place).await;
    let mut orders = place.modem.listen();
    let running = place.start();
    let id = running.send("ana", "Fire in the server room").await;
    running.idle().await;
    assert_eq!(stands(&running, id, "gsm ana"), queue::Progress::Failed);
    let attempt = attempts(&running, id, "ana").remove(0);
    assert!(matches!(attempt.outcome, Outcome::Refused(_)), "{attempt:?}");
    running.stop().await;
    while let Ok(command) = orders.try_recv() {
        assert!(!command.starts_with("ATD"), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_of_thirty_are_told() {
    // Speech takes its time: three appliances speak at once.
    let tens: Vec<_> = (0..3).map(|_| tokio::spawn(ten_are_told())).collect();
    for ten in tens {
        ten.await.unwrap();
    }
}

async fn ten_are_told() {
    let place = Place::set(calls_only).await;
    quick(&place).await;
    let mut phone = place.modem.calls();
    let running = place.start();
    let person = at_the_phone(&running, &place.modem, Habit::Accepts);
    for number in 0..10 {
        let id = running.send("ana", &format!("Alarm {number}")).await;
        running.idle().await;
        assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
        assert_eq!(attempts(&running, id, "ana").len(), 1);
    }
    person.abort();
    running.stop().await;
    let mut ended = 0;
    while let Ok(call) = phone.try_recv() {
        ended += usize::from(call.event == PhoneEvent::Ended(EndedBy::Caller));
    }
    assert_eq!(ended, 10);
}
