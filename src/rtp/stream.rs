//! What was agreed about the sound of a call.

use std::net::SocketAddr;
use std::time::Duration;

use super::srtp::MasterKey;
use crate::audio::g711::Law;

/// Samples of a packet of 20 ms, in ticks of the timestamp.
const USUAL: u32 = 160;
/// Ticks in a millisecond.
const TICKS: u128 = 8;
/// The shortest and the longest packet, in milliseconds; what is agreed beyond is as good as
/// nothing agreed.
const PACKET_TIMES: std::ops::RangeInclusive<u128> = 10..=60;

/// The two keys of an encrypted call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Seals what we send.
    pub ours: MasterKey,
    /// Opens what we receive.
    pub theirs: MasterKey,
}

/// What was agreed about the sound of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Where sound goes, and should come from.
    pub remote: SocketAddr,
    /// Where reports go.
    pub remote_rtcp: SocketAddr,
    /// How sound is coded.
    pub codec: Law,
    /// The payload type that says so.
    pub payload: u8,
    /// Payload type of the keys we send (telephone-event).
    pub events: Option<u8>,
    /// Payload type of the keys we receive, where it is another.
    pub events_received: Option<u8>,
    /// Payload type of comfort noise.
    pub comfort_noise: Option<u8>,
    /// Sound in a packet of ours: 10 to 60 ms, else it is 20 ms. What comes may be as long as it
    /// likes.
    pub packet_time: Duration,
    /// Whether the other side wants to hear us; it does not while it holds the call.
    pub we_send: bool,
    /// Whether the other side sends.
    pub we_receive: bool,
    /// Keys, if it is encrypted.
    pub keys: Option<Keys>,
}

impl Stream {
    /// The key that seals what we send.
    pub(super) fn our_key(&self) -> Option<&MasterKey> {
        self.keys.as_ref().map(|keys| &keys.ours)
    }

    /// The key that opens what we receive.
    pub(super) fn their_key(&self) -> Option<&MasterKey> {
        self.keys.as_ref().map(|keys| &keys.theirs)
    }

    /// Samples of a packet, which are also its ticks.
    pub(super) fn packet(&self) -> u32 {
        let time = self.packet_time.as_millis();
        let ticks = PACKET_TIMES.contains(&time).then_some(time * TICKS);
        ticks.and_then(|ticks| u32::try_from(ticks).ok()).unwrap_or(USUAL)
    }

    /// What a payload type stands for.
    pub(super) fn kind(&self, payload: u8) -> Kind {
        // The other side may use any codec of the offer at any time (RFC 3264 section 7), and we
        // offer both.
        match payload {
            _ if payload == self.payload => Kind::Sound(self.codec),
            _ if [self.events, self.events_received].contains(&Some(payload)) => Kind::Event,
            _ if Some(payload) == self.comfort_noise => Kind::ComfortNoise,
            PCMU => Kind::Sound(Law::Mu),
            PCMA => Kind::Sound(Law::A),
            _ => Kind::Unknown,
        }
    }
}

/// Payload types that always mean the same (RFC 3551 section 6).
const PCMU: u8 = 0;
const PCMA: u8 = 8;

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sound(Law),
    Event,
    ComfortNoise,
    Unknown,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::rtp) fn stream() -> Stream {
        Stream {
            remote: "192.0.2.1:4000".parse().unwrap(),
            remote_rtcp: "192.0.2.1:4001".parse().unwrap(),
            codec: Law::A,
            payload: 8,
            events: Some(101),
            events_received: Some(100),
            comfort_noise: Some(13),
            packet_time: Duration::from_millis(20),
            we_send: true,
            we_receive: true,
            keys: None,
        }
    }

    #[test]
    fn packet_times_that_cannot_be_are_the_usual_one() {
        let table = [(20, 160), (30, 240), (10, 80), (60, 480), (0, 160), (5, 160), (9999, 160)];
        for (time, expected) in table {
            let packet_time = Duration::from_millis(time);
            assert_eq!(Stream { packet_time, ..stream() }.packet(), expected);
        }
    }

    #[test]
    fn payload_types_are_those_that_were_agreed() {
        let table = [
            (8, Kind::Sound(Law::A)),
            (0, Kind::Sound(Law::Mu)),
            (13, Kind::ComfortNoise),
            (101, Kind::Event),
            (100, Kind::Event),
            (96, Kind::Unknown),
        ];
        for (payload, expected) in table {
            assert_eq!(stream().kind(payload), expected);
        }
        let odd = Stream { payload: 96, events: Some(0), comfort_noise: None, ..stream() };
        assert_eq!(odd.kind(0), Kind::Event);
        assert_eq!((odd.kind(96), odd.kind(13)), (Kind::Sound(Law::A), Kind::Unknown));
    }
}
