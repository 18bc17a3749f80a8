//! The commands the driver sends: their text, what they are answered with, and how long that may
//! take.

use std::time::Duration;

use super::digest::Expect;
use super::urc::Domain;
use crate::config::{PhoneNumber, Secret};

/// A command of the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `AT`: are you there? Also lets an autobauding modem find the speed.
    Attention,
    /// `ATE0`: no echo.
    EchoOff,
    /// `ATZ`: the profile of the last `AT&W`, or the maker's.
    ResetProfile,
    /// `AT+CMEE=2`: errors in words.
    VerboseErrors,
    /// `AT+CGMM`: the model.
    Model,
    /// `AT+CPIN?`: what the SIM card waits for.
    SimState,
    /// `AT+SPIC`: how many tries of the PIN are left (SIMCom).
    PinTries,
    /// `AT+CPIN="1234"`.
    EnterPin(Secret),
    /// `AT+CSCS="GSM"`: character set of strings such as the operator's name.
    CharacterSet,
    /// `AT+CMGF=0`: messages as PDUs.
    PduMode,
    /// `AT+CSCA="+34600…"`: address of the service centre.
    ServiceCentre(PhoneNumber),
    /// `AT+CSMS?`: whether messages that are not stored want `+CNMA` (phase 2+).
    MessageService,
    /// `AT+CNMI=…`: how new messages and status reports are announced.
    Announce(&'static str),
    /// `AT+CREG=1`, …: tell when the registration changes.
    WatchRegistration(Domain),
    /// `AT+CREG?`, …
    AskRegistration(Domain),
    /// `AT+COPS=3,0`: operators by their long name.
    OperatorFormat,
    /// `AT+COPS?`
    Operator,
    /// `AT+CSQ`
    Signal,
    /// `AT+CMGS=<octets of the TPDU>`
    SendMessage(usize),
    /// `AT+CMGL=4`: every stored message.
    ListMessages,
    /// `AT+CMGR=<index>`
    ReadMessage(u16),
    /// `AT+CMGD=<index>`
    DeleteMessage(u16),
    /// `AT+CNMA`: a message that is not stored has come through.
    AcknowledgeMessage,
    /// `AT+CLCC=1`: tell by `+CLCC` when the state of a call changes (SIMCom).
    WatchCalls,
    /// `AT+DDET=1`: tell the keys that are pressed (SIMCom).
    DetectKeys,
    /// A setting of the audio path, as the model spells it.
    Audio(String),
    /// `ATD+34600…;`: a voice call.
    Dial(PhoneNumber),
    /// `AT+CLCC`: the calls there are.
    ListCalls,
    /// `AT+CHLD=0`: tell a call that waits that we are busy; the one under way goes on.
    RefuseWaiting,
    /// `AT+CUSD=1,"*100#",15`: ask the network by a code; the answer comes as `+CUSD`.
    AskNetwork(String),
    /// `AT+CUSD=2`: no more of that.
    LeaveNetwork,
    /// `ATH` or what the model has instead: hang up, also a call that comes in.
    HangUp(&'static str),
    /// `AT+CFUN=1,1` or what the model has instead: start anew.
    Restart(&'static str),
}

impl Command {
    /// The command line, without its carriage return.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Attention => "AT".into(),
            Self::EchoOff => "ATE0".into(),
            Self::ResetProfile => "ATZ".into(),
            Self::VerboseErrors => "AT+CMEE=2".into(),
            Self::Model => "AT+CGMM".into(),
            Self::SimState => "AT+CPIN?".into(),
            Self::PinTries => "AT+SPIC".into(),
            Self::EnterPin(pin) => format!("AT+CPIN=\"{}\"", pin.reveal()),
            Self::CharacterSet => "AT+CSCS=\"GSM\"".into(),
            Self::PduMode => "AT+CMGF=0".into(),
            Self::ServiceCentre(address) => format!("AT+CSCA=\"{address}\""),
            Self::MessageService => "AT+CSMS?".into(),
            Self::Announce(parameters) => format!("AT+CNMI={parameters}"),
            Self::WatchRegistration(domain) => format!("AT{}=1", domain.name()),
            Self::AskRegistration(domain) => format!("AT{}?", domain.name()),
            Self::OperatorFormat => "AT+COPS=3,0".into(),
            Self::Operator => "AT+COPS?".into(),
            Self::Signal => "AT+CSQ".into(),
            Self::SendMessage(octets) => format!("AT+CMGS={octets}"),
            Self::ListMessages => "AT+CMGL=4".into(),
            Self::ReadMessage(index) => format!("AT+CMGR={index}"),
            Self::DeleteMessage(index) => format!("AT+CMGD={index}"),
            Self::AcknowledgeMessage => "AT+CNMA".into(),
            Self::WatchCalls => "AT+CLCC=1".into(),
            Self::DetectKeys => "AT+DDET=1".into(),
            Self::Audio(text) => text.clone(),
            Self::Dial(number) => format!("ATD{number};"),
            Self::ListCalls => "AT+CLCC".into(),
            Self::RefuseWaiting => "AT+CHLD=0".into(),
            Self::AskNetwork(code) => format!("AT+CUSD=1,\"{code}\",15"),
            Self::LeaveNetwork => "AT+CUSD=2".into(),
            Self::HangUp(text) | Self::Restart(text) => (*text).into(),
        }
    }

    /// What its information responses begin with; empty when it has none, or any text.
    #[must_use]
    pub const fn response(&self) -> &'static str {
        match self {
            Self::SimState => "+CPIN:",
            Self::PinTries => "+SPIC:",
            Self::MessageService => "+CSMS:",
            Self::AskRegistration(domain) => domain.response(),
            Self::Operator => "+COPS:",
            Self::Signal => "+CSQ:",
            Self::SendMessage(_) => "+CMGS:",
            Self::ListMessages => "+CMGL:",
            Self::ReadMessage(_) => "+CMGR:",
            Self::ListCalls => "+CLCC:",
            Self::Attention
            | Self::EchoOff
            | Self::ResetProfile
            | Self::VerboseErrors
            | Self::Model
            | Self::EnterPin(_)
            | Self::CharacterSet
            | Self::PduMode
            | Self::ServiceCentre(_)
            | Self::Announce(_)
            | Self::WatchRegistration(_)
            | Self::OperatorFormat
            | Self::DeleteMessage(_)
            | Self::AcknowledgeMessage
            | Self::WatchCalls
            | Self::DetectKeys
            | Self::Audio(_)
            | Self::Dial(_)
            | Self::RefuseWaiting
            | Self::AskNetwork(_)
            | Self::LeaveNetwork
            | Self::HangUp(_)
            | Self::Restart(_) => "",
        }
    }

    /// What the digest is to look for while it runs.
    #[must_use]
    pub fn expect(&self) -> Expect {
        Expect {
            echo: self.text(),
            response: self.response(),
            prompt: matches!(self, Self::SendMessage(_)),
            // A PDU stands on a line of its own after its header.
            joins: !matches!(self, Self::ReadMessage(_) | Self::ListMessages),
        }
    }

    /// How long the modem may take to answer. The manuals' maximum response times are longer for
    /// some (`AT+CMGL`, `ATH`: 20 s), but a message may be waiting behind a stuck modem.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        let seconds = match self {
            Self::Attention => 1,
            Self::SimState
            | Self::EnterPin(_)
            | Self::ServiceCentre(_)
            | Self::SendMessage(_)
            | Self::ReadMessage(_)
            | Self::DeleteMessage(_)
            | Self::AcknowledgeMessage => 5,
            Self::Restart(_) | Self::HangUp(_) | Self::ListMessages => 10,
            // Those made after an early release of the standard answer when the network has.
            Self::AskNetwork(_) => 30,
            // Some answer when the telephone is answered, some at once.
            Self::Dial(_) => 180,
            Self::EchoOff
            | Self::ResetProfile
            | Self::VerboseErrors
            | Self::Model
            | Self::PinTries
            | Self::CharacterSet
            | Self::PduMode
            | Self::MessageService
            | Self::Announce(_)
            | Self::WatchRegistration(_)
            | Self::AskRegistration(_)
            | Self::OperatorFormat
            | Self::Operator
            | Self::Signal
            | Self::WatchCalls
            | Self::DetectKeys
            | Self::Audio(_)
            | Self::ListCalls
            | Self::LeaveNetwork
            | Self::RefuseWaiting => 3,
        };
        Duration::from_secs(seconds)
    }
}

