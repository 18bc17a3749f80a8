//! Programs made for real modems work with the simulated one.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere, also in its helpers"
)]

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use smtp_appliance::modem::simulator::{
    EndedBy, Options, PhoneCall, PhoneEvent, ReceivedSms, Simulator,
};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::broadcast;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const TO: &str = "+34600000001";
/// Longest run of a program.
const PATIENCE: Duration = Duration::from_mins(1);

struct Bench {
    simulator: Simulator,
    folder: TempDir,
    stop: CancellationToken,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn bench() -> Bench {
    let folder = TempDir::new().unwrap();
    let stop = CancellationToken::new();
    let options = Options { link: Some(folder.path().join("modem")), ..Options::default() };
    let simulator = Simulator::start(options, stop.clone()).unwrap();
    Bench { simulator, folder, stop }
}

impl Bench {
    fn device(&self) -> &Path {
        self.simulator.control.path()
    }

    async fn received(&mut self) -> ReceivedSms {
        let received = timeout(Duration::from_secs(5), self.simulator.phone.recv()).await;
        received.expect("a message in time").unwrap()
    }

    async fn gammu(&self, arguments: &[&str]) -> String {
        let config = self.folder.path().join("gammurc");
        let log = self.folder.path().join("gammu.log");
        let text = format!(
            "[gammu]\ndevice = {}\nconnection = at115200\nlogformat = textalldate\nlogfile = {}\n",
            self.device().display(),
            log.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("gammu");
        command.arg("-c").arg(&config).args(arguments).env("LC_ALL", "C.UTF-8");
        let output = run(command).await;
        let log = std::fs::read_to_string(log).unwrap_or_default();
        said(&output, &log)
    }
}

async fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let name = command.as_std().get_program().display().to_string();
    let output = timeout(PATIENCE, command.output()).await;
    output
        .unwrap_or_else(|_| panic!("{name} ran too long"))
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}; install it first"))
}

/// What a program said, if it succeeded.
fn said(output: &Output, log: &str) -> String {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{out}\n{err}\n{log}", output.status);
    out
}

#[tokio::test]
async fn gammu_identifies_it() {
    let bench = bench();
    let said = bench.gammu(&["identify"]).await;
    for expected in ["SIMCOM", "SIM900", "013226000000017", "214019000000017"] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }
    let said = bench.gammu(&["networkinfo"]).await;
    assert!(said.contains("home network"), "{said}");
    let said = bench.gammu(&["getsecuritystatus"]).await;
    assert!(said.contains("Nothing to enter"), "{said}");
}

#[tokio::test]
async fn gammu_sends_and_gets_messages() {
    let mut bench = bench();
    let long = "El niño paga 5 € a las {8}. ".repeat(8);
    for (text, parts) in [("Disk full", 1), ("ñandú 🔥 ж", 1), (long.trim(), 2)] {
        let length = text.chars().count().to_string();
        let mut arguments = vec!["sendsms", "TEXT", TO, "-len", &length, "-text", text];
        if !text.starts_with("Disk") {
            arguments.push("-unicode");
        }
        let _said = bench.gammu(&arguments).await;
        let sms = bench.received().await;
        assert_eq!((sms.to.as_str(), sms.text.as_str()), (TO, text));
        assert!(sms.parts >= parts);
    }
    bench.simulator.control.order("sms +34600000009 On my way, ñ".parse().unwrap()).await;
    let said = bench.gammu(&["getallsms"]).await;
    assert!(said.contains("On my way, ñ") && said.contains("+34600000009"), "{said}");
}

/// The Python of the virtual environment in which the modem libraries are.
fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    assert!(
        python.exists(),
        "{} is missing; make it with: python3 -m venv target/venv && \
         target/venv/bin/pip install python-gsmmodem-new",
        python.display()
    );
    python
}

