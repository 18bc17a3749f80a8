//! The band and the loudness of a telephone line.

use std::f32::consts::PI;

use super::pcm::{mean_square, to_float, to_sample};
use super::{Pcm, TELEPHONE_RATE, resample};

/// Lowest frequency that is kept, in Hz: below is hum and the breath of a microphone.
const LOWEST: f32 = 200.0;
/// Highest frequency that is kept, in Hz.
const HIGHEST: f32 = 3800.0;
/// Length of the filter in samples; odd, so that it has a middle.
const TAPS: usize = 129;
/// How loud speech is made: its root mean square while somebody speaks, -18 dB of full scale.
const LOUDNESS: f32 = 0.126;
/// The most that is amplified, 30 dB: what is quieter is noise and stays so.
const MOST_GAIN: f32 = 32.0;
/// The loudest that comes out, -1 dB of full scale.
const CEILING: f32 = 0.89;
/// Samples that the limiter looks ahead and back (5 ms).
const LOOK: usize = 40;
/// Samples of which it is asked whether somebody speaks (20 ms).
const FRAME: usize = 160;
/// A frame this far below the loudest (30 dB, as power) is a pause.
const PAUSE: f32 = 0.001;

/// Sound as a telephone line takes it: 8000 Hz, its band, speech equally loud, nothing clipped.
#[must_use]
pub fn telephone(pcm: &Pcm) -> Pcm {
    let line = resample(pcm, TELEPHONE_RATE);
    let mut samples: Vec<f32> = line.samples.iter().copied().map(to_float).collect();
    samples = band(&samples);
    let gain = gain(&samples);
    for sample in &mut samples {
        *sample *= gain;
    }
    limit(&mut samples);
    Pcm { rate: TELEPHONE_RATE, samples: samples.into_iter().map(to_sample).collect() }
}

/// Leaves only what a line carries. The filter is symmetric: nothing moves in time.
fn band(samples: &[f32]) -> Vec<f32> {
    let kernel = kernel();
    let padded = padded(samples, TAPS / 2, 0.0);
    let product = |window: &[f32]| window.iter().zip(&kernel).map(|(a, b)| a * b).sum();
    padded.windows(TAPS).map(product).collect()
}

/// What is below `HIGHEST` less what is below `LOWEST`, each an ideal filter under a Blackman
/// window.
fn kernel() -> [f32; TAPS] {
    let below = |frequency: f32, distance: f32| {
        let edge = 2.0 * frequency / TELEPHONE_RATE as f32;
        if distance == 0.0 { edge } else { (PI * edge * distance).sin() / (PI * distance) }
    };
    std::array::from_fn(|index| {
        let turn = 2.0 * PI * index as f32 / (TAPS - 1) as f32;
        let window = 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
        let distance = index as f32 - (TAPS / 2) as f32;
        window * (below(HIGHEST, distance) - below(LOWEST, distance))
    })
}

/// What makes it as loud as `LOUDNESS` where it is not a pause.
fn gain(samples: &[f32]) -> f32 {
    let powers: Vec<f32> = samples.chunks(FRAME).map(mean_square).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let (sum, count) = powers
        .iter()
        .filter(|power| **power > loudest * PAUSE)
        .fold((0.0, 0.0), |(sum, count), power| (sum + power, count + 1.0));
    let active = (sum / f32::max(count, 1.0)).sqrt();
    (LOUDNESS / active.max(f32::MIN_POSITIVE)).min(MOST_GAIN)
}

/// Turns down what is too loud, smoothly, and a little before it comes.
///
/// The gain of a sample is the mean of 2 × `LOOK` + 1 values, each the least of a stretch that
/// contains this sample: so it is never more than this sample bears.
fn limit(samples: &mut [f32]) {
    let borne = |sample: &f32| (CEILING / sample.abs()).min(1.0);
    let needed: Vec<f32> = samples.iter().map(borne).collect();
    if needed.iter().all(|gain| *gain >= 1.0) {
        return;
    }
    let window = 2 * LOOK + 1;
    let padded = padded(&needed, 2 * LOOK, 1.0);
    let least: Vec<f32> =
        padded.windows(window).map(|stretch| stretch.iter().copied().fold(1.0, f32::min)).collect();
    let means = least.windows(window).map(|means| means.iter().sum::<f32>() / window as f32);
    samples.iter_mut().zip(means).for_each(|(sample, gain)| *sample *= gain);
}

/// The values with `count` fillers before and after.
fn padded(values: &[f32], count: usize, filler: f32) -> Vec<f32> {
    let edge = || std::iter::repeat_n(filler, count);
    edge().chain(values.iter().copied()).chain(edge()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tone;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Of a tone as loud as speech beside 1 kHz, how much is left of its power.
    fn kept(frequency: f32) -> f32 {
        let samples = tone(8000, frequency, SECOND, 0.5).samples;
        let samples: Vec<f32> = samples.into_iter().map(to_float).collect();
        mean_square(&band(&samples)) / mean_square(&samples)
    }

    #[test]
    fn the_band_of_a_telephone_is_kept_and_no_other() {
        for frequency in [300.0, 1000.0, 2500.0, 3400.0, 3600.0] {
            assert!((kept(frequency) - 1.0).abs() < 0.12, "{frequency}: {}", kept(frequency));
        }
        for frequency in [20.0, 50.0, 3990.0] {
            assert!(kept(frequency) < 0.01, "{frequency}: {}", kept(frequency));
        }
    }

    #[test]
    fn quiet_and_loud_come_out_the_same_whatever_the_pauses() {
        for level in [0.03, 0.2, 1.0] {
            for pause in [0, 3] {
                let mut pcm = tone(22_050, 800.0, SECOND, level);
                pcm.append(&Pcm::silence(22_050, SECOND * pause));
                let line = telephone(&pcm);
                assert_eq!((line.rate, line.duration()), (8000, SECOND * (pause + 1)));
                let spoken = Pcm { rate: 8000, samples: line.samples[800..7200].to_vec() };
                assert!((spoken.rms() - LOUDNESS).abs() < 0.01, "{level}: {}", spoken.rms());
            }
        }
    }

    #[test]
    fn bursts_are_limited_and_not_clipped() {
        let mut pcm = tone(8000, 700.0, SECOND * 2, 0.05);
        for _ in 0..3 {
            pcm.append(&tone(8000, 700.0, Duration::from_millis(30), 1.0));
            pcm.append(&tone(8000, 700.0, SECOND, 0.05));
        }
        let line = telephone(&pcm);
        assert!(line.peak() <= CEILING + 0.001 && line.peak() > CEILING - 0.1, "{}", line.peak());
        let at_the_top = line.samples.iter().filter(|sample| sample.unsigned_abs() > 29_150);
        assert!(at_the_top.count() < 20, "flat tops");
    }

    #[test]
    fn silence_noise_and_nothing_stay_what_they_are() {
        assert!(telephone(&Pcm::default()).samples.is_empty());
        assert!(telephone(&Pcm { rate: 8000, samples: vec![7] }).samples.len() == 1);
        assert_eq!(telephone(&Pcm::silence(8000, SECOND)), Pcm::silence(8000, SECOND));
        let hiss = (0..8000_i16).map(|index| index.wrapping_mul(7919) % 3).collect();
        assert!(telephone(&Pcm { rate: 8000, samples: hiss }).peak() < 0.01);
        let square = (0..80_000).map(|index| if index % 16 < 8 { i16::MAX } else { i16::MIN });
        assert!(telephone(&Pcm { rate: 8000, samples: square.collect() }).peak() <= CEILING);
    }
}
