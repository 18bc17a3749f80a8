//! Tones to measure by, and the tones of keys.

use std::f32::consts::TAU;
use std::time::Duration;

use super::Pcm;
use super::pcm::{samples_in, to_sample};

/// How long a tone takes to begin and to end: a sudden one clicks.
const FADE: Duration = Duration::from_millis(5);

/// A sine; `level` is its peak, between 0 and 1.
#[must_use]
pub fn tone(rate: u32, frequency: f32, length: Duration, level: f32) -> Pcm {
    sum_of(rate, &[frequency], length, level)
}

/// The tone of a key, `0` to `9`, `*`, `#`, `A` to `D` (ITU-T Q.23); `level` is the peak of both
/// its sines together.
#[must_use]
pub fn dtmf(rate: u32, key: char, length: Duration, level: f32) -> Option<Pcm> {
    const ROWS: [(f32, &str); 4] =
        [(697.0, "123A"), (770.0, "456B"), (852.0, "789C"), (941.0, "*0#D")];
    const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let found = ROWS.iter().find_map(|(row, keys)| Some((*row, keys.find(key)?)))?;
    let column = COLUMNS.get(found.1)?;
    Some(sum_of(rate, &[found.0, *column], length, level))
}

fn sum_of(rate: u32, frequencies: &[f32], length: Duration, level: f32) -> Pcm {
    let count = samples_in(rate, length);
    let fade = samples_in(rate, FADE).max(1) as f32;
    let share = level / frequencies.len().max(1) as f32;
    let sample = |index: usize| {
        // In f64: a phase of many turns has no exact place in f32.
        let time = index as f64 / f64::from(rate);
        let turns = |frequency: &f32| (f64::from(*frequency) * time).fract();
        #[expect(clippy::cast_possible_truncation, reason = "a part of one turn")]
        let sum: f32 = frequencies.iter().map(|one| (TAU * turns(one) as f32).sin()).sum();
        let from_edge = index.min(count - 1 - index) as f32;
        to_sample(sum * share * (from_edge / fade).min(1.0))
    };
    Pcm { rate, samples: (0..count).map(sample).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_millis(500);

    /// How much of a frequency is in it (Goertzel), 1 for a sine of full scale.
    fn share(pcm: &Pcm, frequency: f32) -> f32 {
        let step = TAU * frequency / pcm.rate as f32;
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for sample in &pcm.samples {
            let next = f32::from(*sample) / 32768.0 + 2.0 * step.cos() * last - before;
            (before, last) = (last, next);
        }
        let power = last * last + before * before - 2.0 * step.cos() * last * before;
        power.max(0.0).sqrt() * 2.0 / pcm.samples.len() as f32
    }

    #[test]
    fn a_tone_has_its_frequency_level_and_soft_edges() {
        let pcm = tone(8000, 1000.0, LENGTH, 0.7);
        assert_eq!(pcm.duration(), LENGTH);
        assert!((pcm.peak() - 0.7).abs() < 0.01);
        assert!((share(&pcm, 1000.0) - 0.7).abs() < 0.02);
        assert!(share(&pcm, 1300.0) < 0.01);
        assert!(pcm.samples[..8].iter().all(|sample| sample.abs() < 5000));
    }

    #[test]
    fn every_key_has_its_two_tones() {
        let keys = [('1', 697.0, 1209.0), ('5', 770.0, 1336.0), ('9', 852.0, 1477.0)];
        let keys = keys.into_iter().chain([('*', 941.0, 1209.0), ('0', 941.0, 1336.0)]);
        for (key, low, high) in keys.chain([('#', 941.0, 1477.0), ('D', 941.0, 1633.0)]) {
            let pcm = dtmf(8000, key, LENGTH, 0.8).unwrap();
            assert!(pcm.peak() <= 0.8);
            for frequency in [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0] {
                let there = [low, high].contains(&frequency);
                assert_eq!(share(&pcm, frequency) > 0.2, there, "{key} {frequency}");
            }
        }
        assert_eq!(dtmf(8000, 'x', LENGTH, 0.8), None);
    }

    #[test]
    fn no_length_and_no_rate_are_no_sound() {
        assert!(tone(8000, 1000.0, Duration::ZERO, 1.0).samples.is_empty());
        assert!(tone(0, 1000.0, LENGTH, 1.0).samples.is_empty());
    }
}
