//! Passwords, hashed with argon2id (RFC 9106).

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::Semaphore;

/// Shortest password, in characters.
const SHORTEST: usize = 10;

/// Longest password, in bytes: more is no more secure and only costs time.
const LONGEST: usize = 256;

/// 12 MiB and three passes: what OWASP gives for the least memory, as the smallest board has 512 MB.
const MEMORY_KIB: u32 = 12 * 1024;
const PASSES: u32 = 3;

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

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password, as a PHC string.
///
/// # Errors
/// [`PasswordError::Failed`] if the machine has no memory or random numbers.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let argon2 = argon2().ok_or(PasswordError::Failed)?;
    let hash = argon2.hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| PasswordError::Failed)?.to_string())
}

fn verify(password: &str, hash: Option<&str>) -> bool {
    let bytes = password.as_bytes().get(..LONGEST).unwrap_or(password.as_bytes());
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let (Some(parsed), Some(argon2)) = (parsed, argon2()) else {
        drop(self::hash(password));
        return false;
    };
    // The PHC string says its own cost, so an older hash is compared as it was made.
    argon2.verify_password(bytes, &parsed).is_ok()
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
        assert!(!verify("x", Some("not a hash")));
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
