//! The serial line: commands out, answers and unsolicited codes in.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_serial::SerialStream;
use tracing::{debug, trace};

use super::status::Fault;
use super::step::{Action, Answer};
use crate::modem::at::{Command, Digest, Expect, FinalResult, Item, Urc};
use crate::modem::port;

/// Most unsolicited codes kept while a command runs; the oldest make room.
const MAX_URCS: usize = 256;
/// Most lines of one answer; `AT+CMGL` of a full SIM card has about 100.
const MAX_LINES: usize = 1024;
/// Longest wait for the kernel to take what is written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

const CARRIAGE_RETURN: u8 = b'\r';
const CTRL_Z: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;

/// What came of waiting for the modem to speak.
#[derive(Debug)]
pub(super) enum Said {
    Answer(Answer),
    /// An unsolicited code, which waits to be taken.
    Urc,
}

/// The open port and what is on its way through it.
pub(super) struct Line {
    port: SerialStream,
    digest: Digest,
    urcs: VecDeque<Urc>,
    /// Information responses of the command that runs.
    lines: Vec<String>,
    /// The modem said that it started.
    pub(super) started: bool,
    /// The modem said that it is ready for messages.
    messages_ready: bool,
}

impl Line {
    pub(super) fn new(port: SerialStream) -> Self {
        let (digest, urcs, lines) = (Digest::default(), VecDeque::new(), Vec::new());
        Self { port, digest, urcs, lines, started: false, messages_ready: false }
    }

