//! What the writer is asked to do, each with where its answer goes.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::record::Delivery;
use super::{QueueError, Stock, Verdict};
use crate::alert::{Alert, AlertId};

/// Where the answer goes.
pub(super) type Answer<T> = oneshot::Sender<Result<T, QueueError>>;

#[derive(Debug)]
pub(super) enum Operation {
    Admit { alert: Box<Alert>, raw: Bytes, now: Instant, answer: Answer<(AlertId, Verdict)> },
    Record { id: AlertId, deliveries: Vec<Delivery>, answer: Answer<()> },
    Finish { id: AlertId, answer: Answer<()> },
    Reopen { id: AlertId, deliveries: Vec<Delivery>, answer: Answer<()> },
    Pulse { answer: oneshot::Sender<Stock> },
}

impl Operation {
    /// The known alert of which it says something.
    pub(super) const fn changes(&self) -> Option<AlertId> {
        match self {
            Self::Admit { .. } | Self::Pulse { .. } => None,
            Self::Record { id, .. } | Self::Finish { id, .. } | Self::Reopen { id, .. } => {
                Some(*id)
            }
        }
    }

    /// Whether somebody relies on it being on disk when it is answered.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Admit { .. } | Self::Record { .. } | Self::Reopen { .. } => true,
            Self::Finish { .. } | Self::Pulse { .. } => false,
        }
    }

    /// Of the mails it brings.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Admit { raw, .. } => raw.len(),
            Self::Record { .. }
            | Self::Finish { .. }
            | Self::Reopen { .. }
            | Self::Pulse { .. } => 0,
        }
    }
}
