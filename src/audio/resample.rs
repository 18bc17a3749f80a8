//! Another rate, the same sound.

use rubato::{FftFixedIn, Resampler};

use super::Pcm;
use super::pcm::{to_float, to_sample};

/// About the length of the filter in samples. Its edge is so steep that what comes to 8 kHz keeps
/// its sound up to 3.9 kHz, and nothing above folds back.
const FILTER: usize = 1024;

/// The same sound at another rate, as long as before and not shifted in time. A rate of 0 has no
/// sound.
#[must_use]
pub fn resample(pcm: &Pcm, rate: u32) -> Pcm {
    if pcm.rate == rate {
        return pcm.clone();
    }
    let nothing = Pcm { rate, samples: Vec::new() };
    let (Ok(from), Ok(to)) = (usize::try_from(pcm.rate), usize::try_from(rate)) else {
        return nothing;
    };
    let chunk = chunk(from, to);
    // It fails only if a rate is 0.
    let Ok(mut resampler) = FftFixedIn::<f32>::new(from, to, chunk, 1, 1) else {
        return nothing;
    };
    // The filter looks ahead: that much silence comes first, and is left out.
    let ahead = resampler.output_delay();
    let wanted = pcm.samples.len() * to / from;
    let mut samples = Vec::with_capacity(wanted);
    let mut made = 0;
    let mut input = vec![0.0; chunk];
    let mut output = resampler.output_buffer_allocate(true);
    let mut chunks = pcm.samples.chunks(chunk);
    // The end comes out when silence follows.
    while samples.len() < wanted {
        let floats = chunks
            .next()
            .unwrap_or_default()
            .iter()
            .copied()
            .map(to_float)
            .chain(std::iter::repeat(0.0));
        input.iter_mut().zip(floats).for_each(|(place, value)| *place = value);
        // Both buffers have the sizes it asked for.
        let Ok((_, frames)) = resampler.process_into_buffer(&[&input], &mut output, None) else {
            break;
        };
        let made_now = output.first().map(Vec::as_slice).unwrap_or_default().iter().take(frames);
        let late = ahead.saturating_sub(made);
        made += frames;
        let room = wanted - samples.len();
        samples.extend(made_now.skip(late).take(room).copied().map(to_sample));
    }
    Pcm { rate, samples }
}

/// A sound without an end, at another rate piece by piece. It comes some 20 to 50 ms later.
pub struct Resampling {
    /// `None` if nothing is to be done.
    resampler: Option<FftFixedIn<f32>>,
    chunk: usize,
    input: Vec<f32>,
    output: Vec<Vec<f32>>,
}

impl Resampling {
    /// From one rate to another; if one of them is 0, the sound stays as it is.
    #[must_use]
    pub fn new(from: u32, to: u32) -> Self {
        let sizes = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let (from, to) = sizes.filter(|(from, to)| from != to).unwrap_or_default();
        let chunk = chunk(from, to);
        let resampler = FftFixedIn::<f32>::new(from, to, chunk, 1, 1).ok();
        let output = resampler.as_ref().map(|resampler| resampler.output_buffer_allocate(true));
        Self { resampler, chunk, input: Vec::new(), output: output.unwrap_or_default() }
    }

    /// More of it; gives what is ready.
    pub fn push(&mut self, samples: &[i16]) -> Vec<i16> {
        let Some(resampler) = &mut self.resampler else { return samples.to_vec() };
        self.input.extend(samples.iter().copied().map(to_float));
        let mut made = Vec::new();
        while let Some(chunk) = self.input.get(..self.chunk) {
            // Both buffers have the sizes it asked for.
            let done = resampler.process_into_buffer(&[chunk], &mut self.output, None);
            let frames = done.map_or(0, |(_, frames)| frames);
            let output = self.output.first().map(Vec::as_slice).unwrap_or_default();
            made.extend(output.iter().take(frames).copied().map(to_sample));
            self.input.drain(..self.chunk);
        }
        made
    }
}

/// Samples that are worked on at a time: a whole number of periods that both rates have in common,
/// and even, for the delay of the filter is half of it.
fn chunk(from: usize, to: usize) -> usize {
    let (mut divisor, mut rest) = (from, to);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let unit = 2 * (from / divisor.max(1)).max(1);
    unit * FILTER.div_ceil(unit)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tone;
    use super::*;

    fn second(rate: u32, frequency: f32) -> Pcm {
        tone(rate, frequency, Duration::from_secs(1), 0.5)
    }

    /// The part that is not the beginning or the end.
    fn middle(pcm: &Pcm) -> Pcm {
        let edge = pcm.samples.len() / 8;
        let samples = pcm.samples[edge..pcm.samples.len() - edge].to_vec();
        Pcm { rate: pcm.rate, samples }
    }

    #[test]
    fn a_tone_stays_the_tone() {
        for (from, to) in
            [(22_050, 8000), (44_100, 8000), (16_000, 8000), (8000, 48_000), (11_025, 8000)]
        {
            for frequency in [200.0, 1000.0, 3400.0, 3700.0] {
                let made = resample(&second(from, frequency), to);
                let expected = second(to, frequency);
                assert_eq!(made.samples.len(), expected.samples.len());
                let difference = made.samples.iter().zip(&expected.samples);
                let difference = difference.map(|(a, b)| a.saturating_sub(*b)).collect();
                let noise = middle(&Pcm { rate: to, samples: difference }).rms();
                assert!(noise < 0.000_5, "{from} to {to}, {frequency} Hz: {noise}");
            }
        }
    }

    #[test]
    fn nothing_folds_back() {
        for frequency in [4100.0, 4600.0, 6000.0, 10_000.0] {
            let made = middle(&resample(&second(22_050, frequency), 8000));
            assert!(made.rms() < 0.001, "{frequency} Hz: {}", made.rms());
        }
    }

    #[test]
    fn any_length_and_any_rate_is_taken() {
        for length in [0, 1, 2, 440, 441, 1023, 1024, 1025, 4000] {
            for (from, to) in [(22_050, 8000), (8000, 44_100), (7919, 8000), (192_000, 8000)] {
                let pcm = Pcm { rate: from, samples: vec![1000; length] };
                let made = resample(&pcm, to).samples.len();
                assert_eq!(made, length * to as usize / from as usize, "{length} at {from}");
            }
        }
        assert!(resample(&Pcm { rate: 0, samples: vec![1] }, 8000).samples.is_empty());
        assert!(resample(&Pcm { rate: 8000, samples: vec![1] }, 0).samples.is_empty());
    }

    #[test]
    fn a_sound_in_pieces_is_the_sound_and_some_silence_before() {
        let pcm = tone(44_100, 1000.0, Duration::from_secs(1), 0.5);
        let mut resampling = Resampling::new(44_100, 8000);
        let mut pieces = pcm.samples.chunks(333);
        let mut samples: Vec<i16> =
            pieces.by_ref().flat_map(|piece| resampling.push(piece)).collect();
        samples.extend(resampling.push(&[0; 4410]));
        let whole = resample(&pcm, 8000).samples;
        let near = |window: &[i16]| {
            window.iter().zip(&whole).all(|(one, other)| one.abs_diff(*other) < 50)
        };
        let late = samples.windows(whole.len()).position(near);
        assert!(late.is_some_and(|late| late < 400), "{late:?}");
        assert_eq!(Resampling::new(8000, 8000).push(&[1, 2, 3]), [1, 2, 3]);
        assert_eq!(Resampling::new(0, 8000).push(&[1, 2, 3]), [1, 2, 3]);
    }
}
