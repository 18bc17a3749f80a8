//! Whatever befalls the modem is said, and messages go out as soon as it is over.

use std::path::Path;
use std::time::Duration;

use smtp_appliance::config::Secret;
use smtp_appliance::modem::at::Registration;
use smtp_appliance::modem::pdu::split;
use smtp_appliance::modem::simulator::Options;
use smtp_appliance::modem::{Modem, ModemState, ModemStatus, SmsFailure, SmsRequest, Timing};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::modem::{
    PATIENCE, TO, bench, bench_with, hasty, heard_until, orders, settings,
};
#[tokio::test]
async fn without_a_sim_card_messages_are_refused_until_there_is_one() {
    let mut bench = bench(&["sim none"]);
    assert_eq!(bench.fault().await, "no SIM card in the modem");
    let error = bench.send("hello").await.unwrap_err();
    assert!(!error.is_permanent());
    bench.order("sim ready").await;
    bench.delivers("hello").await;
    bench.order("sim none").await;
    assert_eq!(bench.fault().await, "no SIM card in the modem");
}

#[tokio::test]
async fn a_broken_sim_card_makes_the_modem_start_anew() {
    let mut bench = bench(&[]);
    bench.ready().await;
    let mut heard = bench.control.listen();
    bench.order("sim failure").await;
    let error = bench.send("hello").await.unwrap_err();
    assert_eq!(error.to_string(), "(U)SIM failure (CMS error 313)");
    heard_until(&mut heard, "AT+CFUN=1,1").await;
    bench.order("sim ready").await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn the_pin_is_entered() {
    let pin = Secret::new("1234".into());
    let mut bench = bench_with(
        |options| options.pin = Some("1234".into()),
        |settings| settings.pin = Some(pin),
        hasty(),
    );
    bench.delivers("hello").await;
    bench.order("reboot").await;
    bench.delivers("again").await;
}

#[tokio::test]
async fn a_wrong_pin_is_tried_once() {
    let pin = Secret::new("9999".into());
    let bench = bench_with(
        |options| options.pin = Some("1234".into()),
        |settings| settings.pin = Some(pin),
        hasty(),
    );
    let mut heard = bench.control.listen();
    let mut entered = 0;
    // Four times around, as the driver keeps looking after the modem.
    for _ in 0..4 {
        let lines = heard_until(&mut heard, "AT+CPIN?").await;
        entered += lines.iter().filter(|line| line.starts_with("AT+CPIN=")).count();
    }
    assert_eq!(entered, 1);
    assert!(bench.fault().await.starts_with("the SIM card refused the PIN"));
    let error = bench.send("hello").await.unwrap_err();
    assert!(matches!(error.failure, SmsFailure::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_missing_pin_is_said() {
    let bench = bench_with(|options| options.pin = Some("1234".into()), |_| {}, hasty());
    assert_eq!(bench.fault().await, "the SIM card asks for its PIN; set modem.pin");
}

#[tokio::test]
async fn a_message_waits_a_while_for_the_network() {
    let timing = Timing { registration_grace: PATIENCE, ..hasty() };
    let set = |options: &mut Options| options.orders = orders(&["network searching"]);
    let mut bench = bench_with(set, |_| {}, timing);
    let registration = |status: &ModemStatus| status.registration == Registration::Searching;
    bench.status(registration).await;
    let modem = bench.modem.clone();
    let request = SmsRequest { to: TO.parse().unwrap(), parts: split("at last", 0), report: false };
    let sending = tokio::spawn(async move { modem.send_sms(request).await });
    bench.order("network roaming").await;
    assert_eq!(timeout(PATIENCE, sending).await.unwrap().unwrap(), Ok(vec![1]));
    assert_eq!(bench.received().await.text, "at last");
}

#[tokio::test]
async fn without_a_network_messages_are_refused_for_now() {
    let mut bench = bench(&["network denied"]);
    let error = bench.send("hello").await.unwrap_err();
    assert_eq!(error.to_string(), "no network: registration denied by the network");
    assert!(!error.is_permanent());
    bench.order("network searching").await;
    bench.status(|status| status.registration == Registration::Searching).await;
    let error = bench.send("hello").await.unwrap_err();
    assert_eq!(error.failure, SmsFailure::NotRegistered(Registration::Searching));
    bench.order("network home").await;
    bench.status(|status| status.registration == Registration::Home).await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn a_silent_modem_is_found_again() {
    let mut bench = bench(&[]);
    bench.delivers("before").await;
    bench.idle().await;
    bench.order("silence on").await;
    let error = bench.send("lost").await.unwrap_err();
    assert_eq!(error.failure, SmsFailure::NoPrompt);
    assert!(bench.fault().await.contains("did not answer"));
    bench.order("silence off").await;
    bench.delivers("after").await;
}

#[tokio::test]
async fn a_modem_silent_from_the_start_is_said_to_be() {
    let mut bench = bench(&["silence on"]);
    assert_eq!(bench.fault().await, "no answer from the modem");
    bench.order("silence off").await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn a_message_without_an_answer_may_have_been_sent() {
    let mut bench = bench(&["silence sms"]);
    let error = bench.send("hello").await.unwrap_err();
    assert_eq!(error.to_string(), "unknown whether sent: the modem fell silent");
    assert!(!error.is_permanent());
    bench.order("silence off").await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn a_new_start_amid_a_message_is_survived() {
    let mut bench = bench(&[]);
    bench.delivers("before").await;
    bench.order("reboot sms").await;
    let error = bench.send("lost").await.unwrap_err();
    assert_eq!(error.to_string(), "unknown whether sent: the modem started anew");
    bench.delivers("after").await;
}

#[tokio::test]
async fn a_modem_can_be_unplugged_and_plugged_in_again() {
    let mut bench = bench(&[]);
    bench.delivers("before").await;
    bench.order("unplug").await;
    bench.status(|status| status.state != ModemState::Ready).await;
    let error = bench.send("lost").await.unwrap_err();
    assert!(!error.is_permanent());
    bench
        .status(|status| match &status.state {
            ModemState::Fault(words) => {
                words.starts_with("cannot open")
                    && words.ends_with("is the modem plugged in and the serial port switched on?")
            }
            ModemState::Starting | ModemState::Ready => false,
        })
        .await;
    bench.order("plug").await;
    bench.delivers("after").await;
}

#[tokio::test]
async fn unplugged_amid_a_message_it_may_have_been_sent() {
    let bench = bench(&["delay 10s"]);
    bench.ready().await;
    let mut heard = bench.control.listen();
    let pulling = async {
        while !heard.recv().await.unwrap().starts_with("0011") {}
        bench.order("unplug").await;
    };
    let (sent, ()) = tokio::join!(bench.send("hello"), pulling);
    let error = sent.unwrap_err();
    assert_eq!(error.to_string(), "unknown whether sent: the modem was unplugged");
}

#[tokio::test]
async fn noise_and_cut_lines_do_no_harm() {
    let mut bench = bench(&["garbage 3000"]);
    bench.delivers("noise before").await;
    bench.order("garbage 100000").await;
    bench.delivers("noise between").await;
    bench.order("cut on").await;
    let first = bench.send("cut").await.unwrap();
    assert_eq!(bench.send("cut").await.unwrap(), [first[0] + 1], "the reference is read whole");
    for _ in 0..2 {
        assert_eq!(bench.received().await.text, "cut");
    }
    bench.order("reboot").await;
    bench.delivers("cut from the start").await;
}

#[tokio::test]
async fn a_modem_that_echoes_again_is_understood() {
    let mut bench = bench(&[]);
    bench.ready().await;
    // After a start of its own that nobody hears of, the echo is on again.
    bench.order("silence on").await;
    bench.order("reboot").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    bench.order("silence off").await;
    bench.delivers("hello").await;
}

#[tokio::test]
async fn the_speed_of_the_line_is_found() {
    let mut bench = bench_with(|options| options.baud = Some(57_600), |_| {}, hasty());
    bench.delivers("hello").await;
    let fixed = |options: &mut Options| options.baud = Some(9_600);
    let bench = bench_with(fixed, |settings| settings.baud = Some(115_200), hasty());
    assert_eq!(bench.fault().await, "no answer from the modem at 115200 baud");
}

#[tokio::test]
async fn a_missing_device_is_named() {
    let stop = CancellationToken::new();
    let (modem, _events) = Modem::start(settings(Path::new("/dev/no-such-modem")), stop.clone());
    let mut status = modem.status();
    let is_fault = |status: &ModemStatus| matches!(status.state, ModemState::Fault(_));
    let status = timeout(PATIENCE, status.wait_for(is_fault)).await.unwrap().unwrap().clone();
    let words = "cannot open /dev/no-such-modem: No such file or directory (os error 2); \
                 is the modem plugged in and the serial port switched on?";
    assert_eq!(status.state, ModemState::Fault(words.into()));
    stop.cancel();
}
