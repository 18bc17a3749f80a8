//! How often a password may be tried. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Failures in a row that cost nothing.
const FREE: u32 = 4;

/// Wait after the next failure; it doubles from there.
const FIRST: Duration = Duration::from_secs(15);

/// Longest wait: whoever fails on purpose must not lock the owner out for the night.
const LONGEST: Duration = Duration::from_mins(15);

/// After this long without a failure all is forgotten.
const FORGET: Duration = Duration::from_hours(1);

/// Most keys that are remembered; when more come, the oldest make room.
const MOST: usize = 4096;

/// Failures by who is tried, and by who tries.
#[derive(Debug, Default)]
pub struct Lockout {
    failures: HashMap<String, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn open_again(&self) -> Instant {
        let Some(doublings) = self.count.checked_sub(FREE + 1) else { return self.last };
        let wait = FIRST.saturating_mul(2u32.saturating_pow(doublings)).min(LONGEST);
        self.last + wait
    }
}

impl Lockout {
    /// How long a key has to wait before its next try; nothing if it need not.
    #[must_use]
    pub fn wait(&self, key: &str, now: Instant) -> Option<Duration> {
        let until = self.failures.get(key)?.open_again();
        until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Notes a failure.
    pub fn fail(&mut self, key: &str, now: Instant) {
        if self.failures.len() >= MOST {
            self.make_room(now);
        }
        let entry = self.failures.entry(key.to_owned());
        let failures = entry.or_insert(Failures { count: 0, last: now });
        if now.saturating_duration_since(failures.last) > FORGET {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
    }

    /// Notes a success.
    pub fn succeed(&mut self, key: &str) {
        self.failures.remove(key);
    }

    fn make_room(&mut self, now: Instant) {
        self.failures.retain(|_, entry| now.saturating_duration_since(entry.last) <= FORGET);
        if self.failures.len() >= MOST {
            let oldest = self.failures.iter().min_by_key(|(_, entry)| entry.last);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.failures.remove(&key);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to begin with")]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let (mut lockout, mut now) = (Lockout::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..13 {
            lockout.fail("ana", now);
            let wait = lockout.wait("ana", now).unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(lockout.wait("ana", now), None);
        }
        assert_eq!(waits, [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(lockout.wait("ben", now), None);
        lockout.succeed("ana");
        lockout.fail("ana", now);
        assert_eq!(lockout.wait("ana", now), None);
    }

    #[test]
    fn it_remembers_no_more_than_it_may() {
        let (mut lockout, now) = (Lockout::default(), Instant::now());
        for number in 0..10_000u64 {
            lockout.fail(&number.to_string(), now + Duration::from_millis(number));
        }
        assert!(lockout.failures.len() <= MOST);
    }
}
