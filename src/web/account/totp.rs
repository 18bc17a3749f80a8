//! The second factor: one-time passwords by time (RFC 6238), as the telephone's programs make them.

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// Seconds for which a code is good.
const STEP: u64 = 30;

/// Steps before and after now whose codes are taken: clocks differ.
const SKEW: u64 = 1;

/// Octets of a secret, as RFC 4226 section 4 wants for SHA-1.
const SECRET: usize = 20;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What telephone and appliance share, in base32.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TotpSecret(String);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

impl TotpSecret {
    /// A new one; nothing if the system has no random numbers.
    #[must_use]
    pub fn make() -> Option<Self> {
        let mut bytes = [0; SECRET];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(base32(&bytes)))
    }

    /// Reads one back that was shown to its owner.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.bytes().all(|c| BASE32.contains(&c)) && (16..=64).contains(&text.len());
        right.then(|| Self(text.to_owned()))
    }

    /// The text that its owner may type into the telephone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the telephone reads from the picture.
    #[must_use]
    pub fn uri(&self, user: &str, appliance: &str) -> String {
        let secret = &self.0;
        format!("otpauth://totp/{appliance}:{user}?secret={secret}&issuer={appliance}")
    }
}

/// Checks codes; each is taken once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totp {
    /// The newest step whose code was taken.
    used: u64,
}

impl Totp {
    /// Whether a code is right at `now` (seconds since 1970) and new.
    pub fn accept(&mut self, secret: &TotpSecret, code: &str, now: u64) -> bool {
        let step = now / STEP;
        let key = unbase32(&secret.0);
        for step in step.saturating_sub(SKEW)..=step.saturating_add(SKEW) {
            let same = code_at(&key, step).is_some_and(|right| right == code.trim());
            if same && step > self.used {
                self.used = step;
                return true;
            }
        }
        false
    }
}

/// HOTP (RFC 4226 section 5.3) of one step, six digits.
fn code_at(key: &[u8], step: u64) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last()? & 0x0f);
    let four: [u8; 4] = tag.get(offset..offset + 4)?.try_into().ok()?;
    Some(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        for (place, byte) in block.iter_mut().skip(3).zip(chunk) {
            *place = *byte;
        }
        let bits = u64::from_be_bytes(block);
        for index in 0..(chunk.len() * 8).div_ceil(5) {
            let five = (bits >> (35 - 5 * index)) & 31;
            let letter = usize::try_from(five).ok().and_then(|five| BASE32.get(five));
            text.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    text
}

fn unbase32(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes() {
        let Some(value) = BASE32.iter().position(|known| *known == letter) else { continue };
        bits = (bits << 5) | u32::try_from(value).unwrap_or(0);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_be_bytes()[3]);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238 appendix B: "12345678901234567890".
    fn secret() -> TotpSecret {
        TotpSecret(base32(b"12345678901234567890"))
    }

    #[test]
    fn codes_of_the_rfc() {
        // Appendix B has eight digits; the last six are the same.
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert!(Totp::default().accept(&secret(), code, time), "{time}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_soon() {
        let mut totp = Totp::default();
        assert!(totp.accept(&secret(), " 287082 ", 59));
        assert!(!totp.accept(&secret(), "287082", 59));
        assert!(Totp::default().accept(&secret(), "287082", 59 + 30));
        assert!(!Totp::default().accept(&secret(), "287082", 59 + 61));
        for wrong in ["", "287083", "2870820", "abcdef"] {
            assert!(!Totp::default().accept(&secret(), wrong, 59), "{wrong}");
        }
    }

    #[test]
    fn base32_of_the_rfc() {
        // RFC 4648 section 10, without padding.
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(unbase32(text), bytes.as_bytes());
        }
        let made = TotpSecret::make().unwrap();
        assert_eq!(TotpSecret::parse(made.reveal()), Some(made.clone()));
        assert_eq!(format!("{made:?}"), "***");
        assert!(TotpSecret::parse("MZXW6<script>AAA").is_none());
    }
}
