//! A modem that is up: messages out, events in, chores in between.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::init::{Identity, number, registration};
use super::job::{Job, Refusal};
use super::line::Line;
use super::sending::Sending;
use super::sms::{SmsFailure, SmsJob};
use super::status::{Fault, ModemState, ModemStatus};
use super::step::Answer;
use super::task::{Task, restart};
use crate::modem::at::{Command, Domain, Registration, Remedy, Urc, fields};
use crate::modem::quirks::Quirk;

/// Most chores that wait; a SIM card stores some 50 messages, each of which makes two.
const MAX_CHORES: usize = 512;
/// How often the registration is asked for while there is none, at most [`super::Timing::poll`].
const SEARCH_POLL: Duration = Duration::from_secs(3);
/// Most characters of an operator's name.
const MAX_OPERATOR_CHARS: usize = 32;

/// What is done when no message waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chore {
    Poll,
    Operator,
    ListMessages,
    ReadMessage(u16),
    DeleteMessage(u16),
    Acknowledge,
    HangUp,
    LeaveNetwork,
}

pub(super) struct Serving<'a> {
    pub(super) task: &'a mut Task,
    pub(super) line: Line,
    pub(super) identity: Identity,
    pub(super) chores: VecDeque<Chore>,
    /// Since when there is no network; `None` while there is one.
    unregistered_since: Option<Instant>,
    next_poll: Instant,
    /// When nobody wanted anything any more.
    pub(super) idle_since: Instant,
}

/// Serves until the stop (`Ok`) or a fault.
pub(super) async fn serve(
    task: &mut Task,
    line: Line,
    identity: Identity,
    stop: &CancellationToken,
) -> Result<(), Fault> {
    let now = Instant::now();
    let model = identity.model.clone();
    info!(model, "modem ready");
    if !identity.hears_keys {
        warn!(
            "modem: it does not tell the keys that are pressed (AT+DDET); no call is acknowledged"
        );
    }
    if let Some(fault) = &identity.audio_refused {
        warn!("modem: it does not take all of [modem.audio]: {fault}");
    }
    task.publish.send_replace(ModemStatus {
        state: ModemState::Ready,
        model,
        answers: true,
        balance: task.enquiry.balance().cloned(),
        ..ModemStatus::default()
    });
    let mut serving = Serving {
        task,
        line,
        identity,
        chores: VecDeque::from([Chore::ListMessages]),
        unregistered_since: Some(now),
        next_poll: now,
        idle_since: now,
    };
    serving.begin_balance();
    serving.on_registration();
    serving.run(stop).await
}

