//! How an attempt's end changes its delivery, and the log line that says so.

use std::time::Duration;

use jiff::Timestamp;

use super::retry::{is_hopeless, wait_after};
use crate::alert::AlertId;
use crate::channel::{Outcome, Reach, Report};
use crate::config::{Retry, Unacknowledged};
use crate::queue::{Attempt, Delivery, Progress};

/// What is to be done with a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: told, or failed for good.
    Settled,
    /// Try again after this long.
    Rest(Duration),
}

/// When an attempt is not the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How the channel tries again.
    pub(super) retry: Retry,
    /// What an answered call is worth.
    pub(super) unacknowledged: Unacknowledged,
    /// A number in 0..1 for the jitter of the wait.
    pub(super) chance: f64,
}

/// When an attempt ended, and how long it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) at: Timestamp,
    pub(super) time: Duration,
}

/// Enters an attempt's end.
pub(super) fn enter(delivery: &mut Delivery, report: Report, took: Took, rules: &Rules) -> Next {
    let Rules { retry, unacknowledged, chance } = rules;
    let Report { mut outcome, course, quality } = report;
    delivery.tries = delivery.tries.saturating_add(1);
    add_wait(delivery, took.time);
    let mut answered = None;
    if let Outcome::Told { reach: Reach::Answered, detail, .. } = &outcome
        && *unacknowledged == Unacknowledged::Retry
    {
        answered = Some(Reach::Answered);
        outcome = Outcome::Retry(format!("answered, not acknowledged: {detail}"));
    }
    let next = match &outcome {
        Outcome::Told { reach, .. } => {
            delivery.progress = Progress::Told(*reach);
            Next::Settled
        }
        Outcome::Refused(_) => {
            delivery.progress = Progress::Failed;
            Next::Settled
        }
        Outcome::Spared(_) => {
            delivery.progress = Progress::Spared;
            Next::Settled
        }
        Outcome::Retry(reason) if is_hopeless(delivery.waited(), retry) => {
            outcome =
                Outcome::Refused(format!("given up after {} tries: {reason}", delivery.tries));
            delivery.progress = Progress::Failed;
            Next::Settled
        }
        Outcome::Retry(_) => {
            let wait = wait_after(delivery.tries, retry, *chance);
            add_wait(delivery, wait);
            Next::Rest(wait)
        }
    };
    delivery.push(Attempt { at: took.at, outcome, reach: answered, course, quality });
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
    delivery.push(Attempt::new(at, outcome));
}

/// Enters that a delivery is not needed any more, since the person was told by another channel.
pub(super) fn enter_spared(delivery: &mut Delivery, why: String, at: Timestamp) {
    delivery.progress = Progress::Spared;
    delivery.push(Attempt::new(at, Outcome::Spared(why)));
}

/// Enters that a person decided not to have it tried any more.
pub(super) fn enter_drop(delivery: &mut Delivery, at: Timestamp) {
    delivery.progress = Progress::Failed;
    delivery.push(Attempt::new(at, Outcome::Refused("dropped by hand".to_owned())));
}

/// One line in the log per attempt, with the alert's id and no private thing.
pub(super) fn log(alert: AlertId, delivery: &Delivery, next: Next) {
    let (person, channel, tries) = (&delivery.person, delivery.channel, delivery.tries);
    let Some(last) = delivery.attempts.last().map(|attempt| &attempt.outcome) else { return };
    let outcome = word(last, next);
    match (last, next) {
        (Outcome::Told { detail, .. }, _) => {
            tracing::info!(alert_id = %alert, %person, %channel, outcome, tries, detail, "told");
        }
        (Outcome::Retry(reason), Next::Rest(wait)) => {
            let again_in = wait.as_secs();
            tracing::warn!(
                alert_id = %alert, %person, %channel, outcome, tries, reason, again_in,
                "not told yet"
            );
        }
        (Outcome::Retry(reason) | Outcome::Refused(reason), _) => {
            tracing::error!(
                alert_id = %alert, %person, %channel, outcome, tries, reason, "not told"
            );
        }
        (Outcome::Spared(reason), _) => {
            tracing::info!(
                alert_id = %alert, %person, %channel, outcome, tries, reason,
                "not needed any more"
            );
        }
    }
}

