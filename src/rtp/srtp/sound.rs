//! SRTP: the sound (RFC 3711 section 3.3).

use super::keys::{Cipher, Kind};
use super::replay::Replay;
use super::{MAX_SOURCES, MasterKey, SrtpError};
use crate::rtp::packet::Header;

/// Half of the sequence numbers: what is further away lies in another round.
const HALF: u16 = 0x8000;

/// Seals what is sent. Packets are to come in their order.
pub struct Sealer {
    cipher: Cipher,
    ssrc: Option<u32>,
    /// How often the sequence number began anew.
    rounds: u32,
    last: u16,
}

impl Sealer {
    /// Seals with a key; `None` is never returned for a key of the right length.
    #[must_use]
    pub fn new(key: &MasterKey) -> Option<Self> {
        let cipher = Cipher::new(key, Kind::Sound)?;
        Some(Self { cipher, ssrc: None, rounds: 0, last: 0 })
    }

    /// Encrypts a packet and adds its signature.
    ///
    /// # Errors
    /// If it is no packet, or the key is used up.
    pub fn seal(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, length) = Header::read(packet).map_err(|_| SrtpError::Malformed)?;
        if self.ssrc != Some(header.ssrc) {
            (self.ssrc, self.rounds) = (Some(header.ssrc), 0);
        } else if header.sequence < self.last && self.last - header.sequence > HALF {
            self.rounds = self.rounds.checked_add(1).ok_or(SrtpError::UsedUp)?;
        }
        self.last = header.sequence;
        let index = index(self.rounds, header.sequence);
        self.cipher.apply(header.ssrc, index, packet.get_mut(length..).unwrap_or_default());
        let signature = self.cipher.sign(packet, &self.rounds.to_be_bytes());
        packet.extend(signature.iter().take(self.cipher.tag));
        Ok(())
    }
}

/// Opens what is received, once each.
pub struct Opener {
    cipher: Cipher,
    sources: Vec<Source>,
}

/// A sender of packets that proved genuine.
struct Source {
    ssrc: u32,
    rounds: u32,
    /// The highest sequence number of this round.
    highest: u16,
    replay: Replay,
}

impl Opener {
    /// Opens with a key; `None` is never returned for a key of the right length.
    #[must_use]
    pub fn new(key: &MasterKey) -> Option<Self> {
        Some(Self { cipher: Cipher::new(key, Kind::Sound)?, sources: Vec::new() })
    }

    /// Checks a packet's signature, takes it away, and decrypts the packet. Nothing is remembered
    /// of one that is refused.
    ///
    /// # Errors
    /// If it is not genuine, came before, or is no packet.
    pub fn open(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let end = packet.len().checked_sub(self.cipher.tag).ok_or(SrtpError::Malformed)?;
        let (clear, tag) = packet.split_at_checked(end).ok_or(SrtpError::Malformed)?;
        let (header, length) = Header::read(clear).map_err(|_| SrtpError::Malformed)?;
        let place = self.sources.iter().position(|source| source.ssrc == header.ssrc);
        let known = place.and_then(|place| self.sources.get(place));
        let rounds = match known {
            Some(source) => source.rounds_of(header.sequence).ok_or(SrtpError::Replayed)?,
            None => 0,
        };
        let index = index(rounds, header.sequence);
        if known.is_some_and(|source| !source.replay.allows(index)) {
            return Err(SrtpError::Replayed);
        }
        if !self.cipher.verifies(clear, &rounds.to_be_bytes(), tag) {
            return Err(SrtpError::Forged);
        }
        let full = self.sources.len() >= MAX_SOURCES;
        match place.and_then(|place| self.sources.get_mut(place)) {
            Some(source) => source.came(rounds, header.sequence, index),
            None if full => return Err(SrtpError::TooManySources),
            None => {
                let mut replay = Replay::default();
                replay.mark(index);
                let (ssrc, highest) = (header.ssrc, header.sequence);
                self.sources.push(Source { ssrc, rounds, highest, replay });
            }
        }
        packet.truncate(end);
        self.cipher.apply(header.ssrc, index, packet.get_mut(length..).unwrap_or_default());
        Ok(())
    }
}

impl Source {
    /// In which round a sequence number is most likely (RFC 3711 appendix A); `None` if before the
    /// first.
    fn rounds_of(&self, sequence: u16) -> Option<u32> {
        if self.highest < HALF {
            if sequence.saturating_sub(self.highest) > HALF {
                return self.rounds.checked_sub(1);
            }
        } else if self.highest - HALF > sequence {
            return self.rounds.checked_add(1);
        }
        Some(self.rounds)
    }

