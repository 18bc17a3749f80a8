//! The driver: one task owns the port; everybody else asks it.

mod call;
mod calling;
mod enquiry;
mod inbox;
mod init;
mod job;
mod line;
mod sending;
mod serve;
mod serve_balance;
mod serve_call;
mod sms;
mod status;
mod step;
mod task;
mod timing;

pub use call::{Call, CallEnd, CallEvent, CallRequest};
pub use calling::{Calling, Do};
pub use enquiry::Enquiry;
pub use init::{Identity, Init};
pub use sending::Sending;
pub use sms::{SmsError, SmsFailure, SmsRequest};
pub use status::{Fault, ModemState, ModemStatus};
pub use step::{Action, Answer};
pub use timing::Timing;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::pdu::DeliveryState;
use crate::config;

/// Most messages and calls that wait for the modem; who brings one more waits until there is room.
const MAX_WAITING: usize = 64;
/// Most events that wait to be taken; beyond it stored messages stay on the SIM card and others
/// are lost, with a warning.
const MAX_EVENTS: usize = 256;

/// What comes from outside by way of the modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemEvent {
    /// A message, whole.
    Received {
        /// Who sent it.
        from: String,
        /// What it says.
        text: String,
        /// When the service centre got it, if it tells.
        at: Option<Timestamp>,
    },
    /// News about a message sent with a report asked for.
    Report {
        /// The message's reference (TP-MR).
        reference: u8,
        /// To whom it was sent.
        to: String,
        /// What became of it.
        state: DeliveryState,
        /// TP-ST as it came.
        status: u8,
    },
}

/// Asks the driver. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Modem {
    mailbox: mpsc::Sender<job::Job>,
    status: watch::Receiver<ModemStatus>,
}

impl Modem {
    /// Starts the driver's task, which ends when `stop` is cancelled or the last handle is gone. It
    /// never gives up: a modem that is missing or broken is tried again, at most every
    /// [`Timing::reopen_max`].
    #[must_use]
    pub fn start(
        settings: config::Modem,
        stop: CancellationToken,
    ) -> (Self, mpsc::Receiver<ModemEvent>) {
        Self::start_with(settings, Timing::default(), stop)
    }

    /// As [`Modem::start`], with other times.
    #[must_use]
    pub fn start_with(
        settings: config::Modem,
        timing: Timing,
        stop: CancellationToken,
    ) -> (Self, mpsc::Receiver<ModemEvent>) {
        let (mailbox, requests) = mpsc::channel(MAX_WAITING);
        let (events, received) = mpsc::channel(MAX_EVENTS);
        let (publish, status) = watch::channel(ModemStatus::default());
        let task = task::Task::new(settings, timing, requests, events, publish);
        tokio::spawn(async move {
            tokio::select! {
                () = task.run(stop.clone()) => {}
                // A message on its way is given its time.
                () = task::overtime(stop, timing) => {}
            }
        });
        (Self { mailbox, status }, received)
    }

    /// Sends a message, part by part, and waits until the network has taken every part. Answers
    /// with the reference (TP-MR) of each.
    ///
    /// Dropping the future does not stop a message that is already on the line.
    ///
    /// # Errors
    /// [`SmsError`], which tells whether trying again may help and which parts went out.
    pub async fn send_sms(&self, request: SmsRequest) -> Result<Vec<u8>, SmsError> {
        let (answer, answered) = oneshot::channel();
        let job = job::Job::Sms(sms::SmsJob { request, answer });
        let stopping = || SmsError { failure: SmsFailure::Stopping, sent: Vec::new() };
        self.mailbox.send(job).await.map_err(|_| stopping())?;
        answered.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Calls somebody, after what waited before, and tells what happens by [`Call::next`]. A modem
    /// that is known to be down and an emergency number end the call at once, as does a missing
    /// network, unless the modem has only just begun to look for it.
    pub async fn call(&self, request: CallRequest) -> Call {
        let fault = match &self.status.borrow().state {
            ModemState::Fault(words) => Some(CallEnd::Unavailable(words.clone())),
            ModemState::Starting | ModemState::Ready => None,
        };
        let refusal =
            if config::is_emergency(&request.to) { Some(CallEnd::Emergency) } else { fault };
        let (call, mut job) = Call::new(request);
        match refusal {
            Some(end) => job.tell(CallEvent::Ended(end)),
            // A job that comes back ends the call as it is dropped: the appliance stops.
            None => drop(self.mailbox.send(job::Job::Call(job)).await),
        }
        call
    }

    /// Whether a call or a message would go out now, or after what is under way.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.borrow().can_send()
    }

    /// How the modem is, now and whenever it changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<ModemStatus> {
        self.status.clone()
    }

    /// Waits until the driver's task has ended and the port is closed.
    pub async fn stopped(&self) {
        self.mailbox.closed().await;
    }
}
