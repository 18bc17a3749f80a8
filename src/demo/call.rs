//! The demo's telephone call: the person who takes it, and what is left of it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast;

use super::files::Files;
use crate::audio::{self, FileError, Pcm};
use crate::channel::call::{Happening, Progress};
use crate::channel::{Outcome, Reach};
use crate::modem::simulator::{CallOrder, Order, SimulatorControl};

/// How long she needs to find the key.
const FINDING_THE_KEY: Duration = Duration::from_millis(900);

/// Silence that stays before the first word.
const LEAD_IN: Duration = Duration::from_millis(300);

/// Takes the calls: she answers as the simulator's people do, hears the message and the prompt, and
/// presses the key it names. What happens in the call stands for her ears: it tells the key, as
/// the prompt does, and when the prompt has ended.
pub(super) async fn take_calls(mut calls: broadcast::Receiver<Progress>, modem: SimulatorControl) {
    let mut key = None;
    loop {
        match calls.recv().await {
            Ok(Progress { what: Happening::Begun(named), .. }) => key = Some(named),
            Ok(Progress { what: Happening::Listens, .. }) => {
                tokio::time::sleep(FINDING_THE_KEY).await;
                if let Some(key) = key {
                    modem.order(Order::Call(CallOrder::Press(key))).await;
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// A line of `calls.jsonl`.
#[derive(Debug, Default, Serialize)]
struct Line {
    to: String,
    answered: bool,
    said: Vec<String>,
    key_expected: Option<char>,
    key_pressed: Option<char>,
    acknowledged: bool,
    outcome: Option<Outcome>,
    wav: Option<PathBuf>,
    seconds: f64,
}

/// Keeps what happened in each call, and what was heard.
#[derive(Debug)]
pub(super) struct Calls {
    files: Files,
    under_way: Line,
    number: u32,
}

/// What was heard in a call.
#[derive(Debug)]
pub(super) struct Heard {
    /// The file it is in.
    pub(super) wav: PathBuf,
    /// How long it is.
    pub(super) length: Duration,
}

impl Calls {
    pub(super) fn new(files: Files) -> Self {
        Self { files, under_way: Line::default(), number: 0 }
    }

    /// Notes what happens in a call, and at its end what was heard, if it was answered.
    pub(super) fn note(&mut self, progress: &Progress) -> Result<Option<Heard>, FileError> {
        let line = &mut self.under_way;
        match &progress.what {
            Happening::Begun(key) => {
                let to = progress.person.to_string();
                *line = Line { to, key_expected: Some(*key), ..Line::default() };
            }
            Happening::Answered => line.answered = true,
            Happening::Says(text) => line.said.push(text.clone()),
            Happening::Key(key) => line.key_pressed = Some(*key),
            Happening::Ended(outcome) => return self.end(outcome),
            Happening::Dialling
            | Happening::Ringing
            | Happening::Said(_)
            | Happening::Listens
            | Happening::Acknowledged
            | Happening::HungUp(_)
            | Happening::Measured(_) => {}
        }
        Ok(None)
    }

    fn end(&mut self, outcome: &Outcome) -> Result<Option<Heard>, FileError> {
        let mut line = std::mem::take(&mut self.under_way);
        line.acknowledged = matches!(outcome, Outcome::Told { reach: Reach::Acknowledged, .. });
        line.outcome = Some(outcome.clone());
        let heard = if line.answered { Some(self.keep()?) } else { None };
        if let Some(heard) = &heard {
            line.wav = Some(heard.wav.clone());
            line.seconds = heard.length.as_secs_f64();
        }
        let mut text = serde_json::to_vec(&line).map_err(std::io::Error::other)?;
        text.push(b'\n');
        let file = fs::OpenOptions::new().create(true).append(true).open(self.files.calls());
        file?.write_all(&text)?;
        Ok(heard)
    }

    /// Keeps what the sound card was given, from the answer on: until then it was silence.
    fn keep(&mut self) -> Result<Heard, FileError> {
        let mut pcm = audio::read(&self.files.line())?;
        let first = pcm.samples.iter().position(|sample| *sample != 0).unwrap_or(0);
        let silence = Pcm::silence(pcm.rate, LEAD_IN).samples.len();
        pcm.samples.drain(..first.saturating_sub(silence));
        self.number += 1;
        let wav = self.files.call().join(format!("{:04}.wav", self.number));
        audio::write_wav(&wav, &pcm)?;
        Ok(Heard { wav, length: pcm.duration() })
    }
}
