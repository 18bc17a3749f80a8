//! Passwords, hashed with argon2id (RFC 9106).

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Shortest password, in characters.
const SHORTEST: usize = 10;

/// Longest password, in bytes: more is no more secure and only costs time.
const LONGEST: usize = 256;

/// 12 MiB and three passes: what OWASP gives for the least memory, as the smallest board has 512 MB.
const MEMORY_KIB: u32 = 12 * 1024;
const PASSES: u32 = 3;

/// Octets of a salt, and of a hash.
const SALT: usize = 16;
const KEY: usize = 32;

/// How long somebody may queue for a try, counted in tries.
const MOST_WAITING: usize = 16;

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("expected a password of at least {SHORTEST} characters")]
    Short,
    /// It is too long.
    #[error("expected a password of at most {LONGEST} bytes")]
    Long,
    /// It is the name or a word everybody tries.
    #[error("this password is one of the first that are tried")]
    Common,
    /// The machine cannot.
    #[error("the password cannot be hashed")]
    Failed,
    /// Too many want it at the same time.
    #[error("too many logins at the same time")]
    Busy,
}

/// What is tried first, of those that are long enough.
const COMMON: [&str; 12] = [
    "1234567890",
    "0123456789",
    "qwertyuiop",
    "password123",
    "password1234",
    "administrator",
    "smtp-appliance",
    "smtpappliance",
    "contraseña",
    "contrasena",
    "adminadmin",
    "passwordpassword",
];

/// Whether a password may be used for this name.
///
/// # Errors
/// [`PasswordError`] says why not.
pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    let lower = password.to_lowercase();
    if password.len() > LONGEST {
        Err(PasswordError::Long)
    } else if password.chars().count() < SHORTEST {
        Err(PasswordError::Short)
    } else if COMMON.contains(&lower.as_str()) || lower == name || is_one_letter(&lower) {
        Err(PasswordError::Common)
    } else {
        Ok(())
    }
}

fn is_one_letter(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| letters.all(|other| other == first))
}

/// Hashes and compares, one at a time: each takes memory and a while.
#[derive(Debug, Clone)]
pub struct Passwords {
    turn: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let waiting = Arc::new(Semaphore::new(MOST_WAITING));
        Self { turn: Arc::new(Semaphore::new(1)), waiting }
    }
}

impl Passwords {
    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// If too many wait, or the machine has no memory or random numbers.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.run(move || hash(&password)).await?
    }

    /// Whether a password is the one that was hashed. Without a hash it takes as long, so that
    /// nobody learns which names there are.
    ///
    /// # Errors
    /// If too many wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.run(move || verify(&password, hash.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _turn = self.turn.acquire().await.map_err(|_| PasswordError::Failed)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)
    }
}

/// The hash of a password, as a PHC string.
///
/// # Errors
/// [`PasswordError::Failed`] if the machine has no memory or random numbers.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; SALT];
    SystemRandom::new().fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let cost = Cost { memory: MEMORY_KIB, passes: PASSES, lanes: 1 };
    let key = derive(password, &salt, cost).ok_or(PasswordError::Failed)?;
    let (salt, key) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(key));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${key}"))
}

fn verify(password: &str, hash: Option<&str>) -> bool {
    let Some((cost, salt, known)) = hash.and_then(parse) else {
        drop(self::hash(password));
        return false;
    };
    let key = derive(password, &salt, cost);
    // What is compared are hashes of hashes, so that the time tells nothing.
    key.is_some_and(|key| Sha256::digest(key) == Sha256::digest(known))
}

/// What one try costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

fn derive(password: &str, salt: &[u8], cost: Cost) -> Option<[u8; KEY]> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(KEY)).ok()?;
    let mut memory = vec![Block::default(); params.block_count()];
    let mut key = [0; KEY];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let password = password.as_bytes();
    argon2.hash_password_into_with_memory(password, salt, &mut key, &mut memory).ok()?;
    Some(key)
}

/// A PHC string says its own cost, so an older hash is compared as it was made; one that would cost
/// more than the machine has is none.
fn parse(phc: &str) -> Option<(Cost, Vec<u8>, Vec<u8>)> {
    let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, key) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',').zip(["m=", "t=", "p="]);
    let mut next = || {
        let (cost, name) = costs.next()?;
        cost.strip_prefix(name)?.parse::<u32>().ok()
    };
    let cost = Cost { memory: next()?, passes: next()?, lanes: next()? };
    let bounded = cost.memory <= 4 * MEMORY_KIB && cost.passes <= 10 && cost.lanes <= 4;
    let decoded = |text| STANDARD_NO_PAD.decode(text).ok();
    bounded.then_some(())?;
    Some((cost, decoded(salt)?, decoded(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_only() {
        let hash = hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{hash}");
        assert!(verify("correct horse battery", Some(&hash)));
        assert!(!verify("Correct horse battery", Some(&hash)));
        assert!(!verify("correct horse battery", None));
        for wrong in ["not a hash", "$argon2id$v=19$m=9999999,t=3,p=1$AAAA$AAAA", "$argon2id$v=19$"]
        {
            assert!(!verify("x", Some(wrong)), "{wrong}");
        }
    }

    #[test]
    fn it_is_the_argon2id_of_others() {
        // Made by argon2-cffi (the reference implementation): salt "somesalt16bytes!".
        let hash = "$argon2id$v=19$m=12288,t=3,p=1$c29tZXNhbHQxNmJ5dGVzIQ$RpSSN4lCKO9SNulwBbLokjdcR78Ol7KP55MGD9XmnKY";
        assert!(verify("correct horse battery", Some(hash)) && !verify("x", Some(hash)));
    }

    #[test]
    fn bad_passwords_are_refused() {
        let long = "x".repeat(257);
        for (password, error) in [
            ("short", PasswordError::Short),
            (long.as_str(), PasswordError::Long),
            ("Password123", PasswordError::Common),
            ("aaaaaaaaaaaa", PasswordError::Common),
            ("anastasia-m", PasswordError::Common),
        ] {
            assert_eq!(check(password, "anastasia-m"), Err(error), "{password}");
        }
        for right in ["correct horse", "ñandúñandú", "hunter2hunter3"] {
            assert_eq!(check(right, "ana"), Ok(()), "{right}");
        }
    }
}
