//! What a closed segment holds, as the file beside it says: with it a start need not read the
//! segment. It can always be made again.
//!
//! Layout: length of the segment `u32`, per frame kind `u8`, id `u64`, offset `u32`, length `u32`;
//! last a CRC-32 with the store's key over all that.

use super::frame::{Frame, Kind, keyed, take};
use crate::alert::AlertId;

/// Octets per frame.
const ROW: usize = 17;

/// The frames of a segment of this length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) length: u64,
    pub(super) frames: Vec<Frame>,
}

impl Contents {
    /// `None` for a segment too long to be described; there is none.
    pub(super) fn encode(&self, key: u32) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(8 + self.frames.len() * ROW);
        out.extend_from_slice(&u32::try_from(self.length).ok()?.to_le_bytes());
        for frame in &self.frames {
            out.push(frame.kind as u8);
            out.extend_from_slice(&frame.id.0.to_le_bytes());
            out.extend_from_slice(&frame.offset.to_le_bytes());
            out.extend_from_slice(&frame.length.to_le_bytes());
        }
        out.extend_from_slice(&keyed(key, &out).to_le_bytes());
        Some(out)
    }

    pub(super) fn decode(bytes: &[u8], key: u32) -> Option<Self> {
        let (checked, crc) = bytes.split_last_chunk()?;
        if keyed(key, checked) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut rest = checked;
        let length = u64::from(u32::from_le_bytes(take(&mut rest)?));
        let frames: Option<Vec<Frame>> = rest.chunks(ROW).map(row).collect();
        let frames = frames?;
        frames.iter().all(|frame| frame.end() <= length).then_some(Self { length, frames })
    }
}

fn row(mut row: &[u8]) -> Option<Frame> {
    Some(Frame {
        kind: Kind::from_byte(u8::from_le_bytes(take(&mut row)?))?,
        id: AlertId(u64::from_le_bytes(take(&mut row)?)),
        offset: u32::from_le_bytes(take(&mut row)?),
        length: u32::from_le_bytes(take(&mut row)?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_read_as_written_or_not_at_all(
            rows in prop::collection::vec((1_u8..8, any::<u64>(), 0..1000_u32, 0..1000_u32), 0..20),
            bit in any::<prop::sample::Index>(),
        ) {
            let frames = rows.into_iter().map(|(kind, id, offset, length)| {
                Frame { kind: Kind::from_byte(kind).unwrap(), id: AlertId(id), offset, length }
            });
            let contents = Contents { length: 2000, frames: frames.collect() };
            let mut bytes = contents.encode(7).unwrap();
            prop_assert_eq!(Contents::decode(&bytes, 7), Some(contents));
            prop_assert_eq!(Contents::decode(&bytes, 8), None);
            prop_assert_eq!(Contents::decode(&bytes[1..], 7), None);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Contents::decode(&bytes, 7), None);
        }
    }
}
