//! When packets are due: at the start and a whole number of packet times, never at "the last one
//! and twenty milliseconds", which would drift.

use std::time::{Duration, Instant};

/// Packets that are sent at once when this machine stood still: as much as telephones hold back
/// against jitter bears it, and nothing is lost. After a longer stand the time is left out: the
/// timestamps jump, what is said goes on where it was, and one hears a pause.
const MOST_AT_ONCE: u64 = 5;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing until then.
    At(Instant),
    /// A packet.
    Packet,
    /// So many packet times are left out; then ask again.
    Skip(u64),
}

/// The deadlines of one stream.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    period: Duration,
    /// Packet times that are over.
    passed: u64,
    regularity: Regularity,
}

/// How regularly packets were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Regularity {
    /// Gaps between packets.
    pub gaps: u64,
    /// The sum of how far each was from the packet time.
    pub deviation: Duration,
    /// How long after its deadline a packet was sent at worst.
    pub latest: Duration,
    last: Option<Instant>,
}

impl Regularity {
    /// How far a gap was from the packet time on average.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let gaps = u32::try_from(self.gaps).unwrap_or(u32::MAX).max(1);
        self.deviation / gaps
    }
}

impl Clock {
    /// The first packet is due at once.
    #[must_use]
    pub fn new(start: Instant, period: Duration) -> Self {
        Self { start, period, passed: 0, regularity: Regularity::default() }
    }

    /// What is due now. A packet counts as sent.
    pub fn due(&mut self, now: Instant) -> Due {
        let deadline = self.deadline();
        let Some(late) = now.checked_duration_since(deadline) else { return Due::At(deadline) };
        let behind = late.as_nanos().checked_div(self.period.as_nanos()).unwrap_or(0);
        let behind = u64::try_from(behind).unwrap_or(u64::MAX);
        if behind > MOST_AT_ONCE {
            self.passed += behind;
            self.regularity.last = None;
            return Due::Skip(behind);
        }
        self.passed += 1;
        let regularity = &mut self.regularity;
        if let Some(last) = regularity.last {
            regularity.gaps += 1;
            let gap = now.saturating_duration_since(last);
            regularity.deviation += gap.abs_diff(self.period);
        }
        regularity.last = Some(now);
        regularity.latest = regularity.latest.max(late);
        Due::Packet
    }

    /// How regular it was.
    #[must_use]
    pub fn regularity(&self) -> Regularity {
        self.regularity
    }

    /// When the next packet is due.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        // 2⁶⁴ ns are 584 years.
        let period = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX);
        self.start + Duration::from_nanos(period.saturating_mul(self.passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(20);

    fn start() -> (Instant, Clock) {
        let start = tokio::time::Instant::now().into_std();
        (start, Clock::new(start, PERIOD))
    }

    #[test]
    fn packets_do_not_drift_however_late_the_thread_wakes() {
        let (start, mut clock) = start();
        for count in 0..30_000_u32 {
            let deadline = start + PERIOD * count;
            if let Some(before) = deadline.checked_sub(Duration::from_micros(1)) {
                assert_eq!(clock.due(before), Due::At(deadline));
            }
            // Up to 7 ms late.
            let late = Duration::from_millis(u64::from(count % 8));
            assert_eq!(clock.due(deadline + late), Due::Packet);
        }
        // Ten minutes later it is due when it should be.
        assert_eq!(clock.deadline(), start + Duration::from_mins(10));
        let regularity = clock.regularity();
        assert_eq!((regularity.gaps, regularity.latest), (29_999, Duration::from_millis(7)));
        let mean = regularity.mean().as_secs_f64();
        assert!((mean - 0.00175).abs() < 1e-5, "{mean}");
    }

    #[test]
    fn after_a_short_stand_nothing_is_lost_and_after_a_long_one_time_is() {
        let (start, mut clock) = start();
        assert_eq!(clock.due(start), Due::Packet);
        // 100 ms: five packets at once, the first of which is four packet times late.
        let now = start + PERIOD * 5;
        for _ in 0..5 {
            assert_eq!(clock.due(now), Due::Packet);
        }
        assert_eq!(clock.due(now), Due::At(start + PERIOD * 6));
        // Three seconds.
        let now = start + PERIOD * 156 + PERIOD / 2;
        assert_eq!(clock.due(now), Due::Skip(150));
        assert_eq!(clock.due(now), Due::Packet);
        assert_eq!(clock.due(now), Due::At(start + PERIOD * 157));
    }
}
