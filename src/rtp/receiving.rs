//! The task of one call: it receives, and sends reports.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::OptionFuture;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Event;
use super::incoming::Happening;
use super::line::{Line, Listening};
use super::pacing::now;
use super::packet::MAX_DATAGRAM;
use super::rtcp::Reports;

/// How long to wait after the system failed to receive, so that it is not asked all the time.
const BREATH: Duration = Duration::from_millis(20);

/// Closes the line however the task ends.
struct Closing(Arc<Line>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Receives until it is to stop.
pub(super) async fn receive(
    line: Arc<Line>,
    sound: UdpSocket,
    reports: UdpSocket,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let closing = Closing(Arc::clone(&line));
    let task = Receiving { line, reports, events, left: false };
    task.run(sound, stop).await;
    drop(closing);
}

struct Receiving {
    line: Arc<Line>,
    reports: UdpSocket,
    events: mpsc::Sender<Event>,
    /// Whether the other side said that it leaves.
    left: bool,
}

impl Receiving {
    async fn run(mut self, sound: UdpSocket, stop: CancellationToken) {
        let mut packet = Vec::with_capacity(MAX_DATAGRAM);
        let mut report = Vec::with_capacity(MAX_DATAGRAM);
        loop {
            packet.clear();
            report.clear();
            let alarm = self.alarm().map(|at| sleep_until(at.into()));
            let alarm = OptionFuture::from(alarm);
            tokio::select! {
                received = sound.recv_buf_from(&mut packet) => match received {
                    Ok((_, from)) => self.sound(&mut packet, from),
                    Err(error) => breathe(&error).await,
                },
                received = self.reports.recv_buf_from(&mut report) => match received {
                    Ok((_, from)) => self.report(&mut report, from),
                    Err(error) => breathe(&error).await,
                },
                Some(()) = alarm => self.ring(),
                () = self.line.changed.notified() => {}
                () = stop.cancelled() => break,
            }
        }
        self.send_report(true);
    }

    /// When something is due: a report, or word of a silence.
    fn alarm(&self) -> Option<Instant> {
        self.line.with_listening(|Listening { incoming, reporting, .. }| {
            reporting.due().into_iter().chain(incoming.silent_at()).min()
        })
    }

    fn ring(&mut self) {
        let now = now();
        let (due, silent) =
            self.line.with_listening(|Listening { incoming, reporting, .. }| {
                (reporting.due().is_some_and(|due| due <= now), incoming.silence(now))
            });
        if due {
            self.send_report(false);
        }
        if let Some(silent) = silent {
            self.tell(Event::Silent(silent));
        }
    }

    fn sound(&mut self, packet: &mut Vec<u8>, from: SocketAddr) {
        let ours = self.line.with_outgoing(|outgoing| outgoing.ssrc());
        let happenings = self
            .line
            .with_listening(|listening| listening.incoming.datagram(packet, from, ours, now()));
        for happening in happenings {
            match happening {
                Happening::Heard => self.tell(Event::Heard),
                Happening::Key(key) => self.tell(Event::Key(key)),
                Happening::Moved(remote) => {
                    debug!(%remote, "the other side is elsewhere than it said");
                    self.line.with_outgoing(|outgoing| outgoing.moved(remote));
                    self.line.with_listening(|listening| {
                        // Until its reports come, they are taken to be beside its sound.
                        if !listening.settled
                            && let Some(port) = remote.port().checked_add(1)
                        {
                            listening.remote_rtcp = Some(SocketAddr::new(remote.ip(), port));
                        }
                    });
                }
                Happening::Collision => {
                    self.send_report(true);
                    self.line.with_outgoing(|outgoing| outgoing.rename(fastrand::u32(..)));
                }
            }
        }
    }

    fn report(&mut self, packet: &mut Vec<u8>, from: SocketAddr) {
        let (ours, sent) =
            self.line.with_outgoing(|outgoing| (outgoing.ssrc(), outgoing.counts().packets));
        let leaves = self.line.with_listening(|listening| {
            let Listening { incoming, reporting, remote_rtcp, settled } = listening;
            // From the side itself, or from where its reports should come.
            let places = incoming.remote().into_iter().chain(*remote_rtcp);
            if !places.map(|place| place.ip()).any(|place| place == from.ip()) {
                return false;
            }
            // Who reports from elsewhere later on must prove who that is.
            let elsewhere = *settled && *remote_rtcp != Some(from);
            if elsewhere && !reporting.is_secure() || !reporting.open(packet) {
                return false;
            }
            let Ok(reports) = Reports::read(packet) else { return false };
            (*remote_rtcp, *settled) = (Some(from), true);
            reporting.learn(&reports, ours, incoming.ssrc(), sent, now())
        });
        if leaves && !std::mem::replace(&mut self.left, true) {
            self.tell(Event::Bye);
        }
    }

    fn send_report(&self, leaves: bool) {
        // Reports are lost on the way, too: the next one says more.
        if let Some((packet, to)) = self.line.report(leaves, now())
            && let Err(error) = self.reports.try_send_to(&packet, to)
        {
            debug!(%error, "a report cannot be sent");
        }
    }

    fn tell(&self, event: Event) {
        // Who does not take events in time, or at all, does without.
        let _taken = self.events.try_send(event);
    }
}

async fn breathe(error: &io::Error) {
    debug!(%error, "sound cannot be received");
    sleep(BREATH).await;
}
