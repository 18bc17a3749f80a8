//! What is received: whose it is, what it is worth, and which keys are in it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::allowance::Allowance;
use super::event::KeyReader;
use super::packet::{Header, Packet};
use super::path::{Path, Whose};
use super::reception::{Arrival, Counts, Reception};
use super::recording::Recording;
use super::rtcp::Block;
use super::srtp::Opener;
use super::stream::{Kind, Stream};
use super::tones::Detector;
use crate::audio::{Pcm, g711};

/// More lost packets than this end a key that is heard in the sound.
const MOST_BRIDGED: u16 = 3;

/// What a packet led to, for others to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The first sound.
    Heard,
    /// A key was pressed.
    Key(char),
    /// The other side is elsewhere: packets are to go there.
    Moved(SocketAddr),
    /// The other side calls itself as we do (RFC 3550 section 8.2).
    Collision,
}

/// Counts of what was received and is no use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejected {
    /// No packets, of another kind, or of somebody else.
    pub unexpected: u64,
    /// Wrong in their encryption, or replayed.
    pub refused: u64,
}

/// The receiving side of a call.
pub struct Incoming {
    stream: Option<Stream>,
    opener: Option<Opener>,
    path: Option<Path>,
    reception: Option<Reception>,
    /// Another sender, and the number that would prove it.
    candidate: Option<(u32, u16)>,
    /// Counts of senders that are gone.
    before: Counts,
    octets: u64,
    rejected: Rejected,
    keys: KeyReader,
    tones: Detector,
    allowance: Allowance,
    recording: Recording,
    heard: bool,
    collided: bool,
    /// Since when nothing came.
    quiet_since: Option<Instant>,
    /// After so long it is told.
    patience: Duration,
    told: bool,
}

impl Incoming {
    /// Tells a silence of `patience`, and keeps the first `recorded` samples of what is heard.
    #[must_use]
    pub fn new(patience: Duration, recorded: usize) -> Self {
        Self {
            stream: None,
            opener: None,
            path: None,
            reception: None,
            candidate: None,
            before: Counts::default(),
            octets: 0,
            rejected: Rejected::default(),
            keys: KeyReader::default(),
            tones: Detector::default(),
            allowance: Allowance::default(),
            recording: Recording::new(recorded),
            heard: false,
            collided: false,
            quiet_since: None,
            patience,
            told: false,
        }
    }

    /// Begins, or goes on from elsewhere or otherwise.
    pub fn point(&mut self, stream: Stream, now: Instant) {
        let before = self.stream.as_ref();
        // Anew with the same key it would forget what came already.
        if before.and_then(Stream::their_key) != stream.their_key() {
            self.opener = stream.their_key().and_then(Opener::new);
        }
        if before.map(|before| before.remote) != Some(stream.remote) {
            self.path = Some(Path::new(stream.remote));
        }
        // A telephone that is held owes us nothing.
        (self.quiet_since, self.told) = (stream.we_receive.then_some(now), false);
        self.stream = Some(stream);
    }

    /// What was agreed.
    pub(super) fn stream(&self) -> Option<&Stream> {
        self.stream.as_ref()
    }

    /// A datagram came. `ours` is how we call ourselves.
    pub fn datagram(
        &mut self,
        bytes: &mut Vec<u8>,
        from: SocketAddr,
        ours: u32,
        now: Instant,
    ) -> Happenings {
        let mut happenings = Happenings::default();
        let Some(stream) = &self.stream else {
            self.rejected.unexpected += 1;
            return happenings;
        };
        let proven = match (&mut self.opener, &stream.keys) {
            (Some(opener), _) => opener.open(bytes).is_ok(),
            (None, keys) => keys.is_none(),
        };
        if !proven {
            self.rejected.refused += 1;
            return happenings;
        }
        let Ok(packet) = Packet::read(bytes) else {
            self.rejected.unexpected += 1;
            return happenings;
        };
        let kind = stream.kind(packet.header.payload);
        if !self.is_theirs(&packet.header, kind, from, &mut happenings) {
            self.rejected.unexpected += 1;
            return happenings;
        }
        (self.quiet_since, self.told) = (self.quiet_since.map(|_| now), false);
        if packet.header.ssrc == ours && !self.collided {
            // Once: who answers with our new name sends back what we send.
            self.collided = true;
            happenings.push(Happening::Collision);
        }
        let Some(arrival) = self.arrival(&packet.header, now) else { return happenings };
        if kind == Kind::Unknown {
            self.rejected.unexpected += 1;
        }
        if matches!(arrival, Arrival::Duplicate | Arrival::Stray) {
            return happenings;
        }
        self.octets += packet.payload.len() as u64;
        self.content(kind, arrival, &packet, now, &mut happenings);
        happenings
    }

