//! Names and addresses, parsed once and right ever after.

use std::borrow::Borrow;
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

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
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
    /// What a person is called by on a telephone exchange: an extension or number (the user part of a
    /// SIP URI, RFC 3261 section 25.1), or a SIP URI in full.
    Extension,
    extension,
    "an extension or a SIP URI, such as \"101\" or \"sip:ana@example.org\""
);

text_type!(
    /// A language by its IETF tag (RFC 5646): `en`, `es`, `es-GT`.
    Language,
    language_tag,
    "a language tag, such as \"en\" or \"es-GT\""
);

text_type!(
    /// Short name of a voice: the file name of a Piper voice without `.onnx`, or `espeak-ng`.
    VoiceName,
    voice_name,
    "the name of a voice, such as \"en_US-joe-medium\" or \"espeak-ng\""
);

impl MailAddress {
    /// The address of an appliance on a host, when it has no other.
    #[must_use]
    pub(super) fn of_appliance(host: &str) -> Self {
        let own = format!("smtp-appliance@{host}");
        own.parse().unwrap_or_else(|_| Self("smtp-appliance@localhost".to_owned()))
    }
}

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
    /// Call through the telephone exchange, by SIP.
    Voip,
    /// Call through the modem.
    Gsm,
    /// Text through the telephone exchange, by SIP MESSAGE.
    #[serde(rename = "sip-message")]
    SipMessage,
}

impl ChannelName {
    /// Every channel, in the default order.
    pub const ALL: [Self; 5] = [Self::Mail, Self::Sms, Self::Voip, Self::Gsm, Self::SipMessage];

    /// Whether it calls. A person takes one call at a time, and one that reached her is enough.
    #[must_use]
    pub const fn is_call(self) -> bool {
        match self {
            Self::Mail | Self::Sms | Self::SipMessage => false,
            Self::Voip | Self::Gsm => true,
        }
    }

    /// Whether it goes through a telephone exchange, and so needs an account there.
    #[must_use]
    pub const fn is_by_sip(self) -> bool {
        match self {
            Self::Mail | Self::Sms | Self::Gsm => false,
            Self::Voip | Self::SipMessage => true,
        }
    }

    /// The word used in the configuration and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Voip => "voip",
            Self::Gsm => "gsm",
            Self::SipMessage => "sip-message",
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
        Self::ALL.into_iter().find(|channel| channel.as_str() == text).ok_or(NameError {
            expected: "a channel: \"mail\", \"sms\", \"voip\", \"gsm\" or \"sip-message\"",
        })
    }
}

fn local_name(text: &str) -> Option<String> {
    let valid = (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    valid.then(|| text.to_ascii_lowercase())
}

fn voice_name(text: &str) -> Option<String> {
    let valid = (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    valid.then(|| text.to_owned())
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

fn extension(text: &str) -> Option<String> {
    let (user, host) = match text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:")) {
        Some(rest) => rest.split_once('@').map(|(user, host)| (user, Some(host)))?,
        None => (text, None),
    };
    // `unreserved` and `user-unreserved`, without what needs escaping, or begins parameters.
    let of_user = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,/".contains(c);
    let of_host = |c: char| c.is_ascii_alphanumeric() || "-_.:[];=".contains(c);
    let valid = |part: &str, limit, of: &dyn Fn(char) -> bool| {
        (1..=limit).contains(&part.len()) && part.chars().all(of)
    };
    let right = valid(user, 64, &of_user) && host.is_none_or(|host| valid(host, 255, &of_host));
    right.then(|| text.to_owned())
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

    /// Each text, and what it becomes.
    #[track_caller]
    fn check<T: FromStr + fmt::Display>(cases: &[(&str, Option<&str>)]) {
        for (text, expected) in cases {
            let parsed = text.parse::<T>().ok().map(|name| name.to_string());
            assert_eq!(parsed.as_deref(), *expected, "{text:?}");
        }
    }

    #[test]
    fn people_and_groups() {
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        let cases = [
            ("ana", Some("ana")),
            ("Ana", Some("ana")),
            ("ana.m_2-x", Some("ana.m_2-x")),
            ("1", Some("1")),
            (&longest, Some(&longest)),
            (&too_long, None),
            ("", None),
            (".ana", None),
            ("-ana", None),
            ("ana maria", None),
            ("ana@example.org", None),
            ("mar\u{ed}a", None),
        ];
        check::<PersonName>(&cases);
        check::<GroupName>(&cases);
    }

    #[test]
    fn mail_addresses() {
        let long = format!("{}@example.org", "a".repeat(65));
        check::<MailAddress>(&[
            ("ana@example.org", Some("ana@example.org")),
            ("Ana+b@Example.org", Some("Ana+b@Example.org")),
            ("a@b", Some("a@b")),
            ("ana", None),
            ("@example.org", None),
            ("ana@", None),
            ("x@@y", None),
            ("a@b@c", None),
            ("a b@c", None),
            ("a@b..c", None),
            ("a@.b", None),
            ("<a@b>", None),
            ("a@b\r\nRCPT TO:", None),
            (&long, None),
        ]);
    }

    #[test]
    fn phone_numbers() {
        check::<PhoneNumber>(&[
            ("+34 600-000.001", Some("+34600000001")),
            ("(0)30 123", Some("030123")),
            ("112", Some("112")),
            ("12", None),
            ("+", None),
            ("", None),
            ("++34600000001", None),
            ("0049+30", None),
            ("123456789012345678901", None),
            ("600\r\nATH", None),
            ("\u{0661}\u{0662}\u{0663}", None),
        ]);
    }

    #[test]
    fn extensions() {
        check::<Extension>(&[
            ("101", Some("101")),
            ("ana.m", Some("ana.m")),
            ("+34600000001", Some("+34600000001")),
            ("*43", Some("*43")),
            ("sip:ana@example.org", Some("sip:ana@example.org")),
            ("sips:ana@[2001:db8::1]:5061", Some("sips:ana@[2001:db8::1]:5061")),
            ("sip:ana@example.org;transport=tcp", Some("sip:ana@example.org;transport=tcp")),
            ("", None),
            ("sip:example.org", None),
            ("ana@example.org", None),
            ("1 01", None),
            ("101\r\nTo: x", None),
            ("sip:ana@exa mple", None),
            ("<101>", None),
        ]);
    }

    #[test]
    fn languages() {
        check::<Language>(&[
            ("en", Some("en")),
            ("es-GT", Some("es-GT")),
            ("gsw-CH-1996", Some("gsw-CH-1996")),
            ("EN", None),
            ("e", None),
            ("english", None),
            ("es-", None),
            ("es_GT", None),
            ("", None),
        ]);
        assert_eq!("es-GT".parse::<Language>().unwrap().primary(), "es");
    }

    #[test]
    fn channels() {
        for channel in ChannelName::ALL {
            assert_eq!(channel.as_str().parse(), Ok(channel));
        }
        check::<ChannelName>(&[("Mail", None), ("", None)]);
    }
}
