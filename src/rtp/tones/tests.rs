//! Which sounds are keys: the limits of ITU-T Q.24.

use std::time::Duration;

use super::super::comfort::Noise;
use super::*;
use crate::audio::{Pcm, dtmf};

fn heard(samples: &[i16]) -> String {
    let mut detector = Detector::default();
    let mut keys = String::new();
    for packet in samples.chunks(160) {
        detector.feed(packet.iter().copied(), |key| keys.push(key));
    }
    keys
}

/// Two tones with hard edges: frequencies, their amplitudes, milliseconds.
fn pair(low: (f32, f32), high: (f32, f32), ms: u16) -> Vec<i16> {
    let sample = |index: u16| {
        let time = f32::from(index) / RATE;
        let tone = |(frequency, level): (f32, f32)| (TAU * frequency * time).sin() * level;
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        {
            (tone(low) + tone(high)) as i16
        }
    };
    (0..ms * 8).map(sample).collect()
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

/// A pair between silences that put it anywhere in the blocks.
fn at_any_place(tone: &[i16]) -> Vec<String> {
    (0..HOP)
        .step_by(8)
        .map(|shift| heard(&[&vec![0; 200 + shift], tone, &silence(60)].concat()))
        .collect()
}

fn all(heard: &[String], expected: &str, name: &str) {
    assert!(heard.iter().all(|keys| keys == expected), "{name}: {heard:?}");
}

#[test]
fn every_key_is_heard_once_at_any_length_and_level() {
    for key in KEYS.into_iter().flatten() {
        for ms in [50, 250] {
            for level in [0.02, 1.0] {
                let tone = dtmf(8000, key, Duration::from_millis(ms), level).unwrap();
                all(&at_any_place(&tone.samples), &key.to_string(), &format!("{ms} {level}"));
            }
        }
    }
}

#[test]
fn what_is_a_key_and_what_is_not() {
    const A: f32 = 4000.0;
    let table = [
        ("40 ms", pair((770.0, A), (1336.0, A), 40), "5"),
        ("23 ms", pair((770.0, A), (1336.0, A), 23), ""),
        ("1.5 % high", pair((770.0 * 1.015, A), (1336.0 * 1.015, A), 80), "5"),
        ("1.5 % low", pair((941.0 * 0.985, A), (1633.0 * 0.985, A), 80), "D"),
        ("6 % off", pair((770.0, A), (1336.0 * 1.06, A), 80), ""),
        ("high 7 dB stronger", pair((770.0, A), (1336.0, A * 2.2), 80), "5"),
        ("low 3.5 dB stronger", pair((770.0, A * 1.5), (1336.0, A), 80), "5"),
        ("high 12 dB stronger", pair((770.0, A), (1336.0, A * 4.0), 80), ""),
        ("low 8 dB stronger", pair((770.0, A * 2.5), (1336.0, A), 80), ""),
        ("one tone", pair((770.0, A), (1336.0, 0.0), 80), ""),
        ("too faint", pair((770.0, 100.0), (1336.0, 100.0), 80), ""),
        ("two of a group", pair((770.0, A), (852.0, A), 80), ""),
        ("dial tone", pair((350.0, A), (440.0, A), 500), ""),
        ("ringing", pair((440.0, A), (480.0, A), 500), ""),
        ("busy", pair((480.0, A), (620.0, A), 500), ""),
    ];
    for (name, tone, expected) in table {
        all(&at_any_place(&tone), expected, name);
    }
}

#[test]
fn breaks_and_pauses() {
    let tone = |ms| pair((697.0, 4000.0), (1209.0, 4000.0), ms);
    let other = |ms| pair((941.0, 4000.0), (1477.0, 4000.0), ms);
    let table = [
        ("a break of 9 ms is none", [tone(60), silence(9), tone(60)].concat(), "1"),
        ("a pause of 40 ms is one", [tone(60), silence(40), tone(60)].concat(), "11"),
        ("another key without a pause", [tone(60), other(60)].concat(), "1#"),
        (
            "quick dialling",
            [tone(45), silence(45), tone(45), silence(45), other(45)].concat(),
            "11#",
        ),
    ];
    for (name, sound, expected) in table {
        all(&at_any_place(&sound), expected, name);
    }
}

#[test]
fn a_key_is_heard_through_noise() {
    let mut noise = Noise::new(3);
    let mut tone = pair((852.0, 4000.0), (1477.0, 4000.0), 80);
    // 15 dB below the tones.
    for sample in &mut tone {
        *sample += noise.sample() * 43;
    }
    all(&at_any_place(&tone), "9", "noise");
    let loud: Vec<i16> = (0..800_000).map(|_| noise.sample() * 900).collect();
    assert_eq!(heard(&loud), "");
}

/// A voice: pulses of a throat through the three resonances of a mouth, both always in motion.
fn voice(seconds: u16, seed: u32) -> Pcm {
    let mut chance = Noise::new(seed);
    let mut state = [[0.0_f32; 2]; 3];
    let (mut formants, mut aims) = ([500.0, 1500.0, 2500.0], [500.0, 1500.0, 2500.0]);
    let (mut phase, mut pitch, mut loud) = (0.0, 120.0, 0.0);
    let samples = (0..u32::from(seconds) * 8000).map(|index| {
        let mut random =
            |low: f32, high: f32| low + (high - low) * (f32::from(chance.sample()) + 28.0) / 56.0;
        // A new sound every 80 ms, some of them pauses.
        if index % 640 == 0 {
            aims = [random(250.0, 950.0), random(800.0, 2300.0), random(2100.0, 3300.0)];
            pitch = random(90.0, 260.0);
            loud = if random(0.0, 1.0) < 0.2 { 0.0 } else { random(0.2, 1.0) };
        }
        phase += pitch / RATE;
        let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
        phase = f32::fract(phase);
        let mut sound = (pulse + random(-0.01, 0.01)) * loud;
        for ((formant, aim), state) in formants.iter_mut().zip(aims).zip(&mut state) {
            *formant += (aim - *formant) * 0.005;
            let damping = 0.975;
            let turn = 2.0 * damping * (TAU * *formant / RATE).cos();
            let next = sound + turn * state[0] - damping * damping * state[1];
            *state = [next, state[0]];
            sound = next * 0.2;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        {
            (sound * 500_000.0) as i16
        }
    });
    Pcm { rate: 8000, samples: samples.collect() }
}

#[test]
fn a_voice_presses_no_key() {
    for seed in 1..4 {
        let voice = voice(40, seed);
        assert!(voice.rms() > 0.02, "{}", voice.rms());
        assert_eq!(heard(&voice.samples), "", "seed {seed}");
    }
}
