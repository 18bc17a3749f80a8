//! The octets of a segment: its header and its frames, and how frames are found again where some
//! are damaged. All numbers are little-endian.
//!
//! Every frame's head is checked with the store's key, a random number: bytes of a mail can neither
//! pass for a frame nor make the search for the next one slow.

use std::ops::Range;

use crate::alert::AlertId;

/// Version of the layout this program writes.
pub(super) const VERSION: u32 = 1;

/// Length of a header, of this and every later version.
pub(super) const HEADER: usize = 28;

const MAGIC: [u8; 8] = *b"SMTPAPPQ";

/// Length of a frame's head.
const HEAD: usize = 21;

/// What a file of the store begins with; the CRC-32 of it comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) key: u32,
    /// Newest id when the file was made: ids are not given again when all frames are gone.
    pub(super) newest: AlertId,
}

impl Header {
    pub(super) const fn new(key: u32, newest: AlertId) -> Self {
        Self { version: VERSION, key, newest }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.key.to_le_bytes());
        out.extend_from_slice(&self.newest.0.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (checked, crc) = bytes.get(..HEADER)?.split_last_chunk()?;
        let mut rest = checked;
        let magic: [u8; 8] = take(&mut rest)?;
        let header = Self {
            version: u32::from_le_bytes(take(&mut rest)?),
            key: u32::from_le_bytes(take(&mut rest)?),
            newest: AlertId(u64::from_le_bytes(take(&mut rest)?)),
        };
        let sound = magic == MAGIC && crc32fast::hash(checked) == u32::from_le_bytes(*crc);
        sound.then_some(header)
    }
}

/// What a frame says of its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// The alert itself ([`Parts`]); it is on the queue.
    Pending = 1,
    /// The alert itself; it is in the history.
    Told = 2,
    /// How some deliveries stand now, JSON.
    Deliveries = 3,
    /// How all that were ever tried stand now, JSON.
    AllDeliveries = 4,
    /// It left the queue.
    Finish = 5,
    /// It is on the queue again.
    Reopen = 6,
    /// It left the history.
    Forget = 7,
}

impl Kind {
    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Pending,
            2 => Self::Told,
            3 => Self::Deliveries,
            4 => Self::AllDeliveries,
            5 => Self::Finish,
            6 => Self::Reopen,
            7 => Self::Forget,
            _ => return None,
        })
    }
}

/// Where a frame stands, with its head, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) id: AlertId,
    pub(super) offset: u32,
    pub(super) length: u32,
}

impl Frame {
    pub(super) fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.length)
    }

    /// The frame of a batch that stands there.
    pub(super) const fn after(self, start: u32) -> Self {
        Self { offset: start.saturating_add(self.offset), ..self }
    }
}

/// Adds a frame to `out`; `write` adds its body. Places beyond 4 GiB are not told right: nobody may
/// write so much at once.
pub(super) fn encode(
    out: &mut Vec<u8>,
    key: u32,
    kind: Kind,
    id: AlertId,
    write: impl FnOnce(&mut Vec<u8>),
) -> Frame {
    let start = out.len();
    out.resize(start + HEAD, 0);
    write(out);
    let frame = out.get_mut(start..).unwrap_or_default();
    let length = short(frame.len());
    if let Some((head, body)) = frame.split_first_chunk_mut::<HEAD>() {
        *head = encode_head(key, kind, id, body);
    }
    Frame { kind, id, offset: short(start), length }
}

fn encode_head(key: u32, kind: Kind, id: AlertId, body: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let (fields, rest) = head.split_at_mut(HEAD - 4);
    let parts = [kind as u8].into_iter().chain(id.0.to_le_bytes());
    let parts = parts.chain(short(body.len()).to_le_bytes());
    let parts = parts.chain(crc32fast::hash(body).to_le_bytes());
    fields.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    rest.copy_from_slice(&keyed(key, fields).to_le_bytes());
    head
}

/// A frame at the very start of `bytes`, with its body.
pub(super) fn decode(bytes: &[u8], key: u32) -> Option<(Kind, AlertId, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (fields, head_crc) = head.split_last_chunk()?;
    let mut left = fields;
    let kind = Kind::from_byte(u8::from_le_bytes(take(&mut left)?))?;
    let id = AlertId(u64::from_le_bytes(take(&mut left)?));
    let body = rest.get(..u32::from_le_bytes(take(&mut left)?) as usize)?;
    let body_crc = u32::from_le_bytes(take(&mut left)?);
    let sound = keyed(key, fields) == u32::from_le_bytes(*head_crc);
    (sound && crc32fast::hash(body) == body_crc).then_some((kind, id, body))
}

/// What was found in a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) frames: Vec<Frame>,
    /// Where there is no frame.
    pub(super) gaps: Vec<Range<usize>>,
}

