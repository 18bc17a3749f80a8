//! How long the disk took for each write, for who watches over it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the counts, in seconds: a good SSD to a card that is dying.
pub const FLUSH_BOUNDS: [f64; BOUNDS_US.len()] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The same in microseconds.
const BOUNDS_US: [u64; 12] = [
    500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
];

/// The durable writes since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flushes {
    /// How many took up to each of [`FLUSH_BOUNDS`] and longer than the one before; after them those
    /// that took longer than all.
    pub counts: [u64; BOUNDS_US.len() + 1],
    /// All of them together.
    pub total: Duration,
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Meter {
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    total_us: AtomicU64,
}

impl Meter {
    pub(super) fn count(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_US.iter().take_while(|bound| us > **bound).count();
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.total_us.fetch_add(us, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Flushes {
        let mut flushes = Flushes::default();
        for (count, counted) in flushes.counts.iter_mut().zip(&self.counts) {
            *count = counted.load(Ordering::Relaxed);
        }
        flushes.total = Duration::from_micros(self.total_us.load(Ordering::Relaxed));
        flushes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_once() {
        for (seconds, us) in FLUSH_BOUNDS.iter().zip(BOUNDS_US) {
            assert_eq!(Duration::from_secs_f64(*seconds), Duration::from_micros(us));
        }
        let meter = Meter::default();
        [0, 500, 501, 60_000_000]
            .map(Duration::from_micros)
            .iter()
            .for_each(|took| meter.count(*took));
        let flushes = meter.read();
        assert_eq!((flushes.counts[0], flushes.counts[1], flushes.counts[12]), (2, 1, 1));
        assert_eq!(flushes.counts.iter().sum::<u64>(), 4);
        assert_eq!(flushes.total, Duration::from_micros(60_001_001));
    }
}
