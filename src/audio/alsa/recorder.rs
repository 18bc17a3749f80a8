//! A handle to a device that records.

use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::open::open;
use super::player::OPENING;
use super::{AudioError, Direction, capture};
use crate::audio::pcm::{samples_in, to_float};
use crate::audio::{Pcm, TELEPHONE_RATE, resample};
use crate::config::Audio;

/// How loud something is: 0 is silence, 1 full scale.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Level {
    /// The loudest sample.
    pub peak: f32,
    /// Root mean square.
    pub rms: f32,
}

/// What was heard so far, and what the recorder and its thread tell each other.
#[derive(Debug, Default)]
pub(super) struct Recording {
    samples: Vec<i16>,
    /// Most samples that are kept.
    limit: usize,
    /// Since the level was last asked for: the loudest, the sum of squares, how many.
    peak: f32,
    squares: f64,
    count: u32,
    pub(super) fault: Option<AudioError>,
    pub(super) closing: bool,
    closed: bool,
}

impl Recording {
    pub(super) fn push(&mut self, sample: i16) {
        if self.samples.len() < self.limit {
            self.samples.push(sample);
        }
        let value = to_float(sample).abs();
        self.peak = self.peak.max(value);
        self.squares += f64::from(value * value);
        self.count = self.count.saturating_add(1);
    }

    fn level(&mut self) -> Level {
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
        let rms = (self.squares / f64::from(self.count.max(1))).sqrt() as f32;
        let level = Level { peak: self.peak, rms };
        (self.peak, self.squares, self.count) = (0.0, 0.0, 0);
        level
    }
}

/// Records from one ALSA PCM. Dropping it stops it and forgets what was heard.
#[derive(Debug)]
pub struct Recorder {
    rate: u32,
    recording: Arc<watch::Sender<Recording>>,
    thread: Thread,
}

impl Recorder {
    /// Opens the PCM of `[audio] capture` and begins. Of what it hears, the first `longest` is
    /// kept.
    ///
    /// # Errors
    /// If there is no such device, it is in use, may not be used, or fails.
    pub async fn open(config: &Audio, longest: Duration) -> Result<Self, AudioError> {
        let device = config.capture.clone();
        let recording = Arc::new(watch::Sender::new(Recording::default()));
        let (opened, rate) = oneshot::channel();
        let thread = thread::Builder::new().name("capture".to_owned()).spawn({
            let recording = Arc::clone(&recording);
            move || {
                match open(&device, Direction::Capture) {
                    Err(error) => drop(opened.send(Err(error))),
                    Ok(stream) => {
                        let limit = samples_in(stream.rate, longest);
                        recording.send_modify(|recording| recording.limit = limit);
                        // Who asked may have gone meanwhile.
                        if opened.send(Ok(stream.rate)).is_ok() {
                            capture::run(&stream, &recording);
                        }
                    }
                }
                recording.send_modify(|recording| recording.closed = true);
            }
        });
        let thread = thread.map_err(|error| AudioError::Failed {
            device: config.capture.clone(),
            reason: error.to_string(),
        })?;
        let stalled = || AudioError::Stalled(config.capture.clone());
        let rate = timeout(OPENING, rate).await.map_err(|_| stalled())?;
        let rate = rate.map_err(|_| AudioError::Closed)??;
        Ok(Self { rate, recording, thread: thread.thread().clone() })
    }

    /// How loud it was since this was last asked.
    #[must_use]
    pub fn level(&self) -> Level {
        let mut level = Level::default();
        self.recording.send_if_modified(|recording| {
            level = recording.level();
            false
        });
        level
    }

    /// Samples a second of what [`Self::take`] gives: the device's own.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// What was heard since this was last asked, at the rate of the device. It makes room for more.
    ///
    /// # Errors
    /// If the device failed.
    pub fn take(&self) -> Result<Pcm, AudioError> {
        let mut taken = Ok(Vec::new());
        self.recording.send_if_modified(|recording| {
            taken = match &recording.fault {
                Some(fault) => Err(fault.clone()),
                None if recording.closed => Err(AudioError::Closed),
                None => Ok(std::mem::take(&mut recording.samples)),
            };
            false
        });
        Ok(Pcm { rate: self.rate, samples: taken? })
    }

    /// Stops; gives what was heard, at 8000 Hz.
    ///
    /// # Errors
    /// If the device failed meanwhile.
    pub async fn stop(self) -> Result<Pcm, AudioError> {
        self.end();
        let mut closing = self.recording.subscribe();
        // It fails only if the thread is gone, which is as good.
        drop(closing.wait_for(|recording| recording.closed).await);
        let mut heard = Pcm { rate: self.rate, samples: Vec::new() };
        let mut fault = None;
        self.recording.send_modify(|recording| {
            heard.samples = std::mem::take(&mut recording.samples);
            fault = recording.fault.take();
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        let heard = spawn_blocking(move || resample(&heard, TELEPHONE_RATE)).await;
        heard.map_err(|_| AudioError::Closed)
    }

    fn end(&self) {
        self.recording.send_modify(|recording| recording.closing = true);
        self.thread.unpark();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}