/// Finds every whole frame after the header.
pub(super) fn scan(bytes: &[u8], key: u32) -> Scan {
    let mut scan = Scan::default();
    let mut at = HEADER.min(bytes.len());
    let mut gap = None;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((kind, id, body)) = decode(rest, key) else {
            gap.get_or_insert(at);
            at += 1;
            continue;
        };
        scan.gaps.extend(gap.take().map(|start| start..at));
        let length = HEAD + body.len();
        scan.frames.push(Frame { kind, id, offset: short(at), length: short(length) });
        at += length;
    }
    scan.gaps.extend(gap.map(|start| start..bytes.len()));
    scan
}

/// The body of a [`Kind::Pending`] or [`Kind::Told`] frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// The alert, JSON.
    pub(super) record: &'a [u8],
    /// The mail as it came; empty for a dropped one.
    pub(super) mail: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&short(self.record.len()).to_le_bytes());
        out.extend_from_slice(self.record);
        out.extend_from_slice(self.mail);
    }

    pub(super) fn decode(body: &'a [u8]) -> Option<Self> {
        let mut rest = body;
        let record = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (record, mail) = rest.split_at_checked(record)?;
        Some(Self { record, mail })
    }
}

/// CRC-32 that only who knows the key can make.
pub(super) fn keyed(key: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(key);
    hasher.update(bytes);
    hasher.finalize()
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn short(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: u32 = 0x5eed_cafe;

    fn kind() -> impl Strategy<Value = Kind> {
        (1_u8..8).prop_map(|byte| Kind::from_byte(byte).unwrap())
    }

    fn segment(frames: &[(Kind, u64, Vec<u8>)]) -> (Vec<u8>, Vec<Frame>) {
        let mut bytes = Header::new(KEY, AlertId(0)).encode();
        let frames = frames.iter().map(|(kind, id, body)| {
            encode(&mut bytes, KEY, *kind, AlertId(*id), |out| out.extend_from_slice(body))
        });
        let frames = frames.collect();
        (bytes, frames)
    }

    fn frames() -> impl Strategy<Value = Vec<(Kind, u64, Vec<u8>)>> {
        let body = prop::collection::vec(any::<u8>(), 0..80);
        prop::collection::vec((kind(), any::<u64>(), body), 1..12)
    }

    #[test]
    fn a_header_is_what_it_was_or_nothing() {
        let header = Header::new(KEY, AlertId(77));
        let bytes = header.encode();
        assert_eq!((bytes.len(), Header::decode(&bytes)), (HEADER, Some(header)));
        for bit in 0..HEADER * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&bytes), None);
        }
    }

    #[test]
    fn a_frame_inside_a_mail_is_no_frame() {
        let mut forged = Vec::new();
        encode(&mut forged, KEY + 1, Kind::Forget, AlertId(1), |_| ());
        let (mut bytes, frames) =
            segment(&[(Kind::Told, 1, forged), (Kind::Finish, 1, Vec::new())]);
        bytes[HEADER] ^= 1;
        let found = scan(&bytes, KEY);
        assert_eq!((found.frames.as_slice(), found.gaps.len()), (&frames[1..], 1));
    }

    proptest! {
        #[test]
        fn what_was_written_is_found(written in frames()) {
            let (bytes, frames) = segment(&written);
            prop_assert_eq!(scan(&bytes, KEY), Scan { frames, gaps: Vec::new() });
        }

        #[test]
        fn a_flipped_bit_costs_one_frame(written in frames(), place in any::<prop::sample::Index>()) {
            let (mut bytes, mut frames) = segment(&written);
            let bit = HEADER * 8 + place.index((bytes.len() - HEADER) * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            frames.retain(|frame| !(u64::from(frame.offset)..frame.end()).contains(&(bit as u64 / 8)));
            let found = scan(&bytes, KEY);
            prop_assert_eq!((found.frames, found.gaps.len()), (frames, 1));
        }

        #[test]
        fn what_is_cut_off_costs_what_is_cut_off(written in frames(), place in any::<prop::sample::Index>()) {
            let (bytes, mut frames) = segment(&written);
            let end = HEADER + place.index(bytes.len() - HEADER);
            frames.retain(|frame| frame.end() <= end as u64);
            let good = frames.last().map_or(HEADER, |frame| usize::try_from(frame.end()).unwrap());
            let gaps: Vec<_> = (good < end).then_some(good..end).into_iter().collect();
            prop_assert_eq!(scan(&bytes[..end], KEY), Scan { frames, gaps });
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let found = scan(&bytes, KEY);
            prop_assert!(found.frames.is_empty());
            let covered: usize = found.gaps.iter().map(Range::len).sum();
            prop_assert_eq!(covered, bytes.len().saturating_sub(HEADER));
            prop_assert_eq!(Header::decode(&bytes), None);
            if let Some(parts) = Parts::decode(&bytes) {
                let mut again = Vec::new();
                parts.encode(&mut again);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
