//! Reading octets that may be anything.

/// Why octets are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not pairs of hexadecimal digits.
    #[error("not hexadecimal")]
    NotHex,
    /// It ends too early.
    #[error("too short")]
    TooShort,
    /// Longer than any message.
    #[error("too long")]
    TooLong,
    /// A message type that is not expected from this side.
    #[error("unexpected message type {0}")]
    MessageType(u8),
    /// A field has a value that means nothing.
    #[error("invalid {0}")]
    Field(&'static str),
}

/// Most octets of a PDU with its service centre address: 12 + 164 (TS 23.040 section 9.2.2.2),
/// with some room for odd networks.
const MAX_OCTETS: usize = 256;

/// Octets from hexadecimal digits.
///
/// # Errors
/// If they are not pairs of digits, or more than a message can have.
pub fn from_hex(text: &str) -> Result<Vec<u8>, DecodeError> {
    let digits = text.trim().as_bytes();
    if digits.len() > 2 * MAX_OCTETS {
        return Err(DecodeError::TooLong);
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(DecodeError::NotHex);
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let octet = |pair: &[u8; 2]| Some(nibble(pair[0])? << 4 | nibble(pair[1])?);
    pairs.iter().map(octet).collect::<Option<_>>().ok_or(DecodeError::NotHex)
}

/// Hexadecimal digits, in capitals.
#[must_use]
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().flat_map(|octet| [octet >> 4, octet & 0xF]).map(hex_digit).collect()
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

/// Reads from the front.
pub(super) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn one(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError::TooShort)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (front, rest) = self.0.split_at_checked(count).ok_or(DecodeError::TooShort)?;
        self.0 = rest;
        Ok(front)
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }
}
