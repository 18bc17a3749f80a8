//! Names and addresses, parsed once and right ever after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not the name or address it should be; the text says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct NameError {
    /// What would have been right, with an example.
    pub expected: &'static str,
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $valid:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> Option<String> = $valid;
                valid(text).map(Self).ok_or(NameError { expected: $expected })
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

text_type!(
    /// Short name of a person: the local part of the address alerts are sent to.
    PersonName,
    local_name,
    "a short name of letters, digits, '.', '_' or '-', such as \"ana\""
);

text_type!(
    /// Short name of a group of people.
    GroupName,
    local_name,
    "a short name of letters, digits, '.', '_' or '-', such as \"oncall\""
);

text_type!(
    /// A mail address `local@domain` (RFC 5321 section 4.1.2, without quoted local parts).
    MailAddress,
    mail_address,
    "a mail address, such as \"ana@example.org\""
);

text_type!(
    /// A telephone number as it is dialled: optional `+`, then 3 to 20 digits. Blanks, dots, hyphens and
    /// parentheses are taken out.
    PhoneNumber,
    phone_number,
    "a telephone number, such as \"+34 600 000 001\""
);

text_type!(
    /// A language by its IETF tag (RFC 5646): `en`, `es`, `es-GT`.
    Language,
    language_tag,
    "a language tag, such as \"en\" or \"es-GT\""
);

impl Language {
    /// English, the language when nothing else is said.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The primary subtag: `es` of `es-GT`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

/// The ways to tell a person, by the names used in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelName {
    /// Mail through the relay.
    Mail,
    /// SMS through the modem.
    Sms,
}

impl ChannelName {
    /// Every channel, in the default order.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Sms];

    /// The word used in the configuration and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for ChannelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or(NameError { expected: "a channel: \"mail\" or \"sms\"" })
    }
}

fn local_name(text: &str) -> Option<String> {
    let valid = (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    valid.then(|| text.to_ascii_lowercase())
}

fn mail_address(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    let valid = !local.is_empty()
        && local.len() <= 64
        && !domain.is_empty()
        && domain.len() <= 255
        && !local.contains(forbidden)
        && !domain.contains(forbidden)
        && domain.split('.').all(|label| !label.is_empty());
    valid.then(|| text.to_owned())
}

fn phone_number(text: &str) -> Option<String> {
    let dialled: String =
        text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    let valid = (3..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then_some(dialled)
}

fn language_tag(text: &str) -> Option<String> {
    let mut subtags = text.split('-');
    let primary = subtags.next()?;
    let valid = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && subtags.all(|tag| {
            (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    valid.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_short() {
        assert_eq!("Ana.B-1_c".parse::<PersonName>().unwrap().as_str(), "ana.b-1_c");
        for wrong in ["", "-ana", ".ana", "ana maria", "ñu", "ana@example.org", &"a".repeat(65)] {
            assert!(wrong.parse::<PersonName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn mail_addresses() {
        for right in ["ana@example.org", "a.b+c@mail", "ñ@ñ.es"] {
            assert!(right.parse::<MailAddress>().is_ok(), "{right}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for wrong in [
            "",
            "ana",
            "@example.org",
            "ana@",
            "a b@c.d",
            "a@b@c.d",
            "a@b..c",
            "<a@b.c>",
            "a@b.c\r\nx",
            &long,
        ] {
            assert!(wrong.parse::<MailAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn telephone_numbers_are_stripped_to_what_is_dialled() {
        let dialled = |text: &str| text.parse::<PhoneNumber>().map(String::from).ok();
        assert_eq!(dialled("+34 (600) 000-001"), Some("+34600000001".to_owned()));
        assert_eq!(dialled("112"), Some("112".to_owned()));
        for wrong in ["", "+", "11", "1+12", "112;", "*100#", "11\u{661}", &"1".repeat(21)] {
            assert_eq!(dialled(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn language_tags() {
        for right in ["en", "es-GT", "ast", "sr-Latn-RS", "es-419"] {
            assert!(right.parse::<Language>().is_ok(), "{right}");
        }
        for wrong in ["", "e", "EN", "english", "en-", "en_US", "en-aaaaaaaaa", "../en"] {
            assert!(wrong.parse::<Language>().is_err(), "{wrong}");
        }
        assert_eq!("es-GT".parse::<Language>().unwrap().primary(), "es");
    }

    #[test]
    fn channels_are_known_by_their_word() {
        for channel in ChannelName::ALL {
            assert_eq!(channel.as_str().parse(), Ok(channel));
        }
        assert!("Mail".parse::<ChannelName>().is_err());
    }
}
