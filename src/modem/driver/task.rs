//! The one task that owns the port: brings the modem up, serves, and begins anew.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::enquiry::Enquiry;
use super::inbox::Inbox;
use super::init::{Identity, Init};
use super::job::{Job, Refusal};
use super::line::Line;
use super::status::{Fault, ModemState, ModemStatus};
use super::timing::Timing;
use super::{ModemEvent, serve};
use crate::config;
use crate::modem::at::Command;
use crate::modem::port;
use crate::modem::quirks::Quirks;

/// After so many failures in a row a modem that answers is told to start anew.
const FAILURES_BEFORE_RESTART: u32 = 3;

pub(super) struct Task {
    settings: config::Modem,
    pub(super) timing: Timing,
    pub(super) requests: mpsc::Receiver<Job>,
    pub(super) events: mpsc::Sender<ModemEvent>,
    pub(super) publish: watch::Sender<ModemStatus>,
    pub(super) inbox: Inbox,
    pub(super) enquiry: Enquiry,
    /// When the driver began.
    pub(super) begun: Instant,
    /// The speed at which the modem answered last.
    baud: Option<u32>,
    pin_spent: bool,
    /// The modem said that it started, and was not brought up since.
    started: bool,
    failures: u32,
    /// As [`ModemStatus::dead`].
    dead: u32,
}

/// Resolves some time after the stop.
pub(super) async fn overtime(stop: CancellationToken, timing: Timing) {
    stop.cancelled().await;
    tokio::time::sleep(timing.overtime).await;
}

impl Task {
    pub(super) fn new(
        settings: config::Modem,
        timing: Timing,
        requests: mpsc::Receiver<Job>,
        events: mpsc::Sender<ModemEvent>,
        publish: watch::Sender<ModemStatus>,
    ) -> Self {
        Self {
            enquiry: Enquiry::new(settings.balance.clone()),
            begun: Instant::now(),
            settings,
            timing,
            requests,
            events,
            publish,
            inbox: Inbox::default(),
            baud: None,
            pin_spent: false,
            started: false,
            failures: 0,
            dead: 0,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut wait = self.timing.reopen_first;
        loop {
            let fault = tokio::select! {
                () = stop.cancelled() => return,
                brought_up = self.bring_up() => match brought_up {
                    Err(fault) => fault,
                    Ok((line, identity)) => {
                        (self.failures, self.dead) = (0, 0);
                        wait = self.timing.reopen_first;
                        match serve::serve(&mut self, line, identity, &stop).await {
                            Ok(()) => return,
                            Err(fault) => fault,
                        }
                    }
                }
            };
            self.failures += 1;
            // One that answers has had its restart by then.
            let in_vain = fault.wants_restart() && self.failures > FAILURES_BEFORE_RESTART;
            self.dead = if fault.is_deaf() || in_vain { self.dead + 1 } else { 0 };
            self.publish_fault(&fault);
            if !self.refuse_for(wait, &fault.to_string(), &stop).await {
                return;
            }
            wait = (wait * 2).min(self.timing.reopen_max);
        }
    }

    async fn bring_up(&mut self) -> Result<(Line, Identity), Fault> {
        let mut line = self.open().await?;
        self.started |= line.started;
        let mut init = Init::new(self.settings.clone(), self.started, self.pin_spent);
        let (result, lost) = line.drive(self.timing.submit, |answer| init.next(answer)).await;
        self.started = line.started;
        let fault = match (result, lost) {
            (Ok(identity), _) => {
                self.started = false;
                return Ok((line, identity));
            }
            (Err(_), Some(lost)) => lost,
            (Err(fault), None) => fault,
        };
        self.pin_spent |= fault.spent_pin();
        if fault.wants_restart()
            && self.failures % FAILURES_BEFORE_RESTART + 1 == FAILURES_BEFORE_RESTART
        {
            restart(&mut line, init.quirks()).await;
        }
        Err(fault)
    }

    /// Opens the port at the speed at which the modem answers.
    async fn open(&mut self) -> Result<Line, Fault> {
        let speeds: Vec<u32> = match self.settings.baud {
            Some(baud) => vec![baud],
            None => self.baud.into_iter().chain(port::TRIAL_BAUD).collect(),
        };
        let first = speeds.first().copied().unwrap_or(port::TRIAL_BAUD[0]);
        let mut line = Line::new(port::open(&self.settings.device, first)?);
        for baud in speeds {
            line.set_baud(baud).map_err(Fault::Gone)?;
            if line.probe(self.timing.probe).await? {
                debug!(baud, "the modem answers");
                self.baud = Some(baud);
                return Ok(line);
            }
        }
        Err(Fault::NoAnswer(self.settings.baud))
    }

    fn publish_fault(&self, fault: &Fault) {
        let words = fault.to_string();
        let state = ModemState::Fault(words.clone());
        let (answers, dead) = (fault.is_answer(), self.dead);
        let balance = self.enquiry.balance().cloned();
        let status = ModemStatus { state, answers, dead, balance, ..ModemStatus::default() };
        let known = self.publish.send_replace(status);
        if known.state == ModemState::Fault(words.clone()) {
            debug!("modem: {words}");
        } else {
            warn!("modem: {words}");
        }
    }

    /// Answers requests with the fault for a while. False at the stop.
    async fn refuse_for(&mut self, wait: Duration, words: &str, stop: &CancellationToken) -> bool {
        let end = Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                job = self.requests.recv() => {
                    let Some(job) = job else { return false };
                    job.refuse(Refusal::Unavailable(words.to_owned()));
                }
                () = sleep_until(end) => return true,
            }
        }
    }
}

/// Tells a modem that answers to start anew.
pub(super) async fn restart(line: &mut Line, quirks: Quirks) {
    info!("the modem is told to start anew");
    if let Err(fault) = line.command(&Command::Restart(quirks.restart())).await {
        debug!("modem: {fault}");
    }
}