    fn came(&mut self, rounds: u32, sequence: u16, at: u64) {
        self.replay.mark(at);
        if at > index(self.rounds, self.highest) {
            (self.rounds, self.highest) = (rounds, sequence);
        }
    }
}

fn index(rounds: u32, sequence: u16) -> u64 {
    u64::from(rounds) << 16 | u64::from(sequence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::keys::tests::{hex, master};
    use super::super::{MASTER, Suite};
    use super::*;

    fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
        let timestamp = u32::from(sequence) * 160;
        let header = Header { marker: false, payload: 0, sequence, timestamp, ssrc };
        let mut packet = header.octets().to_vec();
        packet.extend([0xab; 160]);
        packet
    }

    fn pair(suite: Suite) -> (Sealer, Opener) {
        (Sealer::new(&master(suite)).unwrap(), Opener::new(&master(suite)).unwrap())
    }

    #[test]
    fn a_packet_is_sealed_as_libsrtp_does() {
        let clear = hex("800f1234decafbadcafebabe abababababababababababababababab");
        let secret = hex("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402
                          b78d6acc99ea179b8dbb");
        let (mut sealer, mut opener) = pair(Suite::Aes80);
        let mut packet = clear.clone();
        sealer.seal(&mut packet).unwrap();
        assert_eq!(packet, secret);
        opener.open(&mut packet).unwrap();
        assert_eq!(packet, clear);
    }

    #[test]
    fn both_suites_open_what_they_sealed_and_only_once() {
        for (suite, tag) in [(Suite::Aes80, 10), (Suite::Aes32, 4)] {
            let (mut sealer, mut opener) = pair(suite);
            let mut secret = packet(7, 1);
            sealer.seal(&mut secret).unwrap();
            assert_eq!(secret.len(), packet(7, 1).len() + tag);
            for (copy, expected) in [(0, Ok(())), (1, Err(SrtpError::Replayed))] {
                let mut received = secret.clone();
                assert_eq!(opener.open(&mut received), expected, "{copy}");
                assert_eq!(expected.is_ok(), received == packet(7, 1));
            }
        }
    }

    #[test]
    fn every_change_is_seen_and_leaves_no_trace() {
        let (mut sealer, mut opener) = pair(Suite::Aes80);
        let mut secret = packet(7, 1);
        sealer.seal(&mut secret).unwrap();
        for place in 0..secret.len() {
            let mut changed = secret.clone();
            changed[place] ^= 1;
            assert!(opener.open(&mut changed).is_err(), "octet {place}");
        }
        for length in 0..secret.len() {
            assert!(opener.open(&mut secret[..length].to_vec()).is_err(), "{length} octets");
        }
        let other = MasterKey { suite: Suite::Aes80, key: [1; MASTER] };
        let mut other = Opener::new(&other).unwrap();
        assert_eq!(other.open(&mut secret.clone()), Err(SrtpError::Forged));
        assert_eq!(opener.sources.len(), 0);
        assert_eq!(opener.open(&mut secret), Ok(()));
    }

    #[test]
    fn the_rounds_are_followed_over_the_end_of_the_numbers() {
        let (mut sealer, mut opener) = pair(Suite::Aes80);
        let mut secret: Vec<Vec<u8>> = (0..200_u16)
            .map(|count| {
                let mut packet = packet(65_400_u16.wrapping_add(count), 1);
                sealer.seal(&mut packet).unwrap();
                packet
            })
            .collect();
        assert_eq!(sealer.rounds, 1);
        // Out of order across the border, and some are lost.
        secret.swap(135, 137);
        secret.swap(134, 140);
        secret.drain(20..40);
        for packet in &mut secret {
            assert_eq!(opener.open(packet), Ok(()));
        }
        // A number from before the first round was never sent.
        let (mut sealer, mut opener) = pair(Suite::Aes80);
        let mut first = packet(3, 1);
        sealer.seal(&mut first).unwrap();
        opener.open(&mut first).unwrap();
        assert_eq!(opener.open(&mut packet(65_000, 1)), Err(SrtpError::Replayed));
    }

    #[test]
    fn the_number_of_senders_has_a_limit() {
        let (_, mut opener) = pair(Suite::Aes32);
        for ssrc in 0..20 {
            let mut sealer = Sealer::new(&master(Suite::Aes32)).unwrap();
            let mut packet = packet(1, ssrc);
            sealer.seal(&mut packet).unwrap();
            let most = ssrc < u32::try_from(MAX_SOURCES).unwrap();
            assert_eq!(opener.open(&mut packet).is_ok(), most, "{ssrc}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_refused_without_harm(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let (_, mut opener) = pair(Suite::Aes80);
            prop_assert!(opener.open(&mut bytes.clone()).is_err());
        }
    }
}
