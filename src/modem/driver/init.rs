//! From an answering modem to one that can send: pure, step by step.

use std::collections::VecDeque;
use std::time::Duration;

use super::status::Fault;
use super::step::{Action, Answer};
use crate::config::{self, ModemModel};
use crate::modem::at::{Command, Domain, ModemFault, Registration, fields};
use crate::modem::quirks::{Quirk, Quirks, family};

/// How often, and after which wait, a SIM card that is busy is asked again.
const SIM_BUSY_TRIES: u8 = 15;
const SIM_BUSY_WAIT: Duration = Duration::from_secs(1);
/// How long a modem may take to be ready for messages after its SIM card is.
const READY_WAIT: Duration = Duration::from_secs(20);

/// `AT+CNMI` from the best to the least: `<mode>,<mt>,<bm>,<ds>,<bfr>`. New messages are stored
/// and announced (`+CMTI`), so that none is lost while nobody listens; reports come at once.
const ANNOUNCE: [&str; 4] = ["2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,1", "2,1,0,0,0"];

/// What is known of a modem that can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its answer to `AT+CGMM`.
    pub model: Option<String>,
    /// Its quirks.
    pub quirks: Quirks,
    /// Whether messages that are not stored want `+CNMA` (phase 2+, `+CSMS: 1`).
    pub acknowledges: bool,
    /// Whether it tells the keys that are pressed in a call.
    pub hears_keys: bool,
    /// Why it did not take a setting of `[modem.audio]`.
    pub audio_refused: Option<ModemFault>,
    /// Registration of circuits.
    pub circuit: Registration,
    /// Registration in LTE.
    pub eps: Registration,
}

impl Identity {
    /// The better of both registrations.
    #[must_use]
    pub const fn registration(&self) -> Registration {
        if self.eps.is_registered() { self.eps } else { self.circuit }
    }
}

/// Brings a modem up.
#[derive(Debug)]
pub struct Init {
    settings: config::Modem,
    /// The modem has just started, so that its `SMS Ready` is still to come.
    started: bool,
    /// The PIN was refused before.
    pin_spent: bool,
    stage: Stage,
    sim_busy: u8,
    announce: usize,
    /// Settings of the audio path yet to be made.
    audio: VecDeque<String>,
    identity: Identity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    ResetProfile,
    EchoOff,
    VerboseErrors,
    Model,
    SimState,
    PinTries,
    EnterPin,
    AwaitReady,
    CharacterSet,
    PduMode,
    ServiceCentre,
    MessageService,
    Announce,
    WatchCircuit,
    WatchEps,
    AskCircuit,
    AskEps,
    OperatorFormat,
    WatchCalls,
    DetectKeys,
    Audio,
}

type Step = Action<Result<Identity, Fault>>;

impl Init {
    /// `started`: the modem has just said that it started. `pin_spent`: the SIM card refused this
    /// PIN before.
    #[must_use]
    pub const fn new(settings: config::Modem, started: bool, pin_spent: bool) -> Self {
        let quirks = Quirks::of(settings.model);
        let identity = Identity {
            model: None,
            quirks,
            acknowledges: false,
            hears_keys: false,
            audio_refused: None,
            circuit: Registration::Unknown,
            eps: Registration::Unknown,
        };
        let stage = Stage::ResetProfile;
        let audio = VecDeque::new();
        Self { settings, started, pin_spent, stage, sim_busy: 0, announce: 0, audio, identity }
    }

