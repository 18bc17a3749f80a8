//! Calls go out through the real serial driver, whatever the modem and the people do.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, also in its helpers")]

use std::time::Duration;

use smtp_appliance::modem::at::Registration;
use smtp_appliance::modem::simulator::{EndedBy, PhoneCall, PhoneEvent};
use smtp_appliance::modem::{Call, CallEnd, CallEvent, CallRequest, ModemState, SmsRequest};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::support::modem::{Bench, bench};

const TO: &str = "+34600000001";
/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn request(to: &str) -> CallRequest {
    let (ring_time, max_length) = (Duration::from_secs(5), Duration::from_secs(10));
    CallRequest { to: to.parse().unwrap(), ring_time, max_length }
}

/// A modem with a hasty network and these people.
fn quick(lines: &[&str]) -> Bench {
    let mut orders = vec!["connect 5ms"];
    orders.extend(lines);
    bench(&orders)
}

async fn next(call: &mut Call) -> CallEvent {
    timeout(PATIENCE, call.next()).await.unwrap().unwrap()
}

async fn all(mut call: Call) -> Vec<CallEvent> {
    let mut events = Vec::new();
    while let Some(event) = timeout(PATIENCE, call.next()).await.unwrap() {
        events.push(event);
    }
    events
}

fn told(events: &[CallEvent]) -> String {
    events.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

async fn until(call: &mut Call, wanted: &CallEvent) {
    while next(call).await != *wanted {}
}

async fn call(bench: &Bench) -> String {
    told(&all(bench.modem.call(request(TO)).await).await)
}

async fn order(bench: &Bench, line: &str) {
    bench.control.order(line.parse().unwrap()).await;
}

async fn ended(phone: &mut broadcast::Receiver<PhoneCall>) -> EndedBy {
    loop {
        let call = timeout(PATIENCE, phone.recv()).await.unwrap().unwrap();
        if let PhoneEvent::Ended(by) = call.event {
            return by;
        }
    }
}

#[tokio::test]
async fn somebody_answers_and_presses_a_key() {
    let bench = quick(&["person answers 10ms presses 4 10ms presses # 20ms"]);
    let mut phone = bench.control.calls();
    let mut call = bench.modem.call(request(TO)).await;
    for expected in [
        CallEvent::Dialling,
        CallEvent::Ringing,
        CallEvent::Answered,
        CallEvent::Key('4'),
        CallEvent::Key('#'),
    ] {
        assert_eq!(next(&mut call).await, expected);
    }
    assert!(bench.modem.status().borrow().in_call);
    call.hang_up();
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::HungUp));
    assert_eq!(call.next().await, None);
    let mut lived = Vec::new();
    while let Ok(PhoneCall { number, event }) = phone.try_recv() {
        assert_eq!(number, TO);
        lived.push(event);
    }
    let expected = [
        PhoneEvent::Ringing,
        PhoneEvent::Answered,
        PhoneEvent::Pressed('4'),
        PhoneEvent::Pressed('#'),
        PhoneEvent::Ended(EndedBy::Caller),
    ];
    assert_eq!(lived, expected);
    let mut status = bench.modem.status();
    timeout(PATIENCE, status.wait_for(|status| !status.in_call)).await.unwrap().unwrap();
}

#[tokio::test]
async fn every_end_is_told() {
    let bench = quick(&[]);
    for (orders, expected) in [
        (&["person busy"][..], "dialling, ended: busy"),
        (&["person unreachable"], "dialling, ended: no connection (NO CARRIER)"),
        (&["person rejects 5ms"], "dialling, ringing, ended: busy"),
        (&["person never", "no-answer 20ms"], "dialling, ringing, ended: no answer"),
        (
            &["person answers 5ms hangs-up 10ms"],
            "dialling, ringing, answered, ended: the other side hung up",
        ),
        (&["cme 30 1"], "dialling, ended: no network service (CME error 30)"),
        (&["dialtone off"], "dialling, ended: no dial tone"),
    ] {
        for line in orders {
            order(&bench, line).await;
        }
        assert_eq!(call(&bench).await, expected, "{orders:?}");
    }
}

#[tokio::test]
async fn it_rings_no_longer_than_it_may() {
    let bench = quick(&["person never"]);
    let mut phone = bench.control.calls();
    let request = CallRequest { ring_time: Duration::from_millis(50), ..request(TO) };
    let events = all(bench.modem.call(request).await).await;
    assert_eq!(told(&events), "dialling, ringing, ended: no answer");
    assert_eq!(ended(&mut phone).await, EndedBy::Caller);
}

#[tokio::test]
async fn a_call_lasts_no_longer_than_it_may() {
    let bench = quick(&["person answers 5ms"]);
    let mut phone = bench.control.calls();
    let request = CallRequest { max_length: Duration::from_millis(50), ..request(TO) };
    let events = all(bench.modem.call(request).await).await;
    assert_eq!(told(&events), "dialling, ringing, answered, ended: the call was too long");
    assert_eq!(ended(&mut phone).await, EndedBy::Caller);
}

#[tokio::test]
async fn a_dropped_call_is_hung_up() {
    let bench = quick(&["person answers 5ms"]);
    let mut phone = bench.control.calls();
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Answered).await;
    drop(call);
    assert_eq!(ended(&mut phone).await, EndedBy::Caller);
}

#[tokio::test]
async fn an_ok_that_means_answered_is_understood() {
    let bench = quick(&["late-ok on", "person answers 20ms presses 4 10ms hangs-up 20ms"]);
    let expected = "dialling, ringing, answered, key 4, ended: the other side hung up";
    assert_eq!(call(&bench).await, expected);
    // The modem hears nothing until it has given up dialling.
    order(&bench, "person never").await;
    let mut phone = bench.control.calls();
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Ringing).await;
    call.hang_up();
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::HungUp));
    assert_eq!(ended(&mut phone).await, EndedBy::Caller);
}

