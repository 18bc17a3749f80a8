//! What the path from the voice to the modem's lead takes away from the sound: next to nothing.

use std::fmt::Write as _;

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};

use crate::hearing::{Ear, python};

/// The least PESQ (narrow band, at most 4.55) and STOI (at most 1) of the GSM call's path.
const LEAST: [f64; 2] = [4.0, 0.98];

/// The same with G.711, whose 8 bits are heard as a little noise; in espeak-ng's voice more than in
/// Piper's.
const LEAST_G711: [f64; 2] = [3.9, 0.975];

const SENTENCES: [&str; 3] = [
    "Problem: the agent on the web server is unreachable for five minutes.",
    "The temperature of the server room is thirty eight degrees.",
    "Press four to accept. Press star to hear it again.",
];

fn through(law: g711::Law, pcm: &Pcm) -> Pcm {
    Pcm { rate: pcm.rate, samples: g711::decode(law, &g711::encode(law, &pcm.samples)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_keeps_the_voice_as_it_is() {
    let ear = Ear::new();
    let (mut said, mut played) = (Vec::new(), Vec::new());
    for voice in [None, Some("espeak-ng")] {
        for sentence in SENTENCES {
            let sound = ear.synthesise(sentence, voice).await;
            let line = audio::telephone(&sound);
            let who = voice.unwrap_or("Piper");
            let ways = [
                ("GSM", line.clone(), LEAST),
                ("A-law", through(g711::Law::A, &line), LEAST_G711),
                ("µ-law", through(g711::Law::Mu, &line), LEAST_G711),
            ];
            for (way, sound_of_way, least) in ways {
                said.push((
                    format!("{who}, {way}"),
                    audio::resample(&sound, TELEPHONE_RATE),
                    least,
                ));
                played.push(sound_of_way);
            }
        }
    }
    let captured = ear.through_alsa(played).await;
    let mut input = String::new();
    for (index, ((_, said, _), heard)) in said.iter().zip(&captured).enumerate() {
        let files = ["said", "heard"].map(|what| ear.file(&format!("{what}-{index}.wav")));
        for (file, sound) in files.iter().zip([said, heard]) {
            audio::write_wav(file, sound).unwrap();
        }
        let _ = writeln!(input, "{}\t{}", files[0].display(), files[1].display());
    }
    let lines = python("path_quality.py", &input).await;
    assert_eq!(lines.len(), said.len());
    let (mut table, mut reached) = (String::new(), true);
    for (line, (way, _, least)) in lines.iter().zip(&said) {
        let figures: Vec<f64> = line.split('\t').map(|figure| figure.parse().unwrap()).collect();
        let enough = figures.iter().zip(least).all(|(figure, least)| figure >= least);
        reached &= enough;
        let mark = if enough { "" } else { "  TOO LITTLE" };
        let _ = writeln!(table, "PESQ {:.2}  STOI {:.3}  {way}{mark}", figures[0], figures[1]);
    }
    println!("{table}");
    assert!(reached, "the path takes too much:\n{table}");
}
