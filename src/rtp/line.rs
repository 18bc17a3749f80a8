//! What the handle, the sending thread and the receiving task of a call share.
//!
//! Each half has a lock of its own, which is held to change it and never while anything is sent,
//! received or waited for.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::{Notify, watch};
use tracing::{debug, error};

use super::Options;
use super::clock::{Clock, Due};
use super::incoming::Incoming;
use super::ntp::NtpClock;
use super::outgoing::{Identity, Outgoing};
use super::pacing::{self, Paced, now};
use super::quality::{Flow, Quality, ratio};
use super::reporting::{Facts, Reporting};
use super::stream::Stream;
use crate::audio::{Pcm, TELEPHONE_RATE};

/// Octets of a canonical name, at random (RFC 7022 section 4.2: at least 96 bits).
const NAME: usize = 12;

/// The sending half.
struct Sending {
    outgoing: Outgoing,
    /// Once it was pointed somewhere.
    packet_time: Option<Duration>,
    /// Begun by the thread that sends, whose time is never stepped.
    clock: Option<Clock>,
}

/// The receiving half.
pub(super) struct Listening {
    pub(super) incoming: Incoming,
    pub(super) reporting: Reporting,
    /// Where reports go.
    pub(super) remote_rtcp: Option<SocketAddr>,
    /// Whether any came from there.
    pub(super) settled: bool,
}

/// One call.
pub(super) struct Line {
    socket: UdpSocket,
    sending: Mutex<Sending>,
    listening: Mutex<Listening>,
    unsent: AtomicU64,
    closed: AtomicBool,
    /// Something came to an end for which somebody may wait.
    news: watch::Sender<()>,
    /// Something changed that the receiving task has to look at.
    pub(super) changed: Notify,
}

