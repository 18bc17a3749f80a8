//! The balance of a prepaid SIM card: one that runs dry calls nobody.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::status::State;
use crate::config::Amount;

/// So many questions in a row without a figure are no accident.
const MANY: u32 = 3;

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance {
    /// The last amount that was told.
    pub amount: Option<Amount>,
    /// When it was told, by the wall clock.
    pub at: Option<Timestamp>,
    /// Less than this is too little.
    pub warning: Option<Amount>,
    /// What the operator wrote last: one line, of a stranger.
    pub text: Option<String>,
    /// Why the last question brought no amount.
    pub trouble: Option<String>,
    /// How many did so in a row.
    pub failures: u32,
}

impl Balance {
    /// What that means.
    #[must_use]
    pub fn assess(&self) -> State {
        match (self.amount, self.warning, &self.trouble) {
            (Some(amount), Some(warning), _) if amount < warning => {
                State::Degraded(format!("{amount} left, less than {warning}: top up the SIM card"))
            }
            (_, _, Some(trouble)) if self.failures >= MANY => State::Degraded(trouble.clone()),
            (Some(_), _, _) => State::Ok,
            (None, _, _) => State::Off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_and_unknown_for_long_are_told() {
        let amount = |text: &str| Some(text.parse().unwrap());
        let trouble = Some("no answer".to_owned());
        let low = "degraded: 4.99 left, less than 5.00: top up the SIM card";
        let rows = [
            (amount("5"), amount("5"), None, 0, "ok"),
            (amount("4.99"), amount("5"), None, 0, low),
            (amount("4.99"), amount("5"), trouble.clone(), 9, low),
            (amount("-1"), None, None, 0, "ok"),
            (None, amount("5"), None, 0, "off"),
            (None, amount("5"), trouble.clone(), 2, "off"),
            (None, None, trouble.clone(), 3, "degraded: no answer"),
            (amount("9"), None, trouble.clone(), 2, "ok"),
            (amount("9"), None, trouble, 3, "degraded: no answer"),
        ];
        for (amount, warning, trouble, failures, expected) in rows {
            let balance = Balance { amount, warning, trouble, failures, ..Balance::default() };
            assert_eq!(balance.assess().to_string(), expected, "{balance:?}");
        }
    }
}
