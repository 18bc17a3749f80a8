//! The task that owns the pseudo-terminal: bytes in and out at the speed of the line, the delays of
//! the network, and orders.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Options;
use super::call::{self, CallStep, Times};
use super::general::garbage;
use super::input::{Input, Terminal};
use super::modem::{Effect, Outgoing, Sim900};
use super::order::{Order, Silence};
use super::person::PhoneCall;
use super::phone::Phone;
use super::pty::Pty;
use crate::modem::pdu::StatusReport;

/// How long a new start takes (a real one: some 5 s).
const RESTART: Duration = Duration::from_millis(100);
/// Most bytes on the line in one direction; what is beyond is lost, as without flow control.
const MAX_ON_LINE: usize = 64 * 1024;
/// Most things that are to happen later.
const MAX_SCHEDULED: usize = 4096;

pub(super) struct Device {
    options: Options,
    /// `None` while unplugged.
    pty: Option<Pty>,
    path: PathBuf,
    modem: Sim900,
    terminal: Terminal,
    phone: Phone,
    incoming: Pace,
    outgoing: Pace,
    scheduled: Vec<(Instant, Later)>,
    /// A message is with the network, or the modem is starting: what comes in waits.
    busy: bool,
    orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>,
    listeners: Listeners,
}

/// Who listens in; nobody need.
pub(super) struct Listeners {
    /// Command lines.
    pub(super) heard: broadcast::Sender<String>,
    /// What happens at the telephones.
    pub(super) calls: broadcast::Sender<PhoneCall>,
}

enum Later {
    Accept(Outgoing),
    Report(StatusReport),
    Call(CallStep),
    Network(u64),
    Boot,
}

/// Bytes that pass one after the other, each taking its time.
struct Pace {
    bytes: VecDeque<u8>,
    per_byte: Duration,
    /// When the first of the bytes has passed.
    next: Instant,
}

impl Pace {
    fn new(baud: Option<u32>) -> Self {
        // Start bit, eight bits, stop bit.
        let per_byte = baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1));
        Self { bytes: VecDeque::new(), per_byte, next: Instant::now() }
    }

    fn push(&mut self, bytes: &[u8], now: Instant) {
        if self.bytes.is_empty() {
            self.next = now + self.per_byte;
        }
        let room = MAX_ON_LINE.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
    }

    /// The next byte, if it has passed.
    fn pop(&mut self, now: Instant) -> Option<u8> {
        if self.next > now {
            return None;
        }
        let byte = self.bytes.pop_front()?;
        self.next += self.per_byte;
        Some(byte)
    }

    fn due(&self) -> Option<Instant> {
        (!self.bytes.is_empty()).then_some(self.next)
    }
}