    /// Whether it comes from where the other side is, or proves that it is there.
    fn is_theirs(
        &mut self,
        header: &Header,
        kind: Kind,
        from: SocketAddr,
        happenings: &mut Happenings,
    ) -> bool {
        let Some(path) = &mut self.path else { return false };
        if kind == Kind::Unknown && from != path.remote() {
            return false;
        }
        let whose = path.packet(from, header, self.opener.is_some());
        if whose == Whose::Moved {
            happenings.push(Happening::Moved(from));
        }
        whose != Whose::Foreign
    }

    /// What it is beside the others of its sender; `None` if that sender is not yet believed.
    fn arrival(&mut self, header: &Header, now: Instant) -> Option<Arrival> {
        let Header { ssrc, sequence, .. } = *header;
        match &mut self.reception {
            Some(reception) if reception.ssrc() == ssrc => {
                self.candidate = None;
                let arrival = reception.packet(sequence);
                if arrival == Arrival::Restarted {
                    self.keys.restart();
                }
                Some(arrival)
            }
            // Another sender at the same address: believed with its second packet in a row.
            Some(_) if self.candidate != Some((ssrc, sequence)) => {
                self.candidate = Some((ssrc, sequence.wrapping_add(1)));
                None
            }
            before => {
                let gone = before.take().map(|reception| reception.totals());
                self.before = self.before.plus(&gone.unwrap_or_default());
                self.candidate = None;
                self.keys.restart();
                self.reception = Some(Reception::new(ssrc, sequence, now));
                Some(Arrival::Next)
            }
        }
    }

    fn content(
        &mut self,
        kind: Kind,
        arrival: Arrival,
        packet: &Packet,
        now: Instant,
        happenings: &mut Happenings,
    ) {
        let Packet { header, payload } = packet;
        match kind {
            Kind::Event => {
                let key = self.keys.packet(header, payload);
                if let Some(key) = key.filter(|_| self.allowance.takes(now)) {
                    happenings.push(Happening::Key(key));
                }
            }
            Kind::Sound(law) => {
                if let Some(reception) = &mut self.reception {
                    reception.timed(header.timestamp, now);
                }
                let samples = payload.iter().map(|byte| g711::decode_one(law, *byte));
                self.recording.put(header.timestamp, samples.clone());
                // Where events were agreed, a tone beside them would be the same key once more.
                let events = self.stream.as_ref().is_some_and(|stream| stream.events.is_some());
                if !events && arrival != Arrival::Late {
                    if matches!(arrival, Arrival::Ahead(lost) if lost > MOST_BRIDGED) {
                        self.tones = Detector::default();
                    }
                    let allowance = &mut self.allowance;
                    self.tones.feed(samples, |key| {
                        if allowance.takes(now) {
                            happenings.push(Happening::Key(key));
                        }
                    });
                }
                self.hear(happenings);
            }
            Kind::ComfortNoise => self.hear(happenings),
            Kind::Unknown => {}
        }
    }

    fn hear(&mut self, happenings: &mut Happenings) {
        if !std::mem::replace(&mut self.heard, true) {
            happenings.push(Happening::Heard);
        }
    }

    /// When the silence will have been long enough to tell; `None` if it was told.
    #[must_use]
    pub fn silent_at(&self) -> Option<Instant> {
        self.quiet_since.filter(|_| !self.told).map(|since| since + self.patience)
    }

    /// How long nothing came, if that is to be told now.
    pub fn silence(&mut self, now: Instant) -> Option<Duration> {
        let at = self.silent_at().filter(|at| *at <= now)?;
        self.told = true;
        Some(now.saturating_duration_since(at) + self.patience)
    }

    /// How the other side calls itself.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.reception.as_ref().map(Reception::ssrc)
    }

    /// Where the other side is, as far as is known.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.path.as_ref().map(Path::remote)
    }

    /// What our report says of it.
    pub fn report(&mut self) -> Option<Block> {
        self.reception.as_mut().map(Reception::report)
    }

    /// Packets, of all senders one after the other.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.before.plus(&self.reception.as_ref().map(Reception::totals).unwrap_or_default())
    }

    /// Octets of sound and events.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// How irregularly packets come.
    #[must_use]
    pub fn jitter(&self) -> Duration {
        self.reception.as_ref().map(Reception::jitter).unwrap_or_default()
    }

    /// What was no use.
    #[must_use]
    pub fn rejected(&self) -> Rejected {
        self.rejected
    }

    /// What was heard, as far as it was to be kept.
    #[must_use]
    pub fn recorded(&self) -> Pcm {
        self.recording.pcm()
    }
}

/// What one packet led to; packets hold less than a second of sound, so keys are few.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Happenings(Vec<Happening>);

impl Happenings {
    fn push(&mut self, happening: Happening) {
        self.0.push(happening);
    }
}

impl IntoIterator for Happenings {
    type Item = Happening;
    type IntoIter = std::vec::IntoIter<Happening>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
#[path = "incoming/tests.rs"]
mod tests;
