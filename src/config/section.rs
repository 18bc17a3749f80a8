//! The sections of the file, as valid values. Their defaults are those of `config.example.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use regex::Regex;

use super::{
    Amount, Board, ByteSize, ChannelName, Directory, Language, MailAddress, Pattern, Secret, Sip,
    SipMessage, System, Template, VoiceName, Voip, Web,
};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[appliance]`
    pub appliance: Appliance,
    /// `[smtp]`, `[[smtp.listener]]`, `[[smtp.user]]`
    pub smtp: Smtp,
    /// `[filter]`
    pub filter: Filter,
    /// `[queue]`
    pub queue: Queue,
    /// `[channels]`
    pub channels: Channels,
    /// `[mail]`
    pub mail: Mail,
    /// `[sms]`
    pub sms: Sms,
    /// `[call]`
    pub call: Call,
    /// `[gsm]`
    pub gsm: Gsm,
    /// `[voip]`
    pub voip: Voip,
    /// `[sip-message]`
    pub sip_message: SipMessage,
    /// `[sip]`, `[[sip.account]]`
    pub sip: Sip,
    /// `[speech]`
    pub speech: Speech,
    /// `[audio]`
    pub audio: Audio,
    /// `[modem]`; no modem when the section is missing.
    pub modem: Option<Modem>,
    /// `[web]`
    pub web: Web,
    /// `[board]`; no pin is touched when the section is missing.
    pub board: Option<Board>,
    /// `[system]`, `[network]`, `[wifi]`, `[wireguard]`
    pub system: System,
    /// `[texts.LANGUAGE]`
    pub texts: Templates,
    /// `[[person]]`, `[aliases]`
    pub directory: Directory,
}

impl Config {
    /// How long nobody may have acknowledged a critical alert before that counts as an alarm.
    #[must_use]
    pub fn alarm_after(&self) -> Duration {
        self.board.as_ref().map_or(Board::BUZZER_AFTER, |board| board.buzzer_after)
    }
}

/// `[appliance]`: what it is called and where it keeps its things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appliance {
    /// Host name in the SMTP greeting, in EHLO to the relay and in headers.
    pub name: String,
    /// Language of people who have none of their own.
    pub language: Language,
    /// Folder of the store, the control socket and the self-signed certificate.
    pub store: PathBuf,
}

/// `[smtp]`: the receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// PEM files of certificate chain and private key; self-signed, made at the first start, when
    /// unset.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Networks whose clients may connect.
    pub allow: Vec<IpNet>,
    /// Who may log in with AUTH.
    pub users: Vec<SmtpUser>,
    /// Whether AUTH is offered without TLS.
    pub auth_without_tls: bool,
    /// Whether VRFY and EXPN answer from the directory.
    pub vrfy: bool,
    /// Largest message.
    pub max_message: ByteSize,
    /// Longest line of a command, in bytes (a line of data may be as long as the message).
    pub max_line: ByteSize,
    /// Most recipients of one message.
    pub max_recipients: usize,
    /// Most connections at a time.
    pub max_connections: usize,
    /// Most connections at a time from one address.
    pub max_connections_per_client: usize,
    /// Most messages from one address in a minute; 0 is no limit.
    pub max_messages_per_minute: u32,
    /// How long a client may stay silent.
    pub idle_timeout: Duration,
    /// How long a session may last.
    pub session_timeout: Duration,
}

/// `[[smtp.listener]]`: one port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Address and port; port 0 takes any free one.
    pub address: SocketAddr,
    /// Whether and how TLS begins.
    pub tls: ListenerTls,
    /// Whether clients log in.
    pub auth: AuthPolicy,
}

/// Whether and how TLS begins on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListenerTls {
    /// Never.
    Off,
    /// When the client asks by STARTTLS (RFC 3207).
    Starttls,
    /// With the first byte (RFC 8314).
    Implicit,
}

/// Whether clients log in on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthPolicy {
    /// AUTH is not offered.
    Off,
    /// AUTH is offered when there are users.
    Optional,
    /// No mail without AUTH.
    Required,
}

/// `[[smtp.user]]`: a name and password for AUTH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUser {
    /// Name the client logs in with.
    pub name: String,
    /// Password.
    pub password: Secret,
}

/// `[filter]`: what is dropped.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Subjects that are never told.
    pub ignore: Vec<Ignore>,
    /// How long the same news counts as a repeat.
    pub repeat_window: Duration,
    /// How many different news are remembered.
    pub capacity: usize,
    /// After this long without any mail the memory is emptied.
    pub forget_after: Duration,
}

/// One entry of the ignore list.
#[derive(Debug, Clone)]
pub enum Ignore {
    /// The whole subject, to the letter.
    Exact(String),
    /// A pattern, written `/…/`, found anywhere in the subject.
    Pattern(Regex),
}

/// `[queue]`: what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Most alerts waiting to be told; beyond it clients get 452.
    pub max_pending: usize,
    /// How long told and dropped alerts stay in the history.
    pub keep_history: Duration,
    /// Most alerts in the history; the oldest make room.
    pub max_history: usize,
    /// Free space the disk must have for a mail to be accepted.
    pub min_free_space: ByteSize,
}

/// `[channels]`: which ways are used, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// The enabled channels, first to last. A channel missing from `order` comes last.
    pub enabled: Vec<ChannelName>,
}

/// How a channel tries again: waits grow from `first` to `max` by doubling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Wait after the first failure.
    pub first: Duration,
    /// Longest wait.
    pub max: Duration,
    /// How long a delivery is tried before it is given up.
    pub give_up: Duration,
}

/// `[mail]`: the mail channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Host name of the relay; no mail goes out without one.
    pub relay: Option<String>,
    /// Its port.
    pub port: u16,
    /// Whether and how TLS begins.
    pub tls: RelayTls,
    /// PEM file of the CA that signed the relay's certificate; the system's CAs when unset.
    pub ca: Option<PathBuf>,
    /// Login.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The appliance's own address: reverse-path and `From` of all it sends.
    pub from: MailAddress,
    /// Longest wait for the relay in one step.
    pub timeout: Duration,
    /// How it tries again.
    pub retry: Retry,
}

/// Whether and how TLS begins with the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelayTls {
    /// Never.
    Off,
    /// By STARTTLS, and not without.
    Starttls,
    /// With the first byte.
    Implicit,
}

/// `[sms]`: the SMS channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// Whether all parts are sent, or only the first.
    pub full_text: bool,
    /// Most parts of one message; the rest of the text is cut.
    pub max_parts: usize,
    /// Whether the network is asked to report the delivery (TP-SRR).
    pub delivery_report: bool,
    /// From this many waiting alerts for one person on, they are told in one message.
    pub digest_from: usize,
    /// How it tries again.
    pub retry: Retry,
}

/// `[modem]`: the GSM module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modem {
    /// Serial device.
    pub device: PathBuf,
    /// Line speed in baud; found by trial when unset.
    pub baud: Option<u32>,
    /// PIN of the SIM card.
    pub pin: Option<Secret>,
    /// Which module's oddities to expect; found out by asking it when unset.
    pub model: Option<ModemModel>,
    /// Service centre address, when the SIM card's is wrong or missing.
    pub smsc: Option<super::PhoneNumber>,
    /// `[modem.audio]`
    pub audio: ModemAudio,
    /// `[modem.balance]`; without a code nobody asks.
    pub balance: Option<ModemBalance>,
}

/// `[modem.audio]`: the module's side of the audio lead. What is unset stays as the module has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModemAudio {
    /// Audio channel (`AT+CHFA`): 0 main, 1 auxiliary, and what else the module has.
    pub channel: Option<u8>,
    /// Gain of its microphone input (`AT+CMIC`), 0 to 15.
    pub microphone_gain: Option<u8>,
    /// Volume of its output (`AT+CLVL`), 0 to 100.
    pub volume: Option<u8>,
    /// Whether it takes out echo (`AT+ECHO`).
    pub echo_cancellation: Option<bool>,
}

/// `[modem.balance]`: the balance of a prepaid SIM card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemBalance {
    /// The operator's code for it (USSD), digits, `*` and `#`.
    pub code: String,
    /// How often it is asked for.
    pub interval: Duration,
    /// Less than this is told as a fault.
    pub warning: Option<Amount>,
    /// Its first group is the amount in the operator's answer; found without it when unset.
    pub pattern: Option<Pattern>,
}

