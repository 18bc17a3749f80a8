//! A handle to a device that plays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::open::open;
use super::pace::frames;
use super::queue::Queue;
use super::{AudioError, Direction, playback};
use crate::audio::{Pcm, resample, telephone};
use crate::config::Audio;

/// How long a device may take to open.
pub(super) const OPENING: Duration = Duration::from_secs(5);
/// With this much waiting to be heard, a further sound has to wait for room.
const ROOM: Duration = Duration::from_secs(10);

/// Plays on one ALSA PCM, at the pace of the ear: also on PCMs that take everything at once.
///
/// Between sounds the device gets silence. Dropping the player stops it at once.
#[derive(Debug)]
pub struct Player {
    rate: u32,
    queue: Arc<watch::Sender<Queue>>,
    gaps: Arc<AtomicU64>,
    thread: Thread,
}

impl Player {
    /// Opens the PCM of `[audio] playback`; it plays silence from then on.
    ///
    /// # Errors
    /// If there is no such device, it is in use, may not be used, or fails.
    pub async fn open(config: &Audio) -> Result<Self, AudioError> {
        let (device, level) = (config.playback.clone(), config.level);
        let queue = Arc::new(watch::Sender::new(Queue::default()));
        let gaps = Arc::new(AtomicU64::new(0));
        let (opened, rate) = oneshot::channel();
        let thread = thread::Builder::new().name("playback".to_owned()).spawn({
            let (queue, gaps) = (Arc::clone(&queue), Arc::clone(&gaps));
            move || {
                match open(&device, Direction::Playback) {
                    Err(error) => drop(opened.send(Err(error))),
                    // Who asked may have gone meanwhile.
                    Ok(stream) if opened.send(Ok(stream.rate)).is_err() => {}
                    Ok(stream) => playback::run(&stream, level, &queue, &gaps),
                }
                queue.send_modify(|queue| queue.closed = true);
            }
        });
        let thread = thread.map_err(|error| AudioError::Failed {
            device: config.playback.clone(),
            reason: error.to_string(),
        })?;
        let stalled = || AudioError::Stalled(config.playback.clone());
        let rate = timeout(OPENING, rate).await.map_err(|_| stalled())?;
        let rate = rate.map_err(|_| AudioError::Closed)??;
        Ok(Self { rate, queue, gaps, thread: thread.thread().clone() })
    }

    /// Queues speech or a file, made fit for a telephone line by [`telephone`]. Returns at once if
    /// there is room, else when there is.
    ///
    /// # Errors
    /// If the device failed.
    pub async fn speak(&self, pcm: Arc<Pcm>) -> Result<(), AudioError> {
        let fit = spawn_blocking(move || Arc::new(telephone(&pcm))).await;
        self.play(fit.map_err(|_| AudioError::Closed)?).await
    }

    /// Queues sound as it is, but for the configured level. Returns at once if there is room, else
    /// when there is.
    ///
    /// # Errors
    /// If the device failed.
    pub async fn play(&self, pcm: Arc<Pcm>) -> Result<(), AudioError> {
        let rate = self.rate;
        let pcm = if pcm.rate == rate {
            pcm
        } else {
            let made = spawn_blocking(move || Arc::new(resample(&pcm, rate))).await;
            made.map_err(|_| AudioError::Closed)?
        };
        let room = frames(rate, ROOM);
        let mut pushed = false;
        while !pushed {
            self.until(|queue| queue.waiting < room).await?;
            self.queue.send_if_modified(|queue| {
                // Somebody else may have been quicker.
                pushed = queue.waiting < room;
                if pushed {
                    queue.push(Arc::clone(&pcm));
                }
                false
            });
        }
        Ok(())
    }

    /// Resolves when all queued sound was heard.
    ///
    /// # Errors
    /// If the device failed.
    pub async fn drained(&self) -> Result<(), AudioError> {
        self.until(Queue::is_silent).await
    }

    /// Throws away what is queued and not yet heard. What the device already has, a tenth of a
    /// second, is still heard.
    pub fn clear(&self) {
        self.queue.send_modify(Queue::clear);
    }

    /// How often the device had nothing to play, because sound came too late for it.
    #[must_use]
    pub fn underruns(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// Stops, and resolves when the device is closed: then others may have it, and a file that
    /// stands for a card is complete.
    pub async fn close(self) {
        self.stop();
        // It fails only if the thread is gone, which is as good.
        drop(self.queue.subscribe().wait_for(|queue| queue.closed).await);
    }

    fn stop(&self) {
        self.queue.send_modify(|queue| queue.closing = true);
        self.thread.unpark();
    }

    /// Waits for something; in vain if the device failed.
    async fn until(&self, mut wanted: impl FnMut(&Queue) -> bool) -> Result<(), AudioError> {
        let mut queue = self.queue.subscribe();
        let settled = queue.wait_for(|queue| queue.closed || wanted(queue)).await;
        let queue = settled.map_err(|_| AudioError::Closed)?;
        match &queue.fault {
            Some(fault) => Err(fault.clone()),
            None if queue.closed => Err(AudioError::Closed),
            None => Ok(()),
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop();
    }
}