/// How it ended, for who looks through a journal by its fields.
const fn word(outcome: &Outcome, next: Next) -> &'static str {
    match (outcome, next) {
        (Outcome::Told { reach: Reach::HandedOver, .. }, _) => "handed-over",
        (Outcome::Told { reach: Reach::Delivered, .. }, _) => "delivered",
        (Outcome::Told { reach: Reach::Answered, .. }, _) => "answered",
        (Outcome::Told { reach: Reach::Acknowledged, .. }, _) => "acknowledged",
        (Outcome::Retry(_), Next::Rest(_)) => "retry",
        (Outcome::Retry(_) | Outcome::Refused(_), _) => "failed",
        (Outcome::Spared(_), _) => "spared",
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

    fn end(delivery: &mut Delivery, outcome: Outcome, unacknowledged: Unacknowledged) -> Next {
        let took = Took { at: Timestamp::UNIX_EPOCH, time: Duration::from_secs(1) };
        let rules = Rules { retry: RETRY, unacknowledged, chance: 0.0 };
        enter(delivery, outcome.into(), took, &rules)
    }

    fn fail(delivery: &mut Delivery) -> Next {
        end(delivery, Outcome::Retry("no signal".to_owned()), Unacknowledged::Retry)
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
        assert_eq!(end(&mut delivery, told, Unacknowledged::Retry), Next::Settled);
        assert_eq!(delivery.progress, Progress::Told(Reach::HandedOver));
        enter_receipt(&mut delivery, Ok(()), Timestamp::UNIX_EPOCH);
        assert_eq!(delivery.progress, Progress::Told(Reach::Delivered));
    }

    #[test]
    fn what_an_answered_call_is_worth_is_for_the_configuration_to_say() {
        use Unacknowledged as U;
        let call = |reach| Outcome::Told { reach, detail: "said 3 times".into(), receipts: vec![] };
        let rest = Next::Rest(Duration::from_secs(5));
        let told = Progress::Told;
        let rows = [
            (Reach::Answered, U::Retry, rest, Progress::Open, Some(Reach::Answered)),
            (Reach::Answered, U::Next, Next::Settled, told(Reach::Answered), None),
            (Reach::Answered, U::Told, Next::Settled, told(Reach::Answered), None),
            (Reach::Acknowledged, U::Retry, Next::Settled, told(Reach::Acknowledged), None),
        ];
        for (reach, policy, next, progress, kept) in rows {
            let mut delivery = Delivery::new("ana".parse().unwrap(), ChannelName::Gsm);
            assert_eq!(end(&mut delivery, call(reach), policy), next, "{policy:?}");
            assert_eq!(delivery.progress, progress, "{policy:?}");
            assert_eq!(delivery.attempts[0].reach, kept, "{policy:?}");
        }
    }

    #[test]
    fn how_it_ended_is_one_word() {
        let told = |reach| Outcome::Told { reach, detail: String::new(), receipts: vec![] };
        let (why, rest) = (String::new, Next::Rest(Duration::from_secs(1)));
        let rows = [
            (told(Reach::HandedOver), Next::Settled, "handed-over"),
            (told(Reach::Acknowledged), Next::Settled, "acknowledged"),
            (Outcome::Retry(why()), rest, "retry"),
            (Outcome::Retry(why()), Next::Settled, "failed"),
            (Outcome::Refused(why()), Next::Settled, "failed"),
            (Outcome::Spared(why()), Next::Settled, "spared"),
        ];
        for (outcome, next, expected) in rows {
            assert_eq!(word(&outcome, next), expected);
        }
    }
}
