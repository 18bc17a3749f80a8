//! What the agent is asked to do.

use std::time::Duration;

use tokio::sync::oneshot;

use super::MessageError;
use super::call::CallJob;
use crate::sip::call::Target;
use crate::sip::errand::ErrandEnd;

/// How a single request ended, with the time until its answer.
pub(super) type Answer = Result<Duration, MessageError>;

/// Something to do.
#[derive(Debug)]
pub(super) enum Order {
    Call(CallJob),
    Errand(Job),
}

/// A single request.
#[derive(Debug)]
pub(super) enum Job {
    Message { to: Target, text: String, answer: oneshot::Sender<Answer> },
    Ping { account: usize, answer: oneshot::Sender<Answer> },
}

/// What the end of a single request means. A ping is answered by any answer.
pub(super) fn outcome(end: ErrandEnd, is_ping: bool) -> Answer {
    match end {
        ErrandEnd::Answered { round_trip, .. } if is_ping => Ok(round_trip),
        ErrandEnd::Answered { status, round_trip, .. } if status < 300 => Ok(round_trip),
        ErrandEnd::Answered { status, reason, retry_after, .. } => {
            let why = format!("{status} {reason}").trim_end().to_owned();
            match status {
                // There later, or elsewhere.
                408 | 413 | 429 | 430 | 480 | 486 | 491 | 500..=599 | 600 => {
                    Err(MessageError::Unavailable { why, retry_after })
                }
                _ => Err(MessageError::Refused(why)),
            }
        }
        ErrandEnd::Refused(error) => Err(MessageError::Refused(error.to_string())),
        ErrandEnd::Failed(failure) => {
            Err(MessageError::Unavailable { why: failure.to_string(), retry_after: None })
        }
    }
}
