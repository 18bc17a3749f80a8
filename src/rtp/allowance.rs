//! How many keys the other side may press: packets come from anybody.

use std::time::{Duration, Instant};

/// Most keys at once; a person presses fewer, and packets that were held up come at once, too.
const MOST_KEYS: u32 = 16;
/// A further key every so often.
const KEY_EVERY: Duration = Duration::from_millis(50);

/// How many keys may still be told.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    used: u32,
    since: Option<Instant>,
}

impl Allowance {
    /// Takes one, if there is one.
    pub(super) fn takes(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        let regained = passed.as_millis() / KEY_EVERY.as_millis();
        if regained > 0 {
            self.used = self.used.saturating_sub(u32::try_from(regained).unwrap_or(u32::MAX));
            self.since = Some(now);
        }
        let takes = self.used < MOST_KEYS;
        self.used += u32::from(takes);
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_at_once_and_then_one_every_so_often() {
        let mut now = tokio::time::Instant::now().into_std();
        let mut allowance = Allowance::default();
        let mut taken = |now: Instant| (0..100).filter(|_| allowance.takes(now)).count();
        assert_eq!(taken(now), 16);
        for (ms, expected) in [(49, 0), (1, 1), (100, 2), (10_000, 16)] {
            now += Duration::from_millis(ms);
            assert_eq!(taken(now), expected, "{ms}");
        }
    }
}
