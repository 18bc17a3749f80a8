//! Keys in the SDP (SDES, RFC 4568): `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…`.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::KeyFault;

/// Bytes of key and salt together, for both suites.
const KEY_BYTES: usize = 30;

/// Written without padding, which 30 bytes do not need, and read with any.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How packets are encrypted and proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: AES-128, 80 bits of proof.
    Aes80,
    /// `AES_CM_128_HMAC_SHA1_32`: AES-128, 32 bits of proof.
    Aes32,
}

impl Suite {
    /// Its name in `a=crypto`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aes80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }
}

/// A key of one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct CryptoKey {
    /// Its number; the answer to it has the same.
    pub tag: u32,
    /// What it is for.
    pub suite: Suite,
    /// 16 bytes of key and 14 of salt.
    pub key: [u8; KEY_BYTES],
}

impl fmt::Debug for CryptoKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} ***", self.tag, self.suite.as_str())
    }
}

impl CryptoKey {
    /// The value of `a=crypto`.
    pub(super) fn line(&self) -> String {
        format!("{} {} inline:{}", self.tag, self.suite.as_str(), BASE64.encode(self.key))
    }

    /// Reads the value of `a=crypto`.
    pub(super) fn read(line: &str) -> Result<Self, KeyFault> {
        let mut words = line.split_whitespace();
        let tag = words.next().and_then(|tag| tag.parse().ok()).ok_or(KeyFault::Line)?;
        let name = words.next().ok_or(KeyFault::Line)?;
        let suites = [Suite::Aes80, Suite::Aes32];
        let suite = suites.into_iter().find(|suite| name.eq_ignore_ascii_case(suite.as_str()));
        let suite = suite.ok_or(KeyFault::Suite)?;
        let key = key(words.next().ok_or(KeyFault::Line)?)?;
        // The size of the window (`WSH`) concerns the sender of the line alone, and what begins
        // with a minus may be ignored (RFC 4568 section 6.3).
        let ignored = |word: &str| word.starts_with('-') || word.to_uppercase().starts_with("WSH=");
        if words.all(ignored) { Ok(Self { tag, suite, key }) } else { Err(KeyFault::Parameter) }
    }
}

/// Reads `inline:key`, `inline:key|lifetime`. The lifetime, 2^48 packets at most, is longer than
/// any call; an index (MKI) would stand in every packet.
fn key(word: &str) -> Result<[u8; KEY_BYTES], KeyFault> {
    let inline = word.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("inline:"));
    let value = word.get(7..).filter(|_| inline).ok_or(KeyFault::Line)?;
    let mut parts = value.split('|');
    let key = parts.next().unwrap_or_default();
    if value.contains(';') || parts.any(|part| part.contains(':')) {
        return Err(KeyFault::Mki);
    }
    let bytes = BASE64.decode(key).map_err(|_| KeyFault::Length)?;
    bytes.try_into().map_err(|_| KeyFault::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_refused() {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
        let aes80 = "AES_CM_128_HMAC_SHA1_80";
        let rows = [
            (format!("1 {aes80} inline:{key}"), Ok(Suite::Aes80)),
            (format!("1  {aes80}  inline:{key}|2^20 "), Ok(Suite::Aes80)),
            (format!("1 aes_cm_128_hmac_sha1_32 INLINE:{key}|1048576"), Ok(Suite::Aes32)),
            (format!("1 {aes80} inline:{key} WSH=64 -x=1"), Ok(Suite::Aes80)),
            (format!("1 {aes80} inline:{key}|1:4"), Err(KeyFault::Mki)),
            (format!("1 {aes80} inline:{key}|2^20|1:4"), Err(KeyFault::Mki)),
            (format!("1 {aes80} inline:{key}|2^20|1:4;inline:{key}|2^20|2:4"), Err(KeyFault::Mki)),
            (format!("1 {aes80} inline:{key} UNENCRYPTED_SRTP"), Err(KeyFault::Parameter)),
            (format!("1 {aes80} inline:{key} KDR=4"), Err(KeyFault::Parameter)),
            (format!("1 AES_256_CM_HMAC_SHA1_80 inline:{key}"), Err(KeyFault::Suite)),
            (format!("1 {aes80} inline:{}", &key[4..]), Err(KeyFault::Length)),
            (format!("1 {aes80} inline:{key}AAAA"), Err(KeyFault::Length)),
            (format!("1 {aes80} inline:é"), Err(KeyFault::Length)),
            (format!("1 {aes80} {key}"), Err(KeyFault::Line)),
            (format!("{aes80} inline:{key}"), Err(KeyFault::Line)),
            (String::new(), Err(KeyFault::Line)),
        ];
        for (line, expected) in rows {
            let found = CryptoKey::read(&line);
            assert_eq!(
                found.as_ref().map(|found| found.suite).map_err(|fault| *fault),
                expected,
                "{line}"
            );
            if let Ok(found) = found {
                assert_eq!(found.key.to_vec(), (0..30).collect::<Vec<u8>>());
                assert_eq!(CryptoKey::read(&found.line()), Ok(found.clone()));
                assert_eq!(format!("{found:?}"), format!("1 {} ***", found.suite.as_str()));
            }
        }
    }
}
