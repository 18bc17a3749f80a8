//! When the SIM card's balance is asked for, and what comes of it: pure. Time is what has passed since
//! the driver began.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::ModemBalance;
use crate::health::Balance;
use crate::modem::at::{Ussd, UssdState};
use crate::modem::balance;

/// How soon it is asked for again when that has failed, at most its interval.
const RETRY: Duration = Duration::from_hours(1);
/// How soon it is asked for again when an alert came between.
const AFTER_ALERT: Duration = Duration::from_mins(10);

/// Asks for the balance now and then.
#[derive(Debug)]
pub struct Enquiry {
    settings: Option<ModemBalance>,
    /// When it is asked for next.
    due: Duration,
    question: Option<Question>,
    balance: Option<Balance>,
}

/// A question that has no answer yet.
#[derive(Debug, Clone, Copy)]
struct Question {
    until: Duration,
    /// An alert came, and the network was told that we do not wait; it may have answered before.
    left: bool,
}

impl Enquiry {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(settings: Option<ModemBalance>) -> Self {
        let known =
            |settings: &ModemBalance| Balance { warning: settings.warning, ..Balance::default() };
        let balance = settings.as_ref().map(known);
        Self { settings, due: Duration::ZERO, question: None, balance }
    }

    /// What is known; `None` if nobody asks.
    #[must_use]
    pub const fn balance(&self) -> Option<&Balance> {
        self.balance.as_ref()
    }

    /// When there is something to do, if nobody wants anything else before `quiet`.
    #[must_use]
    pub fn wakes(&self, quiet: Duration) -> Option<Duration> {
        self.settings.as_ref()?;
        Some(self.question.map_or_else(|| self.due.max(quiet), |question| question.until))
    }

    /// The code to ask by, if it is time.
    #[must_use]
    pub fn code(&self, now: Duration, quiet: Duration) -> Option<&str> {
        let is_due = self.question.is_none() && now >= self.due.max(quiet);
        self.settings.as_ref().filter(|_| is_due).map(|settings| settings.code.as_str())
    }

    /// The network is asked, and has until then.
    pub const fn begin(&mut self, until: Duration) {
        self.question = Some(Question { until, left: false });
    }

    /// Whether the network is to be told that we do not wait: something else is to be done.
    pub const fn leaves(&mut self) -> bool {
        let Some(question) = &mut self.question else { return false };
        !std::mem::replace(&mut question.left, true)
    }

    /// The network has written. What it writes unasked is no answer.
    pub fn on_answer(&mut self, ussd: &Ussd, now: Duration, at: Timestamp) {
        let Some(question) = self.question else { return };
        let Some(settings) = &self.settings else { return };
        let text = Some(ussd.text.clone()).filter(|text| !text.is_empty());
        let pattern = settings.pattern.as_ref();
        if let Some(amount) = text.as_ref().and_then(|text| balance::find(text, pattern)) {
            let (amount, at, warning) = (Some(amount), Some(at), settings.warning);
            self.balance = Some(Balance { amount, at, warning, text, trouble: None, failures: 0 });
            self.due = now + settings.interval;
            self.question = None;
            return;
        }
        if text.is_some() {
            self.fail("no amount is found in the operator's answer", now);
            if let Some(known) = &mut self.balance {
                known.text = text;
            }
            return;
        }
        if question.left {
            // So it confirms that we left.
            return self.put_off(now);
        }
        match ussd.state {
            UssdState::Over | UssdState::Question => {
                self.fail("the operator answered nothing", now);
            }
            UssdState::Elsewhere => self.fail("another program has the operator's answer", now),
            UssdState::Unsupported => self.fail("the network takes no such codes", now),
            UssdState::TimedOut => self.fail("the operator did not answer", now),
        }
    }

    /// The modem did not even ask.
    pub fn on_refusal(&mut self, why: &str, now: Duration) {
        if self.question.is_some() {
            self.fail(why, now);
        }
    }

    /// Looks whether the answer is overdue.
    pub fn look(&mut self, now: Duration) {
        match self.question {
            Some(question) if now < question.until => {}
            Some(question) if question.left => self.put_off(now),
            Some(_) => self.fail("the operator did not answer", now),
            None => {}
        }
    }

    fn put_off(&mut self, now: Duration) {
        self.question = None;
        self.due = now + AFTER_ALERT;
    }

