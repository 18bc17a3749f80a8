//! Who may do what in the administration: people with passwords, programs with tokens.
//!
//! They are kept in a file of their own in the store (`web/accounts.json`, mode 600) and not in the
//! configuration: their hashes change by logging in and not by an editor, and a configuration is
//! copied, sent and kept in version control.

mod file;
mod lockout;
mod password;
pub(super) mod recovery;
mod role;
mod session;
mod setup;
mod token;
mod totp;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use file::{AccountFile, FileError};
pub use lockout::Lockout;
pub use password::{PasswordError, Passwords, check as check_password, hash as hash_password};
pub use role::{Role, UserName};
pub use session::{Lives, Session, SessionKey, Sessions};
pub use setup::SetupToken;
pub use token::{ApiToken, Scope, digest as token_digest};
pub use totp::{Totp, TotpSecret};

/// Version of the file.
const VERSION: u32 = 1;

/// Most users, and most tokens.
const MOST: usize = 100;

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// What she may do.
    pub role: Role,
    /// Her password as a PHC string of argon2id.
    pub password: String,
    /// Her second factor, once she has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpSecret>,
    /// What is kept of the codes that take its place, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<String>,
    /// Counts up when her sessions are to end: a new password, another role.
    #[serde(default)]
    pub generation: u64,
}

/// Everybody who has access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    version: u32,
    /// People.
    pub users: BTreeMap<UserName, User>,
    /// Programs.
    pub tokens: Vec<ApiToken>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { version: VERSION, users: BTreeMap::new(), tokens: Vec::new() }
    }
}

/// Why accounts stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The name is taken.
    #[error("there is already a user named \"{0}\"")]
    Exists(UserName),
    /// Nobody has this name.
    #[error("there is no user named \"{0}\"")]
    Unknown(UserName),
    /// There is no such token.
    #[error("there is no token \"{0}\"")]
    UnknownToken(String),
    /// Nobody could change anything any more.
    #[error("\"{0}\" is the last one who may change the configuration")]
    LastAdmin(UserName),
    /// There are too many.
    #[error("there may be at most {MOST} of them")]
    TooMany,
    /// The name of a token is not one.
    #[error("expected a name of 1 to 40 printable characters that no other token has")]
    TokenName,
    /// It is no recovery code, or was used.
    #[error("this is no recovery code, or it was used")]
    RecoveryCode,
}

impl Accounts {
    /// Adds somebody.
    ///
    /// # Errors
    /// If the name is taken, or there are too many.
    pub fn add(&mut self, name: UserName, role: Role, hash: String) -> Result<(), AccountError> {
        if self.users.len() >= MOST {
            return Err(AccountError::TooMany);
        }
        if self.users.contains_key(&name) {
            return Err(AccountError::Exists(name));
        }
        let user = User { role, password: hash, totp: None, recovery: Vec::new(), generation: 0 };
        self.users.insert(name, user);
        Ok(())
    }

    /// Takes somebody out.
    ///
    /// # Errors
    /// If nobody has the name, or she is the last admin.
    pub fn remove(&mut self, name: &UserName) -> Result<(), AccountError> {
        self.keep_an_admin(name)?;
        self.users.remove(name);
        Ok(())
    }

    /// Gives somebody another role.
    ///
    /// # Errors
    /// If nobody has the name, or she is the last admin.
    pub fn set_role(&mut self, name: &UserName, role: Role) -> Result<(), AccountError> {
        if role != Role::Admin {
            self.keep_an_admin(name)?;
        }
        self.change(name, |user| user.role = role)
    }

    /// Gives somebody another password; her sessions end.
    ///
    /// # Errors
    /// If nobody has the name.
    pub fn set_password(&mut self, name: &UserName, hash: String) -> Result<(), AccountError> {
        self.change(name, |user| user.password = hash)
    }

    /// Sets the second factor, with what is kept of the codes that may take its place.
    ///
    /// # Errors
    /// If nobody has the name.
    pub fn set_totp(
        &mut self,
        name: &UserName,
        totp: TotpSecret,
        recovery: Vec<String>,
    ) -> Result<(), AccountError> {
        self.change(name, |user| (user.totp, user.recovery) = (Some(totp), recovery))
    }

    /// Takes the second factor away.
    ///
    /// # Errors
    /// If nobody has the name.
    pub fn clear_totp(&mut self, name: &UserName) -> Result<(), AccountError> {
        self.change(name, |user| (user.totp, user.recovery) = (None, Vec::new()))
    }

