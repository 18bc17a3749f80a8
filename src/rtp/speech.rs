//! Sound that waits to be sent.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::audio::{Pcm, TELEPHONE_RATE};

/// With this much waiting (10 s) a further sound has to wait for room.
const ROOM: usize = 10 * TELEPHONE_RATE as usize;

/// Sounds in their order.
#[derive(Debug, Default)]
pub(super) struct Speech {
    sounds: VecDeque<Arc<Pcm>>,
    /// Samples of the first sound that were taken.
    taken: usize,
    /// Samples that were not.
    waiting: usize,
}

impl Speech {
    pub(super) fn has_room(&self) -> bool {
        self.waiting < ROOM
    }

    /// A sound, of the rate of a telephone.
    pub(super) fn push(&mut self, pcm: Arc<Pcm>) {
        self.waiting += pcm.samples.len();
        self.sounds.push_back(pcm);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Adds up to `count` samples.
    pub(super) fn take(&mut self, count: usize, out: &mut Vec<i16>) {
        let wanted = out.len() + count;
        while out.len() < wanted
            && let Some(sound) = self.sounds.front()
        {
            let rest = sound.samples.get(self.taken..).unwrap_or_default();
            let now = rest.get(..wanted - out.len()).unwrap_or(rest);
            out.extend_from_slice(now);
            self.taken += now.len();
            self.waiting -= now.len();
            if now.len() == rest.len() {
                self.sounds.pop_front();
                self.taken = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(samples: std::ops::Range<i16>) -> Arc<Pcm> {
        Arc::new(Pcm { rate: TELEPHONE_RATE, samples: samples.collect() })
    }

    fn take(speech: &mut Speech, count: usize) -> Vec<i16> {
        let mut out = Vec::new();
        speech.take(count, &mut out);
        out
    }

    #[test]
    fn sounds_follow_each_other_without_a_gap() {
        let mut speech = Speech::default();
        for range in [0..5, 5..5, 5..12] {
            speech.push(sound(range));
        }
        assert_eq!(take(&mut speech, 4), [0, 1, 2, 3]);
        assert_eq!(take(&mut speech, 4), [4, 5, 6, 7]);
        assert!(!speech.is_empty());
        assert_eq!(take(&mut speech, 5), [8, 9, 10, 11]);
        assert!(speech.is_empty() && take(&mut speech, 1).is_empty());
        speech.push(sound(0..5));
        speech.clear();
        assert!(speech.is_empty() && take(&mut speech, 1).is_empty());
    }

    #[test]
    fn room_is_counted_in_samples() {
        let mut speech = Speech::default();
        speech.push(Arc::new(Pcm { rate: TELEPHONE_RATE, samples: vec![0; ROOM] }));
        assert!(!speech.has_room());
        take(&mut speech, 1);
        assert!(speech.has_room());
    }
}
