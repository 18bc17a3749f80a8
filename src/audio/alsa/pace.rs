//! How much is written and read, and when. Pure: the time is a duration since the device began.
//!
//! A sound card has a clock and says what it still has. ALSA's `null` and `file` take everything
//! at once; for them the time decides, so that a second of sound takes a second there, too.

use std::time::Duration;

use crate::audio::pcm::samples_in;

/// How far ahead of what is heard is written: so long may the thread be kept from running. Also
/// how long a sound goes on after it was thrown away.
pub(super) const AHEAD: Duration = Duration::from_millis(100);

/// Where a device stands.
#[derive(Debug)]
pub(super) struct Pace {
    rate: u32,
    /// Since when frames are counted by time.
    begun: Duration,
    /// Frames written before that.
    before: u64,
    /// Frames written.
    written: u64,
    /// Whether the device has a clock of its own.
    clocked: bool,
}

impl Pace {
    pub(super) fn new(rate: u32, now: Duration) -> Self {
        Self { rate, begun: now, before: 0, written: 0, clocked: false }
    }

    /// Frames that are written and not yet heard; `delay` is what the device says of it.
    fn unheard(&self, now: Duration, delay: u64) -> u64 {
        if self.clocked { delay } else { self.written.saturating_sub(self.passed(now)) }
    }

    /// The frame that is heard at a time.
    fn passed(&self, now: Duration) -> u64 {
        self.before + frames(self.rate, now.saturating_sub(self.begun))
    }

    /// Frames that are to be written now.
    pub(super) fn due(&self, now: Duration, delay: u64) -> u64 {
        frames(self.rate, AHEAD).saturating_sub(self.unheard(now, delay))
    }

    /// Frames that were heard.
    pub(super) fn heard(&self, now: Duration, delay: u64) -> u64 {
        self.written.saturating_sub(self.unheard(now, delay))
    }

    /// Says what was written, and what the device then still has: only one with a clock has any.
    pub(super) fn wrote(&mut self, written: u64, delay: u64) {
        self.written += written;
        self.clocked |= delay > 0;
    }

    /// Whether a device without a clock would have had nothing to play.
    pub(super) fn is_late(&self, now: Duration) -> bool {
        !self.clocked && self.passed(now) > self.written
    }

    /// Begins anew after a gap: all that was written has been heard.
    pub(super) fn restart(&mut self, now: Duration) {
        (self.begun, self.before) = (now, self.written);
    }
}

/// Frames in a length of time.
pub(super) fn frames(rate: u32, length: Duration) -> u64 {
    samples_in(rate, length) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn without_a_clock_the_time_decides() {
        let mut pace = Pace::new(8000, ms(0));
        assert_eq!((pace.due(ms(0), 0), pace.heard(ms(0), 0)), (800, 0));
        pace.wrote(800, 0);
        for tick in 1..=100 {
            let now = ms(20 * tick);
            assert_eq!((pace.due(now, 0), pace.heard(now, 0)), (160, 160 * tick));
            pace.wrote(160, 0);
        }
        assert!(!pace.is_late(ms(2100)));
        assert!(pace.is_late(ms(2101)));
        pace.restart(ms(2500));
        assert_eq!((pace.due(ms(2500), 0), pace.heard(ms(2500), 0)), (800, 16_800));
        pace.wrote(800, 0);
        assert_eq!(pace.heard(ms(2550), 0), 17_200);
    }

    #[test]
    fn a_device_with_a_clock_decides_itself() {
        let mut pace = Pace::new(48_000, ms(0));
        pace.wrote(4800, 4790);
        // It is slower than we are, then faster.
        assert_eq!((pace.due(ms(50), 4000), pace.heard(ms(50), 4000)), (800, 800));
        pace.wrote(800, 4800);
        assert_eq!((pace.due(ms(51), 1000), pace.heard(ms(51), 1000)), (3800, 4600));
        assert!(!pace.is_late(ms(9000)));
    }
}