    pub(super) fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.digest.clear();
        port::set_baud(&mut self.port, baud)
    }

    /// Carries out the actions of a pure part until it is done.
    ///
    /// A fault of the line is told to it, and comes back beside its result.
    pub(super) async fn drive<T>(
        &mut self,
        submit: Duration,
        mut next: impl FnMut(Answer) -> Action<T>,
    ) -> (T, Option<Fault>) {
        let mut fault = None;
        let mut answer = Answer::Begin;
        loop {
            let answered = match next(answer) {
                Action::Done(result) => return (result, fault),
                Action::Send(command) => self.command(&command).await,
                Action::SendPdu(pdu) => self.pdu(&pdu, submit).await,
                Action::Wait(wait) => self.pass(wait, |_| false).await,
                Action::AwaitReady(wait) => self.pass(wait, |line| line.messages_ready).await,
            };
            answer = answered.unwrap_or_else(|lost| {
                let short = lost.in_short();
                fault = Some(lost);
                Answer::Lost(short)
            });
        }
    }

    /// Sends a command and waits for its final result or its prompt.
    pub(super) async fn command(&mut self, command: &Command) -> Result<Answer, Fault> {
        self.command_within(command, command.timeout()).await
    }

    pub(super) async fn command_within(
        &mut self,
        command: &Command,
        limit: Duration,
    ) -> Result<Answer, Fault> {
        // Its Debug form hides the PIN.
        trace!(?command, "sent");
        let mut bytes = command.text().into_bytes();
        bytes.push(CARRIAGE_RETURN);
        self.exchange(&bytes, &command.expect(), limit).await
    }

    async fn pdu(&mut self, pdu: &str, limit: Duration) -> Result<Answer, Fault> {
        let mut bytes = pdu.as_bytes().to_vec();
        bytes.push(CTRL_Z);
        let expect =
            Expect { echo: pdu.to_owned(), response: "+CMGS:", prompt: false, joins: true };
        self.exchange(&bytes, &expect, limit).await
    }

    /// Sends a command without waiting for its answer, which [`Line::said`] tells.
    pub(super) async fn begin(&mut self, command: &Command) -> Result<(), Fault> {
        trace!(?command, "sent");
        let mut bytes = command.text().into_bytes();
        bytes.push(CARRIAGE_RETURN);
        self.lines.clear();
        self.write(&bytes).await
    }

    /// Sends the byte that makes a modem give up a command that takes its time.
    pub(super) async fn abort(&mut self) -> Result<(), Fault> {
        self.write(&[CARRIAGE_RETURN]).await
    }

    async fn exchange(
        &mut self,
        bytes: &[u8],
        expect: &Expect,
        limit: Duration,
    ) -> Result<Answer, Fault> {
        self.lines.clear();
        self.write(bytes).await?;
        let deadline = Instant::now() + limit;
        loop {
            match timeout_at(deadline, self.said(expect)).await {
                Ok(said) => {
                    if let Said::Answer(answer) = said? {
                        return Ok(answer);
                    }
                }
                Err(_) => return Ok(Answer::Timeout),
            }
        }
    }

    /// Waits for the answer to the command that was sent, or for an unsolicited code, which
    /// [`Line::heard`] tells then. Cancel safe.
    pub(super) async fn said(&mut self, expect: &Expect) -> Result<Said, Fault> {
        loop {
            while let Some(item) = self.digest.next(expect) {
                trace!(?item, "received");
                match item {
                    Item::Echo => {}
                    Item::Urc(urc) => {
                        self.note(urc)?;
                        return Ok(Said::Urc);
                    }
                    Item::Line(_) if self.lines.len() == MAX_LINES => {}
                    Item::Line(line) => self.lines.push(line),
                    Item::Prompt => return Ok(Said::Answer(Answer::Prompt)),
                    Item::Final(FinalResult::Ok) => {
                        return Ok(Said::Answer(Answer::Ok(std::mem::take(&mut self.lines))));
                    }
                    Item::Final(FinalResult::Error(fault)) => {
                        return Ok(Said::Answer(Answer::Error(fault)));
                    }
                }
            }
            self.read().await?;
        }
    }

    /// Lets a time pass, or until `enough`.
    async fn pass(
        &mut self,
        wait: Duration,
        enough: impl Fn(&Self) -> bool,
    ) -> Result<Answer, Fault> {
        let deadline = Instant::now() + wait;
        while !enough(self) {
            let Ok(urc) = timeout_at(deadline, self.hear()).await else { break };
            let urc = urc?;
            self.keep(urc);
        }
        Ok(Answer::Waited)
    }

    /// The next unsolicited code. Cancel safe.
    pub(super) async fn hear(&mut self) -> Result<Urc, Fault> {
        let idle = Expect::default();
        loop {
            while let Some(item) = self.digest.next(&idle) {
                trace!(?item, "heard");
                if let Item::Urc(urc) = item {
                    self.note(urc)?;
                    if let Some(urc) = self.urcs.pop_back() {
                        return Ok(urc);
                    }
                }
            }
            self.read().await?;
        }
    }

    /// What came while commands ran.
    pub(super) fn heard(&mut self) -> Option<Urc> {
        self.urcs.pop_front()
    }

    /// Looks whether a modem listens: `AT` up to three times, the second one after an escape, which
    /// leaves a prompt that hangs from before.
    pub(super) async fn probe(&mut self, limit: Duration) -> Result<bool, Fault> {
        for attempt in 0..3 {
            if attempt == 1 {
                self.write(&[ESCAPE, CARRIAGE_RETURN]).await?;
            }
            match self.command_within(&Command::Attention, limit).await {
                Ok(Answer::Ok(_)) => {
                    self.settle().await?;
                    return Ok(true);
                }
                // Here the start of the modem is no interruption.
                Ok(_) | Err(Fault::Restarted) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    /// Lets answers to earlier commands run out, so that none is taken for a later one's.
    async fn settle(&mut self) -> Result<(), Fault> {
        const SETTLE: Duration = Duration::from_millis(50);
        let deadline = Instant::now() + SETTLE;
        while let Ok(heard) = timeout_at(deadline, self.hear()).await {
            match heard {
                Ok(urc) => self.keep(urc),
                Err(Fault::Restarted) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn note(&mut self, urc: Urc) -> Result<(), Fault> {
        match &urc {
            Urc::Started => {
                self.started = true;
                self.messages_ready = false;
                return Err(Fault::Restarted);
            }
            Urc::PowerDown(words) => {
                debug!(words, "the modem switches itself off");
                return Err(Fault::PowerDown);
            }
            Urc::MessagesReady => self.messages_ready = true,
            Urc::Registration { .. }
            | Urc::MessageStored(_)
            | Urc::ReportStored(_)
            | Urc::Message(_)
            | Urc::Report(_)
            | Urc::Ring
            | Urc::Call(_)
            | Urc::Sim(_)
            | Urc::Ussd(_)
            | Urc::Other(_) => {}
        }
        self.keep(urc);
        Ok(())
    }

    fn keep(&mut self, urc: Urc) {
        if self.urcs.len() == MAX_URCS {
            self.urcs.pop_front();
        }
        self.urcs.push_back(urc);
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let written = timeout(WRITE_TIMEOUT, self.port.write_all(bytes)).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(Fault::Gone)
    }

    async fn read(&mut self) -> Result<(), Fault> {
        let mut buffer = [0; 512];
        let count = self.port.read(&mut buffer).await.map_err(Fault::Gone)?;
        if count == 0 {
            return Err(Fault::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        self.digest.push(buffer.get(..count).unwrap_or_default());
        Ok(())
    }
}