impl Device {
    pub(super) fn new(
        options: Options,
        phone: Phone,
        orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>,
        listeners: Listeners,
    ) -> io::Result<Self> {
        let pty = Pty::open(options.link.as_deref())?;
        let path = pty.path().to_owned();
        let times = Times { connect: options.connect, no_answer: options.no_answer };
        let mut device = Self {
            pty: Some(pty),
            path,
            modem: Sim900::new(options.pin.clone(), times),
            terminal: Terminal::default(),
            phone,
            incoming: Pace::new(options.baud),
            outgoing: Pace::new(options.baud),
            scheduled: Vec::new(),
            busy: false,
            orders,
            listeners,
            options,
        };
        for order in std::mem::take(&mut device.options.orders) {
            device.obey(order);
        }
        let greeting = device.modem.boot();
        device.say(&greeting);
        Ok(device)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut buffer = [0; 1024];
        loop {
            self.advance();
            let incoming = if self.busy { None } else { self.incoming.due() };
            let scheduled = self.scheduled.iter().map(|(at, _)| *at).min();
            let wake = [incoming, self.outgoing.due(), scheduled].into_iter().flatten().min();
            let has_room = self.incoming.bytes.len() < MAX_ON_LINE / 2;
            tokio::select! {
                () = stop.cancelled() => return,
                order = self.orders.recv() => {
                    let Some((order, done)) = order else { return };
                    self.obey(order);
                    // Whoever gave it may have gone.
                    let _gone = done.send(());
                }
                read = read(self.pty.as_ref(), &mut buffer), if has_room => match read {
                    Ok(count) => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        let bytes = self.at_speed(bytes.to_vec());
                        self.incoming.push(&bytes, Instant::now());
                    }
                    Err(error) => {
                        warn!("simulated modem: {error}");
                        self.pty = None;
                    }
                },
                () = until(wake) => {}
            }
        }
    }

    /// Does all that is due.
    fn advance(&mut self) {
        let now = Instant::now();
        self.modem.now = Timestamp::now();
        while let Some(index) = self.scheduled.iter().position(|(at, _)| *at <= now) {
            let (_, later) = self.scheduled.swap_remove(index);
            self.on_later(later);
        }
        while !self.busy
            && let Some(byte) = self.incoming.pop(now)
        {
            self.on_byte(byte);
        }
        let mut passed = Vec::new();
        while let Some(byte) = self.outgoing.pop(now) {
            passed.push(byte);
        }
        let passed = self.at_speed(passed);
        if let Some(pty) = &self.pty {
            pty.write(&passed);
        }
    }

    /// Bytes as they arrive: as noise if both ends have different speeds.
    fn at_speed(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        const NOISE: u8 = 0xA5;
        let theirs = self.pty.as_ref().and_then(Pty::baud);
        if self.options.baud.is_some_and(|ours| theirs.is_some_and(|theirs| theirs != ours)) {
            bytes.fill(NOISE);
        }
        bytes
    }

    fn on_byte(&mut self, byte: u8) {
        if self.modem.silence == Silence::All {
            return;
        }
        if self.modem.calls.is_dialling() {
            let effects = call::abort(&mut self.modem);
            return self.carry_out(effects);
        }
        if self.modem.settings.echo {
            self.say(&[byte]);
        }
        let Some(input) = self.terminal.push(byte, self.modem.at_prompt()) else { return };
        let words = match &input {
            Input::Line(line) => line.clone(),
            Input::Message(message) => String::from_utf8_lossy(message).into_owned(),
            Input::Again => "A/".to_owned(),
            Input::Cancel => "<ESC>".to_owned(),
        };
        // Nobody need listen.
        let _unheard = self.listeners.heard.send(words);
        let effects = self.modem.input(input);
        self.carry_out(effects);
    }

    fn on_later(&mut self, later: Later) {
        match later {
            Later::Accept(outgoing) => {
                self.busy = false;
                let effects = self.modem.accept(outgoing);
                self.carry_out(effects);
            }
            Later::Report(report) => {
                let said = self.modem.report(&report);
                self.say(&said);
            }
            Later::Call(step) => {
                let effects = self.modem.step(step);
                self.carry_out(effects);
            }
            Later::Network(question) => {
                self.busy = false;
                let said = self.modem.network_answers(question);
                self.say(&said);
            }
            Later::Boot => {
                self.busy = false;
                let said = self.modem.boot();
                self.say(&said);
            }
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Say(bytes) => self.say(&bytes),
                Effect::Submit(outgoing) => {
                    if self.options.delay.is_zero() {
                        let effects = self.modem.accept(outgoing);
                        self.carry_out(effects);
                    } else {
                        self.busy = true;
                        self.schedule(self.options.delay, Later::Accept(outgoing));
                    }
                }
                Effect::Phone(submit) => self.phone.take(submit),
                Effect::Report(report) => {
                    self.schedule(self.options.report_delay, Later::Report(report));
                }
                Effect::Later(delay, step) => self.schedule(delay, Later::Call(step)),
                Effect::Network(delay, question, blocks) => {
                    self.busy = blocks;
                    self.schedule(delay, Later::Network(question));
                }
                Effect::Telephone(call) => {
                    let _unheard = self.listeners.calls.send(call);
                }
                Effect::Restart => self.restart(),
            }
        }
    }

    fn schedule(&mut self, delay: Duration, later: Later) {
        if self.scheduled.len() < MAX_SCHEDULED {
            self.scheduled.push((Instant::now() + delay, later));
        }
    }

    /// A message that is with the network is forgotten.
    fn restart(&mut self) {
        self.scheduled.retain(|(_, later)| matches!(later, Later::Report(_)));
        self.incoming.bytes.clear();
        self.terminal = Terminal::default();
        let effects = call::drop_all(&mut self.modem);
        self.carry_out(effects);
        self.busy = true;
        self.schedule(RESTART, Later::Boot);
    }

    fn say(&mut self, bytes: &[u8]) {
        if self.modem.silence != Silence::All {
            self.outgoing.push(bytes, Instant::now());
        }
    }

    fn obey(&mut self, order: Order) {
        self.modem.now = Timestamp::now();
        match order {
            Order::Delay(delay) => self.options.delay = delay,
            Order::Garbage(count) => self.say(&garbage(count)),
            Order::Reboot => self.restart(),
            Order::Unplug => {
                self.pty = None;
                let effects = call::drop_all(&mut self.modem);
                self.carry_out(effects);
            }
            Order::Plug => self.plug(),
            Order::Signal(_)
            | Order::Network(_)
            | Order::Sim(_)
            | Order::Cms(_)
            | Order::Silence(_)
            | Order::Cut(_)
            | Order::RebootAtMessage
            | Order::Phase2Plus(_)
            | Order::Sms { .. }
            | Order::Ussd(_)
            | Order::Say(_) => {
                let said = self.modem.obey(order);
                self.say(&said);
            }
            Order::Call(order) => {
                let effects = call::obey(&mut self.modem, order);
                self.carry_out(effects);
            }
        }
        self.advance();
    }

    /// Plugged in, it has power again and starts.
    fn plug(&mut self) {
        if self.pty.is_some() {
            return;
        }
        match Pty::open(self.options.link.as_deref()) {
            Ok(pty) => {
                self.pty = Some(pty);
                self.outgoing.bytes.clear();
                self.restart();
            }
            Err(error) => warn!("simulated modem cannot be plugged in: {error}"),
        }
    }
}

async fn read(pty: Option<&Pty>, buffer: &mut [u8]) -> io::Result<usize> {
    match pty {
        Some(pty) => pty.read(buffer).await,
        None => pending().await,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
