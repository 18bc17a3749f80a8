//! The real serial driver on a simulated modem.

use std::path::Path;
use std::time::Duration;

use smtp_appliance::config;
use smtp_appliance::modem::pdu::split;
use smtp_appliance::modem::simulator::{Options, Order, ReceivedSms, Simulator, SimulatorControl};
use smtp_appliance::modem::{
    Modem, ModemEvent, ModemState, ModemStatus, SmsError, SmsRequest, Timing,
};
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) const TO: &str = "+34600000001";
/// Longest wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A driver on a simulated modem.
pub(crate) struct Bench {
    pub(crate) modem: Modem,
    pub(crate) events: mpsc::Receiver<ModemEvent>,
    pub(crate) control: SimulatorControl,
    pub(crate) phone: mpsc::Receiver<ReceivedSms>,
    pub(crate) stop: CancellationToken,
    _folder: TempDir,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Times for a modem that answers at once.
pub(crate) fn hasty() -> Timing {
    Timing {
        reopen_first: Duration::from_millis(50),
        reopen_max: Duration::from_millis(200),
        probe: Duration::from_millis(100),
        poll: Duration::from_mins(10),
        registration_grace: Duration::from_millis(300),
        submit: Duration::from_millis(500),
        resend: Duration::from_millis(20),
        balance_quiet: Duration::from_millis(20),
        balance_answer: PATIENCE,
        overtime: Duration::from_secs(1),
    }
}

pub(crate) fn settings(device: &Path) -> config::Modem {
    config::Modem {
        device: device.to_owned(),
        baud: None,
        pin: None,
        model: None,
        smsc: None,
        audio: config::ModemAudio::default(),
        balance: None,
    }
}

pub(crate) fn orders(lines: &[&str]) -> Vec<Order> {
    lines.iter().map(|line| line.parse().unwrap()).collect()
}

/// A driver, with changed settings, on a modem with changed options.
pub(crate) fn bench_with(
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
    pub(crate) async fn send(&self, text: &str) -> Result<Vec<u8>, SmsError> {
        let parts = split(text, 7);
        let request = SmsRequest { to: TO.parse().unwrap(), parts, report: false };
        timeout(PATIENCE, self.modem.send_sms(request)).await.expect("an answer in time")
    }

    /// Sends until it works, as the queue does.
    pub(crate) async fn send_at_last(&self, text: &str) -> Vec<u8> {
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

    pub(crate) async fn received(&mut self) -> ReceivedSms {
        timeout(PATIENCE, self.phone.recv()).await.expect("a message in time").unwrap()
    }

    pub(crate) async fn event(&mut self) -> ModemEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").unwrap()
    }

    pub(crate) async fn status(&self, wanted: impl FnMut(&ModemStatus) -> bool) -> ModemStatus {
        let mut status = self.modem.status();
        let found = timeout(PATIENCE, status.wait_for(wanted)).await;
        found.expect("the status in time").unwrap().clone()
    }

    pub(crate) async fn ready(&self) {
        self.status(ModemStatus::can_send).await;
    }

    /// Ready, and nothing left to ask the modem for.
    pub(crate) async fn idle(&self) -> ModemStatus {
        self.status(|status| status.operator.is_some() && status.signal_dbm.is_some()).await
    }

    pub(crate) async fn fault(&self) -> String {
        let status = self.status(|status| matches!(status.state, ModemState::Fault(_))).await;
        let ModemState::Fault(words) = status.state else { unreachable!() };
        words
    }

    pub(crate) async fn order(&self, line: &str) {
        self.control.order(line.parse().unwrap()).await;
    }

    pub(crate) async fn delivers(&mut self, text: &str) {
        self.send_at_last(text).await;
        assert_eq!(self.received().await.text, text);
    }
}

pub(crate) async fn heard_until(
    heard: &mut broadcast::Receiver<String>,
    wanted: &str,
) -> Vec<String> {
    let listening = async {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|last| last != wanted) {
            lines.push(heard.recv().await.unwrap());
        }
        lines
    };
    timeout(PATIENCE, listening).await.unwrap_or_else(|_| panic!("{wanted} in time"))
}
