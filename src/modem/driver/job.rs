//! What waits for the modem, in the order in which it came.

use super::call::{CallEnd, CallEvent, CallJob};
use super::sms::{SmsError, SmsFailure, SmsJob};
use crate::modem::at::Registration;

/// What the driver is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Sms(SmsJob),
    Call(CallJob),
}

/// Why a job is not even tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Unavailable(String),
    NotRegistered(Registration),
}

impl Job {
    /// Whether nobody waits for it any more.
    pub(super) fn is_off(&self) -> bool {
        match self {
            Self::Sms(job) => job.answer.is_closed(),
            Self::Call(job) => job.hang_up.is_cancelled(),
        }
    }

    /// Answers it with a refusal. Who no longer waits for it needs none.
    pub(super) fn refuse(self, refusal: Refusal) {
        match self {
            Self::Sms(job) => {
                let failure = match refusal {
                    Refusal::Unavailable(words) => SmsFailure::Unavailable(words),
                    Refusal::NotRegistered(state) => SmsFailure::NotRegistered(state),
                };
                let _gone = job.answer.send(Err(SmsError { failure, sent: Vec::new() }));
            }
            Self::Call(mut job) => job.tell(CallEvent::Ended(match refusal {
                Refusal::Unavailable(words) => CallEnd::Unavailable(words),
                Refusal::NotRegistered(state) => CallEnd::NotRegistered(state),
            })),
        }
    }

    /// Answers one that is off: a call that was hung up before it was dialled.
    pub(super) fn drop_off(self) {
        match self {
            Self::Sms(_) => {}
            Self::Call(mut job) => job.tell(CallEvent::Ended(CallEnd::HungUp)),
        }
    }
}
