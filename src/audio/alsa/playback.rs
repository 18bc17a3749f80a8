//! The thread that plays.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use alsa::pcm::IO;
use rustix::io::Errno;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use super::AudioError;
use super::open::Stream;
use super::pace::Pace;
use super::queue::Queue;

/// How often the thread looks after the device.
pub(super) const TICK: Duration = Duration::from_millis(20);
/// After this long without progress a device is given up.
pub(super) const STALLED: Duration = Duration::from_secs(2);

/// Plays what is in the queue, and silence when there is nothing, until the queue is closing or
/// the device fails.
pub(super) fn run(stream: &Stream, level: u32, queue: &watch::Sender<Queue>, gaps: &AtomicU64) {
    let ended = Playback::begin(stream, level, queue, gaps).and_then(Playback::run);
    // What is left is not to be heard any more; a device that is gone cannot be asked.
    let _stopped = stream.pcm.drop();
    if let Err(fault) = ended {
        debug!(%fault, "playback ended");
        queue.send_modify(|queue| queue.fault = Some(fault));
    }
}

struct Playback<'a> {
    stream: &'a Stream,
    io: IO<'a, i16>,
    buffer: u64,
    level: i32,
    queue: &'a watch::Sender<Queue>,
    gaps: &'a AtomicU64,
    begun: Instant,
    pace: Pace,
    /// Samples for all channels on their way to the device, and how many it has taken.
    chunk: Vec<i16>,
    taken: usize,
    /// Frames ever put into a chunk.
    made: u64,
    /// The frame after the last one with sound.
    last_sound: u64,
    /// What was heard when it last went on, and when.
    progress: (u64, Duration),
}

impl<'a> Playback<'a> {
    fn begin(
        stream: &'a Stream,
        level: u32,
        queue: &'a watch::Sender<Queue>,
        gaps: &'a AtomicU64,
    ) -> Result<Self, AudioError> {
        let failed = |error| AudioError::running(&stream.device, error);
        let io = stream.pcm.io_i16().map_err(failed)?;
        let (buffer, _) = stream.pcm.get_params().map_err(failed)?;
        Ok(Self {
            stream,
            io,
            buffer,
            level: i32::try_from(level.min(100)).unwrap_or(100),
            queue,
            gaps,
            begun: Instant::now(),
            pace: Pace::new(stream.rate, Duration::ZERO),
            chunk: Vec::new(),
            taken: 0,
            made: 0,
            last_sound: 0,
            progress: (0, Duration::ZERO),
        })
    }

    fn run(mut self) -> Result<(), AudioError> {
        let mut next = Duration::ZERO;
        while !self.queue.borrow().closing {
            let now = self.begun.elapsed();
            self.tick(now)?;
            // Deadlines are absolute; those that passed meanwhile are left out.
            while next <= now {
                next += TICK;
            }
            thread::park_timeout(next.saturating_sub(self.begun.elapsed()));
        }
        Ok(())
    }

    fn tick(&mut self, now: Duration) -> Result<(), AudioError> {
        if self.pace.is_late(now) {
            self.gap(now);
        }
        let held = self.held(now)?;
        let heard = self.pace.heard(now, held);
        if heard != self.progress.0 {
            self.progress = (heard, now);
        } else if now.saturating_sub(self.progress.1) > STALLED {
            return Err(AudioError::Stalled(self.stream.device.clone()));
        }
        let written = self.write(self.pace.due(now, held), now)?;
        if written > 0 {
            let held = self.held(now)?;
            self.pace.wrote(written, held);
        }
        let sounding = heard < self.last_sound;
        self.queue
            .send_if_modified(|queue| std::mem::replace(&mut queue.sounding, sounding) != sounding);
        Ok(())
    }

    /// Frames that the device still holds.
    fn held(&mut self, now: Duration) -> Result<u64, AudioError> {
        match self.stream.pcm.avail() {
            Ok(room) => Ok(self.buffer.saturating_sub(u64::try_from(room).unwrap_or(0))),
            Err(error) => self.recover(error, now).map(|()| 0),
        }
    }

    /// Writes frames; fewer, if the device takes fewer.
    fn write(&mut self, due: u64, now: Duration) -> Result<u64, AudioError> {
        let channels = self.stream.channels;
        let mut written = 0;
        while written < due {
            if self.taken >= self.chunk.len() {
                self.fill(due - written);
            }
            let rest = self.chunk.get(self.taken..).unwrap_or_default();
            match self.io.writei(rest) {
                Ok(0) => break,
                Ok(frames) => {
                    self.taken += frames * channels;
                    written += frames as u64;
                }
                Err(error) if error.errno() == Errno::AGAIN.raw_os_error() => break,
                Err(error) => {
                    self.recover(error, now)?;
                    break;
                }
            }
        }
        Ok(written)
    }

    /// Makes the next chunk: sound as long as there is some, then silence.
    fn fill(&mut self, wanted: u64) {
        let Self { chunk, stream, level, queue, made, last_sound, .. } = self;
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        chunk.clear();
        queue.send_if_modified(|queue| {
            let sound = queue.take(wanted, |sample| {
                let sample = i32::from(sample) * *level / 100;
                let sample = i16::try_from(sample).unwrap_or_default();
                chunk.extend(std::iter::repeat_n(sample, stream.channels));
            });
            if sound > 0 {
                *last_sound = *made + sound as u64;
                queue.sounding = true;
            }
            sound > 0
        });
        chunk.resize(wanted * stream.channels, 0);
        self.made += wanted as u64;
        self.taken = 0;
    }

    /// Gets the device going again after it ran dry or slept.
    fn recover(&mut self, error: alsa::Error, now: Duration) -> Result<(), AudioError> {
        let failed = |error| AudioError::running(&self.stream.device, error);
        self.stream.pcm.try_recover(error, true).map_err(failed)?;
        if error.errno() != Errno::INTR.raw_os_error() {
            self.gap(now);
        }
        Ok(())
    }

    fn gap(&mut self, now: Duration) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        self.pace.restart(now);
        debug!(device = self.stream.device, "a gap in the sound");
    }
}
