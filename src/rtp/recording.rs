//! What was heard, each packet in the place its timestamp names.

use crate::audio::{Pcm, TELEPHONE_RATE};

/// A timestamp further away than this (10 s) from the last one is of a numbering that began anew.
const FAR: u32 = 10 * TELEPHONE_RATE;

/// Sound of the other side. What is missing is silence; what comes late takes its place.
#[derive(Debug, Default)]
pub struct Recording {
    samples: Vec<i16>,
    /// Most samples that are kept.
    limit: usize,
    /// The newest timestamp, and the place it stands for.
    last: Option<(u32, usize)>,
}

impl Recording {
    /// Keeps the first `limit` samples, gaps among them.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { samples: Vec::new(), limit, last: None }
    }

    /// Puts the samples of a packet where they belong.
    pub fn put(&mut self, timestamp: u32, samples: impl ExactSizeIterator<Item = i16>) {
        let place = match self.last {
            None => 0,
            Some((stamp, at)) => {
                let later = timestamp.wrapping_sub(stamp);
                let earlier = later.wrapping_neg();
                if later <= FAR {
                    at.saturating_add(usize::try_from(later).unwrap_or(usize::MAX))
                } else if earlier <= FAR {
                    // Before the first packet that came there is no place.
                    let earlier = usize::try_from(earlier).unwrap_or(usize::MAX);
                    let Some(place) = at.checked_sub(earlier) else { return };
                    place
                } else {
                    self.samples.len()
                }
            }
        };
        if self.last.is_none_or(|(_, at)| place >= at) {
            self.last = Some((timestamp, place));
        }
        let end = place.saturating_add(samples.len()).min(self.limit);
        if end > self.samples.len() {
            self.samples.resize(end, 0);
        }
        let room = self.samples.get_mut(place.min(end)..end).unwrap_or_default();
        room.iter_mut().zip(samples).for_each(|(room, sample)| *room = sample);
    }

    /// What was heard up to now.
    #[must_use]
    pub fn pcm(&self) -> Pcm {
        Pcm { rate: TELEPHONE_RATE, samples: self.samples.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Timestamp, and one sample.
    fn recorded(limit: usize, packets: &[(u32, i16)]) -> Vec<i16> {
        let mut recording = Recording::new(limit);
        for (timestamp, sample) in packets {
            recording.put(*timestamp, [*sample; 2].into_iter());
        }
        recording.pcm().samples
    }

    #[test]
    fn every_packet_has_its_place() {
        type Row<'a> = (usize, &'a [(u32, i16)], &'a [i16]);
        let table: [Row; 8] = [
            (99, &[], &[]),
            (99, &[(10, 1), (12, 2)], &[1, 1, 2, 2]),
            (99, &[(10, 1), (14, 3)], &[1, 1, 0, 0, 3, 3]),
            (99, &[(10, 1), (14, 3), (12, 2), (16, 4)], &[1, 1, 2, 2, 3, 3, 4, 4]),
            (99, &[(u32::MAX - 1, 1), (0, 2)], &[1, 1, 2, 2]),
            (99, &[(10, 1), (8, 7)], &[1, 1]),
            // It began anew.
            (99, &[(10, 1), (1_000_000, 2), (1_000_002, 3)], &[1, 1, 2, 2, 3, 3]),
            (3, &[(10, 1), (12, 2), (14, 3), (9999, 4)], &[1, 1, 2]),
        ];
        for (limit, packets, expected) in table {
            assert_eq!(recorded(limit, packets), expected, "{packets:?}");
        }
    }
}
