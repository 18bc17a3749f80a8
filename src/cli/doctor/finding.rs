//! What a check found, and how it is shown.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::super::output::tame;

/// What is checked, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[value(rename_all = "kebab-case")]
pub(super) enum Check {
    /// The configuration file.
    Configuration,
    /// Whether the appliance runs and accepts mail.
    Smtp,
    /// Whether somebody would be told.
    People,
    /// Whether the modem answers.
    Modem,
    /// Its SIM card and its network.
    Gsm,
    /// The strength of its signal.
    Signal,
    /// The balance of its SIM card.
    Balance,
    /// The sound card.
    Audio,
    /// The voices.
    Voices,
    /// The SIP accounts.
    Sip,
    /// The mail relay, up to the login.
    Relay,
    /// The way to other machines.
    Network,
    /// The wall clock.
    Clock,
    /// The disk of the store.
    Disk,
    /// The queue and the history.
    Store,
    /// The supply of the board.
    Power,
}

impl Check {
    pub(super) const ALL: [Self; 16] = [
        Self::Configuration,
        Self::Smtp,
        Self::People,
        Self::Modem,
        Self::Gsm,
        Self::Signal,
        Self::Balance,
        Self::Audio,
        Self::Voices,
        Self::Sip,
        Self::Relay,
        Self::Network,
        Self::Clock,
        Self::Disk,
        Self::Store,
        Self::Power,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Smtp => "smtp",
            Self::People => "people",
            Self::Modem => "modem",
            Self::Gsm => "gsm",
            Self::Signal => "signal",
            Self::Balance => "balance",
            Self::Audio => "audio",
            Self::Voices => "voices",
            Self::Sip => "sip",
            Self::Relay => "relay",
            Self::Network => "network",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Store => "store",
            Self::Power => "power",
        }
    }
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Grade {
    Ok,
    Warning,
    Failed,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    check: Check,
    pub(super) grade: Grade,
    /// What was seen.
    seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: Check, seen: impl Into<String>) -> Self {
        Self { check, grade: Grade::Ok, seen: seen.into(), advice: None }
    }

    pub(super) fn warning(
        check: Check,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (seen, advice) = (seen.into(), Some(advice.into()).filter(|text| !text.is_empty()));
        Self { check, grade: Grade::Warning, seen, advice }
    }

    pub(super) fn failed(check: Check, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { grade: Grade::Failed, ..Self::warning(check, seen, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Failed => "FAILED",
        };
        write!(out, "{grade:8} {:14} {}", self.check.as_str(), tame(&self.seen))?;
        if let Some(advice) = &self.advice {
            write!(out, "\n{:23} → {}", "", tame(advice))?;
        }
        Ok(())
    }
}

/// Says on a terminal what is being waited for.
pub(super) struct Waiting {
    terminal: bool,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self { terminal: rustix::termios::isatty(rustix::stdio::stderr()) }
    }

    pub(super) fn say(&self, check: Check, what: &str) {
        if self.terminal {
            self.write(&format!("\r         {:14} {what} …\u{1b}[K", check.as_str()));
        }
    }

    pub(super) fn over(&self) {
        if self.terminal {
            self.write("\r\u{1b}[K");
        }
    }

    #[expect(clippy::unused_self, reason = "only who looked whether this is a terminal writes")]
    fn write(&self, text: &str) {
        // A terminal that went away stops nothing.
        drop(io::stderr().write_all(text.as_bytes()));
    }
}