    fn fail(&mut self, why: &str, now: Duration) {
        self.question = None;
        let (Some(settings), Some(known)) = (&self.settings, &mut self.balance) else { return };
        known.text = None;
        known.trouble = Some(format!("the balance is unknown: {why} ({})", settings.code));
        known.failures = known.failures.saturating_add(1);
        self.due = now + settings.interval.min(RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn enquiry() -> Enquiry {
        let (code, warning, pattern) = ("*100#".to_owned(), "5".parse().ok(), None);
        let interval = Duration::from_hours(24);
        Enquiry::new(Some(ModemBalance { code, interval, warning, pattern }))
    }

    fn says(enquiry: &mut Enquiry, state: UssdState, text: &str, now: Duration) {
        let ussd = Ussd { state, text: text.to_owned() };
        enquiry.on_answer(&ussd, now, Timestamp::UNIX_EPOCH);
    }

    fn known(enquiry: &Enquiry) -> (Option<String>, Option<String>, u32) {
        let known = enquiry.balance().unwrap();
        (known.amount.map(|amount| amount.to_string()), known.trouble.clone(), known.failures)
    }

    #[test]
    fn it_is_asked_for_in_quiet_hours_and_then_each_day() {
        let mut enquiry = enquiry();
        assert_eq!(enquiry.wakes(60 * SECOND), Some(60 * SECOND));
        assert_eq!(enquiry.code(59 * SECOND, 60 * SECOND), None);
        assert_eq!(enquiry.code(60 * SECOND, 60 * SECOND), Some("*100#"));
        enquiry.begin(90 * SECOND);
        assert_eq!(enquiry.code(61 * SECOND, Duration::ZERO), None, "one question at a time");
        assert_eq!(enquiry.wakes(Duration::ZERO), Some(90 * SECOND));
        says(&mut enquiry, UssdState::Over, "Saldo 7,50 EUR", 65 * SECOND);
        assert_eq!(known(&enquiry), (Some("7.50".into()), None, 0));
        assert_eq!(enquiry.wakes(Duration::ZERO), Some(24 * HOUR + 65 * SECOND));
        // What comes unasked is no answer.
        says(&mut enquiry, UssdState::Over, "Win 1000 EUR", 70 * SECOND);
        assert_eq!(known(&enquiry), (Some("7.50".into()), None, 0));
    }

    #[test]
    fn an_alert_comes_first_and_the_question_is_put_again() {
        let mut enquiry = enquiry();
        enquiry.begin(30 * SECOND);
        assert!(enquiry.leaves());
        assert!(!enquiry.leaves(), "once is enough");
        enquiry.look(30 * SECOND);
        assert_eq!(known(&enquiry), (None, None, 0), "that is no fault");
        assert_eq!(enquiry.wakes(Duration::ZERO), Some(630 * SECOND));
        assert!(!enquiry.leaves());
        // The answer was on its way already.
        enquiry.begin(700 * SECOND);
        assert!(enquiry.leaves());
        says(&mut enquiry, UssdState::Over, "Saldo 7,50 EUR", 680 * SECOND);
        assert_eq!(known(&enquiry), (Some("7.50".into()), None, 0));
    }

    #[test]
    fn what_fails_is_told_and_tried_again_within_the_hour() {
        let rows = [
            (UssdState::Over, "Try later", "no amount is found in the operator's answer"),
            (
                UssdState::Question,
                "1 Balance\n2 More",
                "no amount is found in the operator's answer",
            ),
            (UssdState::Over, "", "the operator answered nothing"),
            (UssdState::Unsupported, "", "the network takes no such codes"),
            (UssdState::TimedOut, "", "the operator did not answer"),
        ];
        let mut enquiry = enquiry();
        for (failures, (state, text, why)) in (1..).zip(rows) {
            enquiry.begin(30 * SECOND);
            says(&mut enquiry, state, text, 3 * SECOND);
            let trouble = format!("the balance is unknown: {why} (*100#)");
            assert_eq!(known(&enquiry), (None, Some(trouble), failures));
            assert_eq!(enquiry.wakes(Duration::ZERO), Some(HOUR + 3 * SECOND));
        }
        enquiry.begin(30 * SECOND);
        enquiry.look(29 * SECOND);
        assert_eq!(known(&enquiry).2, 5);
        enquiry.look(30 * SECOND);
        assert_eq!(known(&enquiry).2, 6);
        enquiry.begin(40 * SECOND);
        enquiry.on_refusal("error without a reason", 31 * SECOND);
        assert_eq!(known(&enquiry).2, 7);
        enquiry.begin(90 * SECOND);
        says(&mut enquiry, UssdState::Question, "Balance 3 EUR. 1 More", 60 * SECOND);
        assert_eq!(known(&enquiry), (Some("3.00".into()), None, 0));
    }

    #[test]
    fn without_a_code_nobody_asks() {
        let enquiry = Enquiry::new(None);
        assert_eq!((enquiry.wakes(HOUR), enquiry.code(HOUR, HOUR)), (None, None));
        assert_eq!(enquiry.balance(), None);
    }
}
