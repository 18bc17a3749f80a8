//! Messages go out and come in through the real serial driver.

use std::time::Duration;

use smtp_appliance::modem::at::Registration;
use smtp_appliance::modem::pdu::{DeliveryState, split};
use smtp_appliance::modem::simulator::{Options, Order, ReceivedSms};
use smtp_appliance::modem::{ModemEvent, ModemState, SmsFailure, SmsRequest};
use tokio::time::timeout;

use crate::support::modem::{PATIENCE, TO, bench, bench_with, hasty, heard_until};
#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let mut bench = bench(&[]);
    let long = "El niño dijo: “á” 🔥 ".repeat(12);
    for (text, parts) in [("Disk full", 1), ("{é} €5 | ñ", 1), ("á🔥", 1), (&long, 4)] {
        let references = bench.send(text).await.unwrap();
        assert_eq!(references.len(), parts);
        let expected = ReceivedSms { to: TO.into(), text: text.into(), parts };
        assert_eq!(bench.received().await, expected);
    }
    let status = bench.idle().await;
    assert_eq!(status.model.as_deref(), Some("SIMCOM_SIM900"));
    assert_eq!(status.registration, Registration::Home);
    assert_eq!(status.signal_dbm, Some(-79));
    assert_eq!(status.operator.as_deref(), Some("Simulated Mobile"));
}

#[tokio::test]
async fn one_message_takes_one_command() {
    let bench = bench(&[]);
    bench.ready().await;
    bench.send("first").await.unwrap();
    bench.idle().await;
    let mut heard = bench.control.listen();
    bench.send("hellohello").await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "AT+CMGS=23");
    let pdu = heard.recv().await.unwrap();
    assert_eq!(pdu, "0011000B914306000000F10000A70AE8329BFD4697D9EC37");
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_permanent_error_is_told_apart_from_a_temporary_one() {
    let mut bench = bench(&[]);
    for (order, words, permanent) in [
        ("cms 1", "unassigned (unallocated) number (CMS error 1)", true),
        ("cms 38", "network out of order (CMS error 38)", false),
        ("cms 529", "reason unknown to the standard (CMS error 529)", false),
    ] {
        bench.order(order).await;
        let error = bench.send("hello").await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_permanent()), (words, permanent));
    }
    bench.order("cms off").await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn a_temporary_error_of_a_part_is_mended_on_the_spot() {
    let mut bench = bench(&["cms 38 2"]);
    let text = "a".repeat(300);
    assert_eq!(bench.send(&text).await.unwrap().len(), 2);
    assert_eq!(bench.received().await.text, text);
    bench.order("cms 38 3").await;
    let error = bench.send(&text).await.unwrap_err();
    assert!(error.sent.is_empty());
}

#[tokio::test]
async fn a_slow_network_is_waited_for() {
    let mut bench = bench(&["delay 300ms"]);
    let text = "a".repeat(161);
    assert_eq!(bench.send(&text).await.unwrap(), [1, 2]);
    assert_eq!(bench.received().await.text, text);
}

#[tokio::test]
async fn a_delivery_is_reported() {
    let quick = |options: &mut Options| options.report_delay = Duration::from_millis(10);
    let mut bench = bench_with(quick, |_| {}, hasty());
    let parts = split("hello", 0);
    let request = SmsRequest { to: TO.parse().unwrap(), parts, report: true };
    let references = bench.modem.send_sms(request).await.unwrap();
    let expected = ModemEvent::Report {
        reference: references[0],
        to: TO.into(),
        state: DeliveryState::Delivered,
        status: 0,
    };
    assert_eq!(bench.event().await, expected);
}

#[tokio::test]
async fn messages_come_in() {
    let mut bench = bench(&["sms +34600000009 while you were out"]);
    let long = "sí 🔥 ".repeat(30);
    let long = long.trim();
    let mut heard = bench.control.listen();
    for text in ["while you were out", "on my way", long] {
        if text != "while you were out" {
            bench.order(&format!("sms +34600000009 {text}")).await;
        }
        let ModemEvent::Received { from, text: read, at } = bench.event().await else {
            panic!("a message");
        };
        assert_eq!((from.as_str(), read.as_str()), ("+34600000009", text));
        assert!(at.is_some());
    }
    // They make room on the SIM card.
    heard_until(&mut heard, "AT+CMGD=1").await;
}

#[tokio::test]
async fn what_is_not_stored_is_acknowledged_where_that_is_asked_for() {
    let mut bench = bench(&["phase2+ on"]);
    bench.ready().await;
    let mut heard = bench.control.listen();
    let pdu = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07";
    bench.control.order(Order::Say(format!("+CMT: \"\",30\r\n{pdu}"))).await;
    let ModemEvent::Received { from, text, .. } = bench.event().await else {
        panic!("a message");
    };
    assert_eq!((from.as_str(), text.as_str()), ("+31641600986", "How are you?"));
    heard_until(&mut heard, "AT+CNMA").await;
}

#[tokio::test]
async fn a_call_that_comes_in_is_refused() {
    let bench = bench(&[]);
    bench.ready().await;
    let mut heard = bench.control.listen();
    bench.order("ring +34600000009").await;
    heard_until(&mut heard, "ATH").await;
}

#[tokio::test]
async fn the_stop_ends_the_driver_and_answers_who_waits() {
    let bench = bench(&["network searching"]);
    bench.status(|status| status.state == ModemState::Ready).await;
    bench.stop.cancel();
    timeout(PATIENCE, bench.modem.stopped()).await.unwrap();
    assert_eq!(bench.send("hello").await.unwrap_err().failure, SmsFailure::Stopping);
}

/// The figures are printed and not judged, since other tests run at the same time.
#[tokio::test]
async fn how_fast_it_is() {
    let bench = bench(&[]);
    bench.idle().await;
    let mut heard = bench.control.listen();
    let mut latencies = Vec::new();
    for _ in 0..51 {
        let begin = tokio::time::Instant::now();
        let first_line = async {
            while !heard.recv().await.unwrap().starts_with("AT+CMGS") {}
            begin.elapsed()
        };
        let (sent, latency) = tokio::join!(bench.send("hello"), first_line);
        sent.unwrap();
        latencies.push(latency);
    }
    latencies.sort();
    println!("request to AT+CMGS at the modem, median: {:?}", latencies[25]);
    let paced = bench_with(|options| options.baud = Some(19_200), |_| {}, hasty());
    paced.idle().await;
    let begin = tokio::time::Instant::now();
    paced.send(&"a".repeat(160)).await.unwrap();
    println!("160 characters at 19200 baud: {:?} (floor 189 ms)", begin.elapsed());
}
