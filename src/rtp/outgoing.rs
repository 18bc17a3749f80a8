//! What is sent: a packet for each packet time.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::comfort::{DESCRIPTION, Noise, Silence};
use super::event::{KeyPress, is_key};
use super::packet::Header;
use super::reception::CLOCK;
use super::rtcp::Sent;
use super::speech::Speech;
use super::srtp::Sealer;
use super::stream::Stream;
use crate::audio::{Pcm, TELEPHONE_RATE, dtmf, g711};

/// How long a key is held, in ticks (100 ms).
const PRESS: u32 = 800;
/// Ticks of silence after a key (80 ms, with its repeated end).
const REST: u32 = 640;
/// How loud a key is that goes as sound: the peak of both its tones.
const LOUD: f32 = 0.5;
/// Most keys that wait.
const MAX_KEYS: usize = 32;
/// Ticks between two words that there is nothing (500 ms).
const DESCRIBED_EVERY: u32 = 4000;

/// Who sends, and where its numbers begin: at random (RFC 3550 section 5.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
}

/// The sending side of a call.
pub(super) struct Outgoing {
    stream: Option<Stream>,
    /// Where packets go, which need not be where the signalling said.
    remote: Option<SocketAddr>,
    sealer: Option<Sealer>,
    identity: Identity,
    speech: Speech,
    keys: VecDeque<char>,
    press: Option<KeyPress>,
    /// Keys that go as sound.
    tones: Speech,
    /// Ticks of silence that a key still has after it.
    rest: u32,
    silence: Silence,
    noise: Noise,
    /// Ticks since it was said that there is nothing.
    described: Option<u32>,
    /// Whether nothing was sent in the last packet time.
    paused: bool,
    /// Whether the last packet had speech in it.
    speaking: bool,
    /// When the last packet was, and its timestamp.
    stamped: Option<(Instant, u32)>,
    samples: Vec<i16>,
    counts: Sums,
}

/// What was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) packets: u64,
    pub(super) octets: u64,
    pub(super) keys: u64,
    /// Packet times that were left out.
    pub(super) skipped: u64,
}

/// What a packet time brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Where the packet goes, if there is one.
    pub(super) to: Option<SocketAddr>,
    /// Whether somebody may wait for what it ended.
    pub(super) news: bool,
}

impl Outgoing {
    pub(super) fn new(identity: Identity, silence: Silence) -> Self {
        Self {
            stream: None,
            remote: None,
            sealer: None,
            identity,
            speech: Speech::default(),
            keys: VecDeque::new(),
            press: None,
            tones: Speech::default(),
            rest: 0,
            silence,
            noise: Noise::new(identity.ssrc),
            described: None,
            paused: true,
            speaking: false,
            stamped: None,
            samples: Vec::new(),
            counts: Sums::default(),
        }
    }

    /// Begins, or goes on elsewhere or otherwise. Says how long a packet is.
    pub(super) fn point(&mut self, stream: Stream) -> Duration {
        let before = self.stream.as_ref();
        // Anew with the same key it would forget how often the numbers began anew.
        if before.and_then(Stream::our_key) != stream.our_key() {
            self.sealer = stream.our_key().and_then(Sealer::new);
        }
        // A change that leaves the address alone leaves what was learnt of it, too.
        if before.map(|before| before.remote) != Some(stream.remote) {
            self.remote = Some(stream.remote);
        }
        let packet = Duration::from_millis(u64::from(stream.packet() / 8));
        self.stream = Some(stream);
        packet
    }

    /// The other side turned out to be elsewhere.
    pub(super) fn moved(&mut self, remote: SocketAddr) {
        self.remote = Some(remote);
    }

    /// Goes on as somebody else, since somebody else is called the same.
    pub(super) fn rename(&mut self, ssrc: u32) {
        self.identity.ssrc = ssrc;
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.identity.ssrc
    }

    pub(super) fn has_room(&self) -> bool {
        self.speech.has_room()
    }

    pub(super) fn play(&mut self, pcm: Arc<Pcm>) {
        self.speech.push(pcm);
    }

    pub(super) fn clear(&mut self) {
        self.speech.clear();
        self.speaking = false;
    }

    /// Whether the time of the last sample is over.
    pub(super) fn is_silent(&self) -> bool {
        self.speech.is_empty() && !self.speaking
    }

    /// Queues a key; says how many keys will have been sent when it was. `None` if there is no such
    /// key or no room.
    pub(super) fn key(&mut self, key: char) -> Option<u64> {
        if !is_key(key) || self.keys.len() >= MAX_KEYS {
            return None;
        }
        self.keys.push_back(key);
        let under_way = u64::from(self.is_pressing());
        Some(self.counts.keys + under_way + self.keys.len() as u64)
    }

    pub(super) fn counts(&self) -> Sums {
        self.counts
    }

