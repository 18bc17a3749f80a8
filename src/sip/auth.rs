//! Proving who we are to whoever asks, in the course of one call or registration (RFC 3261 section
//! 22): a proxy and the exchange, one after the other or both at once.

use super::digest::{self, Credentials};
use super::message::{Challenge, Request, Response};
use super::token::Tokens;
use crate::config::Secret;

/// Most challenges that are answered until something is accepted.
const MAX_ROUNDS: u8 = 6;

/// Why a challenge is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no password.
    #[error("the exchange asks for a password, and none is configured")]
    NoPassword,
    /// The one there is was refused.
    #[error("the exchange refuses user or password")]
    Wrong,
    /// Nothing that is asked for is known.
    #[error("the exchange asks for a kind of login that is not supported")]
    Unsupported,
}

/// One that asks, and how often it was answered.
#[derive(Debug)]
struct Asker {
    challenge: Challenge,
    /// How often this nonce was used.
    count: u32,
    /// It was answered since anything was accepted.
    answered: bool,
}

/// What is known of those who ask.
#[derive(Debug)]
pub(crate) struct Authentication {
    user: String,
    password: Option<Secret>,
    askers: Vec<Asker>,
    rounds: u8,
}

impl Authentication {
    pub(crate) const fn new(user: String, password: Option<Secret>) -> Self {
        Self { user, password, askers: Vec::new(), rounds: 0 }
    }

    /// Learns the challenges of a 401 or 407. Without an error the request is worth sending again.
    pub(crate) fn challenged(&mut self, response: &Response) -> Result<(), AuthError> {
        if self.password.is_none() {
            return Err(AuthError::NoPassword);
        }
        let challenges = response.headers.challenges();
        let challenges = digest::choose(&challenges);
        if challenges.is_empty() {
            return Err(AuthError::Unsupported);
        }
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return Err(AuthError::Wrong);
        }
        for challenge in challenges {
            self.learn(challenge.clone())?;
        }
        Ok(())
    }

    fn learn(&mut self, challenge: Challenge) -> Result<(), AuthError> {
        let same = |one: &Challenge| one.proxy == challenge.proxy && one.realm == challenge.realm;
        let stale = challenge.stale;
        match self.askers.iter_mut().find(|asker| same(&asker.challenge)) {
            // A second refusal without `stale` means the password (RFC 7616 section 3.3).
            Some(asker) if asker.answered && !stale => Err(AuthError::Wrong),
            Some(asker) => {
                *asker = Asker { challenge, count: 0, answered: true };
                Ok(())
            }
            None => {
                self.askers.push(Asker { challenge, count: 0, answered: true });
                Ok(())
            }
        }
    }

    /// A request was accepted: a challenge that comes now is a new one.
    pub(crate) fn accepted(&mut self) {
        self.rounds = 0;
        for asker in &mut self.askers {
            asker.answered = false;
        }
    }

    /// Adds the answers to all challenges so far. Also to requests nobody asked for yet, which saves
    /// their round trip (RFC 3261 section 22.2).
    pub(crate) fn apply(&mut self, request: &mut Request, tokens: &mut Tokens) {
        let Some(password) = &self.password else { return };
        let credentials = Credentials { user: &self.user, password };
        for asker in &mut self.askers {
            asker.count += 1;
            let (cnonce, count) = (tokens.token(), asker.count);
            let answer = digest::answer(&asker.challenge, credentials, request, &cnonce, count);
            if let Some((name, value)) = answer {
                request.headers.push(name, value);
            }
        }
    }
}
