//! Sound as samples.

use std::time::Duration;

/// Mono sound, 16 bits a sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pcm {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

impl Pcm {
    /// How long it lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        if self.rate == 0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate))
    }
}
