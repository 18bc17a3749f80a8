//! Calls to awkward far ends, played by sipp: each ends as it should, and leaves nothing behind.

use std::net::Ipv4Addr;
use std::time::Duration;

use smtp_appliance::config::SipAccount;
use smtp_appliance::sip::sdp::{Agreed, Codec};
use smtp_appliance::sip::{CallEvent, Options, Target};

use crate::support::dnsmasq::Dnsmasq;
use crate::support::sip::{Line, PATIENCE, hasty, next, settings, told, trunk};
use crate::support::sipp::Sipp;

/// What we do in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum We {
    /// Wait for its end.
    Wait,
    /// Hang up as soon as it is answered.
    HangUp,
    /// Let it ring for half a second.
    RingShortly,
    /// Hang up as soon as it rings.
    GiveUp,
}
use We::{GiveUp, HangUp, RingShortly, Wait};

/// What a scenario leaves to the test.
type Keys<'a> = &'a [(&'a str, &'a str)];

/// A far end, what it leaves open, what we do, and what happens then, in the words of [`told`].
#[derive(Debug, Clone, Copy)]
struct Case<'a>(&'a str, Keys<'a>, We, &'a str);

/// Calls, and what was agreed on at the answer.
async fn play(Case(scenario, keys, we, course): Case<'_>) -> Option<Agreed> {
    let sipp = Sipp::exchange(scenario, keys).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let ring_time = if we == RingShortly { Duration::from_millis(500) } else { PATIENCE };
    let mut call = line.call(Target::Extension("far".to_owned()), ring_time).await;
    assert_eq!(next(&mut call).await, CallEvent::Dialling, "{scenario}");
    let (mut happened, mut agreed) = (Vec::new(), None);
    loop {
        let event = next(&mut call).await;
        happened.push(told(&event));
        match event {
            CallEvent::Ended(_) => break,
            CallEvent::Answered(sound) => {
                agreed = Some(sound);
                if we == HangUp {
                    call.hang_up();
                }
            }
            CallEvent::Ringing(_) if we == GiveUp => call.hang_up(),
            CallEvent::Dialling
            | CallEvent::Progress(_)
            | CallEvent::Ringing(_)
            | CallEvent::Media(_)
            | CallEvent::Key(_) => {}
        }
    }
    assert_eq!(happened.join(", "), course, "{scenario} {keys:?}");
    sipp.finished().await;
    drop(call);
    line.idle().await;
    line.close().await;
    agreed
}