const GSMMODEM: &str = r#"
import sys
from gsmmodem.modem import GsmModem
modem = GsmModem(sys.argv[1], 115200, smsStatusReportCallback=lambda report: None)
modem.smsTextMode = sys.argv[2] == "text"
modem.connect()
print(modem.manufacturer, modem.model, modem.imei, modem.networkName, modem.signalStrength)
modem.waitForNetworkCoverage(5)
# It takes the second of two reports for an answer to its own command, so only messages in one
# part are waited for.
wait = len(sys.argv[4]) < 70
sms = modem.sendSms(sys.argv[3], sys.argv[4], waitForDeliveryReport=wait, deliveryTimeout=20)
if wait:
    print("report", sms.report.deliveryStatus)
modem.close()
"#;

#[tokio::test]
async fn gsmmodem_connects_and_sends() {
    let mut bench = bench();
    let long = "El niño paga 5 € a las {8}. ".repeat(8);
    for (mode, text) in
        [("pdu", "Disk full"), ("pdu", &long), ("pdu", "ñandú ж"), ("text", "Disk full")]
    {
        let mut command = Command::new(python());
        command.arg("-c").arg(GSMMODEM).arg(bench.device()).args([mode, TO, text]);
        let said = said(&run(command).await, "");
        assert!(said.contains("SIMCOM_SIM900"), "{said}");
        assert_eq!(said.contains("report 0"), text != long, "{said}");
        let sms = bench.received().await;
        assert_eq!((sms.to.as_str(), sms.text.as_str()), (TO, text));
    }
}

async fn lived(phone: &mut broadcast::Receiver<PhoneCall>, wanted: PhoneEvent) {
    let waiting = async {
        loop {
            let PhoneCall { number, event } = phone.recv().await.unwrap();
            assert_eq!(number, TO);
            if event == wanted {
                return;
            }
        }
    };
    timeout(Duration::from_secs(10), waiting).await.expect("what happens at the phone in time");
}

#[tokio::test]
async fn gammu_calls() {
    let bench = bench();
    for order in ["connect 10ms", "person answers 10ms"] {
        bench.simulator.control.order(order.parse().unwrap()).await;
    }
    let mut phone = bench.simulator.control.calls();
    let _said = bench.gammu(&["dialvoice", TO]).await;
    lived(&mut phone, PhoneEvent::Ringing).await;
    lived(&mut phone, PhoneEvent::Answered).await;
    let _said = bench.gammu(&["cancelcall"]).await;
    lived(&mut phone, PhoneEvent::Ended(EndedBy::Caller)).await;
}

const GSMMODEM_DIAL: &str = r#"
import sys, time
from gsmmodem.modem import GsmModem
modem = GsmModem(sys.argv[1], 115200)
modem.connect()
modem.waitForNetworkCoverage(5)
call = modem.dial(sys.argv[2], timeout=10)
for _ in range(100):
    if call.answered:
        break
    time.sleep(0.1)
print("answered", call.answered)
key = None
for _ in range(50):
    key = modem.GetIncomingDTMF()
    if key:
        break
    time.sleep(0.1)
print("key", key)
call.sendDtmfTone("1")
call.hangup()
modem.close()
"#;

#[tokio::test]
async fn gsmmodem_calls() {
    let bench = bench();
    for order in ["connect 10ms", "person answers 3s presses 4 2s"] {
        bench.simulator.control.order(order.parse().unwrap()).await;
    }
    let mut phone = bench.simulator.control.calls();
    let mut command = Command::new(python());
    command.arg("-c").arg(GSMMODEM_DIAL).arg(bench.device()).arg(TO);
    let said = said(&run(command).await, "");
    assert!(said.contains("answered True") && said.contains("key 4"), "{said}");
    for event in [
        PhoneEvent::Ringing,
        PhoneEvent::Answered,
        PhoneEvent::Pressed('4'),
        PhoneEvent::Ended(EndedBy::Caller),
    ] {
        lived(&mut phone, event).await;
    }
}
