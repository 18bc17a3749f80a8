//! Tokens of programs. A token is 32 random bytes, so that one quick hash hides it: nobody guesses
//! it, and nobody who reads the file can use it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// By which a token is known in a log or a file.
const PREFIX: &str = "sa_";

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Hand alerts in.
    Intake,
    /// Read `/metrics`.
    Metrics,
    /// Read status, alerts, people and statistics.
    Read,
    /// Acknowledge, stop and retry alerts, send tests, try speech and read the log.
    Act,
    /// Change the configuration.
    Configure,
    /// Manage users and tokens, read the audit log and the configuration with its secrets.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Intake, Self::Metrics, Self::Read, Self::Act, Self::Configure, Self::Admin];

    /// The word on the command line, in the file and in the API's description.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Metrics => "metrics",
            Self::Read => "read",
            Self::Act => "act",
            Self::Configure => "configure",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scope = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        scope.ok_or("expected intake, metrics, read, act, configure or admin")
    }
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the token, in base64.
    pub digest: String,
    /// What it is good for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub made: Timestamp,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ApiToken {
    /// Makes one, and the text its owner is shown once; nothing if the system has no random numbers.
    #[must_use]
    pub fn make(
        name: String,
        scopes: BTreeSet<Scope>,
        made: Timestamp,
        until: Option<Timestamp>,
    ) -> Option<(Self, String)> {
        let shown = format!("{PREFIX}{}", random()?);
        Some((Self { name, digest: digest(&shown), scopes, made, until }, shown))
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// 256 random bits as text; nothing if the system has none to give.
pub(super) fn random() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Sixteen random letters and digits, some 80 bits, to be typed from a screen: `abcd-efgh-ijkl-mnop`.
pub(super) fn letters() -> Option<String> {
    let random = random()?;
    let letters = random.chars().filter(char::is_ascii_alphanumeric).take(16);
    let letters: String = letters.collect::<String>().to_lowercase();
    let groups = letters.as_bytes().chunks(4).map(String::from_utf8_lossy);
    Some(groups.collect::<Vec<_>>().join("-"))
}

/// As which a token is kept and looked for.
#[must_use]
pub fn digest(shown: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(shown.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_once_and_kept_hidden() {
        let scopes = BTreeSet::from([Scope::Intake]);
        let made = Timestamp::UNIX_EPOCH;
        let until = Timestamp::from_second(100).ok();
        let (token, shown) = ApiToken::make("zabbix".into(), scopes, made, until).unwrap();
        assert!(shown.starts_with("sa_") && shown.len() == 46, "{shown}");
        assert!(!serde_json::to_string(&token).unwrap().contains(&shown[3..]));
        assert_eq!(token.digest, digest(&shown));
        assert_ne!(random(), random());
        assert!(token.is_valid(Timestamp::from_second(99).unwrap()));
        assert!(!token.is_valid(Timestamp::from_second(100).unwrap()));
    }

    #[test]
    fn scopes_have_words() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
    }
}