#[tokio::test]
async fn a_silent_hang_up_is_noticed() {
    let bench = quick(&["person answers 5ms"]);
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Answered).await;
    order(&bench, "hang-up silently").await;
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::FarEnd));
}

#[tokio::test]
async fn the_line_is_free_for_the_next_call() {
    let bench = quick(&["person answers 2ms presses 4 1ms hangs-up 4ms"]);
    for _ in 0..30 {
        let expected = "dialling, ringing, answered, key 4, ended: the other side hung up";
        assert_eq!(call(&bench).await, expected);
    }
}

#[tokio::test]
async fn a_message_goes_right_after_the_call() {
    let mut bench = quick(&["person answers 5ms"]);
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Answered).await;
    let modem = bench.modem.clone();
    let parts = smtp_appliance::modem::pdu::split("after", 0);
    let sms = SmsRequest { to: TO.parse().unwrap(), parts, report: false };
    let sending = tokio::spawn(async move { modem.send_sms(sms).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(bench.phone.try_recv().is_err());
    call.hang_up();
    assert_eq!(timeout(PATIENCE, sending).await.unwrap().unwrap(), Ok(vec![1]));
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::HungUp));
}

#[tokio::test]
async fn messages_come_in_during_a_call() {
    let mut bench = quick(&["person answers 5ms"]);
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Answered).await;
    order(&bench, "sms +34600000009 on my way").await;
    let event = timeout(PATIENCE, bench.events.recv()).await.unwrap().unwrap();
    let is_it = matches!(event, smtp_appliance::modem::ModemEvent::Received { text, .. }
        if text == "on my way");
    assert!(is_it && bench.modem.status().borrow().in_call);
    order(&bench, "press 4").await;
    assert_eq!(next(&mut call).await, CallEvent::Key('4'));
}

#[tokio::test]
async fn another_call_that_comes_in_is_refused_and_ours_goes_on() {
    let bench = quick(&["person answers 5ms"]);
    let mut call = bench.modem.call(request(TO)).await;
    until(&mut call, &CallEvent::Answered).await;
    let mut heard = bench.control.listen();
    for line in ["ring +34600000009", "say RING", "say +CCWA: \"+34600000009\",145,1"] {
        order(&bench, line).await;
        while timeout(PATIENCE, heard.recv()).await.unwrap().unwrap() != "AT+CHLD=0" {}
    }
    // It was perhaps the other one.
    order(&bench, "say NO CARRIER").await;
    while timeout(PATIENCE, heard.recv()).await.unwrap().unwrap() != "AT+CLCC" {}
    order(&bench, "press 4").await;
    assert_eq!(next(&mut call).await, CallEvent::Key('4'));
    order(&bench, "hang-up").await;
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::FarEnd));
}

#[tokio::test]
async fn a_call_is_lost_with_its_modem() {
    for (line, words) in [
        ("reboot", "the call was lost: the modem started anew"),
        ("unplug", "the call was lost: the modem was unplugged"),
        ("sim none", "the call was lost: no SIM card in the modem"),
        ("silence on", "the call was lost: "),
    ] {
        let bench = quick(&["person answers 5ms"]);
        let mut call = bench.modem.call(request(TO)).await;
        until(&mut call, &CallEvent::Answered).await;
        order(&bench, line).await;
        let CallEvent::Ended(end) = next(&mut call).await else { unreachable!("{line}") };
        assert!(end.to_string().starts_with(words), "{line}: {end}");
        assert_eq!(call.next().await, None);
    }
}

#[tokio::test]
async fn what_cannot_be_called_ends_at_once() {
    let bench = bench(&["sim none"]);
    let mut status = bench.modem.status();
    let is_fault = |state: &ModemState| matches!(state, ModemState::Fault(_));
    let found = status.wait_for(|status| is_fault(&status.state));
    timeout(PATIENCE, found).await.unwrap().unwrap();
    assert!(!bench.modem.is_ready());
    assert_eq!(call(&bench).await, "ended: no SIM card in the modem");
    let mut call = bench.modem.call(request("112")).await;
    assert_eq!(next(&mut call).await, CallEvent::Ended(CallEnd::Emergency));

    let bench = quick(&["network denied"]);
    let mut call = bench.modem.call(request(TO)).await;
    let end = CallEnd::NotRegistered(Registration::Denied);
    assert_eq!(next(&mut call).await, CallEvent::Ended(end));
}

#[tokio::test]
async fn a_call_that_is_no_longer_wanted_is_not_dialled() {
    let bench = quick(&["person answers 5ms"]);
    let mut first = bench.modem.call(request(TO)).await;
    until(&mut first, &CallEvent::Answered).await;
    let mut second = bench.modem.call(request(TO)).await;
    second.hang_up();
    first.hang_up();
    assert_eq!(next(&mut first).await, CallEvent::Ended(CallEnd::HungUp));
    assert_eq!(next(&mut second).await, CallEvent::Ended(CallEnd::HungUp));
}

/// The figure is printed and not judged, since other tests run at the same time.
#[tokio::test]
async fn how_fast_it_dials() {
    let bench = quick(&["person busy"]);
    assert_eq!(call(&bench).await, "dialling, ended: busy");
    let mut heard = bench.control.listen();
    let mut latencies = Vec::new();
    for _ in 0..51 {
        let begin = tokio::time::Instant::now();
        let call = bench.modem.call(request(TO)).await;
        while !heard.recv().await.unwrap().starts_with("ATD") {}
        latencies.push(begin.elapsed());
        all(call).await;
    }
    latencies.sort();
    println!("request to ATD at the modem, median: {:?}", latencies[25]);
}