impl Serving<'_> {
    async fn run(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        loop {
            while let Some(urc) = self.line.heard() {
                self.on_urc(urc)?;
            }
            self.look_at_balance();
            let now = Instant::now();
            if now >= self.next_poll {
                self.add(Chore::Poll);
                self.next_poll = now + self.poll_interval();
            }
            let grace_ends =
                self.unregistered_since.map(|since| since + self.task.timing.registration_grace);
            let takes_messages = grace_ends.is_none_or(|end| now >= end) || self.is_denied();
            let asks = self.is_balance_due(now);
            let wake = [grace_ends, self.balance_wakes()].into_iter().flatten();
            let wake = wake.filter(|at| *at > now).fold(self.next_poll, Instant::min);
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                job = self.task.requests.recv(), if takes_messages => match job {
                    Some(job) => self.on_job(job, stop).await?,
                    None => return Ok(()),
                },
                () = std::future::ready(()), if !self.chores.is_empty() => {
                    if let Some(chore) = self.chores.pop_front() {
                        self.perform(chore).await?;
                    }
                }
                () = std::future::ready(()), if asks => {
                    if let Some(job) = self.ask_balance().await? {
                        self.on_job(job, stop).await?;
                    }
                }
                urc = self.line.hear() => self.on_urc(urc?)?,
                () = sleep_until(wake) => {}
            }
        }
    }

    async fn on_job(&mut self, job: Job, stop: &CancellationToken) -> Result<(), Fault> {
        if job.is_off() {
            job.drop_off();
            return Ok(());
        }
        let registration = self.identity.registration();
        if !registration.is_registered() && registration != Registration::Unknown {
            job.refuse(Refusal::NotRegistered(registration));
            return Ok(());
        }
        self.leave_network().await?;
        let result = match job {
            Job::Sms(job) => self.on_sms(job).await,
            Job::Call(job) => self.on_call(job, stop).await,
        };
        self.idle_since = Instant::now();
        result
    }

    async fn on_sms(&mut self, job: SmsJob) -> Result<(), Fault> {
        let timing = self.task.timing;
        let mut sending = Sending::new(job.request, timing.resend);
        let (result, lost) = self.line.drive(timing.submit, |answer| sending.next(answer)).await;
        let failure = result.as_ref().err().map(|error| error.failure.clone());
        let _gone = job.answer.send(result);
        if let Some(fault) = lost {
            return Err(fault);
        }
        match failure {
            Some(SmsFailure::Rejected(fault)) if fault.remedy == Remedy::Restart => {
                restart(&mut self.line, self.identity.quirks).await;
                Err(Fault::Broken(fault))
            }
            Some(SmsFailure::NoPrompt | SmsFailure::Unknown(_)) => self.resync("AT+CMGS").await,
            _ => Ok(()),
        }
    }

    /// After a missing answer: leaves a prompt that hangs, and finds out whether the modem is
    /// stuck.
    pub(super) async fn resync(&mut self, command: &'static str) -> Result<(), Fault> {
        warn!("modem: no answer to {command}");
        if self.line.probe(Command::Attention.timeout()).await? {
            return Ok(());
        }
        Err(Fault::Stuck(command))
    }

    pub(super) async fn perform(&mut self, chore: Chore) -> Result<(), Fault> {
        match chore {
            Chore::Poll => self.poll().await,
            Chore::Operator => {
                let answer = self.ask(&Command::Operator, "AT+COPS").await?;
                let name = answer.iter().find_map(|line| operator(line));
                self.task.publish.send_if_modified(|status| {
                    let changed = status.operator != name;
                    status.operator = name;
                    changed
                });
                Ok(())
            }
            Chore::ListMessages => {
                let lines = self.ask(&Command::ListMessages, "AT+CMGL").await?;
                for pair in lines.windows(2) {
                    if let [header, pdu] = pair
                        && let Some(index) = number(header, "+CMGL:", 0)
                        && let Ok(index) = u16::try_from(index)
                    {
                        self.take_stored(index, pdu);
                    }
                }
                Ok(())
            }
            Chore::ReadMessage(index) => {
                let lines = self.ask(&Command::ReadMessage(index), "AT+CMGR").await?;
                if let Some(pdu) = lines.get(1) {
                    self.take_stored(index, pdu);
                }
                Ok(())
            }
            Chore::DeleteMessage(index) => {
                self.ask(&Command::DeleteMessage(index), "AT+CMGD").await.map(drop)
            }
            Chore::Acknowledge => self.ask(&Command::AcknowledgeMessage, "AT+CNMA").await.map(drop),
            Chore::HangUp => {
                let [hang_up, _] = self.identity.quirks.hang_up();
                self.ask(&Command::HangUp(hang_up), hang_up).await.map(drop)
            }
            Chore::LeaveNetwork => self.ask(&Command::LeaveNetwork, "AT+CUSD").await.map(drop),
        }
    }

    async fn poll(&mut self) -> Result<(), Fault> {
        let circuit = self.ask(&Command::AskRegistration(Domain::Circuit), "AT+CREG").await?;
        if let Some(state) = circuit.iter().find_map(|line| registration(line)) {
            self.identity.circuit = state;
        }
        if self.identity.quirks.has(Quirk::LteRegistration) {
            let eps = self.ask(&Command::AskRegistration(Domain::Eps), "AT+CEREG").await?;
            if let Some(state) = eps.iter().find_map(|line| registration(line)) {
                self.identity.eps = state;
            }
        }
        self.on_registration();
        let signal = self.ask(&Command::Signal, "AT+CSQ").await?;
        let dbm = signal.iter().find_map(|line| signal_dbm(line));
        self.task.publish.send_if_modified(|status| {
            let changed = status.signal_dbm != dbm;
            status.signal_dbm = dbm;
            changed
        });
        Ok(())
    }

    /// The lines of an answer; none after an error, which chores can do without.
    pub(super) async fn ask(
        &mut self,
        command: &Command,
        name: &'static str,
    ) -> Result<Vec<String>, Fault> {
        match self.line.command(command).await? {
            Answer::Ok(lines) => Ok(lines),
            Answer::Error(fault) => {
                debug!("modem: {name}: {fault}");
                Ok(Vec::new())
            }
            Answer::Timeout | Answer::Prompt | Answer::Lost(_) => {
                self.resync(name).await.map(|()| Vec::new())
            }
            Answer::Begin | Answer::Waited => Ok(Vec::new()),
        }
    }

    pub(super) fn on_urc(&mut self, urc: Urc) -> Result<(), Fault> {
        match urc {
            Urc::Registration { domain, state } => {
                match domain {
                    Domain::Circuit => self.identity.circuit = state,
                    Domain::Eps => self.identity.eps = state,
                    Domain::Packet => {}
                }
                self.on_registration();
            }
            Urc::MessageStored(index) | Urc::ReportStored(index) => {
                self.add(Chore::ReadMessage(index));
            }
            Urc::Message(pdu) | Urc::Report(pdu) => {
                if self.identity.acknowledges {
                    self.chores.push_front(Chore::Acknowledge);
                }
                if !self.take(&pdu) {
                    warn!("modem: nobody takes what comes in; a message is lost");
                }
            }
            Urc::Ring => {
                info!("modem: a call came in and is refused");
                self.add(Chore::HangUp);
            }
            Urc::Sim(state) => match state.as_str() {
                "READY" => {}
                "NOT INSERTED" => return Err(Fault::NoSim),
                _ => return Err(Fault::Sim(state)),
            },
            Urc::Ussd(ussd) => self.on_ussd(&ussd),
            Urc::Started => return Err(Fault::Restarted),
            Urc::PowerDown(_) => return Err(Fault::PowerDown),
            // The last words of a call that is over.
            Urc::Call(_) | Urc::MessagesReady | Urc::Other(_) => {}
        }
        Ok(())
    }

    /// Takes a message out of the storage. What cannot be read will not be better later.
    fn take_stored(&mut self, index: u16, pdu: &str) {
        // It may have been announced and listed both.
        self.chores.retain(|chore| *chore != Chore::ReadMessage(index));
        if self.take(pdu) {
            self.add(Chore::DeleteMessage(index));
        } else {
            warn!("modem: nobody takes what comes in; a message stays on the SIM card");
        }
    }

    /// False if there is no room for the event.
    fn take(&mut self, pdu: &str) -> bool {
        match self.task.inbox.take(pdu) {
            Ok(Some(event)) => {
                debug!(?event, "received");
                self.task.events.try_send(event).is_ok()
            }
            Ok(None) => true,
            Err(error) => {
                warn!("modem: a message that came in cannot be read: {error}");
                true
            }
        }
    }

    pub(super) fn add(&mut self, chore: Chore) {
        if self.chores.len() < MAX_CHORES && !self.chores.contains(&chore) {
            self.chores.push_back(chore);
        }
    }

    fn is_denied(&self) -> bool {
        self.identity.registration() == Registration::Denied
    }

    fn poll_interval(&self) -> Duration {
        let poll = self.task.timing.poll;
        if self.unregistered_since.is_some() { poll.min(SEARCH_POLL) } else { poll }
    }

    fn on_registration(&mut self) {
        let registration = self.identity.registration();
        if registration.is_registered() {
            self.unregistered_since = None;
        } else {
            self.unregistered_since.get_or_insert_with(Instant::now);
        }
        let changed = self.task.publish.send_if_modified(|status| {
            let changed = status.registration != registration;
            status.registration = registration;
            changed
        });
        if changed {
            info!("modem: {}", registration.as_str());
            if registration.is_registered() {
                self.add(Chore::Operator);
            }
        }
    }
}

/// dBm from `+CSQ: <rssi>,<ber>` (27.007 section 8.5); `None` when unknown (99).
fn signal_dbm(line: &str) -> Option<i16> {
    let rssi = i16::try_from(number(line, "+CSQ:", 0)?).ok()?;
    (0..=31).contains(&rssi).then(|| -113 + 2 * rssi)
}

/// The name in `+COPS: <mode>,<format>,"<oper>"`.
fn operator(line: &str) -> Option<String> {
    let fields = fields(line.strip_prefix("+COPS:")?);
    let name = fields.get(2)?.text();
    (!name.is_empty()).then(|| name.chars().take(MAX_OPERATOR_CHARS).collect())
}
