//! Keys as events beside the sound (telephone-event, RFC 4733).

use super::packet::Header;

/// The keys in the order of their codes (RFC 4733 section 3.2).
const KEYS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// The end is said so often, as it may be lost (RFC 4733 section 2.5.1.4).
const ENDS: u32 = 3;
/// Power of the tone that the event stands for: -10 dBm0.
const VOLUME: u8 = 10;
/// The bit of the second octet that says the key was let go.
const END: u8 = 0x80;
/// Packets of a press are never further apart than this (50 ms), two presses always are: some
/// gateways move the timestamp with each packet of one press.
const SAME_PRESS: u32 = 400;
/// The longest that one event can be; a longer press goes on as the next one (RFC 4733 section
/// 2.5.1.3).
const LONGEST: u32 = 0xffff;
/// An event older than the last is a late packet of an earlier press, up to a minute.
const LATE: u32 = 60 * 8000;

/// An event as a packet carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Payload {
    code: u8,
    end: bool,
    /// Since the timestamp, in ticks.
    duration: u16,
}

impl Payload {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *bytes.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { code, end: flags & END != 0, duration })
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend([self.code, VOLUME | if self.end { END } else { 0 }]);
        out.extend(self.duration.to_be_bytes());
    }
}

/// The code of a key.
fn code(key: char) -> Option<u8> {
    let place = KEYS.iter().position(|known| *known == key.to_ascii_uppercase());
    place.and_then(|place| u8::try_from(place).ok())
}

/// Whether there is such a key.
#[must_use]
pub fn is_key(key: char) -> bool {
    code(key).is_some()
}

/// Hears each press once, whichever of its packets come.
#[derive(Debug, Default)]
pub struct KeyReader {
    last: Option<Press>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    code: u8,
    /// Timestamp and duration of the newest packet.
    timestamp: u32,
    duration: u16,
}

impl KeyReader {
    /// A packet of an event came; the key, if it is the first of a press.
    ///
    /// A press is known by its timestamp, so neither a lost begin nor a lost or repeated end
    /// matters. It is told at once and not at its end, for the far end waits for what it does.
    pub fn packet(&mut self, header: &Header, payload: &[u8]) -> Option<char> {
        let event = Payload::read(payload)?;
        if let Some(last) = &mut self.last {
            let later = header.timestamp.wrapping_sub(last.timestamp);
            let earlier = later.wrapping_neg();
            if later == 0 {
                last.duration = last.duration.max(event.duration);
                return None;
            }
            if earlier <= LATE {
                return None;
            }
            let goes_on =
                later <= SAME_PRESS || (u32::from(last.duration) == LONGEST && later == LONGEST);
            if goes_on && last.code == event.code && !header.marker {
                (last.timestamp, last.duration) = (header.timestamp, event.duration);
                return None;
            }
        }
        let timestamp = header.timestamp;
        self.last = Some(Press { code: event.code, timestamp, duration: event.duration });
        KEYS.get(usize::from(event.code)).copied()
    }

    /// The other side began anew.
    pub fn restart(&mut self) {
        self.last = None;
    }
}

/// One press that is sent: a packet for each packet time, the end three times.
#[derive(Debug)]
pub(super) struct KeyPress {
    code: u8,
    /// When it began.
    pub(super) timestamp: u32,
    /// How long it is held.
    length: u32,
    /// Of what was sent.
    duration: u32,
    ends: u32,
}

impl KeyPress {
    /// A key held for a length in ticks; `None` if there is no such key.
    pub(super) fn new(key: char, timestamp: u32, length: u32) -> Option<Self> {
        Some(Self { code: code(key)?, timestamp, length, duration: 0, ends: 0 })
    }

    /// Whether the next packet is the first.
    pub(super) fn begins(&self) -> bool {
        self.duration == 0
    }

