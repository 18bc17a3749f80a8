//! How every part is, in the order in which a person would look at them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::balance::Balance;
use crate::alert::AlertId;
use crate::config::ChannelName;

/// A part that can be well or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The supply, and the program itself.
    Power,
    /// The configuration file.
    Configuration,
    /// The SMTP ports.
    Receiver,
    /// What was written of alerts.
    Store,
    /// What waits to be told.
    Queue,
    /// The disk.
    Disk,
    /// The wall clock.
    Clock,
    /// The way out of this machine.
    Network,
    /// The GSM module, its SIM card and its network.
    Gsm,
    /// The balance of the SIM card.
    Balance,
    /// The SIP telephone.
    Sip,
    /// The mail relay.
    Relay,
    /// The voices.
    Speech,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Power,
        Self::Configuration,
        Self::Receiver,
        Self::Store,
        Self::Queue,
        Self::Disk,
        Self::Clock,
        Self::Network,
        Self::Gsm,
        Self::Balance,
        Self::Sip,
        Self::Relay,
        Self::Speech,
    ];

    /// Its name, as it is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Configuration => "configuration",
            Self::Receiver => "receiver",
            Self::Store => "store",
            Self::Queue => "queue",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Network => "network",
            Self::Gsm => "gsm",
            Self::Balance => "balance",
            Self::Sip => "sip",
            Self::Relay => "relay",
            Self::Speech => "speech",
        }
    }
}

/// How a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "why")]
pub enum State {
    /// Not configured, or not to be seen here.
    Off,
    /// Well.
    Ok,
    /// It works, but not as it should.
    Degraded(String),
    /// It does not work.
    Down(String),
}

impl State {
    /// What is wrong.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Off | Self::Ok => None,
            Self::Degraded(why) | Self::Down(why) => Some(why),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => out.write_str("off"),
            Self::Ok => out.write_str("ok"),
            Self::Degraded(why) => write!(out, "degraded: {why}"),
            Self::Down(why) => write!(out, "down: {why}"),
        }
    }
}

/// Whether an alert that came now would wake somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wakes {
    /// By these channels, which make a telephone ring or beep.
    Yes(Vec<ChannelName>),
    /// Somebody would be told by mail only, which wakes nobody.
    Hardly(String),
    /// Nobody would be told.
    No(String),
}

impl fmt::Display for Wakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(channels) => {
                let names: Vec<&str> = channels.iter().map(|channel| channel.as_str()).collect();
                write!(out, "an alert would wake somebody, by {}", names.join(", "))
            }
            Self::Hardly(why) => write!(out, "an alert would go out by mail only: {why}"),
            Self::No(why) => write!(out, "NOBODY WOULD BE TOLD: {why}"),
        }
    }
}

/// What becomes of alerts at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alert {
    /// There is none.
    Quiet,
    /// Some wait for their next attempt.
    Waiting,
    /// Somebody is being told.
    Telling,
}

/// What must be made known on the spot, since nobody heard of it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "alarm", content = "alert")]
pub enum Alarm {
    /// All that was tried to tell this alert has failed.
    Untold(AlertId),
    /// This grave alert has waited too long for somebody to acknowledge it.
    Unacknowledged(AlertId),
}

/// What failed last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Which channel.
    pub channel: ChannelName,
    /// Why.
    pub why: String,
}

/// Figures worth showing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Alerts that wait.
    pub waiting: usize,
    /// How long the oldest has been waiting, in seconds.
    pub oldest_seconds: Option<u64>,
    /// Free bytes on the disk of the store.
    pub free_bytes: Option<u64>,
    /// GSM signal, in dBm.
    pub signal_dbm: Option<i16>,
    /// The same in bars, 0 to 4.
    pub signal_bars: Option<u8>,
    /// Name of the GSM network.
    pub operator: Option<String>,
    /// Whether the GSM module answers, be it with a fault.
    pub modem_answers: Option<bool>,
    /// The SIM card's balance, where it is asked for.
    #[serde(default)]
    pub balance: Option<Balance>,
}

/// How the appliance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// How each part is.
    pub parts: BTreeMap<Part, State>,
    /// Would it wake somebody now?
    pub wakes: Wakes,
    /// What becomes of alerts.
    pub alert: Alert,
    /// What must be made known on the spot, at most one of each kind.
    pub alarms: Vec<Alarm>,
    /// Those of them that somebody has taken note of: they sound no more.
    #[serde(default)]
    pub silenced: Vec<Alarm>,
    /// Whether this version of the program has proved itself: it accepts mail, its queue and its
    /// dispatcher answer, and the module has, if there is one.
    pub proven: bool,
    /// Figures worth showing.
    pub figures: Figures,
    /// What failed last, if nothing went well on that channel since.
    pub last_failure: Option<Failure>,
}

impl Status {
    /// Whether there is an alarm that nobody has taken note of.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.alarms.iter().any(|alarm| !self.silenced.contains(alarm))
    }

    /// How a part is.
    #[must_use]
    pub fn of(&self, part: Part) -> &State {
        self.parts.get(&part).unwrap_or(&State::Off)
    }
}

/// One line, for the service manager.
impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wakes.fmt(out)?;
        if self.figures.waiting > 0 {
            write!(out, "; {} waiting", self.figures.waiting)?;
        }
        for (part, state) in &self.parts {
            if let Some(why) = state.why() {
                write!(out, "; {}: {why}", part.as_str())?;
            }
        }
        Ok(())
    }
}
