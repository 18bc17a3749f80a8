//! What travels through the appliance, and how a mail becomes it.

mod event;
pub mod explain;
mod host;
mod id;
mod identity;
mod label;
mod mail;
mod profile;
mod severity;
pub mod text;
mod words;

pub use event::{Event, Kind};
pub use id::AlertId;
pub use severity::Severity;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::PersonName;

/// One accepted mail, understood: the unit that is filtered, kept, and told to people.
///
/// The mail's own bytes travel beside it (they can be megabytes, and only the mail channel and the
/// history need them).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Position in the queue; unset (0) until the queue has taken the alert.
    pub id: AlertId,
    /// Wall clock of the reception. For people only: no decision rests on it, because a board
    /// without a battery-backed clock may jump by decades.
    pub received: Timestamp,
    /// Who sent it: client address, HELO name, SMTP user.
    pub origin: Origin,
    /// The people to tell, each once.
    pub people: Vec<PersonName>,
    /// What the mail says.
    pub text: MailText,
    /// What the mail reports, at least one event. Alertmanager, Grafana and TrueNAS put several
    /// into one mail.
    pub events: Vec<Event>,
}

/// Where a mail came from, as the SMTP session knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Address of the client, without the port.
    pub client: String,
    /// Name given at HELO or EHLO; empty when there was none.
    pub helo: String,
    /// Name of the authenticated SMTP user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Reverse-path of MAIL FROM; empty for the null sender.
    pub sender: String,
    /// Forward-paths of RCPT TO, as given.
    pub recipients: Vec<String>,
}

/// The decoded mail as a person reads it: no MIME, no encoded words, Unicode throughout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailText {
    /// `From` header, decoded; the reverse-path when there is none.
    pub from: String,
    /// `Subject` header, decoded and on one line; empty when there is none.
    pub subject: String,
    /// `Date` header as the mail has it; empty when there is none.
    pub date: String,
    /// Text of the mail: the plain part, else the HTML part made readable. Lines end in `\n`.
    pub body: String,
}

impl Alert {
    /// The gravest severity among the events, if any of them has one.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.events.iter().filter_map(|event| event.severity).max()
    }
}

/// Reads a mail (DATA with dots unstuffed): its text, and what it reports. Never fails: what cannot
/// be decoded is shown as it is, and what cannot be told is left open. At least one event comes out.
///
/// Time and memory are bounded whatever the bytes are: parts, depth, text and events have limits.
#[must_use]
pub fn understand(raw: &[u8], origin: &Origin) -> (MailText, Vec<Event>) {
    let mail = mail::Mail::read(raw, origin);
    let events = profile::read(&mail);
    (mail.text, events)
}
