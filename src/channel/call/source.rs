//! What is heard in a call in place of words: a file, or what the sound card hears.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::line::Sound;
use crate::audio::{self, Pcm, Recorder, Resampling, TELEPHONE_RATE};
use crate::config::Audio;

/// How often the sound card is asked.
const TICK: Duration = Duration::from_millis(20);

/// Samples (60 ms) that are gathered before the first of them is heard: a sound card is less regular
/// than a line.
const LEAD: usize = TELEPHONE_RATE as usize * 3 / 50;

/// Most seconds of what the sound card hears.
const LONGEST_INPUT: u32 = 300;

/// Sound that somebody else made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A WAV or MP3 file, by its whole path.
    File(PathBuf),
    /// What the device of `[audio] capture` hears, live, for so many seconds.
    Input(u32),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "the sound of {}", path.display()),
            Self::Input(seconds) => write!(out, "what the sound card hears, for {seconds} s"),
        }
    }
}

impl Source {
    /// Whether it can be had, before anybody is called for it. Reads a file: blocks.
    ///
    /// # Errors
    /// Why not, for a person to read.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::File(path) => read(path).map(drop),
            Self::Input(1..=LONGEST_INPUT) => Ok(()),
            Self::Input(seconds) => {
                Err(format!("{seconds} s of sound: it can be 1 to {LONGEST_INPUT} s"))
            }
        }
    }

    /// Lets the other side hear it; resolves when it has.
    pub(super) async fn play(&self, card: &Audio, sound: &dyn Sound) -> Result<(), String> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let fitted = spawn_blocking(move || read(&path).map(|pcm| audio::telephone(&pcm)));
                let pcm = fitted.await.map_err(|error| error.to_string())??;
                sound.play(Arc::new(pcm)).await?;
            }
            Self::Input(seconds) => {
                live(card, Duration::from_secs((*seconds).into()), sound).await?;
            }
        }
        sound.drained().await
    }
}

fn read(path: &Path) -> Result<Pcm, String> {
    audio::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

async fn live(card: &Audio, length: Duration, sound: &dyn Sound) -> Result<(), String> {
    let text = |error: audio::AudioError| error.to_string();
    let recorder = Recorder::open(card, Duration::from_secs(1)).await.map_err(text)?;
    let mut resampling = Resampling::new(recorder.rate(), TELEPHONE_RATE);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut samples, mut least) = (Vec::new(), LEAD);
    let end = Instant::now() + length;
    while Instant::now() < end {
        ticks.tick().await;
        samples.extend(resampling.push(&recorder.take().map_err(text)?.samples));
        if samples.len() >= least {
            let samples = std::mem::take(&mut samples);
            sound.play(Arc::new(Pcm { rate: TELEPHONE_RATE, samples })).await?;
            least = 1;
        }
    }
    Ok(())
}
