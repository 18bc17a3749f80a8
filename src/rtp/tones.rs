//! Keys that are heard in the sound (DTMF, ITU-T Q.23 and Q.24).
//!
//! Filters after Goertzel over blocks of 12.75 ms, each half over the last. A key is heard
//! when four blocks in a row hold its two tones and next to nothing else: at least 32 ms. So a tone
//! of 40 ms is always heard, one below 23 ms never, and speech, which holds other tones too, does
//! not sound like a key for so long.

use std::f32::consts::TAU;

/// Samples of a block.
const BLOCK: usize = 102;
/// The same as a factor.
const LENGTH: f32 = 102.0;
/// Samples from block to block.
const HOP: usize = BLOCK / 2;
/// Blocks in a row that make a key.
const ENOUGH: u8 = 4;
/// Blocks without it that end a key: a break of 10 ms does not, one of 40 ms does.
const OVER: u8 = 5;
/// The part of a block's power that the two tones must have; the rest is noise.
const PURE: f32 = 0.85;
/// A tone may be 1.5 % off: each is looked for in three places, 1 % apart.
const PLACES: [f32; 3] = [0.99, 1.0, 1.01];
/// How much stronger than the others of its group a tone must be (6 dB, as power).
const ALONE: f32 = 4.0;
/// How much stronger the higher tone may be (8 dB), and the lower (4 dB), as power.
const TWIST: f32 = 6.3;
const REVERSE_TWIST: f32 = 2.5;
/// The least amplitude of a tone (-44 dB of full scale).
const FAINTEST: f32 = 200.0;

const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
const RATE: f32 = 8000.0;

/// Hears keys in sound of 8000 Hz.
#[derive(Debug)]
pub struct Detector {
    samples: Vec<f32>,
    /// The key of the last block, and how many blocks in a row had it.
    candidate: Option<char>,
    streak: u8,
    /// The key that is pressed, and how many blocks in a row had it not.
    pressed: Option<char>,
    missed: u8,
}

impl Default for Detector {
    fn default() -> Self {
        let samples = Vec::with_capacity(BLOCK);
        Self { samples, candidate: None, streak: 0, pressed: None, missed: 0 }
    }
}

impl Detector {
    /// More sound; each key is told once, to `heard`, as soon as it is sure.
    pub fn feed(&mut self, samples: impl Iterator<Item = i16>, mut heard: impl FnMut(char)) {
        for sample in samples {
            self.samples.push(f32::from(sample));
            if self.samples.len() == BLOCK {
                let key = key_of(&self.samples);
                self.samples.drain(..HOP);
                if let Some(key) = self.block(key) {
                    heard(key);
                }
            }
        }
    }

    /// A block holds a key, or none. Says which key this makes sure.
    fn block(&mut self, key: Option<char>) -> Option<char> {
        self.streak = if key == self.candidate { self.streak.saturating_add(1) } else { 1 };
        self.candidate = key;
        self.missed = if key == self.pressed { 0 } else { self.missed.saturating_add(1) };
        if self.pressed.is_some() && self.missed >= OVER {
            self.pressed = None;
        }
        let sure = key.filter(|_| self.streak >= ENOUGH && key != self.pressed);
        if sure.is_some() {
            (self.pressed, self.missed) = (sure, 0);
        }
        sure
    }
}

/// The key whose tones a block holds.
fn key_of(block: &[f32]) -> Option<char> {
    let energy: f32 = block.iter().map(|sample| sample * sample).sum();
    // Of a tone of amplitude A the filter gives (A·N/2)².
    let faintest = (FAINTEST * LENGTH / 2.0).powi(2);
    // Two tones of half that at least.
    if energy * LENGTH / 2.0 < faintest {
        return None;
    }
    let power = |frequency: f32| {
        PLACES.iter().map(|place| power(block, frequency * place)).fold(0.0, f32::max)
    };
    let (row, low) = strongest(&ROWS.map(power))?;
    let (column, high) = strongest(&COLUMNS.map(power))?;
    let balanced = high <= low * TWIST && low <= high * REVERSE_TWIST;
    // A pure pair of tones has N/2 times the energy of the block.
    let pure = low + high >= PURE * energy * LENGTH / 2.0;
    if low.min(high) < faintest || !balanced || !pure {
        return None;
    }
    KEYS.get(row)?.get(column).copied()
}

/// The strongest of a group, if it stands out.
fn strongest(powers: &[f32; 4]) -> Option<(usize, f32)> {
    let (place, best) =
        powers.iter().copied().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let alone =
        powers.iter().enumerate().all(|(other, power)| other == place || power * ALONE <= best);
    alone.then_some((place, best))
}

/// How much of a frequency a block holds (Goertzel).
fn power(block: &[f32], frequency: f32) -> f32 {
    let turn = 2.0 * (TAU * frequency / RATE).cos();
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for sample in block {
        (last, before) = (sample + turn * last - before, last);
    }
    last * last + before * before - turn * last * before
}

#[cfg(test)]
#[path = "tones/tests.rs"]
mod tests;
