//! The one door by which mail comes in, whoever brings it: understood, filtered, kept.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::alert::{AlertId, Origin};
use crate::config::PersonName;

/// A mail as its bringer (an SMTP session) hands it over.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Who brings it.
    pub origin: Origin,
    /// Whom it is for, each once, at least one.
    pub people: Vec<PersonName>,
    /// The message: DATA with dots unstuffed, lines end in CRLF.
    pub raw: Bytes,
}

/// The promise that a mail is safe on disk (or was rightly dropped).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The number it is known by from now on.
    pub id: AlertId,
}

/// Why a mail was not taken. The bringer keeps it and may come again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// As many alerts wait as may.
    #[error("queue full")]
    QueueFull,
    /// The store could not write it: disk full, I/O error.
    #[error("storage: {0}")]
    Storage(String),
    /// The appliance is about to stop.
    #[error("stopping")]
    Stopping,
}

/// Where a bringer hands mails in.
pub trait Door: Send + Sync {
    /// Resolves to [`Accepted`] only after the mail is flushed to disk.
    ///
    /// # Errors
    /// [`Rejected`] if it is not kept; nothing of it remains then.
    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<Accepted, Rejected>>;
}
