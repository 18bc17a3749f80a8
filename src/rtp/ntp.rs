//! The time in reports (RFC 3550 section 4).

use std::time::{Duration, Instant};

/// Seconds from 1900 (NTP) to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// Tells the time as NTP does, by the steady clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct NtpClock {
    /// NTP time at the start.
    base: u64,
    start: Instant,
}

impl NtpClock {
    /// `unix` is the time since 1970, right or wrong: what counts is that it passes evenly.
    pub(super) fn new(unix: Duration, start: Instant) -> Self {
        let base = unix + Duration::from_secs(NTP_EPOCH);
        Self { base: fixed(base), start }
    }

    pub(super) fn at(&self, now: Instant) -> u64 {
        self.base.wrapping_add(fixed(now.saturating_duration_since(self.start)))
    }
}

/// Seconds with 32 bits of fraction; the seconds count modulo 2³².
pub(super) fn fixed(time: Duration) -> u64 {
    let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    (time.as_secs() << 32) | fraction
}

/// The middle 32 bits: units of 1/65536 s.
pub(super) fn middle(ntp: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the middle is what is wanted")]
    {
        (ntp >> 16) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_that_of_ntp() {
        let start = tokio::time::Instant::now().into_std();
        let clock = NtpClock::new(Duration::from_millis(1_500), start);
        assert_eq!(clock.at(start), (2_208_988_801 << 32) | 1 << 31);
        assert_eq!(clock.at(start + Duration::from_millis(500)), 2_208_988_802 << 32);
        // 2036: the seconds begin anew, and pass evenly.
        let clock = NtpClock::new(Duration::from_secs(u64::from(u32::MAX) - NTP_EPOCH), start);
        assert_eq!(clock.at(start) >> 32, u64::from(u32::MAX));
        assert_eq!(middle(clock.at(start + Duration::from_millis(1500))), 1 << 15);
    }
}
