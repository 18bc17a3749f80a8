//! The sound of one call: its sockets, what waits to be sent, what comes.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::comfort::Silence;
use super::line::Line;
use super::outgoing::Outgoing;
use super::quality::Quality;
use super::receiving::receive;
use super::stream::Stream;
use super::{pacing, ports};
use crate::audio::{Pcm, TELEPHONE_RATE, resample};

/// Most events that wait to be taken; keys beyond it are lost.
const MAX_EVENTS: usize = 64;

/// How a call sounds and listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What is sent while nothing is said.
    pub silence: Silence,
    /// After how long without a packet [`Event::Silent`] is told.
    pub patience: Duration,
    /// How much of what is heard is kept for [`Session::heard`].
    pub record: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            silence: Silence::default(),
            patience: Duration::from_secs(10),
            record: Duration::ZERO,
        }
    }
}

/// What is heard of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first sound; told once.
    Heard,
    /// A key was pressed: `0` to `9`, `A` to `D`, `*` or `#`.
    Key(char),
    /// Nothing came for so long; told once each time.
    Silent(Duration),
    /// It says that it leaves (RTCP BYE).
    Bye,
}

/// What happens in the sound of a call.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

impl Events {
    /// What happens next; `None` when the session is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

/// Why there is no sound.
#[derive(Debug, Error)]
pub enum SessionError {
    /// All ports are taken.
    #[error("no two ports are free between {} and {}", .0.start(), .0.end())]
    NoPort(RangeInclusive<u16>),
    /// The system gives no socket.
    #[error("no socket for sound: {0}")]
    Socket(#[source] io::Error),
    /// The system gives no thread.
    #[error("no thread for sound: {0}")]
    Thread(#[source] io::Error),
}

/// The sound of one call, from before it is offered until it is closed. Dropping it closes it.
pub struct Session {
    line: Arc<Line>,
    port: u16,
    task: JoinHandle<()>,
    stop: CancellationToken,
    _dropped: DropGuard,
}

impl Session {
    /// Opens two ports at a local address, out of a range; `0..=0` takes any. Nothing is sent until
    /// it is pointed somewhere.
    ///
    /// # Errors
    /// If there are no ports, or the system has no sockets or threads left.
    pub async fn open(
        local: IpAddr,
        ports: RangeInclusive<u16>,
        options: Options,
    ) -> Result<(Self, Events), SessionError> {
        let bound = spawn_blocking(move || ports::bind(local, &ports)).await;
        let (sound, reports) =
            bound.map_err(|error| SessionError::Socket(io::Error::other(error)))??;
        pacing::start().map_err(SessionError::Thread)?;
        let port = sound.local_addr().map_err(SessionError::Socket)?.port();
        // The thread that sends shares the socket with the task that receives.
        let receiving = sound.try_clone().and_then(UdpSocket::from_std);
        let receiving = receiving.map_err(SessionError::Socket)?;
        let reports = UdpSocket::from_std(reports).map_err(SessionError::Socket)?;
        let line = Arc::new(Line::new(sound, options));
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let stop = CancellationToken::new();
        let task =
            tokio::spawn(receive(Arc::clone(&line), receiving, reports, sender, stop.clone()));
        let dropped = stop.clone().drop_guard();
        Ok((Self { line, port, task, stop, _dropped: dropped }, Events(events)))
    }

    /// The port of the sound; reports have the next one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Begins to send and to listen as was agreed, or goes on otherwise. While the other side does
    /// not want to hear us, what is queued waits.
    pub fn point(&self, stream: Stream) {
        Line::point(&self.line, stream);
    }

    /// Queues sound. Returns at once if there is room, else when there is; sound of another rate
    /// than a telephone's is made to have it.
    pub async fn play(&self, pcm: Arc<Pcm>) {
        let pcm = if pcm.rate == TELEPHONE_RATE {
            pcm
        } else {
            let made = spawn_blocking(move || Arc::new(resample(&pcm, TELEPHONE_RATE))).await;
            made.unwrap_or_default()
        };
        let mut pushed = false;
        while !pushed && !self.line.is_closed() {
            self.line.until(Outgoing::has_room).await;
            // Somebody else may have been quicker.
            pushed = self.line.with_outgoing(|outgoing| {
                let room = outgoing.has_room();
                if room {
                    outgoing.play(Arc::clone(&pcm));
                }
                room
            });
        }
    }

    /// Resolves when the time of the last queued sample is over, or the session is closed.
    pub async fn drained(&self) {
        self.line.until(Outgoing::is_silent).await;
    }

    /// Throws away what is queued: the next packet is without it.
    pub fn clear(&self) {
        self.line.with_outgoing(Outgoing::clear);
        self.line.news();
    }

    /// Presses a key, as an event if that was agreed, else as a tone. Resolves when it was sent;
    /// `false` if there is no such key, or too many wait.
    pub async fn send_key(&self, key: char) -> bool {
        let Some(number) = self.line.with_outgoing(|outgoing| outgoing.key(key)) else {
            return false;
        };
        self.line.until(|outgoing| outgoing.counts().keys >= number).await;
        !self.line.is_closed()
    }

    /// What was heard of the other side, as far as it was to be kept.
    #[must_use]
    pub fn heard(&self) -> Pcm {
        self.line.heard()
    }

    /// How well it is heard up to now.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.line.quality()
    }

    /// As [`Session::close`], where others hold the session too: its ports are free when they let go.
    pub async fn end(&self) -> Quality {
        self.stop.cancel();
        self.line.until(|_| false).await;
        self.line.quality()
    }

    /// Says goodbye, and resolves when the ports are free again.
    pub async fn close(self) -> Quality {
        self.stop.cancel();
        // A task that panicked is over as well.
        let _ended = self.task.await;
        self.line.quality()
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
