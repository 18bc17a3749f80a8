//! How an attempt's end changes its delivery, and the log line that says so.

use std::time::Duration;

use jiff::Timestamp;

use super::retry::{is_hopeless, wait_after};
use crate::alert::AlertId;
use crate::channel::{Outcome, Reach};
use crate::config::Retry;
use crate::queue::{Attempt, Delivery, Progress};

/// What is to be done with a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: told, or failed for good.
    Settled,
    /// Try again after this long.
    Rest(Duration),
}

/// Enters an attempt's end. `took` is how long the attempt lasted, `chance` a number in 0..1 for
/// the jitter.
pub(super) fn enter(
    delivery: &mut Delivery,
    mut outcome: Outcome,
    took: Duration,
    retry: &Retry,
    chance: f64,
    at: Timestamp,
) -> Next {
    delivery.tries = delivery.tries.saturating_add(1);
    add_wait(delivery, took);
    let next = match &outcome {
        Outcome::Told { reach, .. } => {
            delivery.progress = Progress::Told(*reach);
            Next::Settled
        }
        Outcome::Refused(_) => {
            delivery.progress = Progress::Failed;
            Next::Settled
        }
        Outcome::Retry(reason) if is_hopeless(delivery.waited(), retry) => {
            outcome =
                Outcome::Refused(format!("given up after {} tries: {reason}", delivery.tries));
            delivery.progress = Progress::Failed;
            Next::Settled
        }
        Outcome::Retry(_) => {
            let wait = wait_after(delivery.tries, retry, chance);
            add_wait(delivery, wait);
            Next::Rest(wait)
        }
    };
    delivery.push(Attempt { at, outcome });
    next
}

/// Enters what the network reported later of a message it had taken.
pub(super) fn enter_receipt(delivery: &mut Delivery, arrived: Result<(), String>, at: Timestamp) {
    let outcome = match arrived {
        Ok(()) => {
            delivery.progress = Progress::Told(Reach::Delivered);
            let detail = "reported as delivered".to_owned();
            Outcome::Told { reach: Reach::Delivered, detail, receipts: Vec::new() }
        }
        Err(status) => {
            delivery.progress = Progress::Failed;
            Outcome::Refused(format!("reported as not delivered: {status}"))
        }
    };
    delivery.push(Attempt { at, outcome });
}

/// Enters that a person decided not to have it tried any more.
pub(super) fn enter_drop(delivery: &mut Delivery, at: Timestamp) {
    delivery.progress = Progress::Failed;
    delivery.push(Attempt { at, outcome: Outcome::Refused("dropped by hand".to_owned()) });
}

/// One line in the log per attempt, with the alert's id and no private thing.
pub(super) fn log(alert: AlertId, delivery: &Delivery, next: Next) {
    let (person, channel, tries) = (&delivery.person, delivery.channel, delivery.tries);
    match (delivery.attempts.last().map(|attempt| &attempt.outcome), next) {
        (Some(Outcome::Told { reach, detail, .. }), _) => {
            tracing::info!(%alert, %person, %channel, tries, ?reach, detail, "told");
        }
        (Some(Outcome::Retry(reason)), Next::Rest(wait)) => {
            let again_in = wait.as_secs();
            tracing::warn!(%alert, %person, %channel, tries, reason, again_in, "not told yet");
        }
        (Some(Outcome::Retry(reason) | Outcome::Refused(reason)), _) => {
            tracing::error!(%alert, %person, %channel, tries, reason, "not told");
        }
        (None, _) => {}
    }
}

fn add_wait(delivery: &mut Delivery, time: Duration) {
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    delivery.waited_ms = delivery.waited_ms.saturating_add(ms);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChannelName;

    const RETRY: Retry = Retry {
        first: Duration::from_secs(5),
        max: Duration::from_mins(1),
        give_up: Duration::from_mins(2),
    };

    fn delivery() -> Delivery {
        Delivery::new("ana".parse().unwrap(), ChannelName::Sms)
    }

    fn fail(delivery: &mut Delivery) -> Next {
        let outcome = Outcome::Retry("no signal".to_owned());
        enter(delivery, outcome, Duration::from_secs(1), &RETRY, 0.0, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_failure_rests_longer_each_time_until_it_is_given_up() {
        let mut delivery = delivery();
        let mut rests = Vec::new();
        while let Next::Rest(wait) = fail(&mut delivery) {
            rests.push(wait.as_secs());
        }
        assert_eq!(rests, [5, 10, 20, 40, 60]);
        assert_eq!(delivery.progress, Progress::Failed);
        let last = delivery.attempts.last().unwrap();
        assert_eq!(last.outcome, Outcome::Refused("given up after 6 tries: no signal".to_owned()));
    }

    #[test]
    fn the_history_of_attempts_is_bounded() {
        let mut delivery = delivery();
        for _ in 0..100 {
            fail(&mut delivery);
        }
        assert_eq!(delivery.tries, 100);
        assert_eq!(delivery.attempts.len(), 20);
    }

    #[test]
    fn a_report_tells_handed_over_from_delivered() {
        let mut delivery = delivery();
        let told = Outcome::Told {
            reach: Reach::HandedOver,
            detail: "1 part".to_owned(),
            receipts: vec![7],
        };
        let took = Duration::from_secs(3);
        assert_eq!(
            enter(&mut delivery, told, took, &RETRY, 0.0, Timestamp::UNIX_EPOCH),
            Next::Settled
        );
        assert_eq!(delivery.progress, Progress::Told(Reach::HandedOver));
        enter_receipt(&mut delivery, Ok(()), Timestamp::UNIX_EPOCH);
        assert_eq!(delivery.progress, Progress::Told(Reach::Delivered));
    }
}
