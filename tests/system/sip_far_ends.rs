//! Calls to awkward far ends, played by sipp: each ends as it should, and leaves nothing behind.

use std::time::Duration;

use smtp_appliance::config::{Encryption, SipTransport};
use smtp_appliance::sip::sdp::{Agreed, Codec};
use smtp_appliance::sip::{CallEvent, Target};
use tokio::time::sleep;

use crate::support::sip::{
    Line, PATIENCE, RTP_PORT, is_free, local, next, settings, told, trunk,
};
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

/// A far end, what we do, and what happens, in the words of [`told`].
struct Case(&'static str, &'static [(&'static str, &'static str)], We, &'static str);

/// Calls, and what was agreed on at the answer.
async fn play(Case(scenario, keys, we, course): &Case) -> Option<Agreed> {
    let sipp = Sipp::uas(scenario, keys).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let ring_time = if *we == We::RingShortly { Duration::from_millis(500) } else { PATIENCE };
    let mut call = line.call(Target::Extension("far".to_owned()), ring_time).await;
    let (mut happened, mut agreed) = (Vec::new(), None);
    loop {
        let event = next(&mut call).await;
        happened.push(told(&event));
        match event {
            CallEvent::Ended(_) => break,
            CallEvent::Answered(sound) => {
                agreed = Some(sound);
                if *we == We::HangUp {
                    call.hang_up();
                }
            }
            CallEvent::Ringing(_) if *we == We::GiveUp => call.hang_up(),
            CallEvent::Dialling
            | CallEvent::Progress(_)
            | CallEvent::Ringing(_)
            | CallEvent::Media(_)
            | CallEvent::Key(_) => {}
        }
    }
    assert_eq!(happened.join(", "), *course, "{scenario} {keys:?}");
    sipp.finished().await;
    drop(call);
    line.close().await;
    agreed
}

async fn play_all(cases: &[Case]) {
    for case in cases {
        play(case).await;
    }
}

#[tokio::test]
async fn answers_and_goodbyes() {
    play_all(&[
        Case("answered_they_hang_up", &[], We::Wait, "dialling, ringing, answered, the other side hung up"),
        Case("answered_we_hang_up", &[], We::HangUp, "dialling, ringing, answered, hung up"),
        Case("answer_repeated", &[], We::Wait, "dialling, ringing, answered, the other side hung up"),
        Case("answer_202", &[], We::Wait, "dialling, answered, the other side hung up"),
        Case("answer_without_contact", &[], We::HangUp, "dialling, answered, hung up"),
        Case("answer_latin1", &[], We::Wait, "dialling, answered, the other side hung up"),
        Case("answer_odd", &[], We::HangUp, "dialling, ringing, answered, hung up"),
        Case("garbage", &[], We::Wait, "dialling, answered, the other side hung up"),
        Case("forked", &[], We::Wait, "dialling, ringing, ringing, answered, the other side hung up"),
        Case("bye_481", &[], We::HangUp, "dialling, answered, hung up"),
        Case("bye_unanswered", &[], We::HangUp, "dialling, answered, hung up"),
    ])
    .await;
}

#[tokio::test]
async fn who_calls_is_asked() {
    let known = "dialling, answered, the other side hung up";
    play_all(&[
        Case("challenge_401", &[], We::Wait, known),
        Case("challenge_no_qop", &[], We::Wait, known),
        Case("challenge_stale", &[], We::Wait, known),
        Case("challenge_407_then_401", &[], We::Wait, known),
        Case("challenge_two", &[], We::Wait, known),
        Case("challenge_wrong", &[], We::Wait, "dialling, the exchange does not allow it: 401 Unauthorized"),
        Case("challenge_unknown", &[], We::Wait, "dialling, the exchange does not allow it: 401 Unauthorized"),
    ])
    .await;
}

#[tokio::test]
async fn refusals() {
    const NOTHING: (&str, &str) = ("header", "X-Nothing: to say");
    play_all(&[
        Case("refused", &[("status", "486"), ("words", "Busy Here"), NOTHING], We::Wait, "dialling, busy"),
        Case("refused", &[("status", "600"), ("words", "Busy Everywhere"), NOTHING], We::Wait, "dialling, busy"),
        Case("refused", &[("status", "603"), ("words", "Decline"), NOTHING], We::Wait, "dialling, the call was declined"),
        Case("refused", &[("status", "480"), ("words", "Gone"), NOTHING], We::Wait, "dialling, no answer"),
        Case("refused", &[("status", "408"), ("words", "Timeout"), NOTHING], We::Wait, "dialling, no answer"),
        Case("refused", &[("status", "404"), ("words", "Not Found"), NOTHING], We::Wait, "dialling, there is no such extension or number"),
        Case("refused", &[("status", "488"), ("words", "Not Acceptable Here"), NOTHING], We::Wait, "dialling, no common kind of sound: 488 Not Acceptable Here"),
        Case("refused", &[("status", "403"), ("words", "Forbidden"), NOTHING], We::Wait, "dialling, the exchange does not allow it: 403 Forbidden"),
        Case("refused", &[("status", "500"), ("words", "Oops"), NOTHING], We::Wait, "dialling, 500 Oops"),
        Case("refused", &[("status", "503"), ("words", "Busy"), ("header", "Retry-After: 30 (five)")], We::Wait, "dialling, 503 Busy, to be tried again after 30 s"),
        Case("refused", &[("status", "499"), ("words", "Unheard of"), NOTHING], We::Wait, "dialling, refused: 499 Unheard of"),
        Case("refused", &[("status", "699"), ("words", ""), NOTHING], We::Wait, "dialling, refused: 699 "),
    ])
    .await;
}

#[tokio::test]
async fn sound_before_the_answer() {
    let course = "dialling, progress with sound, answered, the other side hung up";
    play_all(&[
        Case("early_media", &[], We::Wait, course),
        Case("early_media_reliable", &[], We::Wait, course),
        Case("early_sound_only", &[], We::Wait, course),
        Case("answer_without_sound", &[], We::Wait, "dialling, no common kind of sound: the answer has no description of the sound"),
    ])
    .await;
}

#[tokio::test]
async fn enough_of_ringing() {
    play_all(&[
        Case("cancelled", &[], We::RingShortly, "dialling, ringing, no answer"),
        Case("cancelled", &[], We::GiveUp, "dialling, ringing, hung up"),
        Case("cancelled_without_487", &[], We::RingShortly, "dialling, ringing, no answer"),
        Case("cancel_meets_answer", &[], We::RingShortly, "dialling, ringing, no answer"),
        Case("cancel_meets_answer", &[], We::GiveUp, "dialling, ringing, hung up"),
    ])
    .await;
}

#[tokio::test]
async fn changes_in_the_call() {
    play_all(&[
        Case("reinvite_hold", &[], We::Wait, "dialling, answered, held, media, the other side hung up"),
        Case("reinvite_port", &[("moved", "19010")], We::Wait, "dialling, answered, media, the other side hung up"),
        Case("reinvite_without_sound", &[], We::Wait, "dialling, answered, media, the other side hung up"),
        Case("update", &[], We::Wait, "dialling, answered, media, the other side hung up"),
        Case("session_422", &[], We::Wait, "dialling, answered, the other side hung up"),
        Case("session_refreshed", &[("seconds", "2")], We::Wait, "dialling, answered, the other side hung up"),
        Case("session_forgotten", &[("seconds", "2")], We::Wait, "dialling, answered, the call was lost: "),
        Case("info_keys", &[], We::Wait, "dialling, answered, key 4, key #, the other side hung up"),
        Case("asked_in_call", &[("notify", "200"), ("unknown", "405")], We::Wait, "dialling, answered, the other side hung up"),
    ])
    .await;
}

#[tokio::test]
async fn what_is_agreed_on() {
    const HERE: (&str, &str) = ("address", "IP4 127.0.0.1");
    const KEYS: (&str, &str) = ("attribute", "a=rtpmap:97 telephone-event/8000");
    const NONE: (&str, &str) = ("attribute", "a=sendrecv");
    let cases: [(&[(&str, &str)], Codec, Option<u8>); 5] = [
        (&[HERE, ("payloads", "8 0 97"), KEYS], Codec::Pcma, Some(97)),
        (&[HERE, ("payloads", "0 8"), NONE], Codec::Pcmu, None),
        (&[HERE, ("payloads", "8"), NONE], Codec::Pcma, None),
        (&[HERE, ("payloads", "8 97"), KEYS], Codec::Pcma, Some(97)),
        (&[("address", "IP6 ::1"), ("payloads", "0 97"), KEYS], Codec::Pcmu, Some(97)),
    ];
    for (keys, codec, events) in cases {
        let keys: &'static [(&str, &str)] = keys.to_vec().leak();
        let case = Case("answer_sound", keys, We::HangUp, "dialling, answered, hung up");
        let agreed = play(&case).await.expect("an answer");
        assert_eq!((agreed.codec, agreed.events), (codec, events), "{keys:?}");
        assert_eq!(agreed.remote.is_ipv6(), keys.contains(&("address", "IP6 ::1")));
    }
}

#[tokio::test]
async fn no_common_sound() {
    const HERE: (&str, &str) = ("address", "IP4 127.0.0.1");
    let keys: &[(&str, &str)] = &[HERE, ("payloads", "9 18"), ("attribute", "a=rtpmap:9 G722/8000")];
    play(&Case("answer_sound", keys.to_vec().leak(), We::Wait, "dialling, no common kind of sound: ")).await;
}

#[tokio::test]
async fn a_far_end_that_says_nothing() {
    let sipp = Sipp::uas("silent", &[]).await;
    let line = Line::open(settings(vec![trunk(sipp.port)]));
    let mut call = line.call(Target::Extension("far".to_owned()), PATIENCE).await;
    assert_eq!(told(&next(&mut call).await), "dialling");
    let end = told(&next(&mut call).await);
    assert!(end.contains("not answer"), "{end}");
    drop(call);
    line.close().await;
}

#[tokio::test]
async fn redirections() {
    let elsewhere = Sipp::uas("answered_they_hang_up", &[]).await;
    let port = elsewhere.port.to_string();
    let sipp = Sipp::uas("redirected", &[("elsewhere", &port)]).await;
    let mut account = trunk(sipp.port);
    account.proxy = None;
    let line = Line::open(settings(vec![account.clone()]));
    let to = Target::Uri(format!("sip:far@127.0.0.1:{}", sipp.port).parse().unwrap());
    let mut call = line.call(to, PATIENCE).await;
    let mut happened = Vec::new();
    while happened.last().is_none_or(|last: &String| !last.ends_with("hung up")) {
        happened.push(told(&next(&mut call).await));
    }
    assert_eq!(happened.join(", "), "dialling, ringing, answered, the other side hung up");
    sipp.finished().await;
    let messages = elsewhere.finished().await;
    assert!(messages.contains("INVITE sip:elsewhere@127.0.0.1"), "{messages}");
    drop(call);
    line.close().await;

    let sipp = Sipp::uas("redirected_in_circles", &[]).await;
    let line = Line::open(settings(vec![account]));
    let to = Target::Uri(format!("sip:far@127.0.0.1:{}", sipp.port).parse().unwrap());
    let mut call = line.call(to, PATIENCE).await;
    assert_eq!(told(&next(&mut call).await), "dialling");
    let end = told(&next(&mut call).await);
    assert!(end.starts_with("refused: 302"), "{end}");
    assert!(sipp.messages().matches("\nINVITE ").count() <= 10, "{}", sipp.messages());
    drop(call);
    line.close().await;
}
