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
    /// Silence of a length.
    #[must_use]
    pub fn silence(rate: u32, length: Duration) -> Self {
        Self { rate, samples: vec![0; samples_in(rate, length)] }
    }

    /// How long it lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        if self.rate == 0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate))
    }

    /// Adds what comes after it; the rates must be the same.
    pub fn append(&mut self, next: &Self) {
        debug_assert_eq!(self.rate, next.rate);
        self.samples.extend_from_slice(&next.samples);
    }

    /// The loudest sample: 0 is silence, 1 full scale.
    #[must_use]
    pub fn peak(&self) -> f32 {
        let loudest = self.samples.iter().map(|sample| sample.unsigned_abs()).max();
        f32::from(loudest.unwrap_or(0)) / FULL_SCALE
    }

    /// Root mean square: 0 is silence, 1 a square wave of full scale.
    #[must_use]
    pub fn rms(&self) -> f32 {
        let floats: Vec<f32> = self.samples.iter().copied().map(to_float).collect();
        mean_square(&floats).sqrt()
    }
}

/// What a sample of full scale is.
const FULL_SCALE: f32 = 32768.0;

/// Samples that a length of time has.
pub(super) fn samples_in(rate: u32, length: Duration) -> usize {
    let samples = length.as_micros() * u128::from(rate) / 1_000_000;
    usize::try_from(samples).unwrap_or(usize::MAX)
}

/// A sample between -1 and 1.
pub(super) fn to_float(sample: i16) -> f32 {
    f32::from(sample) / FULL_SCALE
}

/// The nearest sample; what is beyond full scale is cut.
pub(super) fn to_sample(value: f32) -> i16 {
    // The cast saturates, and makes 0 of what is not a number.
    #[expect(clippy::cast_possible_truncation, reason = "full scale is the end")]
    {
        (value * FULL_SCALE).round() as i16
    }
}

pub(super) fn mean_square(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: f64 = samples.iter().map(|sample| f64::from(sample * sample)).sum();
    #[expect(clippy::cast_possible_truncation, reason = "a mean of values between 0 and 1")]
    {
        (sum / samples.len() as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_and_samples_are_the_same_sound() {
        for sample in [i16::MIN, -1, 0, 1, 12345, i16::MAX] {
            assert_eq!(to_sample(to_float(sample)), sample);
        }
        assert_eq!([2.0, -2.0, f32::NAN].map(to_sample), [i16::MAX, i16::MIN, 0]);
    }

    #[test]
    fn lengths_and_levels() {
        let mut pcm = Pcm::silence(8000, Duration::from_millis(250));
        assert_eq!((pcm.samples.len(), pcm.peak(), pcm.rms()), (2000, 0.0, 0.0));
        pcm.append(&Pcm { rate: 8000, samples: vec![-16384; 2000] });
        assert_eq!(pcm.duration(), Duration::from_millis(500));
        assert!((pcm.peak() - 0.5).abs() < 1e-6);
        assert!((pcm.rms() - 0.353_55).abs() < 1e-4);
        assert_eq!(Pcm::default().duration(), Duration::ZERO);
    }
}
