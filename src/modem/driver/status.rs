//! How the modem is.

use crate::health::{Attachment, Balance, Gsm, GsmState};
use crate::modem::at::{ModemFault, Registration};
use crate::modem::port::OpenError;

/// How the modem is, for LEDs, web and log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModemStatus {
    /// Whether it can be used.
    pub state: ModemState,
    /// Its answer to `AT+CGMM`.
    pub model: Option<String>,
    /// Whether the network knows it.
    pub registration: Registration,
    /// Received signal strength in dBm, from -113 to -51.
    pub signal_dbm: Option<i16>,
    /// Name of the network.
    pub operator: Option<String>,
    /// Whether a call is under way; what else there is to do waits.
    pub in_call: bool,
    /// Whether it answers, be it with a fault.
    pub answers: bool,
    /// How often in a row it could not be brought up for a reason that only its power key may mend.
    pub dead: u32,
    /// The SIM card's balance, where it is asked for.
    pub balance: Option<Balance>,
}

/// Whether the modem can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ModemState {
    /// It is being brought up.
    #[default]
    Starting,
    /// It answers, and its SIM card is open.
    Ready,
    /// It cannot be used for now, in words for people; it is tried again.
    Fault(String),
}

impl ModemStatus {
    /// Whether a message or a call would go out now, or after the call under way.
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.state == ModemState::Ready && self.registration.is_registered()
    }
}

/// The same in the words of the status.
impl From<ModemStatus> for Gsm {
    fn from(status: ModemStatus) -> Self {
        Self {
            state: match status.state {
                ModemState::Starting => GsmState::Starting,
                ModemState::Ready => GsmState::Ready,
                ModemState::Fault(words) => GsmState::Fault(words),
            },
            answers: status.answers,
            attachment: match status.registration {
                Registration::Home | Registration::Roaming => Attachment::Registered,
                Registration::Denied => Attachment::Denied,
                Registration::Idle | Registration::Searching | Registration::Unknown => {
                    Attachment::Searching
                }
            },
            signal_dbm: status.signal_dbm,
            operator: status.operator,
            in_call: status.in_call,
            balance: status.balance,
        }
    }
}

/// Why the modem cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The device is missing or not ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nothing answers.
    #[error("no answer from the modem{}", .0.map_or(String::new(), |baud| format!(" at {baud} baud")))]
    NoAnswer(Option<u32>),
    /// It stopped to answer.
    #[error("the modem did not answer {0}")]
    Stuck(&'static str),
    /// The device vanished.
    #[error("the modem was unplugged: {0}")]
    Gone(std::io::Error),
    /// It started anew by itself.
    #[error("the modem started anew")]
    Restarted,
    /// It goes, by its own words.
    #[error("the modem switched itself off")]
    PowerDown,
    /// No SIM card.
    #[error("no SIM card in the modem")]
    NoSim,
    /// The SIM card asks for a PIN and the configuration has none.
    #[error("the SIM card asks for its PIN; set modem.pin")]
    PinRequired,
    /// The SIM card refused the PIN.
    #[error("the SIM card refused the PIN; it is not tried again until modem.pin is changed")]
    PinWrong,
    /// One try of the PIN is left, and it is not spent.
    #[error(
        "one try of the PIN is left before the SIM card locks itself; put it into a telephone and \
         enter the PIN there"
    )]
    PinLastTry,
    /// The SIM card wants something else than its PIN.
    #[error("the SIM card waits for {0}; put it into a telephone and unlock it")]
    SimLocked(String),
    /// The SIM card does not become ready.
    #[error("the SIM card is not ready: {0}")]
    Sim(String),
    /// Its own words on what a restart may mend.
    #[error("the modem reports: {0}")]
    Broken(ModemFault),
    /// A command that must succeed did not.
    #[error("the modem refused {command}: {reason}")]
    Refused {
        /// The command's text; never one with a secret.
        command: &'static str,
        /// Its reason.
        reason: ModemFault,
    },
}

impl Fault {
    /// Whether the same PIN must not be tried again.
    pub(super) const fn spent_pin(&self) -> bool {
        matches!(self, Self::PinWrong)
    }

    /// Whether a restart of a modem that answers may mend it.
    pub(super) const fn wants_restart(&self) -> bool {
        matches!(self, Self::Stuck(_) | Self::Sim(_) | Self::Refused { .. } | Self::Broken(_))
    }

    /// Whether the module itself says so.
    pub(super) const fn is_answer(&self) -> bool {
        match self {
            Self::Open(_) | Self::NoAnswer(_) | Self::Stuck(_) | Self::Gone(_) => false,
            Self::Restarted
            | Self::PowerDown
            | Self::NoSim
            | Self::PinRequired
            | Self::PinWrong
            | Self::PinLastTry
            | Self::SimLocked(_)
            | Self::Sim(_)
            | Self::Broken(_)
            | Self::Refused { .. } => true,
        }
    }

    /// Whether the module is deaf, so that nothing but its power key may help.
    pub(super) const fn is_deaf(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::Stuck(_) | Self::PowerDown)
    }

    /// In words for who waits for a message that may have gone out.
    pub(super) const fn in_short(&self) -> &'static str {
        match self {
            Self::Restarted => "the modem started anew",
            Self::PowerDown => "the modem switched itself off",
            Self::Gone(_) => "the modem was unplugged",
            Self::Open(_)
            | Self::NoAnswer(_)
            | Self::Stuck(_)
            | Self::NoSim
            | Self::PinRequired
            | Self::PinWrong
            | Self::PinLastTry
            | Self::SimLocked(_)
            | Self::Sim(_)
            | Self::Broken(_)
            | Self::Refused { .. } => "the modem failed",
        }
    }
}