    /// Gives somebody other recovery codes; her sessions go on.
    ///
    /// # Errors
    /// If nobody has the name.
    pub fn set_recovery(
        &mut self,
        name: &UserName,
        recovery: Vec<String>,
    ) -> Result<(), AccountError> {
        let user = self.users.get_mut(name).ok_or_else(|| AccountError::Unknown(name.clone()))?;
        user.recovery = recovery;
        Ok(())
    }

    /// Uses up a recovery code; `code` is as it was typed.
    ///
    /// # Errors
    /// If nobody has the name, or it is none of hers.
    pub fn use_recovery(&mut self, name: &UserName, code: &str) -> Result<(), AccountError> {
        let user = self.users.get_mut(name).ok_or_else(|| AccountError::Unknown(name.clone()))?;
        let kept = recovery::kept(code);
        let place = user.recovery.iter().position(|known| *known == kept);
        user.recovery.remove(place.ok_or(AccountError::RecoveryCode)?);
        Ok(())
    }

    /// Adds a token.
    ///
    /// # Errors
    /// If its name is none or taken, or there are too many.
    pub fn add_token(&mut self, token: ApiToken) -> Result<(), AccountError> {
        if self.tokens.len() >= MOST {
            return Err(AccountError::TooMany);
        }
        let length = token.name.chars().count();
        let printable = !token.name.chars().any(char::is_control);
        let in_use = self.tokens.iter().any(|other| other.name == token.name);
        if !(1..=40).contains(&length) || !printable || in_use {
            return Err(AccountError::TokenName);
        }
        self.tokens.push(token);
        Ok(())
    }

    /// Takes a token out.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn remove_token(&mut self, name: &str) -> Result<(), AccountError> {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.name != name);
        if self.tokens.len() == before {
            return Err(AccountError::UnknownToken(name.to_owned()));
        }
        Ok(())
    }

    /// The token that a program shows, if it is known.
    #[must_use]
    pub fn token(&self, shown: &str, now: Timestamp) -> Option<&ApiToken> {
        let digest = token_digest(shown);
        let mut known = self.tokens.iter().filter(|token| token.is_valid(now));
        known.find(|token| token.digest == digest)
    }

    fn change(
        &mut self,
        name: &UserName,
        change: impl FnOnce(&mut User),
    ) -> Result<(), AccountError> {
        let user = self.users.get_mut(name).ok_or_else(|| AccountError::Unknown(name.clone()))?;
        change(user);
        user.generation = user.generation.saturating_add(1);
        Ok(())
    }

    fn keep_an_admin(&self, name: &UserName) -> Result<(), AccountError> {
        let user = self.users.get(name).ok_or_else(|| AccountError::Unknown(name.clone()))?;
        let admins = self.users.values().filter(|user| user.role == Role::Admin).count();
        if user.role == Role::Admin && admins == 1 {
            return Err(AccountError::LastAdmin(name.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        text.parse().unwrap()
    }

    #[test]
    fn there_is_always_somebody_who_may_change_things() {
        let mut accounts = Accounts::default();
        accounts.add(name("ana"), Role::Admin, "x".into()).unwrap();
        accounts.add(name("ben"), Role::Viewer, "x".into()).unwrap();
        let last = Err(AccountError::LastAdmin(name("ana")));
        assert_eq!(accounts.remove(&name("ana")), last);
        assert_eq!(accounts.set_role(&name("ana"), Role::Viewer), last);
        accounts.set_role(&name("ben"), Role::Admin).unwrap();
        accounts.remove(&name("ana")).unwrap();
        assert_eq!(accounts.users.len(), 1);
        assert_eq!(
            accounts.add(name("ben"), Role::Viewer, "y".into()),
            Err(AccountError::Exists(name("ben")))
        );
        assert_eq!(accounts.remove(&name("eva")), Err(AccountError::Unknown(name("eva"))));
    }

    #[test]
    fn a_recovery_code_is_good_once() {
        let mut accounts = Accounts::default();
        accounts.add(name("ana"), Role::Admin, "x".into()).unwrap();
        let codes = recovery::make().unwrap();
        let kept = codes.iter().map(|code| recovery::kept(code)).collect();
        let secret = TotpSecret::make().unwrap();
        accounts.set_totp(&name("ana"), secret, kept).unwrap();
        let text = serde_json::to_string(&accounts).unwrap();
        let code = codes.last().unwrap();
        assert!(!text.contains(code));
        accounts.use_recovery(&name("ana"), code).unwrap();
        let used = Err(AccountError::RecoveryCode);
        assert_eq!(accounts.use_recovery(&name("ana"), code), used);
        assert_eq!(accounts.use_recovery(&name("ana"), ""), used);
        accounts.clear_totp(&name("ana")).unwrap();
        assert_eq!(accounts.use_recovery(&name("ana"), codes.first().unwrap()), used);
    }
}
