//! The sounds of the last minutes, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::audio::Pcm;

use super::Key;

/// Most samples that are kept: 95 seconds at 22 050 Hz, 4 MB.
const MAX_SAMPLES: usize = 2 * 1024 * 1024;

/// Least recently used first.
#[derive(Debug, Default)]
pub(in crate::speech) struct Recent {
    sounds: VecDeque<(Key, Arc<Pcm>)>,
    samples: usize,
}

impl Recent {
    pub(in crate::speech) fn get(&mut self, key: &Key) -> Option<Arc<Pcm>> {
        let place = self.sounds.iter().position(|(own, _)| own == key)?;
        let entry = self.sounds.remove(place)?;
        let sound = Arc::clone(&entry.1);
        self.sounds.push_back(entry);
        Some(sound)
    }

    pub(in crate::speech) fn put(&mut self, key: Key, sound: Arc<Pcm>) {
        if self.get(&key).is_some() || sound.samples.len() > MAX_SAMPLES {
            return;
        }
        self.samples += sound.samples.len();
        self.sounds.push_back((key, sound));
        while self.samples > MAX_SAMPLES
            && let Some((_, oldest)) = self.sounds.pop_front()
        {
            self.samples -= oldest.samples.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_makes_room() {
        let third = Arc::new(Pcm { rate: 1, samples: vec![0; MAX_SAMPLES / 3] });
        let mut recent = Recent::default();
        for name in ["a", "b", "c"] {
            recent.put(Key::of(&[name]), Arc::clone(&third));
        }
        assert!(recent.get(&Key::of(&["a"])).is_some());
        recent.put(Key::of(&["d"]), Arc::clone(&third));
        let kept = ["a", "b", "c", "d"].map(|name| recent.get(&Key::of(&[name])).is_some());
        assert_eq!(kept, [true, false, true, true]);
        let large = Arc::new(Pcm { rate: 1, samples: vec![0; MAX_SAMPLES + 1] });
        recent.put(Key::of(&["e"]), large);
        assert_eq!(recent.samples, MAX_SAMPLES / 3 * 3);
    }
}
