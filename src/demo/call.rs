//! The demo's telephone calls: the people who take them, and what is left of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

use super::exchange::{self, HeardCall};
use super::files::Files;
use crate::audio::{self, FileError, Pcm};
use crate::channel::call::{CallQuality, Happening, Progress};
use crate::channel::{Outcome, Reach};
use crate::config::ChannelName;
use crate::modem::simulator::{CallOrder, Order, SimulatorControl};

/// How long she needs to find the key.
const FINDING_THE_KEY: Duration = Duration::from_millis(900);

/// Silence that stays before the first word.
const LEAD_IN: Duration = Duration::from_millis(300);

/// Samples up to this are no speech: the noise of a line where nothing is said.
const FAINT: u16 = 64;

/// How long the telephone may take to know that the call is over.
const HANGING_UP: Duration = Duration::from_secs(5);

/// The telephones that ring.
pub(super) struct Telephones {
    pub(super) modem: SimulatorControl,
    pub(super) exchange: mpsc::Sender<exchange::Order>,
}

/// Takes the calls: people answer as the simulators' people do, hear the message and the prompt, and
/// press the key it names. What happens in the call stands for their ears: it tells the key, as the
/// prompt does, and when the prompt has ended.
pub(super) async fn take_calls(mut calls: broadcast::Receiver<Progress>, telephones: Telephones) {
    let mut keys = BTreeMap::new();
    loop {
        match calls.recv().await {
            Ok(Progress { call, what: Happening::Begun(key), .. }) => {
                keys.insert(call, key);
            }
            Ok(Progress { call, channel, what: Happening::Listens, .. }) => {
                tokio::time::sleep(FINDING_THE_KEY).await;
                let Some(key) = keys.get(&call).copied() else { continue };
                if channel == ChannelName::Voip {
                    // It ends with the demo.
                    let _taken = telephones.exchange.send(exchange::Order::Press(key)).await;
                } else {
                    telephones.modem.order(Order::Call(CallOrder::Press(key))).await;
                }
            }
            Ok(Progress { call, what: Happening::Ended(_), .. }) => drop(keys.remove(&call)),
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// A line of `calls.jsonl`.
#[derive(Debug, Serialize)]
struct Line {
    channel: ChannelName,
    to: String,
    answered: bool,
    said: Vec<String>,
    key_expected: Option<char>,
    key_pressed: Option<char>,
    acknowledged: bool,
    outcome: Option<Outcome>,
    quality: Option<CallQuality>,
    wav: Option<PathBuf>,
    seconds: f64,
}

impl Line {
    const fn new(channel: ChannelName, to: String, key: char) -> Self {
        Self {
            channel,
            to,
            answered: false,
            said: Vec::new(),
            key_expected: Some(key),
            key_pressed: None,
            acknowledged: false,
            outcome: None,
            quality: None,
            wav: None,
            seconds: 0.0,
        }
    }
}

/// Keeps what happened in each call, and what was heard.
#[derive(Debug)]
pub(super) struct Calls {
    files: Files,
    /// Calls by SIP as their telephone heard them.
    heard: mpsc::Receiver<HeardCall>,
    under_way: BTreeMap<u64, Line>,
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
    pub(super) const fn new(files: Files, heard: mpsc::Receiver<HeardCall>) -> Self {
        Self { files, heard, under_way: BTreeMap::new(), number: 0 }
    }

    /// Notes what happens in a call, and at its end what was heard, if it was answered.
    pub(super) async fn note(&mut self, progress: &Progress) -> Result<Option<Heard>, FileError> {
        if let Happening::Begun(key) = &progress.what {
            let line = Line::new(progress.channel, progress.person.to_string(), *key);
            self.under_way.insert(progress.call, line);
        }
        let Some(line) = self.under_way.get_mut(&progress.call) else { return Ok(None) };
        match &progress.what {
            Happening::Answered => line.answered = true,
            Happening::Says(text) => line.said.push(text.clone()),
            Happening::Key(key) => line.key_pressed = Some(*key),
            Happening::Measured(quality) => line.quality = Some(quality.clone()),
            Happening::Ended(outcome) => {
                let Some(line) = self.under_way.remove(&progress.call) else { return Ok(None) };
                return self.end(line, outcome).await;
            }
            Happening::Begun(_)
            | Happening::Dialling
            | Happening::Ringing
            | Happening::Said(_)
            | Happening::Listens
            | Happening::Acknowledged
            | Happening::HungUp(_) => {}
        }
        Ok(None)
    }

    async fn end(&mut self, mut line: Line, outcome: &Outcome) -> Result<Option<Heard>, FileError> {
        line.acknowledged = matches!(outcome, Outcome::Told { reach: Reach::Acknowledged, .. });
        line.outcome = Some(outcome.clone());
        let heard = if line.answered { self.keep(line.channel).await? } else { None };
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

    /// Keeps what the sound card was given, or the telephone heard, from the first sound on: until
    /// then it was silence.
    async fn keep(&mut self, channel: ChannelName) -> Result<Option<Heard>, FileError> {
        let mut pcm = if channel == ChannelName::Voip {
            let heard = timeout(HANGING_UP, self.heard.recv()).await;
            let Ok(Some(call)) = heard else { return Ok(None) };
            call.heard
        } else {
            audio::read(&self.files.line())?
        };
        let loud = |sample: &i16| sample.unsigned_abs() > FAINT;
        let first = pcm.samples.iter().position(loud).unwrap_or(0);
        let silence = Pcm::silence(pcm.rate, LEAD_IN).samples.len();
        pcm.samples.drain(..first.saturating_sub(silence));
        self.number += 1;
        let wav = self.files.call().join(format!("{:04}-{channel}.wav", self.number));
        audio::write_wav(&wav, &pcm)?;
        Ok(Some(Heard { wav, length: pcm.duration() }))
    }
}