/// `[call]`: what calls of every kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// How long it may ring.
    pub ring_time: Duration,
    /// How long a call may last from the answer on.
    pub max_length: Duration,
    /// Silence between the answer and the first word.
    pub lead_in: Duration,
    /// How often the message is said.
    pub times: u32,
    /// How long a key is waited for after each time.
    pub key_wait: Duration,
    /// What becomes of a call that was answered and not acknowledged.
    pub unacknowledged: Unacknowledged,
    /// Whether mails that report nothing bad (recoveries, acknowledgements, downtimes) are called.
    pub recoveries: bool,
    /// From this many waiting alerts for one person on, one call tells them all; 0 for never.
    pub digest_from: usize,
}

/// What becomes of a call that was answered and not acknowledged by the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unacknowledged {
    /// The person is called again, as if nobody had answered.
    Retry,
    /// The next kind of call takes its turn; this one is over.
    Next,
    /// She counts as told.
    Told,
}

/// `[gsm]`: calls through the modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gsm {
    /// How it tries again.
    pub retry: Retry,
}

/// `[speech]`: the voices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    /// Folder of the installed Piper voices.
    pub voices: PathBuf,
    /// The voice of each language (`[speech.voice]`). A language without one gets the first
    /// installed voice that speaks it, else espeak-ng.
    pub voice: BTreeMap<Language, VoiceName>,
    /// Rate of speech in percent of the voice's own.
    pub rate: u32,
    /// Threads that share the work on one sentence of a Piper voice.
    pub threads: usize,
    /// A voice that was not used for this long leaves the memory.
    pub unload_after: Duration,
    /// Most bytes of speech that are kept for its next use.
    pub cache: ByteSize,
    /// What words are said as, by language (`[speech.lexicon.LANGUAGE]`), words in lower case.
    pub lexicon: BTreeMap<Language, BTreeMap<String, String>>,
}

/// `[audio]`: the sound card whose output leads to the modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// ALSA PCM that plays.
    pub playback: String,
    /// ALSA PCM that records.
    pub capture: String,
    /// Level of what is played, in percent of full scale.
    pub level: u32,
}

/// A family of modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModemModel {
    /// SIM900 family: 2G.
    Sim900,
    /// SIM800 family: 2G.
    Sim800,
    /// SIM7600 and A7670 families: LTE.
    Sim7600,
}

/// `[texts.LANGUAGE]`: templates per language tag. Languages without any use the built-in ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// By language tag.
    pub by_language: BTreeMap<Language, TextTemplates>,
}

/// Templates of one language; the built-in text where unset. Placeholders stand in braces:
/// `{from} {subject} {date} {body} {source} {kind} {severity} {host} {check} {problem_id}
/// {summary}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextTemplates {
    /// What an SMS says.
    pub sms: Option<Template>,
    /// What a call says.
    pub call: Option<Template>,
}
