//! A SIM900 on a pseudo-terminal, with its SIM card, its network, and the phone that gets its
//! messages and its calls. It speaks as the real one does, byte for byte, so that programs made for that one work
//! with it; and it fails on demand.

mod audio;
mod call;
mod call_order;
mod device;
mod general;
mod input;
mod message;
mod modem;
mod network;
mod order;
mod person;
mod phone;
mod pty;
mod request;
mod ussd;

pub use call_order::CallOrder;
pub use order::{Order, OrderError, Silence, SimCard};
pub use person::{EndedBy, Person, PhoneCall, PhoneEvent, Reaction};
pub use phone::ReceivedSms;
pub use ussd::{UssdOrder, UssdWay};

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Most messages that wait to be taken from the phone; more are only written to the file.
const MAX_UNREAD: usize = 1024;
/// Most orders that wait.
const MAX_ORDERS: usize = 64;
/// Most command lines, and events of calls, that wait for a listener.
const MAX_HEARD: usize = 1024;

/// What kind of modem and network is simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// A symbolic link to the pseudo-terminal, made at the start and removed at the end.
    pub link: Option<PathBuf>,
    /// A file to which each message that the phone gets is appended as a line of JSON.
    pub sms: Option<PathBuf>,
    /// Fixed speed of the line: bytes pass at this many baud (8N1) in both directions, and are
    /// noise to a program that has set another speed. When unset, the modem takes up any speed and
    /// bytes pass at once.
    pub baud: Option<u32>,
    /// How long the network takes to accept a message.
    pub delay: Duration,
    /// How long after that the delivery report comes, if one was asked for.
    pub report_delay: Duration,
    /// How long the network looks for a telephone that is called until it rings.
    pub connect: Duration,
    /// How long the network lets it ring.
    pub no_answer: Duration,
    /// PIN that the SIM card asks for.
    pub pin: Option<String>,
    /// What is otherwise from the start: `signal 7`, `network searching`, `sim none`, …
    pub orders: Vec<Order>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            link: None,
            sms: None,
            baud: None,
            delay: Duration::ZERO,
            report_delay: Duration::from_secs(1),
            connect: Duration::from_secs(1),
            no_answer: Duration::from_mins(1),
            pin: None,
            orders: Vec::new(),
        }
    }
}

/// A running simulator.
#[derive(Debug)]
pub struct Simulator {
    /// Steers it.
    pub control: SimulatorControl,
    /// What the phone got, whole messages.
    pub phone: mpsc::Receiver<ReceivedSms>,
}

/// Steers a running simulator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SimulatorControl {
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    heard: broadcast::Sender<String>,
    calls: broadcast::Sender<PhoneCall>,
    path: PathBuf,
}

impl Simulator {
    /// Starts a simulator, which runs until `stop` is cancelled.
    ///
    /// # Errors
    /// If there is no pseudo-terminal to be had, or the link or the file cannot be made.
    pub fn start(options: Options, stop: CancellationToken) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel(MAX_ORDERS);
        let (unread, phone) = mpsc::channel(MAX_UNREAD);
        let (heard, _) = broadcast::channel(MAX_HEARD);
        let (calls, _) = broadcast::channel(MAX_HEARD);
        let phone_side = phone::Phone::new(options.sms.as_deref(), unread)?;
        let device = device::Device::new(
            options,
            phone_side,
            ordered,
            device::Listeners { heard: heard.clone(), calls: calls.clone() },
        )?;
        let path = device.path().to_owned();
        tokio::spawn(device.run(stop));
        Ok(Self { control: SimulatorControl { orders, heard, calls, path }, phone })
    }
}

impl SimulatorControl {
    /// The device to open: the link if there is one, else the pseudo-terminal.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives an order and waits until it is carried out.
    pub async fn order(&self, order: Order) {
        let (done, is_done) = oneshot::channel();
        if self.orders.send((order, done)).await.is_ok() {
            // An error says that the simulator has ended, and then nothing is to be done.
            let _ended = is_done.await;
        }
    }

    /// Command lines and messages as they come in from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<String> {
        self.heard.subscribe()
    }

    /// What happens from now on at the telephones that are called.
    #[must_use]
    pub fn calls(&self) -> broadcast::Receiver<PhoneCall> {
        self.calls.subscribe()
    }
}

/// The command `modem-simulator`: a simulator that says where it is and takes orders, one a line,
/// from standard input.
///
/// # Errors
/// As [`Simulator::start`].
pub async fn run(options: Options, stop: CancellationToken) -> io::Result<()> {
    let Simulator { control, mut phone } = Simulator::start(options, stop.clone())?;
    writeln!(io::stdout(), "{}", control.path().display())?;
    info!(device = %control.path().display(), "modem simulator ready");
    let (lines, mut line) = mpsc::channel(1);
    // Reading standard input cannot be interrupted, so it has a thread that ends with the program.
    std::thread::spawn(move || {
        let lines_of_stdin = io::stdin().lock().lines().map_while(Result::ok);
        for text in lines_of_stdin {
            if lines.blocking_send(text).is_err() {
                return;
            }
        }
    });
    let mut calls = control.calls();
    let mut has_input = true;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            text = line.recv(), if has_input => match text.as_deref().map(str::trim) {
                None => has_input = false,
                Some("") => {}
                Some(text) => match text.parse() {
                    Ok(order) => control.order(order).await,
                    Err(error) => warn!("{text:?}: {error}"),
                }
            },
            Ok(call) = calls.recv() => info!(event = ?call.event, "the phone in a call"),
            Some(sms) = phone.recv() => {
                info!(parts = sms.parts, "the phone got a message");
            }
        }
    }
}
