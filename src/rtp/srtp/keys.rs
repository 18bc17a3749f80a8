//! From the key that the signalling agreed on to the keys that are used (RFC 3711 section 4.3).

use std::fmt;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Octets of a master key and its salt, as SDP carries them (RFC 4568 section 6.1).
pub const MASTER: usize = 30;
const KEY: usize = 16;
const SALT: usize = 14;
/// Octets of the key that signs.
const SIGNING: usize = 20;
/// Octets of a signature of 80 bits.
const LONG_TAG: usize = 10;
/// Octets of a signature of 32 bits.
const SHORT_TAG: usize = 4;

/// How packets are encrypted and signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    Aes80,
    /// `AES_CM_128_HMAC_SHA1_32`: sound is signed with 32 bits, reports still with 80.
    Aes32,
}

/// A suite with the key and salt of one direction. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    /// How it is used.
    pub suite: Suite,
    /// 16 octets of key, then 14 of salt.
    pub key: [u8; MASTER],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "MasterKey({:?}, …)", self.suite)
    }
}

/// What a session key is for: the labels of RFC 3711 sections 4.3.1 and 4.3.2.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// RTP.
    Sound = 0,
    /// RTCP.
    Reports = 3,
}

/// The keys of RTP or of RTCP, in one direction.
pub(super) struct Cipher {
    key: [u8; KEY],
    salt: [u8; SALT],
    signing: Hmac<Sha1>,
    /// Octets of a signature.
    pub(super) tag: usize,
}

impl Cipher {
    pub(super) fn new(master: &MasterKey, kind: Kind) -> Option<Self> {
        let (key, salt) = master.key.split_first_chunk::<KEY>()?;
        let salt = salt.first_chunk::<SALT>()?;
        let label = kind as u8;
        let signing: [u8; SIGNING] = derive(*key, *salt, label + 1);
        let tag = match (kind, master.suite) {
            (Kind::Sound, Suite::Aes32) => SHORT_TAG,
            (Kind::Sound, Suite::Aes80) | (Kind::Reports, _) => LONG_TAG,
        };
        Some(Self {
            key: derive(*key, *salt, label),
            salt: derive(*key, *salt, label + 2),
            signing: Hmac::new_from_slice(&signing).ok()?,
            tag,
        })
    }

    /// Encrypts what is clear, and the reverse (RFC 3711 section 4.1.1).
    pub(super) fn apply(&self, ssrc: u32, index: u64, octets: &mut [u8]) {
        // The salt, shifted by 16 bits; the SSRC by 64, the index of 48 bits by 16.
        let mut iv = u128_of(&self.salt) << 16;
        iv ^= u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        keystream(self.key, iv, octets);
    }

    /// The signature of what stands in one or two pieces.
    pub(super) fn sign(&self, packet: &[u8], further: &[u8]) -> [u8; SIGNING] {
        let signing = self.signing.clone().chain_update(packet).chain_update(further);
        signing.finalize().into_bytes().into()
    }

    /// Whether a signature is right; in a time that does not tell how much of it was.
    pub(super) fn verifies(&self, packet: &[u8], further: &[u8], tag: &[u8]) -> bool {
        let signing = self.signing.clone().chain_update(packet).chain_update(further);
        tag.len() == self.tag && signing.verify_truncated_left(tag).is_ok()
    }
}

/// A session key: the keystream of the master key from where the label says. Keys are derived
/// once, as the rate of derivation that SDP can name is not offered.
fn derive<const LENGTH: usize>(key: [u8; KEY], salt: [u8; SALT], label: u8) -> [u8; LENGTH] {
    let mut octets = [0; LENGTH];
    let start = u128_of(&salt) ^ u128::from(label) << 48;
    keystream(key, start << 16, &mut octets);
    octets
}

fn keystream(key: [u8; KEY], iv: u128, octets: &mut [u8]) {
    Ctr128BE::<Aes128>::new(&key.into(), &iv.to_be_bytes().into()).apply_keystream(octets);
}

fn u128_of(octets: &[u8]) -> u128 {
    octets.iter().fold(0, |value, octet| value << 8 | u128::from(*octet))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::rtp) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let octet = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(octet).collect()
    }

    /// The master key and salt of RFC 3711 appendix B.3.
    pub(in crate::rtp) fn master(suite: Suite) -> MasterKey {
        let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        MasterKey { suite, key: key.try_into().unwrap() }
    }

    #[test]
    fn the_keystream_is_that_of_rfc_3711_appendix_b_2() {
        let cipher = Cipher {
            key: hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap(),
            salt: hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap(),
            signing: Hmac::new_from_slice(&[]).unwrap(),
            tag: LONG_TAG,
        };
        let mut octets = vec![0; 0xff02 * 16];
        cipher.apply(0, 0, &mut octets);
        let begin = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
                     41E95B3BB0A2E8DD477901E4FCA894C0";
        assert_eq!(octets[..48], hex(begin));
        let end = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
                   6A2CC3787889374FBEB4C81B17BA6C44";
        assert_eq!(octets[0xfeff * 16..0xff02 * 16], hex(end));
    }

    #[test]
    fn keys_are_derived_as_in_rfc_3711_appendix_b_3() {
        let cipher = Cipher::new(&master(Suite::Aes80), Kind::Sound).unwrap();
        assert_eq!(cipher.key, *hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(cipher.salt, *hex("30CBBC08863D8C85D49DB34A9AE1"));
        let key = master(Suite::Aes80).key;
        let (key, salt) = key.split_first_chunk::<KEY>().unwrap();
        let signing: [u8; 94] = derive(*key, salt.try_into().unwrap(), 1);
        let expected = "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
                        E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
                        6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2";
        assert_eq!(signing, *hex(expected));
    }

    #[test]
    fn only_sound_is_ever_signed_shorter() {
        let table = [
            (Suite::Aes80, Kind::Sound, 10),
            (Suite::Aes80, Kind::Reports, 10),
            (Suite::Aes32, Kind::Sound, 4),
            (Suite::Aes32, Kind::Reports, 10),
        ];
        for (suite, kind, tag) in table {
            assert_eq!(Cipher::new(&master(suite), kind).unwrap().tag, tag);
        }
        assert_eq!(format!("{:?}", master(Suite::Aes32)), "MasterKey(Aes32, …)");
    }
}