    /// Takes the answer to the last action and tells the next one.
    pub fn next(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::Begin => self.enter(Stage::ResetProfile),
            Answer::Waited => self.enter(self.stage),
            // A PIN that was perhaps taken is not sent a second time.
            Answer::Timeout if self.stage == Stage::EnterPin => fail(Fault::PinWrong),
            Answer::Timeout | Answer::Prompt => fail(Fault::Stuck(self.stage.name())),
            Answer::Lost(_) => fail(Fault::Restarted),
            Answer::Ok(lines) => self.on_ok(&lines),
            Answer::Error(reason) => self.on_error(reason),
        }
    }

    /// The quirks as far as they are known.
    #[must_use]
    pub const fn quirks(&self) -> Quirks {
        self.identity.quirks
    }

    fn enter(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        Action::Send(match stage {
            Stage::ResetProfile => Command::ResetProfile,
            Stage::EchoOff => Command::EchoOff,
            Stage::VerboseErrors => Command::VerboseErrors,
            Stage::Model => Command::Model,
            Stage::SimState => Command::SimState,
            Stage::PinTries if self.identity.quirks.has(Quirk::PinTries) => Command::PinTries,
            Stage::PinTries => return self.enter(Stage::EnterPin),
            Stage::EnterPin => match &self.settings.pin {
                Some(_) if self.pin_spent => return fail(Fault::PinWrong),
                Some(pin) => {
                    self.pin_spent = true;
                    Command::EnterPin(pin.clone())
                }
                None => return fail(Fault::PinRequired),
            },
            Stage::AwaitReady => {
                if self.started && self.identity.quirks.has(Quirk::LateSmsReady) {
                    self.started = false;
                    return Action::AwaitReady(READY_WAIT);
                }
                return self.enter(Stage::CharacterSet);
            }
            Stage::CharacterSet => Command::CharacterSet,
            Stage::PduMode => Command::PduMode,
            Stage::ServiceCentre => match &self.settings.smsc {
                Some(address) => Command::ServiceCentre(address.clone()),
                None => return self.enter(Stage::MessageService),
            },
            Stage::MessageService => Command::MessageService,
            Stage::Announce => match ANNOUNCE.get(self.announce) {
                Some(parameters) => Command::Announce(parameters),
                None => return self.enter(Stage::WatchCircuit),
            },
            Stage::WatchCircuit => Command::WatchRegistration(Domain::Circuit),
            Stage::WatchEps if self.is_lte() => Command::WatchRegistration(Domain::Eps),
            Stage::WatchEps => return self.enter(Stage::AskCircuit),
            Stage::AskCircuit => Command::AskRegistration(Domain::Circuit),
            Stage::AskEps if self.is_lte() => Command::AskRegistration(Domain::Eps),
            Stage::AskEps => return self.enter(Stage::OperatorFormat),
            Stage::OperatorFormat => {
                self.audio = self.identity.quirks.audio(&self.settings.audio).into();
                Command::OperatorFormat
            }
            Stage::WatchCalls if self.identity.quirks.has(Quirk::CallNews) => Command::WatchCalls,
            Stage::WatchCalls => return self.enter(Stage::DetectKeys),
            Stage::DetectKeys => Command::DetectKeys,
            Stage::Audio => match self.audio.pop_front() {
                Some(setting) => Command::Audio(setting),
                None => return Action::Done(Ok(self.identity.clone())),
            },
        })
    }

    fn is_lte(&self) -> bool {
        self.identity.quirks.has(Quirk::LteRegistration)
    }

    fn on_ok(&mut self, lines: &[String]) -> Step {
        let stat = || lines.iter().find_map(|line| registration(line)).unwrap_or_default();
        match self.stage {
            Stage::Model => self.learn_model(lines),
            Stage::SimState => return self.on_sim_state(lines),
            Stage::PinTries => {
                // `+SPIC: <PIN>,<PIN2>,<PUK>,<PUK2>`
                let left = lines.iter().find_map(|line| number(line, "+SPIC:", 0));
                if left.is_some_and(|left| left <= 1) {
                    return fail(Fault::PinLastTry);
                }
            }
            Stage::EnterPin => return self.enter(Stage::SimState),
            Stage::MessageService => {
                let service = lines.iter().find_map(|line| number(line, "+CSMS:", 0));
                self.identity.acknowledges = service == Some(1);
            }
            Stage::DetectKeys => self.identity.hears_keys = true,
            Stage::Audio => return self.enter(Stage::Audio),
            Stage::AskCircuit => self.identity.circuit = stat(),
            Stage::AskEps => self.identity.eps = stat(),
            Stage::ResetProfile
            | Stage::EchoOff
            | Stage::VerboseErrors
            | Stage::AwaitReady
            | Stage::CharacterSet
            | Stage::PduMode
            | Stage::ServiceCentre
            | Stage::Announce
            | Stage::WatchCircuit
            | Stage::WatchEps
            | Stage::OperatorFormat
            | Stage::WatchCalls => {}
        }
        self.proceed()
    }

    fn proceed(&mut self) -> Step {
        match self.stage.following() {
            Some(stage) => self.enter(stage),
            None => Action::Done(Ok(self.identity.clone())),
        }
    }

    fn on_error(&mut self, reason: ModemFault) -> Step {
        match self.stage {
            // A busy SIM card has not looked at the PIN.
            Stage::EnterPin if reason.code == Some(14) => {
                self.pin_spent = false;
                self.wait_for_sim(reason.to_string())
            }
            Stage::EnterPin => fail(Fault::PinWrong),
            Stage::SimState => match reason.code {
                Some(10 | 310) => fail(Fault::NoSim),
                Some(11 | 311) => self.enter(Stage::PinTries),
                Some(12 | 316) => fail(Fault::SimLocked("its PUK".into())),
                Some(15 | 315) => fail(Fault::Sim(reason.to_string())),
                _ => self.wait_for_sim(reason.to_string()),
            },
            Stage::PduMode | Stage::ServiceCentre => {
                if self.sim_busy < SIM_BUSY_TRIES {
                    self.wait_for_sim(reason.to_string())
                } else {
                    fail(Fault::Refused { command: self.stage.name(), reason })
                }
            }
            Stage::EchoOff => fail(Fault::Refused { command: self.stage.name(), reason }),
            Stage::Announce => {
                self.announce += 1;
                self.enter(Stage::Announce)
            }
            Stage::Audio => {
                self.identity.audio_refused = Some(reason);
                self.enter(Stage::Audio)
            }
            // What a modem lacks here it can do without.
            Stage::ResetProfile
            | Stage::VerboseErrors
            | Stage::Model
            | Stage::PinTries
            | Stage::AwaitReady
            | Stage::CharacterSet
            | Stage::MessageService
            | Stage::WatchCircuit
            | Stage::WatchEps
            | Stage::AskCircuit
            | Stage::AskEps
            | Stage::OperatorFormat
            | Stage::WatchCalls
            | Stage::DetectKeys => self.proceed(),
        }
    }

    fn learn_model(&mut self, lines: &[String]) {
        const MAX_CHARS: usize = 40;
        // A line that nobody knows may stand before the answer.
        let known = lines.iter().find(|line| family(line).is_some());
        let Some(model) = known.or(lines.first()) else { return };
        let model = model.strip_prefix("+CGMM:").unwrap_or(model).trim().trim_matches('"');
        let known: Option<ModemModel> = self.settings.model.or_else(|| family(model));
        self.identity.quirks = Quirks::of(known);
        self.identity.model = Some(model.chars().take(MAX_CHARS).collect());
    }

    fn on_sim_state(&mut self, lines: &[String]) -> Step {
        let state = lines.iter().find_map(|line| line.strip_prefix("+CPIN:")).unwrap_or("");
        match state.trim() {
            "READY" => self.enter(Stage::AwaitReady),
            "SIM PIN" => self.enter(Stage::PinTries),
            "NOT INSERTED" => fail(Fault::NoSim),
            state @ ("" | "NOT READY") => self.wait_for_sim(state.to_owned()),
            state => fail(Fault::SimLocked(state.chars().take(40).collect())),
        }
    }

    fn wait_for_sim(&mut self, state: String) -> Step {
        if self.sim_busy == SIM_BUSY_TRIES {
            return fail(Fault::Sim(state));
        }
        self.sim_busy += 1;
        Action::Wait(SIM_BUSY_WAIT)
    }
}

