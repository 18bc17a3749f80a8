//! What is heard in a call in place of words: a file, or what the sound card hears.

use std::fmt;
use std::path::PathBuf;
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
            Self::File(_) => self.read().map(drop),
            Self::Input(1..=300) => Ok(()),
            Self::Input(seconds) => Err(format!("{seconds} s of sound: between 1 and 300 can be")),
        }
    }

    fn read(&self) -> Result<Pcm, String> {
        let Self::File(path) = self else { return Ok(Pcm::silence(TELEPHONE_RATE, TICK)) };
        audio::read(path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Lets the other side hear it; resolves when it has.
    pub(super) async fn play(&self, card: &Audio, sound: &dyn Sound) -> Result<(), String> {
        match self {
            Self::File(_) => {
                let this = self.clone();
                let read = spawn_blocking(move || Ok(audio::telephone(&this.read()?))).await;
                let pcm: Result<Pcm, String> = read.map_err(|error| error.to_string())?;
                sound.play(Arc::new(pcm?)).await?;
            }
            Self::Input(seconds) => {
                live(card, Duration::from_secs((*seconds).into()), sound).await?;
            }
        }
        sound.drained().await
    }
}

async fn live(card: &Audio, length: Duration, sound: &dyn Sound) -> Result<(), String> {
    let text = |error: audio::AudioError| error.to_string();
    let recorder = Recorder::open(card, Duration::from_secs(1)).await.map_err(text)?;
    let mut resampling = Resampling::new(recorder.rate(), TELEPHONE_RATE);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + length;
    while Instant::now() < end {
        ticks.tick().await;
        let samples = resampling.push(&recorder.take().map_err(text)?.samples);
        if !samples.is_empty() {
            sound.play(Arc::new(Pcm { rate: TELEPHONE_RATE, samples })).await?;
        }
    }
    Ok(())
}
