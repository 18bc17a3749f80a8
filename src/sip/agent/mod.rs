//! The agent: one task owns all sockets and machines; everybody else asks it.

mod call;
mod job;
mod task;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use call::Call;
use job::{Job, Order};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::call::{CallRequest, Target};
use super::endpoint::Load;
use super::registration::AccountStatus;
use super::timing::Timing;
use crate::config;

/// Most requests that wait for the agent.
const MAX_WAITING: usize = 64;
/// Longest text of a message, in bytes: with its headers it stays within a datagram of Ethernet
/// (RFC 3428 section 8).
pub(crate) const MAX_TEXT: usize = 1000;

/// What tests and tools choose otherwise.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The times of the protocol.
    pub timing: Timing,
    /// Name servers in place of the system's.
    pub name_servers: Option<Vec<SocketAddr>>,
}

/// Why a text was not taken, or a ping not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It was refused, and will be again.
    #[error("refused: {0}")]
    Refused(String),
    /// It did not get through now.
    #[error("{why}")]
    Unavailable {
        /// Why, in words.
        why: String,
        /// When the exchange wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The appliance stops.
    #[error("stopping")]
    Stopping,
}

/// Asks the agent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Agent {
    mailbox: mpsc::Sender<Order>,
    status: watch::Receiver<Vec<AccountStatus>>,
    load: watch::Receiver<Load>,
    local: SocketAddr,
}

impl Agent {
    /// Opens the port and starts the agent's task, which registers all accounts and ends when
    /// `stop` is cancelled or the last handle is gone: it hangs up and unregisters then, for at
    /// most [`Timing::farewell`].
    ///
    /// # Errors
    /// If the port cannot be opened.
    pub fn start(settings: config::Sip, stop: CancellationToken) -> io::Result<Self> {
        Self::start_with(settings, Options::default(), stop)
    }

    /// As [`Agent::start`], with other times and name servers.
    ///
    /// # Errors
    /// If the port cannot be opened.
    pub fn start_with(
        settings: config::Sip,
        options: Options,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let (mailbox, orders) = mpsc::channel(MAX_WAITING);
        let (task, status, load) = task::Task::new(settings, options, orders)?;
        let local = task.local();
        tokio::spawn(task.run(stop));
        Ok(Self { mailbox, status, load, local })
    }

    /// How the accounts are, in the order of the configuration.
    #[must_use]
    pub fn status(&self) -> Vec<AccountStatus> {
        self.status.borrow().clone()
    }

    /// How the accounts are, now and whenever they change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Vec<AccountStatus>> {
        self.status.clone()
    }

    /// Whether a call would be tried now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.borrow().iter().any(|account| account.usable)
    }

    /// What is under way, as of a moment ago.
    #[must_use]
    pub fn load(&self) -> Load {
        *self.load.borrow()
    }

    /// The address and port it speaks from over UDP.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// The address of ours that the first usable account's exchange is reached from: where sound
    /// may be taken. The unspecified address when there is none.
    #[must_use]
    pub fn local_address(&self) -> IpAddr {
        let status = self.status.borrow();
        let usable = status.iter().find(|account| account.usable);
        usable.and_then(|account| account.local).unwrap_or_else(|| self.local.ip())
    }

    /// Calls somebody, and tells what happens by [`Call::next`].
    pub async fn call(&self, request: CallRequest) -> Call {
        let (call, job) = Call::new(request);
        // A job that comes back ends the call as it is dropped: the appliance stops.
        drop(self.mailbox.send(Order::Call(job)).await);
        call
    }

    /// Writes to somebody (RFC 3428), and waits until the exchange or the telephone has taken it.
    ///
    /// # Errors
    /// [`MessageError`], which tells whether trying again may help.
    pub async fn message(&self, to: Target, text: &str) -> Result<(), MessageError> {
        let text = shortened(text, MAX_TEXT).to_owned();
        self.ask(|answer| Job::Message { to, text, answer }).await.map(|_| ())
    }

    /// Asks an account's exchange by OPTIONS whether it is there, and how long that takes. Accounts
    /// count from 0, as in [`Agent::status`].
    ///
    /// # Errors
    /// [`MessageError`] if no answer comes.
    pub async fn ping(&self, account: usize) -> Result<Duration, MessageError> {
        self.ask(|answer| Job::Ping { account, answer }).await
    }

    async fn ask(
        &self,
        job: impl FnOnce(oneshot::Sender<job::Answer>) -> Job,
    ) -> Result<Duration, MessageError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.mailbox.send(Order::Errand(job(answer))).await;
        sent.map_err(|_| MessageError::Stopping)?;
        answered.await.unwrap_or(Err(MessageError::Stopping))
    }

    /// Waits until the agent's task has ended and the sockets are closed.
    pub async fn stopped(&self) {
        self.mailbox.closed().await;
    }
}

/// The beginning of a text, cut between two letters.
fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