impl Stage {
    const ORDER: [Self; 21] = [
        Self::ResetProfile,
        Self::EchoOff,
        Self::VerboseErrors,
        Self::Model,
        Self::SimState,
        Self::PinTries,
        Self::EnterPin,
        Self::AwaitReady,
        Self::CharacterSet,
        Self::PduMode,
        Self::ServiceCentre,
        Self::MessageService,
        Self::Announce,
        Self::WatchCircuit,
        Self::WatchEps,
        Self::AskCircuit,
        Self::AskEps,
        Self::OperatorFormat,
        Self::WatchCalls,
        Self::DetectKeys,
        Self::Audio,
    ];

    fn following(self) -> Option<Self> {
        Self::ORDER.into_iter().skip_while(|stage| *stage != self).nth(1)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::ResetProfile => "ATZ",
            Self::EchoOff => "ATE0",
            Self::VerboseErrors => "AT+CMEE",
            Self::Model => "AT+CGMM",
            Self::SimState | Self::EnterPin | Self::AwaitReady => "AT+CPIN",
            Self::PinTries => "AT+SPIC",
            Self::CharacterSet => "AT+CSCS",
            Self::PduMode => "AT+CMGF",
            Self::ServiceCentre => "AT+CSCA",
            Self::MessageService => "AT+CSMS",
            Self::Announce => "AT+CNMI",
            Self::WatchCircuit | Self::AskCircuit => "AT+CREG",
            Self::WatchEps | Self::AskEps => "AT+CEREG",
            Self::OperatorFormat => "AT+COPS",
            Self::WatchCalls => "AT+CLCC",
            Self::DetectKeys => "AT+DDET",
            Self::Audio => "the audio settings",
        }
    }
}

fn fail(fault: Fault) -> Step {
    Action::Done(Err(fault))
}

/// The field at `index` of a response, as a number.
pub(super) fn number(line: &str, prefix: &str, index: usize) -> Option<u32> {
    fields(line.strip_prefix(prefix)?).get(index)?.number()
}

/// `<stat>` of `+CREG: <n>,<stat>` and its sisters.
pub(super) fn registration(line: &str) -> Option<Registration> {
    let (name, rest) = line.split_once(':')?;
    let known = matches!(name, "+CREG" | "+CGREG" | "+CEREG");
    if !known {
        return None;
    }
    fields(rest).get(1)?.number().map(Registration::from_stat)
}
