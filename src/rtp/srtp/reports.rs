//! SRTCP: the reports (RFC 3711 section 3.4).

use super::keys::{Cipher, Kind};
use super::replay::Replay;
use super::{MAX_SOURCES, MasterKey, SrtpError};

/// Octets that stay clear: the first header and the SSRC of who reports.
const CLEAR: usize = 8;
/// Octets of the index, which follows the packet.
const TRAILER: usize = 4;
/// The bit of the trailer that says the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// Seals what is sent.
pub struct ReportSealer {
    cipher: Cipher,
    /// Of the last packet; 31 bits.
    index: u32,
}

impl ReportSealer {
    /// Seals with a key, after what was sealed with the keys before: 0 at first. `None` is never
    /// returned for a key of the right length.
    #[must_use]
    pub fn new(key: &MasterKey, index: u32) -> Option<Self> {
        Some(Self { cipher: Cipher::new(key, Kind::Reports)?, index })
    }

    /// How many packets were sealed.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Encrypts a compound packet, and adds its index and its signature.
    ///
    /// # Errors
    /// If it is no packet, or the key is used up.
    pub fn seal(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = ssrc(packet)?;
        if self.index + 1 >= ENCRYPTED {
            return Err(SrtpError::UsedUp);
        }
        self.index += 1;
        let body = packet.get_mut(CLEAR..).unwrap_or_default();
        self.cipher.apply(ssrc, u64::from(self.index), body);
        packet.extend((self.index | ENCRYPTED).to_be_bytes());
        let signature = self.cipher.sign(packet, &[]);
        packet.extend(signature.iter().take(self.cipher.tag));
        Ok(())
    }
}

/// Opens what is received, once each.
pub struct ReportOpener {
    cipher: Cipher,
    sources: Vec<(u32, Replay)>,
}

impl ReportOpener {
    /// Opens with a key; `None` is never returned for a key of the right length.
    #[must_use]
    pub fn new(key: &MasterKey) -> Option<Self> {
        Some(Self { cipher: Cipher::new(key, Kind::Reports)?, sources: Vec::new() })
    }

    /// Checks a packet's signature, takes index and signature away, and decrypts the packet.
    /// Nothing is remembered of one that is refused.
    ///
    /// # Errors
    /// If it is not genuine, not encrypted, came before, or is no packet.
    pub fn open(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = ssrc(packet)?;
        let signed = packet.len().checked_sub(self.cipher.tag).ok_or(SrtpError::Malformed)?;
        let (clear, tag) = packet.split_at_checked(signed).ok_or(SrtpError::Malformed)?;
        let (body, trailer) = clear.split_last_chunk::<TRAILER>().ok_or(SrtpError::Malformed)?;
        let end = body.len();
        if end < CLEAR {
            return Err(SrtpError::Malformed);
        }
        let trailer = u32::from_be_bytes(*trailer);
        let index = u64::from(trailer & !ENCRYPTED);
        let place = self.sources.iter().position(|(known, _)| *known == ssrc);
        let known = place.and_then(|place| self.sources.get(place));
        if known.is_some_and(|(_, replay)| !replay.allows(index)) {
            return Err(SrtpError::Replayed);
        }
        if !self.cipher.verifies(clear, &[], tag) {
            return Err(SrtpError::Forged);
        }
        let full = self.sources.len() >= MAX_SOURCES;
        match place.and_then(|place| self.sources.get_mut(place)) {
            Some((_, replay)) => replay.mark(index),
            None if full => return Err(SrtpError::TooManySources),
            None => {
                let mut replay = Replay::default();
                replay.mark(index);
                self.sources.push((ssrc, replay));
            }
        }
        if trailer & ENCRYPTED == 0 {
            // It would be said in SDP (UNENCRYPTED_SRTCP), and we do not agree to it.
            return Err(SrtpError::Clear);
        }
        packet.truncate(end);
        self.cipher.apply(ssrc, index, packet.get_mut(CLEAR..).unwrap_or_default());
        Ok(())
    }
}

/// Who sends it.
fn ssrc(packet: &[u8]) -> Result<u32, SrtpError> {
    let first = packet.first_chunk::<CLEAR>().ok_or(SrtpError::Malformed)?;
    let [version, _, _, _, s1, s2, s3, s4] = *first;
    let ours = version >> 6 == 2;
    ours.then(|| u32::from_be_bytes([s1, s2, s3, s4])).ok_or(SrtpError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::super::keys::tests::{hex, master};
    use super::super::{MASTER, Suite};
    use super::*;

    fn clear() -> Vec<u8> {
        hex("81c8000bcafebabe abababababababababababababababab")
    }

    #[test]
    fn a_report_is_sealed_as_libsrtp_does() {
        let secret = hex("81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001
                          993e08cd54d6c1230798");
        let mut sealer = ReportSealer::new(&master(Suite::Aes80), 0).unwrap();
        let mut opener = ReportOpener::new(&master(Suite::Aes80)).unwrap();
        let mut packet = clear();
        sealer.seal(&mut packet).unwrap();
        assert_eq!(packet, secret);
        opener.open(&mut packet).unwrap();
        assert_eq!(packet, clear());
        assert_eq!(opener.open(&mut secret.clone()), Err(SrtpError::Replayed));
    }

    #[test]
    fn every_change_is_seen() {
        for suite in [Suite::Aes80, Suite::Aes32] {
            let mut sealer = ReportSealer::new(&master(suite), 0).unwrap();
            let mut opener = ReportOpener::new(&master(suite)).unwrap();
            let mut secret = clear();
            sealer.seal(&mut secret).unwrap();
            for place in 0..secret.len() {
                let mut changed = secret.clone();
                changed[place] ^= 0x80;
                assert!(opener.open(&mut changed).is_err(), "octet {place}");
            }
            for length in 0..secret.len() {
                assert!(opener.open(&mut secret[..length].to_vec()).is_err(), "{length} octets");
            }
            let key = MasterKey { suite, key: [1; MASTER] };
            let mut other = ReportOpener::new(&key).unwrap();
            assert_eq!(other.open(&mut secret.clone()), Err(SrtpError::Forged));
            assert_eq!(opener.open(&mut secret), Ok(()));
        }
    }

    #[test]
    fn one_that_is_only_signed_is_refused() {
        let cipher = Cipher::new(&master(Suite::Aes80), Kind::Reports).unwrap();
        let mut packet = clear();
        packet.extend(5_u32.to_be_bytes());
        let tag = cipher.sign(&packet, &[]);
        packet.extend(&tag[..10]);
        let mut opener = ReportOpener::new(&master(Suite::Aes80)).unwrap();
        assert_eq!(opener.open(&mut packet), Err(SrtpError::Clear));
    }

    #[test]
    fn a_key_is_used_up_one_day() {
        let mut sealer = ReportSealer::new(&master(Suite::Aes80), ENCRYPTED - 2).unwrap();
        assert_eq!(sealer.seal(&mut clear()), Ok(()));
        assert_eq!(sealer.seal(&mut clear()), Err(SrtpError::UsedUp));
    }
}
