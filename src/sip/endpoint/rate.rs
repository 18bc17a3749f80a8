//! So many a second, and no more.

use std::time::Instant;

/// A bucket that fills by `each_second` and holds twice that.
#[derive(Debug)]
pub(super) struct Rate {
    each_second: f64,
    left: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(each_second: u32, now: Instant) -> Self {
        let each_second = f64::from(each_second);
        Self { each_second, left: each_second * 2.0, at: now }
    }

    /// Whether one more is allowed.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = passed.mul_add(self.each_second, self.left).min(self.each_second * 2.0);
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}
