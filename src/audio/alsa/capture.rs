//! The thread that records.

use std::thread;
use std::time::Duration;

use alsa::pcm::IO;
use rustix::io::Errno;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::AudioError;
use super::open::Stream;
use super::pace::{AHEAD, frames};
use super::playback::{STALLED, TICK};
use super::recorder::Recording;

/// Records until the recording is closing or the device fails.
pub(super) fn run(stream: &Stream, recording: &watch::Sender<Recording>) {
    let ended = Capture::begin(stream, recording).and_then(Capture::run);
    let _stopped = stream.pcm.drop();
    if let Err(fault) = ended {
        debug!(%fault, "recording ended");
        recording.send_modify(|recording| recording.fault = Some(fault));
    }
}

struct Capture<'a> {
    stream: &'a Stream,
    io: IO<'a, i16>,
    recording: &'a watch::Sender<Recording>,
    begun: Instant,
    /// Frames read; those of a device without a clock (see `pace`) are read as time passes.
    read: u64,
    clocked: bool,
    buffer: Vec<i16>,
    /// When the last sound came.
    progress: Duration,
    /// How often the device had no place for what it heard.
    gaps: u64,
}

impl<'a> Capture<'a> {
    fn begin(
        stream: &'a Stream,
        recording: &'a watch::Sender<Recording>,
    ) -> Result<Self, AudioError> {
        let failed = |error| AudioError::running(&stream.device, error);
        let io = stream.pcm.io_i16().map_err(failed)?;
        stream.pcm.start().map_err(failed)?;
        // A card has nothing at first; `null` is always full.
        let first = stream.pcm.avail_update().map_err(failed)?;
        let clocked = u64::try_from(first).unwrap_or(0) < frames(stream.rate, AHEAD);
        let size = usize::try_from(frames(stream.rate, AHEAD)).unwrap_or(0) * stream.channels;
        Ok(Self {
            stream,
            io,
            recording,
            begun: Instant::now(),
            read: 0,
            clocked,
            buffer: vec![0; size],
            progress: Duration::ZERO,
            gaps: 0,
        })
    }

    fn run(mut self) -> Result<(), AudioError> {
        let mut next = Duration::ZERO;
        while !self.recording.borrow().closing {
            let now = self.begun.elapsed();
            self.tick(now)?;
            while next <= now {
                next += TICK;
            }
            thread::park_timeout(next.saturating_sub(self.begun.elapsed()));
        }
        if self.gaps > 0 {
            warn!(device = self.stream.device, gaps = self.gaps, "the recording has gaps");
        }
        Ok(())
    }

    fn tick(&mut self, now: Duration) -> Result<(), AudioError> {
        let due = if self.clocked {
            u64::MAX
        } else {
            frames(self.stream.rate, now).saturating_sub(self.read)
        };
        let mut left = usize::try_from(due).unwrap_or(usize::MAX);
        while left > 0 {
            let wanted = left.saturating_mul(self.stream.channels).min(self.buffer.len());
            let place = self.buffer.get_mut(..wanted).unwrap_or_default();
            let frames = match self.io.readi(place) {
                Ok(0) => break,
                Ok(frames) => frames,
                Err(error) if error.errno() == Errno::AGAIN.raw_os_error() => break,
                Err(error) => return self.recover(error),
            };
            self.read += frames as u64;
            self.progress = now;
            left -= frames.min(left);
            self.keep(frames);
        }
        if now.saturating_sub(self.progress) > STALLED {
            return Err(AudioError::Stalled(self.stream.device.clone()));
        }
        Ok(())
    }

    /// Mixes the channels and hands them over.
    fn keep(&self, frames: usize) {
        let channels = self.stream.channels;
        let mixed = self.buffer.chunks_exact(channels).take(frames).map(|frame| {
            let sum: i32 = frame.iter().copied().map(i32::from).sum();
            // A mean of 16-bit samples is one.
            i16::try_from(sum / i32::try_from(channels).unwrap_or(1)).unwrap_or_default()
        });
        self.recording.send_if_modified(|recording| {
            mixed.for_each(|sample| recording.push(sample));
            false
        });
    }

    fn recover(&mut self, error: alsa::Error) -> Result<(), AudioError> {
        let failed = |error| AudioError::running(&self.stream.device, error);
        self.stream.pcm.try_recover(error, true).map_err(failed)?;
        self.gaps += 1;
        // After an interruption it still runs.
        let _runs = self.stream.pcm.start();
        Ok(())
    }
}
