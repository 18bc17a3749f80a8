//! How many alerts came, for who watches over it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::record::Fate;
use crate::alert::{Alert, Severity};

/// How many came since the start, by what the filter said ([`Fate::as_str`]) and how grave they are.
pub type Arrivals = BTreeMap<Arrival, u64>;

/// What is counted of one that came.
pub type Arrival = (&'static str, Option<Severity>);

/// What is counted of this one.
pub(super) fn arrival(alert: &Alert, fate: &Fate) -> Arrival {
    (fate.as_str(), alert.severity())
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Arrivals>);

impl Meter {
    pub(super) fn count(&self, came: Vec<Arrival>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for arrival in came {
            *counts.entry(arrival).or_default() += 1;
        }
    }

    pub(super) fn read(&self) -> Arrivals {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
