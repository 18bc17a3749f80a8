//! Branches, tags, Call-IDs and cnonces: nobody may guess them (RFC 3261 section 19.3).

use sha2::{Digest, Sha256};

use super::message::MAGIC_COOKIE;

/// Makes them of a secret and a count, so that the machines need no source of chance and tests can
/// be repeated.
pub(crate) struct Tokens {
    secret: [u8; 32],
    count: u64,
}

impl Tokens {
    pub(crate) const fn new(secret: [u8; 32]) -> Self {
        Self { secret, count: 0 }
    }

    /// 80 bits in hexadecimal.
    pub(crate) fn token(&mut self) -> String {
        hex(&self.next())
    }

    /// A token that is always the same for the same text.
    pub(crate) fn of(&self, text: &str) -> String {
        let hash = Sha256::new().chain_update(self.secret).chain_update(text);
        hex(&hash.finalize().into())
    }

    pub(crate) fn branch(&mut self) -> String {
        format!("{MAGIC_COOKIE}{}", self.token())
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.next().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Evenly between 0 and 1, for waits that must not fall together.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.number() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    fn next(&mut self) -> [u8; 32] {
        self.count += 1;
        let hash = Sha256::new().chain_update(self.secret).chain_update(self.count.to_be_bytes());
        hash.finalize().into()
    }
}

/// 80 bits of it.
fn hex(hash: &[u8; 32]) -> String {
    let number = hash.iter().take(10).fold(0u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:020x}")
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Tokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_a_share_is_one() {
        let mut tokens = Tokens::new([7; 32]);
        let all: std::collections::HashSet<_> = (0..1000).map(|_| tokens.token()).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|token| token.len() == 20));
        assert!((0..1000).map(|_| tokens.share()).all(|share| (0.0..=1.0).contains(&share)));
        assert!(tokens.branch().starts_with("z9hG4bK"));
        assert_ne!(Tokens::new([8; 32]).token(), Tokens::new([7; 32]).token());
    }
}
