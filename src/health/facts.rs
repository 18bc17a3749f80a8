//! What is known of every part at one moment, by words of its own: the parts themselves live on
//! floors above.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Alarm;
use super::balance::Balance;
use crate::alert::AlertId;
use crate::config::ChannelName;

/// All that is known at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Channels that are switched on, in their order.
    pub channels: Vec<ChannelName>,
    /// Whom they could tell.
    pub people: People,
    /// Why the configuration file, or what was to become it, is not in force.
    pub configuration: Option<String>,
    /// Whether the board's supply voltage has dropped too low; `None` where nobody measures it.
    pub under_voltage: Option<bool>,
    /// The SMTP ports.
    pub receiver: Receiver,
    /// Whether dispatcher and writer answer.
    pub pulse: Pulse,
    /// What waits.
    pub queue: Queue,
    /// The disk of the store.
    pub disk: Disk,
    /// What the wall clock says.
    pub clock: Timestamp,
    /// The way out of this machine; `None` where it cannot be seen.
    pub network: Option<Network>,
    /// The GSM module, if one is configured.
    pub gsm: Option<Gsm>,
    /// The SIP telephone, if an account is configured.
    pub sip: Option<Sip>,
    /// Whether a relay is configured.
    pub relay: bool,
    /// The voices.
    pub speech: Speech,
    /// What is being told.
    pub telling: Telling,
    /// Alarms that somebody has taken note of.
    pub silenced: Vec<Alarm>,
}

/// Which kinds of addresses somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct People {
    /// Somebody has a mail address.
    pub mail: bool,
    /// Somebody has a telephone number.
    pub phone: bool,
    /// Somebody has an extension.
    pub extension: bool,
}

/// The SMTP ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receiver {
    /// How many are configured.
    pub ports: usize,
    /// How many are open.
    pub open: usize,
}

/// For how long the parts that everything hangs on have not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulse {
    /// The dispatcher's task.
    pub dispatcher: Duration,
    /// The queue's writer.
    pub writer: Duration,
}

/// The queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// Alerts that wait.
    pub waiting: usize,
    /// How many may.
    pub most: usize,
    /// How long the oldest has been waiting.
    pub oldest: Option<Duration>,
    /// The newest bad news that no channel could tell anybody.
    pub unreachable: Option<AlertId>,
    /// What of the store could not be read.
    pub damage: Option<String>,
    /// Why the last writing failed, if it did.
    pub failing: Option<String>,
}

/// The disk of the store, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disk {
    /// What is free; `None` where the file system cannot tell.
    pub free: Option<u64>,
    /// What must stay free for a mail to be accepted.
    pub kept: u64,
    /// Whether nothing can be written, as after an I/O error.
    pub read_only: bool,
    /// What is wrong with it by the word of the system around, which then has put something in its
    /// place.
    pub fault: Option<String>,
}

/// The network, as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Interfaces that have a link, without the loopback.
    pub up: Vec<String>,
    /// Whether there is a way to other networks.
    pub default_route: bool,
}

/// The GSM module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gsm {
    /// Whether it can be used.
    pub state: GsmState,
    /// Whether it answers at all, usable or not.
    pub answers: bool,
    /// Whether the network knows it.
    pub attachment: Attachment,
    /// Received signal strength in dBm.
    pub signal_dbm: Option<i16>,
    /// Name of the network.
    pub operator: Option<String>,
    /// Whether a call is under way.
    pub in_call: bool,
    /// The SIM card's balance, where it is asked for.
    pub balance: Option<Balance>,
}

/// Whether the module can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GsmState {
    /// It is being brought up.
    Starting,
    /// It answers and its SIM card is open.
    Ready,
    /// It cannot be used, in words.
    Fault(String),
}

/// Whether the GSM network knows the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// It does.
    Registered,
    /// It is looked for, or not known yet.
    Searching,
    /// It refuses this SIM card.
    Denied,
}

/// The SIP telephone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sip {
    /// Its accounts.
    pub accounts: Vec<SipAccount>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipAccount {
    /// Its address, such as `200@pbx.example.org`.
    pub name: String,
    /// How it stands.
    pub state: SipState,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SipState {
    /// It does not register, and needs not.
    Unregistered,
    /// It is about to register.
    Trying,
    /// The exchange knows it.
    Registered,
    /// It does not, in words.
    Failed(String),
}

/// The voices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speech {
    /// Voices that are configured and cannot be used; espeak-ng speaks instead.
    pub missing: Vec<String>,
}

/// What the dispatcher tells of its work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Telling {
    /// Alerts that are not told to everybody yet.
    pub open: usize,
    /// Attempts under way.
    pub in_flight: usize,
    /// The newest alert of which everything failed.
    pub untold: Option<AlertId>,
    /// The oldest grave alert that nobody has acknowledged, once that has taken too long.
    pub unacknowledged: Option<AlertId>,
    /// How the last attempt of each channel ended.
    pub outcomes: BTreeMap<ChannelName, LastOutcome>,
}

/// How an attempt ended, by the wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastOutcome {
    /// Somebody was told.
    Told(Timestamp),
    /// It is tried again, for this reason.
    Retry(Timestamp, String),
    /// It was refused, for this reason.
    Refused(Timestamp, String),
}
