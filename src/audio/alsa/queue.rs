//! What waits to be heard. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::AudioError;
use crate::audio::Pcm;

/// Sounds at the device's rate, and what the player and its thread tell each other.
#[derive(Debug, Default)]
pub(super) struct Queue {
    sounds: VecDeque<Arc<Pcm>>,
    /// How many samples of the first sound are taken.
    at: usize,
    /// Samples that are not taken yet.
    pub(super) waiting: u64,
    /// Whether sound was taken that is not heard yet.
    pub(super) sounding: bool,
    /// Why the device plays no more.
    pub(super) fault: Option<AudioError>,
    /// The player is gone, or wants to be.
    pub(super) closing: bool,
    /// The device is closed.
    pub(super) closed: bool,
}

impl Queue {
    pub(super) fn push(&mut self, pcm: Arc<Pcm>) {
        self.waiting += pcm.samples.len() as u64;
        self.sounds.push_back(pcm);
    }

    pub(super) fn clear(&mut self) {
        self.sounds.clear();
        (self.at, self.waiting) = (0, 0);
    }

    /// Whether all sound was heard.
    pub(super) fn is_silent(&self) -> bool {
        self.sounds.is_empty() && !self.sounding
    }

    /// Takes the next samples, at most `count`.
    pub(super) fn take(&mut self, count: usize, mut sample: impl FnMut(i16)) -> usize {
        let mut taken = 0;
        while let Some(front) = self.sounds.front() {
            let rest = front.samples.get(self.at..).unwrap_or_default();
            let now = rest.len().min(count - taken);
            rest.iter().take(now).copied().for_each(&mut sample);
            taken += now;
            if now < rest.len() {
                self.at += now;
                break;
            }
            self.at = 0;
            self.sounds.pop_front();
        }
        self.waiting = self.waiting.saturating_sub(taken as u64);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_follow_each_other_without_a_gap() {
        let mut queue = Queue::default();
        for samples in [vec![1, 2, 3], vec![], vec![4, 5]] {
            queue.push(Arc::new(Pcm { rate: 8000, samples }));
        }
        let mut heard = Vec::new();
        assert_eq!((queue.waiting, queue.take(2, |sample| heard.push(sample))), (5, 2));
        assert!(!queue.is_silent());
        assert_eq!((queue.take(9, |sample| heard.push(sample)), queue.waiting), (3, 0));
        assert_eq!(heard, [1, 2, 3, 4, 5]);
        assert!(queue.is_silent());
    }

    #[test]
    fn what_is_thrown_away_is_not_taken() {
        let mut queue = Queue::default();
        queue.push(Arc::new(Pcm { rate: 8000, samples: vec![1; 10] }));
        queue.take(3, drop);
        queue.clear();
        assert_eq!((queue.waiting, queue.take(9, drop)), (0, 0));
        queue.push(Arc::new(Pcm { rate: 8000, samples: vec![2; 10] }));
        assert_eq!(queue.take(99, |sample| assert_eq!(sample, 2)), 10);
    }
}
