//! Addresses: numbers and names (3GPP TS 23.040 section 9.1.2.5).

use std::fmt;

use super::octets::{DecodeError, Octets};
use crate::config::PhoneNumber;
use crate::modem::charset::{decode_gsm7, encode_gsm7, pack, unpack};

/// Type-of-address: international number, ISDN numbering plan.
const INTERNATIONAL: u8 = 0x91;
/// Type-of-address: unknown number, ISDN numbering plan; the network knows what it is.
const UNKNOWN: u8 = 0x81;
/// Type-of-address: a name in the default alphabet.
const ALPHANUMERIC: u8 = 0xD0;

/// Semi-octets from 10 up, as address digits.
const MORE_DIGITS: [char; 5] = ['*', '#', 'a', 'b', 'c'];

/// Who sent or is to get a message: `+34600000001`, `600000001`, `22000`, `VODAFONE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// An address as people write it.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// As people write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fields Address-Length (in semi-octets), Type-of-Address and Address-Value.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, digits) = match self.0.strip_prefix('+') {
            Some(digits) => (INTERNATIONAL, digits),
            None => (UNKNOWN, self.0.as_str()),
        };
        let nibbles: Option<Vec<u8>> = digits.chars().take(20).map(nibble).collect();
        let Some(nibbles) = nibbles else {
            let mut septets = encode_gsm7(&self.0).unwrap_or_default();
            septets.truncate(11);
            let semi_octets = (septets.len() * 7).div_ceil(4);
            let mut octets = vec![small(semi_octets), ALPHANUMERIC];
            octets.extend(pack(&septets, 0));
            return octets;
        };
        let mut octets = vec![small(nibbles.len()), kind];
        octets.extend(swapped(&nibbles));
        octets
    }

    /// Reads the same fields.
    pub(super) fn decode(octets: &mut Octets<'_>) -> Result<Self, DecodeError> {
        let semi_octets = usize::from(octets.one()?);
        let kind = octets.one()?;
        let value = octets.take(semi_octets.div_ceil(2))?;
        if kind & 0x70 == ALPHANUMERIC & 0x70 {
            return Ok(Self(decode_gsm7(&unpack(value, 0, semi_octets * 4 / 7))));
        }
        Ok(Self(number(kind, value, semi_octets)))
    }

    /// Reads a service centre address, whose length counts octets and its type (section 8.2.5.1
    /// of 24.011); `None` when the length is 0.
    pub(super) fn decode_service_centre(
        octets: &mut Octets<'_>,
    ) -> Result<Option<Self>, DecodeError> {
        let length = usize::from(octets.one()?);
        let mut field = Octets::new(octets.take(length)?);
        if length == 0 {
            return Ok(None);
        }
        let kind = field.one()?;
        let value = field.rest();
        Ok(Some(Self(number(kind, value, value.len() * 2))))
    }

    /// Writes the same field.
    pub(super) fn encode_service_centre(&self) -> Vec<u8> {
        let address = self.encode();
        let mut octets = vec![small(address.len().saturating_sub(1))];
        octets.extend(address.into_iter().skip(1));
        octets
    }
}

impl From<&PhoneNumber> for Address {
    fn from(number: &PhoneNumber) -> Self {
        Self(number.as_str().to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

fn small(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn nibble(c: char) -> Option<u8> {
    let digit = c.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
    let more = || {
        let at = MORE_DIGITS.iter().position(|known| *known == c)?;
        u8::try_from(at + 10).ok()
    };
    digit.or_else(more)
}

/// Two digits to an octet, the first in its low half; an odd number is filled up with 1111.
fn swapped(nibbles: &[u8]) -> Vec<u8> {
    nibbles
        .chunks(2)
        .map(|pair| match pair {
            [low, high] => high << 4 | low,
            [low, ..] => 0xF0 | low,
            [] => 0xFF,
        })
        .collect()
}

fn number(kind: u8, value: &[u8], semi_octets: usize) -> String {
    let nibbles = value.iter().flat_map(|octet| [octet & 0xF, octet >> 4]);
    let digits = nibbles.take(semi_octets).filter_map(|nibble| match nibble {
        0..=9 => char::from_digit(u32::from(nibble), 10),
        _ => MORE_DIGITS.get(usize::from(nibble) - 10).copied(),
    });
    let plus = if kind & 0x70 == INTERNATIONAL & 0x70 { "+" } else { "" };
    plus.chars().chain(digits).collect()
}
