//! User data: what a message carries (3GPP TS 23.040 section 9.2.3.24).

use super::octets::{DecodeError, Octets};
use crate::modem::charset::{decode_gsm7, pack, unpack};

/// How the characters of a message are coded (TP-DCS, 3GPP TS 23.038 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// GSM 7 bit default alphabet.
    Gsm7,
    /// 8 bit data.
    Data,
    /// UCS2, in practice UTF-16.
    Ucs2,
}

impl Alphabet {
    /// The alphabet a TP-DCS octet tells. Compressed and reserved codings count as data.
    #[must_use]
    pub const fn from_dcs(dcs: u8) -> Self {
        match (dcs >> 4, dcs & 0x0F) {
            (0x0..=0x1 | 0x4..=0x5, low) => match low & 0x0C {
                0x00 => Self::Gsm7,
                0x08 => Self::Ucs2,
                _ => Self::Data,
            },
            (0xC | 0xD, _) => Self::Gsm7,
            (0xE, _) => Self::Ucs2,
            (0xF, low) => {
                if low & 0x04 == 0 {
                    Self::Gsm7
                } else {
                    Self::Data
                }
            }
            _ => Self::Data,
        }
    }

    pub(super) const fn dcs(self) -> u8 {
        match self {
            Self::Gsm7 => 0x00,
            Self::Data => 0x04,
            Self::Ucs2 => 0x08,
        }
    }
}

/// Which part of a longer message this is (sections 9.2.3.24.1 and 9.2.3.24.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concatenation {
    /// The same in all parts.
    pub reference: u16,
    /// How many parts there are, at least 1.
    pub total: u8,
    /// Which one this is, from 1.
    pub sequence: u8,
}

/// The characters of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Septets, not packed, at most 160.
    Gsm7(Vec<u8>),
    /// Octets, at most 140.
    Data(Vec<u8>),
    /// UTF-16 units, at most 70.
    Ucs2(Vec<u16>),
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its characters.
    pub body: Body,
    /// Its place in a longer message.
    pub concatenation: Option<Concatenation>,
}

impl Part {
    /// Its text; octets of data read as Latin-1.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.body {
            Body::Gsm7(septets) => decode_gsm7(septets),
            Body::Data(octets) => octets.iter().map(|octet| char::from(*octet)).collect(),
            Body::Ucs2(units) => String::from_utf16_lossy(units),
        }
    }

    /// Its alphabet.
    #[must_use]
    pub const fn alphabet(&self) -> Alphabet {
        match &self.body {
            Body::Gsm7(_) => Alphabet::Gsm7,
            Body::Data(_) => Alphabet::Data,
            Body::Ucs2(_) => Alphabet::Ucs2,
        }
    }

    /// TP-UDL and TP-UD.
    pub(super) fn encode(&self) -> Vec<u8> {
        let header = self.header();
        let (length, content) = match &self.body {
            Body::Gsm7(septets) => {
                let header_septets = (header.len() * 8).div_ceil(7);
                (header_septets + septets.len(), pack(septets, fill_bits(header.len())))
            }
            Body::Data(octets) => (header.len() + octets.len(), octets.clone()),
            Body::Ucs2(units) => {
                let octets: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
                (header.len() + octets.len(), octets)
            }
        };
        let mut encoded = vec![u8::try_from(length).unwrap_or(u8::MAX)];
        encoded.extend(header);
        encoded.extend(content);
        encoded
    }

    /// The user data header with its length octet; empty for a message in one part.
    fn header(&self) -> Vec<u8> {
        let Some(Concatenation { reference, total, sequence }) = self.concatenation else {
            return Vec::new();
        };
        let [high, low] = reference.to_be_bytes();
        if high == 0 {
            vec![5, 0x00, 3, low, total, sequence]
        } else {
            vec![6, 0x08, 4, high, low, total, sequence]
        }
    }

    /// Reads TP-UDL and TP-UD. User data shorter than its length tells is taken as it is, since a
    /// message half read is better than none.
    pub(super) fn decode(
        octets: &mut Octets<'_>,
        alphabet: Alphabet,
        has_header: bool,
    ) -> Result<Self, DecodeError> {
        let length = usize::from(octets.one()?);
        let data = octets.rest();
        let (header, content) = if has_header {
            let header_length = usize::from(*data.first().ok_or(DecodeError::TooShort)?) + 1;
            data.split_at_checked(header_length).ok_or(DecodeError::TooShort)?
        } else {
            (&[][..], data)
        };
        let body = match alphabet {
            Alphabet::Gsm7 => {
                let count = length.saturating_sub((header.len() * 8).div_ceil(7));
                Body::Gsm7(unpack(content, fill_bits(header.len()), count))
            }
            Alphabet::Data | Alphabet::Ucs2 => {
                let count = length.saturating_sub(header.len());
                let content = content.get(..count).unwrap_or(content);
                if alphabet == Alphabet::Data {
                    Body::Data(content.to_vec())
                } else {
                    let (units, _odd) = content.as_chunks::<2>();
                    Body::Ucs2(units.iter().map(|unit| u16::from_be_bytes(*unit)).collect())
                }
            }
        };
        Ok(Self { body, concatenation: concatenation(header) })
    }
}

/// Bits between the header and the first septet.
fn fill_bits(header_octets: usize) -> u8 {
    let odd = (header_octets * 8) % 7;
    if odd == 0 { 0 } else { u8::try_from(7 - odd).unwrap_or(0) }
}

/// Finds the concatenation among the information elements of a header.
fn concatenation(header: &[u8]) -> Option<Concatenation> {
    let mut elements = Octets::new(header.get(1..)?);
    while let (Ok(identifier), Ok(length)) = (elements.one(), elements.one()) {
        let value = elements.take(usize::from(length)).ok()?;
        let (reference, total, sequence) = match (identifier, value) {
            (0x00, [reference, total, sequence]) => (u16::from(*reference), *total, *sequence),
            (0x08, [high, low, total, sequence]) => {
                (u16::from_be_bytes([*high, *low]), *total, *sequence)
            }
            _ => continue,
        };
        // Section 9.2.3.24.1: otherwise the element is ignored.
        if (1..=total).contains(&sequence) {
            return Some(Concatenation { reference, total, sequence });
        }
    }
    None
}
