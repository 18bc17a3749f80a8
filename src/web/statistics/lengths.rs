//! Many lengths of time in little memory: how many there were of about each length. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

/// So many bits of a length count: one bucket is at most a sixteenth of its length wide.
const BITS: u32 = 4;

/// How many there were in each bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lengths(BTreeMap<u16, u64>);

impl Lengths {
    pub(super) fn add(&mut self, length: Duration) {
        *self.0.entry(bucket(length)).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, others: &Self) {
        for (bucket, count) in &others.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// The middle one, to 3 % of itself.
    pub(super) fn median(&self) -> Option<Duration> {
        let count: u64 = self.0.values().sum();
        let wanted = count.checked_sub(1)? / 2;
        let mut before = 0;
        let found = self.0.iter().find(|(_, count)| {
            before += **count;
            before > wanted
        });
        found.map(|(bucket, _)| middle(*bucket))
    }
}

/// The leading bits of a length in milliseconds, and how far they are from its end.
fn bucket(length: Duration) -> u16 {
    let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(1);
    let shift = ms.ilog2().saturating_sub(BITS);
    let leading = ms >> shift;
    // At most 60 * 16 + 31.
    u16::try_from((u64::from(shift) << BITS) + leading).unwrap_or(u16::MAX)
}

fn middle(bucket: u16) -> Duration {
    let bucket = u64::from(bucket);
    let one = 1_u64 << BITS;
    let shift = (bucket >> BITS).saturating_sub(1).min(59);
    let leading = bucket - (shift << BITS);
    debug_assert!(leading < 2 * one, "{bucket}");
    let least = leading << shift;
    Duration::from_millis(least + (1 << shift) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_comes_back_nearly() {
        for ms in [1, 2, 15, 16, 17, 31, 32, 33, 63, 1000, 9_999, 86_400_000, 3_000_000_000_u64] {
            let length = Duration::from_millis(ms);
            let back = middle(bucket(length));
            assert!(back.abs_diff(length) * 32 <= length, "{length:?} {back:?}");
        }
        assert!(middle(bucket(Duration::MAX)) > Duration::from_hours(1_000_000));
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let of = |seconds: &[u64]| {
            let mut lengths = Lengths::default();
            for seconds in seconds {
                lengths.add(Duration::from_secs(*seconds));
            }
            lengths
        };
        assert_eq!(of(&[]).median(), None);
        for (seconds, median) in [(&[7][..], 7.0), (&[1, 50], 1.0), (&[1, 50, 900], 50.0)] {
            let found = of(seconds).median().unwrap().as_secs_f64();
            assert!((found / median - 1.0).abs() < 0.035, "{seconds:?} {found}");
        }
        let mut all = of(&[1, 2]);
        all.add_all(&of(&[2, 3]));
        assert_eq!(all, of(&[3, 2, 2, 1]));
    }
}
