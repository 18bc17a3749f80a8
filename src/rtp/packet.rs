//! RTP packets (RFC 3550 section 5.1).
//!
//! The crate *rtp-types* reads and writes the same dozen octets; it was not taken as it brings a
//! second version of *thiserror*.

use thiserror::Error;

/// Octets of a header that names no further sources and has no extension.
pub const HEADER: usize = 12;

/// Most octets of a datagram that is read: what an Ethernet carries. A longer one is cut, and then
/// refused or short.
pub const MAX_DATAGRAM: usize = 1500;

/// What stands before the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The first packet after a silence that was not sent (RFC 3551 section 4.1).
    pub marker: bool,
    /// What the payload is, 0 to 127.
    pub payload: u8,
    /// One more with each packet.
    pub sequence: u16,
    /// When its first sample is heard, in samples.
    pub timestamp: u32,
    /// Who sends it.
    pub ssrc: u32,
}

/// A packet as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// The sound or the event, without padding.
    pub payload: &'a [u8],
}

/// Why octets are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketError {
    /// It ends before it should.
    #[error("the packet is too short")]
    Short,
    /// It is not of RTP's second version, the only one in use.
    #[error("a packet of version {0}")]
    Version(u8),
    /// It has more padding than room.
    #[error("the packet's padding is longer than the packet")]
    Padding,
}

impl Header {
    /// Its twelve octets.
    #[must_use]
    pub fn octets(&self) -> [u8; HEADER] {
        let [s1, s2] = self.sequence.to_be_bytes();
        let [t1, t2, t3, t4] = self.timestamp.to_be_bytes();
        let [c1, c2, c3, c4] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | (self.payload & 0x7f);
        [0x80, second, s1, s2, t1, t2, t3, t4, c1, c2, c3, c4]
    }

    /// Reads what stands first, whatever follows; also how many octets the whole header has with
    /// its sources and its extension, none of which are encrypted by SRTP.
    ///
    /// # Errors
    /// If the octets are no header.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), PacketError> {
        let (fixed, rest) = bytes.split_first_chunk::<HEADER>().ok_or(PacketError::Short)?;
        let [first, second, s1, s2, t1, t2, t3, t4, c1, c2, c3, c4] = *fixed;
        if first >> 6 != 2 {
            return Err(PacketError::Version(first >> 6));
        }
        let sources = usize::from(first & 0x0f) * 4;
        let mut length = HEADER + sources;
        if first & 0x10 != 0 {
            let extension = rest.get(sources..).and_then(<[u8]>::first_chunk::<4>);
            let [_, _, high, low] = *extension.ok_or(PacketError::Short)?;
            length += 4 + usize::from(u16::from_be_bytes([high, low])) * 4;
        }
        if length > bytes.len() {
            return Err(PacketError::Short);
        }
        let header = Self {
            marker: second & 0x80 != 0,
            payload: second & 0x7f,
            sequence: u16::from_be_bytes([s1, s2]),
            timestamp: u32::from_be_bytes([t1, t2, t3, t4]),
            ssrc: u32::from_be_bytes([c1, c2, c3, c4]),
        };
        Ok((header, length))
    }
}

impl<'a> Packet<'a> {
    /// Reads a packet, which SRTP must have opened before.
    ///
    /// # Errors
    /// If the octets are no packet.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let (header, length) = Header::read(bytes)?;
        let body = bytes.get(length..).unwrap_or_default();
        let padding = match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) if first & 0x20 != 0 => usize::from(*last),
            _ => return Ok(Self { header, payload: body }),
        };
        // The last octet of the padding counts itself.
        let end = body.len().checked_sub(padding).filter(|_| padding > 0);
        let payload = body.get(..end.ok_or(PacketError::Padding)?).unwrap_or_default();
        Ok(Self { header, payload })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Header =
        Header { marker: true, payload: 8, sequence: 0x1234, timestamp: 0xdead_beef, ssrc: 7 };

    fn bytes(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = PLAIN.octets().to_vec();
        bytes[0] = first;
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn what_may_stand_between_header_and_payload() {
        type Row<'a> = (u8, &'a [u8], Result<&'a [u8], PacketError>);
        let table: [Row; 13] = [
            (0x80, b"sound", Ok(b"sound")),
            (0x80, b"", Ok(b"")),
            // Two further sources.
            (0x82, b"AAAABBBBsound", Ok(b"sound")),
            (0x82, b"AAAABBB", Err(PacketError::Short)),
            // An extension of one word, and one without any.
            (0x90, b"\xbe\xde\x00\x01XXXXsound", Ok(b"sound")),
            (0x90, b"\xbe\xde\x00\x00sound", Ok(b"sound")),
            (0x90, b"\xbe\xde\xff\xffsound", Err(PacketError::Short)),
            (0x91, b"AAAA\xbe\xde\x00", Err(PacketError::Short)),
            // Padding.
            (0xa0, b"sound\x00\x00\x03", Ok(b"sound")),
            (0xa0, b"\x01", Ok(b"")),
            (0xa0, b"sound\x00", Err(PacketError::Padding)),
            (0xa0, b"sound\x07", Err(PacketError::Padding)),
            (0x40, b"sound", Err(PacketError::Version(1))),
        ];
        for (first, rest, expected) in table {
            let bytes = bytes(first, rest);
            let read = Packet::read(&bytes);
            assert_eq!(read.map(|packet| packet.payload), expected, "{first:02x} {rest:?}");
            if let Ok(packet) = read {
                assert_eq!(packet.header, PLAIN);
            }
        }
        assert_eq!(Packet::read(&[0x80; 11]), Err(PacketError::Short));
        // Without padding's bit, and none at all with it.
        assert_eq!(Packet::read(&bytes(0xa0, b"")), Err(PacketError::Padding));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            marker: bool,
            payload in 0_u8..128,
            sequence: u16,
            timestamp: u32,
            ssrc: u32,
            sound in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let header = Header { marker, payload, sequence, timestamp, ssrc };
            let mut bytes = header.octets().to_vec();
            bytes.extend(&sound);
            prop_assert_eq!(Packet::read(&bytes), Ok(Packet { header, payload: &sound }));
        }

        #[test]
        fn any_octets_are_read_without_harm(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Ok(packet) = Packet::read(&bytes) {
                prop_assert!(packet.payload.len() + HEADER <= bytes.len());
            }
        }
    }
}