/// Plays them side by side, each in a runtime of its own: its tasks are counted. What was agreed on.
fn play_all(cases: &[Case<'_>]) -> Vec<Option<Agreed>> {
    std::thread::scope(|threads| {
        let played = cases.iter().map(|&case| {
            threads.spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                runtime.enable_all().build().unwrap().block_on(play(case))
            })
        });
        let played: Vec<_> = played.collect();
        played.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn answers_and_goodbyes() {
    play_all(&[
        Case("answered_they_hang_up", &[], Wait, "ringing, answered, they hung up"),
        Case("answered_we_hang_up", &[], HangUp, "ringing, answered, we hung up"),
        Case("answer_repeated", &[], Wait, "ringing, answered, they hung up"),
        Case("answer_202", &[], Wait, "answered, they hung up"),
        Case("answer_without_contact", &[], HangUp, "answered, we hung up"),
        Case("answer_latin1", &[], Wait, "answered, they hung up"),
        Case("answer_odd", &[], HangUp, "ringing, answered, we hung up"),
        Case("answer_parts", &[], HangUp, "answered, we hung up"),
        Case("garbage", &[], Wait, "answered, they hung up"),
        Case("forked", &[], Wait, "ringing, ringing, answered, they hung up"),
        Case("bye_481", &[], HangUp, "answered, we hung up"),
        Case("bye_unanswered", &[], HangUp, "answered, we hung up"),
    ]);
}

#[test]
fn who_calls_is_asked() {
    let unknown = "the exchange does not allow it: the exchange asks for a kind of login that is \
                   not supported";
    let wrong = "the exchange does not allow it: the exchange refuses user or password";
    play_all(&[
        Case("challenge_401", &[], Wait, "answered, they hung up"),
        Case("challenge_no_qop", &[], Wait, "answered, they hung up"),
        Case("challenge_stale", &[], Wait, "answered, they hung up"),
        Case("challenge_407_then_401", &[], Wait, "answered, they hung up"),
        Case("challenge_two", &[], Wait, "answered, they hung up"),
        Case("challenge_wrong", &[], Wait, wrong),
        Case("challenge_unknown", &[], Wait, unknown),
    ]);
}

#[test]
fn refusals() {
    let nothing = "X-Nothing: to say";
    let cases = [
        ("486", "Busy Here", nothing, "busy"),
        ("600", "Busy Everywhere", nothing, "busy"),
        ("603", "Decline", nothing, "the call was declined"),
        ("480", "Gone", nothing, "no answer"),
        ("408", "Timeout", nothing, "no answer"),
        ("404", "Not Found", nothing, "there is no such extension or number"),
        ("488", "Not Acceptable Here", nothing, "no common kind of sound: 488 Not Acceptable Here"),
        ("403", "Forbidden", nothing, "the exchange does not allow it: 403 Forbidden"),
        ("500", "Oops", nothing, "500 Oops"),
        ("503", "Later", "Retry-After: 30 (s)", "503 Later, to be tried again after 30 s"),
        ("499", "Unheard of", nothing, "refused: 499 Unheard of"),
        ("699", "", nothing, "refused: 699 "),
    ];
    let keys = cases.map(|(status, words, header, _)| {
        [("status", status), ("words", words), ("header", header)]
    });
    let cases = cases.iter().zip(&keys);
    let cases: Vec<_> =
        cases.map(|((_, _, _, course), keys)| Case("refused", keys, Wait, course)).collect();
    play_all(&cases);
}

#[test]
fn sound_before_the_answer() {
    let silent = "no common kind of sound: it answered without saying what sound it takes";
    play_all(&[
        Case("early_media", &[], Wait, "progress with sound, answered, they hung up"),
        Case("early_media_reliable", &[], Wait, "progress with sound, answered, they hung up"),
        Case("early_sound_only", &[], Wait, "progress with sound, answered, they hung up"),
        Case("answer_without_sound", &[], Wait, silent),
    ]);
}

#[test]
fn enough_of_ringing() {
    play_all(&[
        Case("cancelled", &[], RingShortly, "ringing, no answer"),
        Case("cancelled", &[], GiveUp, "ringing, we hung up"),
        Case("cancelled_without_487", &[], RingShortly, "ringing, no answer"),
        Case("cancel_meets_answer", &[], RingShortly, "ringing, no answer"),
        Case("cancel_meets_answer", &[], GiveUp, "ringing, we hung up"),
    ]);
}

#[test]
fn changes_in_the_call() {
    let forgotten =
        "answered, the call was lost: the other side does not say that it is still there";
    let asked = [("notify", "200"), ("unknown", "405")];
    play_all(&[
        Case("reinvite_hold", &[], Wait, "answered, held, changed, they hung up"),
        Case("reinvite_port", &[("moved", "19010")], Wait, "answered, changed, they hung up"),
        // They say the same as before.
        Case("reinvite_without_sound", &[], Wait, "answered, they hung up"),
        Case("update", &[], Wait, "answered, they hung up"),
        Case("session_422", &[], Wait, "answered, they hung up"),
        Case("session_refreshed", &[("seconds", "2")], Wait, "answered, they hung up"),
        Case("session_forgotten", &[("seconds", "2")], Wait, forgotten),
        Case("info_keys", &[], Wait, "answered, key 4, key #, they hung up"),
        Case("asked_in_call", &asked, Wait, "answered, they hung up"),
    ]);
}

#[test]
fn what_is_agreed_on() {
    let (plain, keys) = ("a=sendrecv", "a=rtpmap:97 telephone-event/8000");
    let cases = [
        ("8 0 97", keys, Codec::Pcma, Some(97)),
        ("0 8", plain, Codec::Pcmu, None),
        ("8", plain, Codec::Pcma, None),
        ("8 97", keys, Codec::Pcma, Some(97)),
    ];
    let keys = cases.map(|(payloads, attribute, ..)| {
        [("address", "IP4 127.0.0.1"), ("payloads", payloads), ("attribute", attribute)]
    });
    let calls: Vec<_> = keys
        .iter()
        .map(|keys| Case("answer_sound", keys, HangUp, "answered, we hung up"))
        .collect();
    for ((payloads, _, codec, events), agreed) in cases.iter().zip(play_all(&calls)) {
        let agreed = agreed.expect("an answer");
        assert_eq!((agreed.codec, agreed.events), (*codec, *events), "{payloads}");
    }
}

#[test]
fn no_common_sound() {
    let g722 =
        [("address", "IP4 127.0.0.1"), ("payloads", "9 18"), ("attribute", "a=rtpmap:9 G722/8000")];
    let other = "no common kind of sound: no codec in common: the other side has G722, payload \
                 type 18";
    // We speak from an address of IPv4.
    let ipv6 = [("address", "IP6 ::1"), ("payloads", "0"), ("attribute", "a=sendrecv")];
    let far = "no common kind of sound: the other side takes its sound at ::1, which cannot be \
               reached from 127.0.0.1";
    play_all(&[Case("answer_sound", &g722, Wait, other), Case("answer_sound", &ipv6, Wait, far)]);
}

#[tokio::test]
async fn a_far_end_that_says_nothing() {
    let sipp = Sipp::exchange("silent", &[]).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let mut call = line.call(Target::Extension("far".to_owned()), PATIENCE).await;
    assert_eq!(told(&next(&mut call).await), "dialling");
    assert_eq!(told(&next(&mut call).await), "the exchange does not answer");
    drop(call);
    line.idle().await;
    line.close().await;
}

#[tokio::test]
async fn a_far_end_that_is_elsewhere() {
    let elsewhere = Sipp::uas("answered_they_hang_up", &[]).await;
    let port = elsewhere.port.to_string();
    let sipp = Sipp::exchange("redirected", &[("elsewhere", &port)]).await;
    let course = redirected(&sipp).await;
    assert_eq!(course, "dialling, ringing, answered, they hung up");
    sipp.finished().await;
    let messages = elsewhere.finished().await;
    assert!(messages.contains("INVITE sip:elsewhere@127.0.0.1"), "{messages}");
}

#[tokio::test]
async fn a_far_end_that_is_always_elsewhere() {
    let sipp = Sipp::exchange("redirected_in_circles", &[]).await;
    let course = redirected(&sipp).await;
    assert!(course.starts_with("dialling, refused: 302"), "{course}");
    let calls = sipp.messages().matches("\nINVITE ").count();
    assert!(calls <= 10, "{calls} calls");
}

/// Calls with no proxy between, so that redirections are followed straight; what happens.
async fn redirected(sipp: &Sipp) -> String {
    let exchange = format!("srv-host=_sip._udp.pbx.example,sip.pbx.example,{}", sipp.port);
    let names = Dnsmasq::start(&[&exchange, "address=/sip.pbx.example/127.0.0.1"]).await;
    let name_servers = Some(vec![(Ipv4Addr::LOCALHOST, names.port).into()]);
    let account = SipAccount { domain: "pbx.example".to_owned(), proxy: None, ..trunk(sipp.port) };
    let line = Line::open_with(settings(vec![account]), Options { name_servers, ..hasty() });
    let mut call = line.call(Target::Extension("far".to_owned()), PATIENCE).await;
    let mut happened = Vec::new();
    loop {
        let event = next(&mut call).await;
        happened.push(told(&event));
        if matches!(event, CallEvent::Ended(_)) {
            drop(call);
            line.close().await;
            return happened.join(", ");
        }
    }
}
