//! Unsolicited result codes: what a modem says of its own accord.

use super::call::{CallUrc, call_urc};
use super::command::{Field, fields};
use super::ussd::Ussd;

/// State of registration, `<stat>` of `+CREG`, `+CGREG` and `+CEREG` (3GPP TS 27.007 section
/// 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Registration {
    /// 0: not registered and not searching.
    Idle,
    /// 1, and 6 (SMS only): in the home network.
    Home,
    /// 2: searching.
    Searching,
    /// 3: the network refuses this SIM card.
    Denied,
    /// 4, any other, or not asked yet.
    #[default]
    Unknown,
    /// 5, and 7 (SMS only): in a foreign network.
    Roaming,
}

impl Registration {
    /// Reads `<stat>`.
    #[must_use]
    pub const fn from_stat(stat: u32) -> Self {
        match stat {
            0 => Self::Idle,
            1 | 6 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 | 7 => Self::Roaming,
            _ => Self::Unknown,
        }
    }

    /// Whether messages can be sent.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }

    /// In words for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "not registered and not searching",
            Self::Home => "registered",
            Self::Searching => "searching for a network",
            Self::Denied => "registration denied by the network",
            Self::Unknown => "registration unknown",
            Self::Roaming => "registered, roaming",
        }
    }
}

/// What a modem says of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Urc {
    /// `+CREG: <stat>` and its sisters of packet and LTE networks.
    Registration {
        /// `+CREG`, `+CGREG` or `+CEREG`.
        domain: Domain,
        /// The new state.
        state: Registration,
    },
    /// `+CMTI: "SM",3`: a message came and is stored.
    MessageStored(u16),
    /// `+CDSI: "SM",3`: a status report came and is stored.
    ReportStored(u16),
    /// `+CMT: ,24` and the PDU: a message came and is not stored.
    Message(String),
    /// `+CDS: 25` and the PDU: a status report came and is not stored.
    Report(String),
    /// `RING`, `+CRING: VOICE`: a call comes in.
    Ring,
    /// News of a call.
    Call(CallUrc),
    /// `RDY`: the modem has just started.
    Started,
    /// `NORMAL POWER DOWN`, `UNDER-VOLTAGE POWER DOWN`, …: the modem goes.
    PowerDown(String),
    /// `+CPIN: READY`, `+CPIN: NOT INSERTED`, …: state of the SIM card.
    Sim(String),
    /// `+CUSD: 0,"Balance: 5.00",15`: what the network writes when it is asked by a code.
    Ussd(Ussd),
    /// `SMS Ready`, `SMS DONE`: the last of the start is done.
    MessagesReady,
    /// Known to be unsolicited, of no consequence.
    Other(String),
}

/// Which part of the network a registration is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// `+CREG`: circuits (2G, 3G).
    Circuit,
    /// `+CGREG`: packets (2G, 3G).
    Packet,
    /// `+CEREG`: LTE.
    Eps,
}

/// A line that announces a second one, which carries the PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    Message,
    Report,
}

impl Header {
    pub(super) fn with_pdu(self, pdu: String) -> Urc {
        match self {
            Self::Message => Urc::Message(pdu),
            Self::Report => Urc::Report(pdu),
        }
    }
}

pub(super) enum Unsolicited {
    Whole(Urc),
    Header(Header),
}

/// Starts of lines that interest nobody, from the manuals of SIM900, SIM800, SIM7600, A7670.
const OF_NO_CONSEQUENCE: &[&str] = &[
    "+CFUN:",
    "+CIEV:",
    "+CLIP:",
    "+PSUTTZ",
    "*PSUTTZ",
    "*PSNWID",
    "DST:",
    "+CTZV:",
    "+SIMCARD:",
    "*ATREADY:",
    "+QIND:",
    "+CBM:",
    "+CSSI:",
    "+CSSU:",
    "UNDER-VOLTAGE WARNNING",
    "UNDER-VOLTAGE WARNING",
    "OVER-VOLTAGE WARNNING",
    "OVER-VOLTAGE WARNING",
    "Call Ready",
    "PB DONE",
    "START",
    "MISSED_CALL:",
    "OPL UPDATING",
    "PNN UPDATING",
];

/// Starts by which an unsolicited line is recognised even when it is glued to the end of another.
pub(super) const GLUED: &[&str] = &[
    "+CMTI:",
    "+CDSI:",
    "+CMT:",
    "+CDS:",
    "+CREG:",
    "+CEREG:",
    "+CGREG:",
    "+CLCC:",
    "+DTMF:",
    "+RXDTMF:",
    "+CUSD:",
    "VOICE CALL:",
    "NO CARRIER",
    "RING",
];

/// Reads a line as unsolicited, unless it answers the running command, whose information
/// responses begin with `solicited`.
pub(super) fn unsolicited(line: &str, solicited: &str) -> Option<Unsolicited> {
    if let Some(urc) = registration(line, solicited) {
        return Some(Unsolicited::Whole(urc));
    }
    if !solicited.is_empty() && line.starts_with(solicited) {
        return None;
    }
    let stored = |rest: &str| fields(rest).get(1).and_then(Field::number);
    let urc = if let Some(rest) = line.strip_prefix("+CMTI:") {
        Urc::MessageStored(u16::try_from(stored(rest)?).ok()?)
    } else if let Some(rest) = line.strip_prefix("+CDSI:") {
        Urc::ReportStored(u16::try_from(stored(rest)?).ok()?)
    } else if line.starts_with("+CMT:") {
        return Some(Unsolicited::Header(Header::Message));
    } else if line.starts_with("+CDS:") {
        return Some(Unsolicited::Header(Header::Report));
    } else if let Some(call) = call_urc(line) {
        Urc::Call(call)
    } else if line.starts_with("+CUSD:") {
        // Its text may hold anything, so nothing else is made of a line like this.
        Ussd::read(line).map_or_else(|| Urc::Other("+CUSD:".to_owned()), Urc::Ussd)
    } else if line == "RING" || line.starts_with("+CRING:") {
        Urc::Ring
    } else if line == "RDY" {
        Urc::Started
    } else if line.ends_with("POWER DOWN") {
        Urc::PowerDown(line.to_owned())
    } else if let Some(state) = line.strip_prefix("+CPIN:") {
        Urc::Sim(state.trim().to_owned())
    } else if matches!(line, "SMS Ready" | "SMS DONE") {
        Urc::MessagesReady
    } else if OF_NO_CONSEQUENCE.iter().any(|start| line.starts_with(start)) {
        Urc::Other(line.to_owned())
    } else {
        return None;
    };
    Some(Unsolicited::Whole(urc))
}

/// `+CREG: 1` is unsolicited even while `AT+CREG?` runs, whose answer is `+CREG: 1,1`; with cell
/// information (`+CREG: 1,"00C3","0F2A"`) the second field is a string.
fn registration(line: &str, solicited: &str) -> Option<Urc> {
    let (name, rest) = line.split_once(':')?;
    let domain = match name {
        "+CREG" => Domain::Circuit,
        "+CGREG" => Domain::Packet,
        "+CEREG" => Domain::Eps,
        _ => return None,
    };
    let fields = fields(rest);
    let stat = fields.first()?.number()?;
    let answers = fields.get(1).is_some_and(|second| second.number().is_some());
    if answers && line.starts_with(solicited) && !solicited.is_empty() {
        return None;
    }
    Some(Urc::Registration { domain, state: Registration::from_stat(stat) })
}
