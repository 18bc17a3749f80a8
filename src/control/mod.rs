//! How the command line speaks with the running appliance: one line of JSON each way over a Unix
//! socket in the store folder, readable and writable by its owner only. A call is answered by a line
//! for each thing that happens in it.

mod client;
mod desk;
mod search;
mod server;
mod sip_view;
mod view;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::alert::AlertId;
use crate::channel::Outcome;
use crate::channel::call::{CallByHand, Progress, Trial};
use crate::config::{ChannelName, PersonName};
use crate::health::Status;

pub use client::{ClientError, ask, call};
pub use desk::Desk;
pub use search::{Found, Wanted};
pub use server::{BindError, Server};
pub use sip_view::{SipAccountView, SipState};
pub use view::{AlertView, DeliveryView, State, complete, list, show};

/// Longest request, in bytes.
const MAX_REQUEST: u64 = 64 * 1024;

/// What can be asked of the running appliance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// The newest alerts.
    List {
        /// Told and dropped ones too, not only those on the queue.
        all: bool,
        /// Most alerts in the answer.
        limit: usize,
    },
    /// The newest alerts that are so, the waiting ones and those of the history.
    Search {
        /// How.
        wanted: Wanted,
        /// Most alerts in the answer.
        limit: usize,
    },
    /// One alert.
    Show {
        /// Which.
        id: AlertId,
    },
    /// Try an alert again now.
    Retry {
        /// Which.
        id: AlertId,
    },
    /// Do not try an alert any more.
    Drop {
        /// Which.
        id: AlertId,
    },
    /// Somebody takes an alert on: nobody need be told any more.
    Acknowledge {
        /// Which.
        id: AlertId,
        /// Who, for the history.
        who: String,
    },
    /// Tell a person something harmless, by one channel or by all enabled ones.
    SendTest {
        /// Whom.
        person: PersonName,
        /// By which channel.
        channel: Option<ChannelName>,
    },
    /// Call somebody now, beside the queue. What happens is answered as it happens.
    Call(CallByHand),
    /// How the accounts of the SIP telephone are.
    SipStatus,
    /// Call somebody to try the line.
    SipTest {
        /// An extension, a number or a SIP URI.
        to: String,
    },
    /// Read the configuration file again.
    Reload,
    /// How the appliance is.
    Health,
    /// Somebody has taken note of the alarms: they sound no more.
    Silence,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Answer {
    /// To [`Request::List`].
    List {
        /// The alerts, the newest first.
        alerts: Vec<AlertView>,
    },
    /// To [`Request::Search`].
    Found {
        /// The alerts, the newest first.
        alerts: Vec<AlertView>,
        /// Where to go on, if there may be more.
        next: Option<AlertId>,
    },
    /// To [`Request::Show`].
    Show {
        /// The alert.
        alert: Box<AlertView>,
    },
    /// To [`Request::Retry`].
    Retried {
        /// How many deliveries are tried.
        deliveries: usize,
    },
    /// To [`Request::Call`], each time something happens; [`Answer::Tested`] follows at the end.
    Calling(Progress),
    /// To [`Request::SendTest`] and [`Request::Call`].
    Tested {
        /// How each channel did.
        outcomes: Vec<(ChannelName, Outcome)>,
    },
    /// To [`Request::SipStatus`].
    SipStatus {
        /// The accounts, in their order.
        accounts: Vec<SipAccountView>,
    },
    /// To [`Request::SipTest`].
    SipTested {
        /// What came of it.
        trial: Trial,
    },
    /// To [`Request::Health`].
    Health {
        /// How it is.
        status: Box<Status>,
    },
    /// Done; there is nothing to tell.
    Done,
    /// It was not done.
    Failed {
        /// Why, for a person.
        reason: String,
    },
}

/// Path of the socket of the appliance whose store is in `store`.
#[must_use]
pub fn socket_path(store: &Path) -> PathBuf {
    store.join("control.sock")
}