impl Line {
    pub(super) fn new(socket: UdpSocket, options: Options) -> Self {
        // Below half of the numbers: so the rounds of SRTP begin without doubt (RFC 3711 3.3.1).
        let sequence = fastrand::u16(..) >> 1;
        let identity = Identity { ssrc: fastrand::u32(..), sequence, timestamp: fastrand::u32(..) };
        let recorded = options.record.as_millis() * u128::from(TELEPHONE_RATE) / 1000;
        let incoming =
            Incoming::new(options.patience, usize::try_from(recorded).unwrap_or(usize::MAX));
        let since_1970 = Duration::try_from(jiff::Timestamp::now().as_duration());
        let clock = NtpClock::new(since_1970.unwrap_or_default(), now());
        let name: [u8; NAME] = std::array::from_fn(|_| fastrand::u8(..));
        let reporting = Reporting::new(clock, STANDARD_NO_PAD.encode(name));
        Self {
            socket,
            sending: Mutex::new(Sending {
                outgoing: Outgoing::new(identity, options.silence),
                packet_time: None,
                clock: None,
            }),
            listening: Mutex::new(Listening {
                incoming,
                reporting,
                remote_rtcp: None,
                settled: false,
            }),
            unsent: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            news: watch::Sender::new(()),
            changed: Notify::new(),
        }
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn with_outgoing<T>(&self, change: impl FnOnce(&mut Outgoing) -> T) -> T {
        change(&mut self.sending().outgoing)
    }

    pub(super) fn with_listening<T>(&self, change: impl FnOnce(&mut Listening) -> T) -> T {
        change(&mut self.listening.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn point(self: &Arc<Self>, stream: Stream) {
        let now = now();
        self.with_listening(|listening| {
            listening.reporting.point(&stream, now, fastrand::f64());
            // A change that leaves the places alone leaves what was learnt of them, too.
            let places = |stream: &Stream| (stream.remote, stream.remote_rtcp);
            if listening.incoming.stream().map(places) != Some(places(&stream)) {
                listening.remote_rtcp = Some(stream.remote_rtcp);
                listening.settled = false;
            }
            listening.incoming.point(stream.clone(), now);
        });
        let mut sending = self.sending();
        let packet_time = sending.outgoing.point(stream);
        let before = sending.packet_time.replace(packet_time);
        if before != Some(packet_time) {
            sending.clock = None;
        }
        drop(sending);
        let begins = before.is_none();
        if begins && let Err(error) = pacing::begin(Arc::<Self>::clone(self)) {
            error!(%error, "the sound of a call cannot be sent");
        }
        self.changed.notify_one();
    }

    /// Waits for something; in vain if the session is closed.
    pub(super) async fn until(&self, wanted: impl Fn(&Outgoing) -> bool) {
        let mut news = self.news.subscribe();
        let reached = |(): &()| self.is_closed() || wanted(&self.sending().outgoing);
        // The sender lives as long as we do.
        drop(news.wait_for(reached).await);
    }

    pub(super) fn news(&self) {
        self.news.send_replace(());
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Nothing is sent from now on.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.news();
        pacing::look();
    }

    /// The next report, and where it goes.
    pub(super) fn report(&self, leaves: bool, at: Instant) -> Option<(Vec<u8>, SocketAddr)> {
        self.with_listening(|listening| {
            let Listening { incoming, reporting, remote_rtcp, .. } = listening;
            let to = (*remote_rtcp)?;
            reporting.due()?;
            let ntp = reporting.ntp(at);
            let (ssrc, sent) =
                self.with_outgoing(|outgoing| (outgoing.ssrc(), outgoing.sent(ntp, at)));
            let facts = Facts { ssrc, sent, block: incoming.report(), leaves };
            Some((reporting.report(&facts, at, fastrand::f64())?, to))
        })
    }

    /// Reports without waiting until it is due.
    #[cfg(test)]
    pub(super) fn report_now(&self) {
        self.with_listening(|listening| listening.reporting.hasten(now()));
        self.changed.notify_one();
    }

    pub(super) fn heard(&self) -> Pcm {
        self.with_listening(|listening| listening.incoming.recorded())
    }

    pub(super) fn quality(&self) -> Quality {
        let sending = self.sending();
        let counts = sending.outgoing.counts();
        let regularity = sending.clock.as_ref().map(Clock::regularity);
        drop(sending);
        let regularity = regularity.unwrap_or_default();
        let mut quality = self.with_listening(|listening| {
            let Listening { incoming, reporting, .. } = listening;
            let (came, rejected) = (incoming.counts(), incoming.rejected());
            let heard = reporting.heard();
            Quality {
                sent: Flow {
                    packets: counts.packets,
                    octets: counts.octets,
                    lost: heard.map_or(0, |heard| heard.lost),
                    loss: heard.map_or(0.0, |heard| ratio(heard.lost, heard.of)),
                    jitter: heard.map_or(Duration::ZERO, |heard| heard.jitter),
                },
                received: Flow::received(&came, incoming.octets(), incoming.jitter()),
                reported: heard.is_some(),
                duplicates: came.duplicates,
                late: came.late,
                unexpected: rejected.unexpected,
                refused: rejected.refused,
                round_trip: reporting.round_trip(),
                ..Quality::default()
            }
        });
        quality.unsent = self.unsent.load(Ordering::Relaxed);
        quality.skipped = counts.skipped;
        quality.irregularity = regularity.mean();
        quality.latest = regularity.latest;
        quality.rate();
        quality
    }
}

impl Paced for Line {
    fn send(&self, packet: &mut Vec<u8>) -> Option<Instant> {
        while !self.is_closed() {
            let now = now();
            let mut sending = self.sending();
            let Sending { outgoing, packet_time, clock } = &mut *sending;
            let packet_time = (*packet_time)?;
            let tick = match clock.get_or_insert_with(|| Clock::new(now, packet_time)).due(now) {
                Due::At(next) => return Some(next),
                Due::Skip(times) => {
                    outgoing.skip(times);
                    continue;
                }
                Due::Packet => outgoing.tick(now, packet),
            };
            drop(sending);
            if let Some(to) = tick.to
                && let Err(error) = self.socket.send_to(packet, to)
                && self.unsent.fetch_add(1, Ordering::Relaxed) == 0
            {
                debug!(%error, "a packet of sound cannot be sent");
            }
            if tick.news {
                self.news();
            }
        }
        None
    }

    fn is_over(&self) -> bool {
        self.is_closed()
    }
}
