//! What can go wrong with a relay, and what it means for an attempt.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;

use crate::channel::Outcome;

/// The steps of a delivery, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Connect,
    Tls,
    Hello,
    Login,
    Mail,
    Rcpt,
    Data,
    /// The mail's bytes are under way.
    Content,
    /// The final dot is sent: from here on the relay may have the mail.
    Dot,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "the attempt to connect",
            Self::Tls => "the TLS handshake",
            Self::Hello => "the greeting",
            Self::Login => "the login",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "the mail's text",
            Self::Dot => "the end of the mail",
        })
    }
}

/// Why the relay did not take a mail.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("cannot reach the relay: {0}")]
    Unreachable(io::Error),
    #[error("no secure connection with the relay: {0}")]
    Tls(io::Error),
    #[error("CA file {}: {reason}", .path.display())]
    CaFile { path: PathBuf, reason: String },
    #[error("the system has no CA certificates: install ca-certificates, or set mail.ca")]
    NoSystemCas,
    #[error("mail.relay is no host name")]
    RelayName,
    #[error("the relay offers no STARTTLS, which mail.tls demands")]
    NoStarttls,
    #[error("the relay offers no login (AUTH PLAIN or LOGIN), but mail.user is set")]
    NoLogin,
    #[error("mail.from is not ASCII, and the relay offers no SMTPUTF8")]
    FromUtf8,
    #[error("the address is not ASCII, and the relay offers no SMTPUTF8")]
    AddressUtf8,
    #[error("the relay answered {code} to {step}: {text}")]
    Reply { step: Step, code: u16, text: String },
    #[error("no answer from the relay to {step} within {} s", .waited.as_secs_f32())]
    Silent { step: Step, waited: Duration },
    #[error("the relay broke off at {step}: {reason}")]
    BrokenOff { step: Step, reason: String },
}

impl Fault {
    /// From lettre's error at this step.
    pub(super) fn at(step: Step, error: &SmtpError) -> Self {
        let text = error.source().map_or_else(String::new, ToString::to_string);
        match error.status() {
            Some(code) => Self::Reply { step, code: code.into(), text: without_addresses(&text) },
            None if step == Step::Login && error.is_client() => Self::NoLogin,
            // lettre's word for an end in the middle of nothing.
            None if text == "incomplete response" => {
                Self::BrokenOff { step, reason: "connection closed".to_owned() }
            }
            None => Self::BrokenOff { step, reason: without_addresses(&text) },
        }
    }

    /// What it means for the people it befell.
    ///
    /// Up to and with MAIL a refusal is about the appliance and its settings, which somebody can
    /// mend while the alert waits; from RCPT on it is about this person or this mail, and 5xx is
    /// final (RFC 5321 section 4.2.1).
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Reply { step, code: 500.., .. } if *step >= Step::Rcpt => {
                Outcome::Refused(self.to_string())
            }
            Self::AddressUtf8 => Outcome::Refused(self.to_string()),
            Self::Silent { step: Step::Dot, .. } | Self::BrokenOff { step: Step::Dot, .. } => {
                Outcome::Retry(format!("{self}; unknown whether it was taken"))
            }
            Self::Unreachable(_)
            | Self::Tls(_)
            | Self::CaFile { .. }
            | Self::NoSystemCas
            | Self::RelayName
            | Self::NoStarttls
            | Self::NoLogin
            | Self::FromUtf8
            | Self::Reply { .. }
            | Self::Silent { .. }
            | Self::BrokenOff { .. } => Outcome::Retry(self.to_string()),
        }
    }

    /// Whether the connection is gone and nothing of the mail can have arrived. On a connection
    /// that was kept from an earlier mail this is no failure of the relay: it may close one that
    /// idles, with or without a 421.
    pub(super) const fn connection_lost(&self) -> bool {
        matches!(
            self,
            Self::Reply { code: 421, .. }
                | Self::Silent { step: Step::Mail | Step::Rcpt | Step::Data, .. }
                | Self::BrokenOff { step: Step::Mail | Step::Rcpt | Step::Data, .. }
        )
    }
}

/// A relay's words without the addresses it repeats: reasons go to the log, and whom they are
/// about stands beside them in the history.
pub(super) fn without_addresses(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    let words = text.split_whitespace();
    let words = words.map(|word| if word.contains('@') { "<…>" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(step: Step, code: u16) -> Fault {
        Fault::Reply { step, code, text: "no".to_owned() }
    }

    fn broken(step: Step) -> Fault {
        Fault::BrokenOff { step, reason: "connection closed".to_owned() }
    }

    #[test]
    fn a_fault_says_whether_to_try_again() {
        let refused = [
            reply(Step::Rcpt, 550),
            reply(Step::Data, 554),
            reply(Step::Dot, 552),
            Fault::AddressUtf8,
        ];
        let retry = [
            reply(Step::Hello, 554),
            reply(Step::Login, 535),
            reply(Step::Mail, 553),
            reply(Step::Rcpt, 450),
            reply(Step::Dot, 451),
            broken(Step::Content),
            Fault::NoStarttls,
        ];
        for fault in refused {
            assert!(matches!(fault.outcome(), Outcome::Refused(_)), "{fault}");
        }
        for fault in retry {
            assert!(matches!(fault.outcome(), Outcome::Retry(_)), "{fault}");
        }
        assert_eq!(
            broken(Step::Dot).outcome(),
            Outcome::Retry(
                "the relay broke off at the end of the mail: connection closed; \
                 unknown whether it was taken"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_kept_connection_may_be_gone_only_before_the_mail_went() {
        for lost in [broken(Step::Mail), broken(Step::Data), reply(Step::Mail, 421)] {
            assert!(lost.connection_lost(), "{lost}");
        }
        for other in [broken(Step::Content), broken(Step::Dot), reply(Step::Mail, 451)] {
            assert!(!other.connection_lost(), "{other}");
        }
    }

    #[test]
    fn addresses_stay_out_of_reasons() {
        let words = without_addresses("5.1.1 <ana@example.org>: Recipient   rejected");
        assert_eq!(words, "5.1.1 <…> Recipient rejected");
    }
}
