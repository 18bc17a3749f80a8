//! The SIM card's balance on the line of a modem that is up. An alert never waits for it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use super::job::Job;
use super::line::Said;
use super::serve::{Chore, Serving};
use super::status::Fault;
use super::step::Answer;
use crate::modem::at::{Command, Ussd, UssdState};

/// How long a modem that answers only when the network has may take to give that up.
const HURRY: Duration = Duration::from_secs(2);

impl Serving<'_> {
    /// A question from before the modem was brought up will have no answer.
    pub(super) fn begin_balance(&mut self) {
        let now = self.since_begin(Instant::now());
        self.task.enquiry.on_refusal("the modem started anew", now);
        self.publish_balance();
    }

    /// When there is something to do about the balance.
    pub(super) fn balance_wakes(&self) -> Option<Instant> {
        let wakes = self.task.enquiry.wakes(self.quiet())?;
        Some(self.task.begun + wakes)
    }

    /// Whether to ask for the balance now.
    pub(super) fn is_balance_due(&self, now: Instant) -> bool {
        self.identity.registration().is_registered()
            && self.task.enquiry.code(self.since_begin(now), self.quiet()).is_some()
    }

    /// An answer may be overdue.
    pub(super) fn look_at_balance(&mut self) {
        self.task.enquiry.look(self.since_begin(Instant::now()));
        self.publish_balance();
    }

    /// Puts the question. Gives back the job that came meanwhile: it is done first.
    pub(super) async fn ask_balance(&mut self) -> Result<Option<Job>, Fault> {
        let now = Instant::now();
        let code = self.task.enquiry.code(self.since_begin(now), self.quiet());
        let Some(command) = code.map(|code| Command::AskNetwork(code.to_owned())) else {
            return Ok(None);
        };
        let expect = command.expect();
        self.line.begin(&command).await?;
        self.task.enquiry.begin(self.since_begin(now + self.task.timing.balance_answer));
        let mut until = now + command.timeout();
        let mut job = None;
        let answer = loop {
            tokio::select! {
                biased;
                said = self.line.said(&expect) => match said? {
                    Said::Answer(answer) => break answer,
                    Said::Urc => {}
                },
                Some(came) = self.task.requests.recv(), if job.is_none() => {
                    job = Some(came);
                    until = until.min(Instant::now() + HURRY);
                    self.line.abort().await?;
                }
                () = sleep_until(until) => break Answer::Timeout,
            }
        };
        let now = self.since_begin(Instant::now());
        match answer {
            Answer::Ok(_) => {}
            Answer::Error(fault) => self.task.enquiry.on_refusal(&fault.to_string(), now),
            Answer::Timeout | Answer::Prompt | Answer::Begin | Answer::Waited | Answer::Lost(_) => {
                self.task.enquiry.on_refusal("the modem did not answer", now);
                self.resync("AT+CUSD").await?;
            }
        }
        self.publish_balance();
        Ok(job)
    }

    /// Tells the network that nobody waits for its answer, before something else is done.
    pub(super) async fn leave_network(&mut self) -> Result<(), Fault> {
        if !self.task.enquiry.leaves() {
            return Ok(());
        }
        self.perform(Chore::LeaveNetwork).await
    }

    /// The network has written.
    pub(super) fn on_ussd(&mut self, ussd: &Ussd) {
        debug!(?ussd, "the network writes");
        let now = self.since_begin(Instant::now());
        self.task.enquiry.on_answer(ussd, now, Timestamp::now());
        if ussd.state == UssdState::Question {
            self.add(Chore::LeaveNetwork);
        }
        self.publish_balance();
    }

    fn publish_balance(&self) {
        let balance = self.task.enquiry.balance();
        let mut known = None;
        let changed = self.task.publish.send_if_modified(|status| {
            let changed = status.balance.as_ref() != balance;
            if changed {
                known = std::mem::replace(&mut status.balance, balance.cloned());
            }
            changed
        });
        let Some(balance) = balance.filter(|_| changed) else { return };
        let known = known.unwrap_or_default();
        if balance.at != known.at
            && let Some(amount) = balance.amount
        {
            if let Some(why) = balance.assess().why() {
                warn!("modem: the balance: {why}");
            } else {
                info!("modem: the balance is {amount}");
            }
        }
        if balance.failures > known.failures
            && let Some(trouble) = &balance.trouble
        {
            warn!("modem: {trouble}");
        }
    }

    /// The end of the time in which nobody must have wanted anything.
    fn quiet(&self) -> Duration {
        self.since_begin(self.idle_since + self.task.timing.balance_quiet)
    }

    fn since_begin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.task.begun)
    }
}
