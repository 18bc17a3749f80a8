//! When to try again.

use std::time::Duration;

use crate::config::Retry;

/// Share of a wait that is left to chance, so that what failed together does not come again
/// together.
const JITTER: f64 = 0.2;

/// Most doublings; 2^20 times the first wait is beyond any longest wait.
const MAX_DOUBLINGS: u32 = 20;

/// Wait after the `tries`-th failure (1 for the first): doubles from `first` to `max`, less up to
/// a fifth by `chance` in 0..1.
pub(super) fn wait_after(tries: u32, retry: &Retry, chance: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(MAX_DOUBLINGS);
    let wait = retry.first.saturating_mul(1 << doublings).min(retry.max);
    wait.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// Whether a delivery that has been tried this long is given up.
pub(super) fn is_hopeless(waited: Duration, retry: &Retry) -> bool {
    waited >= retry.give_up
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        first: Duration::from_secs(5),
        max: Duration::from_mins(10),
        give_up: Duration::from_hours(6),
    };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = [1, 2, 3, 7, 8, 99].map(|tries| wait_after(tries, &RETRY, 0.0).as_secs());
        assert_eq!(waits, [5, 10, 20, 320, 600, 600]);
    }

    #[test]
    fn chance_takes_up_to_a_fifth_off() {
        assert_eq!(wait_after(1, &RETRY, 1.0), Duration::from_secs(4));
    }

    #[test]
    fn gives_up_in_time() {
        assert!(!is_hopeless(RETRY.give_up.saturating_sub(Duration::from_secs(1)), &RETRY));
        assert!(is_hopeless(RETRY.give_up, &RETRY));
    }
}