impl Domain {
    const fn name(self) -> &'static str {
        match self {
            Self::Circuit => "+CREG",
            Self::Packet => "+CGREG",
            Self::Eps => "+CEREG",
        }
    }

    const fn response(self) -> &'static str {
        match self {
            Self::Circuit => "+CREG:",
            Self::Packet => "+CGREG:",
            Self::Eps => "+CEREG:",
        }
    }
}

/// One parameter of a response: `3`, `"SM"`, or nothing between two commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    text: String,
    quoted: bool,
}

impl Field {
    /// The text, without its quotes.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a number outside quotes.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        if self.quoted { None } else { self.text.parse().ok() }
    }
}

/// Takes `1,"SM",,3` apart (at most 32 fields). Commas inside quotes do not divide.
#[must_use]
pub fn fields(text: &str) -> Vec<Field> {
    const MAX_FIELDS: usize = 32;
    let mut fields = Vec::new();
    let mut field = Field { text: String::new(), quoted: false };
    let mut inside = false;
    for c in text.trim().chars() {
        match c {
            '"' => {
                inside = !inside;
                field.quoted = true;
            }
            ',' if !inside => {
                if fields.len() + 1 == MAX_FIELDS {
                    return fields;
                }
                let next = Field { text: String::new(), quoted: false };
                fields.push(std::mem::replace(&mut field, next));
            }
            ' ' if !inside => {}
            _ => field.text.push(c),
        }
    }
    fields.push(field);
    fields
}