    /// Adds the payload of the next packet; `false` after the last.
    pub(super) fn next(&mut self, packet: u32, out: &mut Vec<u8>) -> bool {
        if self.ends == ENDS {
            return false;
        }
        self.duration = (self.duration + packet).min(self.length);
        let end = self.duration == self.length;
        self.ends += u32::from(end);
        let duration = u16::try_from(self.duration).unwrap_or(u16::MAX);
        Payload { code: self.code, end, duration }.write(out);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Marker, timestamp, payload.
    type Sent = (bool, u32, Vec<u8>);

    fn press(key: char, timestamp: u32) -> Vec<Sent> {
        let mut press = KeyPress::new(key, timestamp, 800).unwrap();
        let mut packets = Vec::new();
        loop {
            let (marker, mut payload) = (press.begins(), Vec::new());
            if !press.next(160, &mut payload) {
                return packets;
            }
            packets.push((marker, timestamp, payload));
        }
    }

    fn heard(packets: &[Sent]) -> String {
        let mut reader = KeyReader::default();
        let keys = packets.iter().filter_map(|(marker, timestamp, payload)| {
            let (marker, timestamp) = (*marker, *timestamp);
            let header = Header { marker, payload: 101, sequence: 0, timestamp, ssrc: 1 };
            reader.packet(&header, payload)
        });
        keys.collect()
    }

    #[test]
    fn a_press_as_it_is_sent() {
        let packets = press('#', 77);
        let payloads: Vec<&[u8]> = packets.iter().map(|(_, _, payload)| &payload[..]).collect();
        let expected: [&[u8]; 7] = [
            &[11, 10, 0, 160],
            &[11, 10, 1, 64],
            &[11, 10, 1, 224],
            &[11, 10, 2, 128],
            &[11, 0x8a, 3, 32],
            &[11, 0x8a, 3, 32],
            &[11, 0x8a, 3, 32],
        ];
        assert_eq!(payloads, expected);
        let markers: Vec<bool> = packets.iter().map(|(marker, _, _)| *marker).collect();
        assert_eq!(markers, [true, false, false, false, false, false, false]);
        assert!(KeyPress::new('x', 0, 800).is_none() && is_key('d') && !is_key('+'));
    }

    #[test]
    fn what_other_devices_do() {
        let event = |marker, timestamp, code, flags: u8, duration: u16| {
            let [high, low] = duration.to_be_bytes();
            (marker, timestamp, vec![code, flags, high, low])
        };
        let table = [
            ("two presses of one key", [press('1', 0), press('1', 1280)].concat(), "11"),
            ("only the ends arrive", [&press('1', 0)[4..], &press('2', 1280)[5..]].concat(), "12"),
            ("no end arrives", [&press('1', 0)[..3], &press('1', 1280)[..3]].concat(), "11"),
            (
                "an end comes late",
                [&press('1', 0)[..6], &press('2', 1280)[..2], &press('1', 0)[6..]].concat(),
                "12",
            ),
            (
                "each packet has the marker",
                (1..6).map(|count| event(true, 9, 5, 0, count * 160)).collect(),
                "5",
            ),
            (
                "each packet has its own timestamp",
                (0..6).map(|count| event(count == 0, count * 160, 5, 0, 160)).collect(),
                "5",
            ),
            (
                "it is held for ten seconds",
                vec![
                    event(true, 100, 7, 0, 160),
                    event(false, 100, 7, 0, 0xffff),
                    event(false, 100 + 0xffff, 7, 0, 160),
                    event(false, 100 + 0xffff, 7, 0x80, 16_000),
                ],
                "7",
            ),
            ("a hook flash is no key", vec![event(true, 9, 16, 0, 160)], ""),
            ("an empty payload", vec![(true, 9, vec![1, 0, 0])], ""),
            (
                "the timestamps go over their end",
                [press('1', u32::MAX - 100), press('2', 1500)].concat(),
                "12",
            ),
        ];
        for (name, packets, expected) in table {
            assert_eq!(heard(&packets), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn each_press_of_which_anything_arrives_is_heard_once(
            keys in proptest::collection::vec((0..16_usize, 1..128_u8), 1..12),
            first: u32,
        ) {
            let mut packets = Vec::new();
            let mut expected = String::new();
            for (count, (key, arrives)) in (0_u32..).zip(&keys) {
                let sent = press(KEYS[*key], first.wrapping_add(count * 1280));
                let arrived = sent.into_iter().enumerate();
                packets.extend(
                    arrived.filter(|(place, _)| arrives >> place & 1 == 1).map(|(_, sent)| sent),
                );
                expected.push(KEYS[*key]);
            }
            prop_assert_eq!(heard(&packets), expected);
        }
    }
}