    /// What a sender's report says at a moment; `None` before the first packet.
    pub(super) fn sent(&self, ntp: u64, now: Instant) -> Option<Sent> {
        let (at, timestamp) = self.stamped.filter(|_| self.counts.packets > 0)?;
        let since = now.saturating_duration_since(at).as_secs_f64() * CLOCK;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "modulo 2³², and the cast of the float saturates above 0"
        )]
        Some(Sent {
            ntp,
            timestamp: timestamp.wrapping_add(since as u64 as u32),
            packets: self.counts.packets as u32,
            octets: self.counts.octets as u32,
        })
    }

    /// Leaves out packet times.
    pub(super) fn skip(&mut self, times: u64) {
        let packet = self.stream.as_ref().map_or(0, Stream::packet);
        #[expect(clippy::cast_possible_truncation, reason = "timestamps count modulo 2³²")]
        let ticks = (times as u32).wrapping_mul(packet);
        self.identity.timestamp = self.identity.timestamp.wrapping_add(ticks);
        self.paused = true;
        self.counts.skipped += times;
    }

    /// A packet time begins: its packet, unless there is nothing to send.
    pub(super) fn tick(&mut self, now: Instant, packet: &mut Vec<u8>) -> Tick {
        packet.clear();
        let was = (self.is_silent(), self.has_room(), self.counts.keys);
        let to = self.write(now, packet);
        let news = was != (self.is_silent(), self.has_room(), self.counts.keys);
        Tick { to, news }
    }

    fn write(&mut self, now: Instant, packet: &mut Vec<u8>) -> Option<SocketAddr> {
        let stream = self.stream.as_ref()?;
        let (ticks, active) = (stream.packet(), stream.we_send);
        let timestamp = self.identity.timestamp;
        self.identity.timestamp = timestamp.wrapping_add(ticks);
        self.stamped = Some((now, timestamp));
        if !active {
            // What waits goes on waiting until she may hear it.
            self.paused = true;
            return None;
        }
        self.speaking = false;
        let Content { payload, marker, timestamp } = self.content(timestamp, ticks, packet)?;
        let header = Header {
            marker,
            payload,
            sequence: self.identity.sequence,
            timestamp,
            ssrc: self.identity.ssrc,
        };
        self.identity.sequence = self.identity.sequence.wrapping_add(1);
        self.counts.packets += 1;
        self.counts.octets += packet.len() as u64;
        // The header goes before the payload, within the room that is there.
        packet.splice(..0, header.octets());
        if let Some(sealer) = &mut self.sealer
            && sealer.seal(packet).is_err()
        {
            return None;
        }
        self.remote
    }

    /// Writes the payload of this packet time.
    fn content(&mut self, timestamp: u32, ticks: u32, out: &mut Vec<u8>) -> Option<Content> {
        let stream = self.stream.as_ref()?;
        let (law, payload, events, noise) =
            (stream.codec, stream.payload, stream.events, stream.comfort_noise);
        self.begin_key(timestamp, events.is_some());
        if let (Some(press), Some(payload)) = (&mut self.press, events) {
            let (marker, timestamp) = (press.begins(), press.timestamp);
            if press.next(ticks, out) {
                (self.paused, self.described) = (false, None);
                return Some(Content { payload, marker, timestamp });
            }
            self.press = None;
            (self.rest, self.counts.keys) = (REST, self.counts.keys + 1);
        }
        let count = usize::try_from(ticks).unwrap_or(0);
        self.samples.clear();
        if !self.tones.is_empty() {
            self.tones.take(count, &mut self.samples);
            if self.tones.is_empty() {
                // This packet is not yet of the rest.
                (self.rest, self.counts.keys) = (REST + ticks, self.counts.keys + 1);
            }
        } else if self.rest == 0 {
            self.speech.take(count, &mut self.samples);
            self.speaking = !self.samples.is_empty();
        }
        self.rest = self.rest.saturating_sub(ticks);
        if self.samples.is_empty()
            && self.silence == Silence::Described
            && let Some(payload) = noise
        {
            self.paused = true;
            let since = self.described.map_or(DESCRIBED_EVERY, |since| since + ticks);
            self.described = Some(since % DESCRIBED_EVERY);
            return (since >= DESCRIBED_EVERY).then(|| {
                out.extend(DESCRIPTION);
                Content { payload, marker: false, timestamp }
            });
        }
        self.described = None;
        while self.samples.len() < count {
            let digital = self.silence == Silence::Digital;
            self.samples.push(if digital { 0 } else { self.noise.sample() });
        }
        g711::encode_into(law, &self.samples, out);
        let marker = std::mem::replace(&mut self.paused, false);
        Some(Content { payload, marker, timestamp })
    }

    fn is_pressing(&self) -> bool {
        self.press.is_some() || !self.tones.is_empty()
    }

    /// Begins with the next key, when the one before has had its rest.
    fn begin_key(&mut self, timestamp: u32, as_event: bool) {
        if self.is_pressing() || self.rest > 0 {
            return;
        }
        let Some(key) = self.keys.pop_front() else { return };
        if as_event {
            self.press = KeyPress::new(key, timestamp, PRESS);
        } else {
            let length = Duration::from_secs_f64(f64::from(PRESS) / CLOCK);
            let tone = dtmf(TELEPHONE_RATE, key.to_ascii_uppercase(), length, LOUD);
            self.tones.push(Arc::new(tone.unwrap_or_default()));
        }
    }
}

/// What stands in a packet's header because of its payload.
struct Content {
    payload: u8,
    marker: bool,
    timestamp: u32,
}

#[cfg(test)]
#[path = "outgoing/tests.rs"]
mod tests;
