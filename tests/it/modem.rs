//! Messages go out through the real serial driver, whatever the modem does.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere, also in its helpers"
)]

use std::path::Path;
use std::time::Duration;

use smtp_appliance::config::{self, Secret};
use smtp_appliance::modem::at::Registration;
use smtp_appliance::modem::pdu::{DeliveryState, split};
use smtp_appliance::modem::simulator::{Options, Order, ReceivedSms, Simulator, SimulatorControl};
use smtp_appliance::modem::{
    Modem, ModemEvent, ModemState, ModemStatus, SmsError, SmsFailure, SmsRequest, Timing,
};
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const TO: &str = "+34600000001";
/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A driver on a simulated modem.
pub(crate) struct Bench {
    pub(crate) modem: Modem,
    pub(crate) events: mpsc::Receiver<ModemEvent>,
    pub(crate) control: SimulatorControl,
    pub(crate) phone: mpsc::Receiver<ReceivedSms>,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Times for a modem that answers at once.
fn hasty() -> Timing {
    Timing {
        reopen_first: Duration::from_millis(50),
        reopen_max: Duration::from_millis(200),
        probe: Duration::from_millis(100),
        poll: Duration::from_mins(10),
        registration_grace: Duration::from_millis(300),
        submit: Duration::from_millis(500),
        resend: Duration::from_millis(20),
        overtime: Duration::from_secs(1),
    }
}

fn settings(device: &Path) -> config::Modem {
    config::Modem {
        device: device.to_owned(),
        baud: None,
        pin: None,
        model: None,
        smsc: None,
        audio: config::ModemAudio::default(),
    }
}

fn orders(lines: &[&str]) -> Vec<Order> {
    lines.iter().map(|line| line.parse().unwrap()).collect()
}

/// A driver, with changed settings, on a modem with changed options.
fn bench_with(
    options: impl FnOnce(&mut Options),
    change: impl FnOnce(&mut config::Modem),
    timing: Timing,
) -> Bench {
    let folder = TempDir::new().unwrap();
    let stop = CancellationToken::new();
    let mut simulated = Options { link: Some(folder.path().join("modem")), ..Options::default() };
    options(&mut simulated);
    let Simulator { control, phone } = Simulator::start(simulated, stop.clone()).unwrap();
    let mut settings = settings(control.path());
    change(&mut settings);
    let (modem, events) = Modem::start_with(settings, timing, stop.clone());
    Bench { modem, events, control, phone, stop, _folder: folder }
}

pub(crate) fn bench(lines: &[&str]) -> Bench {
    bench_with(|options| options.orders = orders(lines), |_| {}, hasty())
}

impl Bench {
    async fn send(&self, text: &str) -> Result<Vec<u8>, SmsError> {
        let parts = split(text, 7);
        let request = SmsRequest { to: TO.parse().unwrap(), parts, report: false };
        timeout(PATIENCE, self.modem.send_sms(request)).await.expect("an answer in time")
    }

    /// Sends until it works, as the queue does.
    async fn send_at_last(&self, text: &str) -> Vec<u8> {
        let trying = async {
            loop {
                match self.send(text).await {
                    Ok(references) => return references,
                    Err(error) => assert!(!error.is_permanent(), "{error}"),
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, trying).await.expect("sent in time")
    }

    async fn received(&mut self) -> ReceivedSms {
        timeout(PATIENCE, self.phone.recv()).await.expect("a message in time").unwrap()
    }

    async fn event(&mut self) -> ModemEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").unwrap()
    }

    async fn status(&self, wanted: impl FnMut(&ModemStatus) -> bool) -> ModemStatus {
        let mut status = self.modem.status();
        let found = timeout(PATIENCE, status.wait_for(wanted)).await;
        found.expect("the status in time").unwrap().clone()
    }

    async fn ready(&self) {
        self.status(ModemStatus::can_send).await;
    }

    /// Ready, and nothing left to ask the modem for.
    async fn idle(&self) -> ModemStatus {
        self.status(|status| status.operator.is_some() && status.signal_dbm.is_some()).await
    }

    async fn fault(&self) -> String {
        let status = self.status(|status| matches!(status.state, ModemState::Fault(_))).await;
        let ModemState::Fault(words) = status.state else { unreachable!() };
        words
    }

    async fn order(&self, line: &str) {
        self.control.order(line.parse().unwrap()).await;
    }

    async fn delivers(&mut self, text: &str) {
        self.send_at_last(text).await;
        assert_eq!(self.received().await.text, text);
    }
}

async fn heard_until(heard: &mut broadcast::Receiver<String>, wanted: &str) -> Vec<String> {
    let listening = async {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|last| last != wanted) {
            lines.push(heard.recv().await.unwrap());
        }
        lines
    };
    timeout(PATIENCE, listening).await.unwrap_or_else(|_| panic!("{wanted} in time"))
}

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
    let error = bench.send("hello").await.unwrap_err();
    assert_eq!(error.failure, SmsFailure::NotRegistered(Registration::Searching));
    bench.order("network home").await;
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
async fn the_speed_of_the_line_is_found() {
    let mut bench = bench_with(|options| options.baud = Some(57_600), |_| {}, hasty());
    bench.delivers("hello").await;
    let fixed = |options: &mut Options| options.baud = Some(9_600);
    let bench = bench_with(fixed, |settings| settings.baud = Some(115_200), hasty());
    assert_eq!(bench.fault().await, "no answer from the modem at 115200 baud");
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
