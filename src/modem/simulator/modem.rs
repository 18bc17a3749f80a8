//! The simulated modem itself: settings, SIM card, registration; from a command line to its answer.
//! Pure: time comes in as [`Sim900::now`], delays are left to the device.

use std::time::Duration;

use jiff::Timestamp;

use super::audio::Audio;
use super::call::{self, CallStep, Calls, Times};
use super::input::Input;
use super::message::{Prompt, Stored};
use super::order::{Order, Silence, SimCard};
use super::person::PhoneCall;
use super::request::{Form, Request, requests};
use super::ussd::{self, Operator};
use super::{audio, general, message, network};
use crate::modem::at::{Failure, ModemFault, Registration};
use crate::modem::pdu::{Address, StatusReport, Submit};

/// Tries of the PIN before the SIM card wants its PUK.
const PIN_TRIES: u8 = 3;
/// Messages the SIM card can store.
const STORAGE_PLACES: usize = 30;

/// What the modem does.
#[derive(Debug)]
pub(super) enum Effect {
    /// Says this.
    Say(Vec<u8>),
    /// Gives a message to the network; [`Sim900::accept`] follows when that has had its time.
    Submit(Outgoing),
    /// The phone gets a message.
    Phone(Submit),
    /// The network will report this; [`Sim900::report`] follows.
    Report(StatusReport),
    /// [`Sim900::step`] follows after a while.
    Later(Duration, CallStep),
    /// [`Sim900::network_answers`] follows after a while, to the question of this number; until then
    /// nothing that comes in is heard, if so.
    Network(Duration, u64, bool),
    /// Something happens at a telephone that is called.
    Telephone(PhoneCall),
    /// Starts anew; [`Sim900::boot`] follows.
    Restart,
}

/// A message on its way to the network.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) submit: Submit,
    /// `+CMGS` or `+CMSS`, with which the answer begins.
    pub(super) command: &'static str,
}

/// Why a command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Plain,
    Cms(u16),
    Cme(u16),
}

/// How a command ends.
#[derive(Debug)]
pub(super) enum Done {
    /// `OK`, after these lines.
    Ok(Vec<String>),
    /// `OK`, and then these lines of its own accord.
    Then(Vec<String>),
    /// The prompt for a message.
    Prompt(Prompt),
    /// A message for the network, whose answer ends the command.
    Submit(Box<Outgoing>),
    /// `NO CARRIER`.
    NoCarrier,
    /// `NO DIALTONE`.
    NoDialtone,
    /// Nothing yet: `ATD` is answered when the telephone is.
    Later,
    /// `OK`, and a new start.
    Restart,
}

pub(super) type Reply = Result<Done, Refusal>;

/// What `ATZ` and a new start reset.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the standards have as many switches")]
pub(super) struct Settings {
    pub(super) echo: bool,
    pub(super) verbose: bool,
    pub(super) errors: u32,
    pub(super) text_mode: bool,
    pub(super) character_set: String,
    /// `<fo>,<vp>,<pid>,<dcs>` of `+CSMP`.
    pub(super) text_parameters: [u32; 4],
    /// `<mode>,<mt>,<bm>,<ds>,<bfr>` of `+CNMI`.
    pub(super) announce: [u32; 5],
    pub(super) watch_registration: u32,
    pub(super) caller_id: bool,
    pub(super) operator_format: u32,
    /// `<n>` of `+CLCC`, `+DDET`, `+COLP` and `+CCWA`.
    pub(super) call_news: u32,
    pub(super) detect_keys: u32,
    pub(super) connected_line: u32,
    pub(super) call_waiting: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            echo: true,
            verbose: true,
            errors: 0,
            text_mode: false,
            character_set: "IRA".into(),
            text_parameters: [17, 167, 0, 0],
            announce: [2, 1, 0, 0, 0],
            watch_registration: 0,
            caller_id: false,
            operator_format: 0,
            call_news: 0,
            detect_keys: 0,
            connected_line: 0,
            call_waiting: 0,
        }
    }
}

pub(super) struct Sim900 {
    /// Wall clock, set before each call.
    pub(super) now: Timestamp,
    pub(super) settings: Settings,
    pub(super) sim: SimCard,
    pub(super) pin: Option<String>,
    pub(super) pin_tries: u8,
    pub(super) unlocked: bool,
    pub(super) registration: Registration,
    pub(super) signal: u8,
    pub(super) service_centre: Address,
    pub(super) storage: Vec<Option<Stored>>,
    pub(super) reference: u8,
    /// 1 for phase 2+.
    pub(super) message_service: u32,
    cms: Option<(u16, u32)>,
    pub(super) silence: Silence,
    pub(super) calls: Calls,
    pub(super) audio: Audio,
    pub(super) operator: Operator,
    /// What is to follow the answer to the command that runs.
    pub(super) later: Vec<Effect>,
    cut: bool,
    reboot_at_message: bool,
    prompt: Option<Prompt>,
    last_line: String,
}

impl Sim900 {
    pub(super) fn new(pin: Option<String>, times: Times) -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            settings: Settings::default(),
            sim: SimCard::Ready,
            unlocked: pin.is_none(),
            pin,
            pin_tries: PIN_TRIES,
            registration: Registration::Home,
            signal: 17,
            service_centre: Address::new("+34600000000".into()),
            storage: (0..STORAGE_PLACES).map(|_| None).collect(),
            reference: 0,
            message_service: 0,
            cms: None,
            silence: Silence::Off,
            calls: Calls::new(times),
            audio: Audio::default(),
            operator: Operator::default(),
            later: Vec::new(),
            cut: false,
            reboot_at_message: false,
            prompt: None,
            last_line: String::new(),
        }
    }

    /// Whether the next bytes are a message.
    pub(super) const fn at_prompt(&self) -> bool {
        self.prompt.is_some()
    }

    /// What it says when it has started at a fixed speed.
    pub(super) fn boot(&mut self) -> Vec<u8> {
        self.settings = Settings::default();
        self.unlocked = self.pin.is_none();
        self.prompt = None;
        let mut lines = vec!["RDY", "+CFUN: 1", self.sim_state()];
        if self.sim == SimCard::Ready && self.unlocked {
            lines.push("Call Ready");
        }
        lines.iter().flat_map(|line| unsolicited(line)).collect()
    }

    /// Does what the terminal wants.
    pub(super) fn input(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = self.take_in(input);
        effects.extend(self.calls.take_effects());
        effects.append(&mut self.later);
        effects
    }

    fn take_in(&mut self, input: Input) -> Vec<Effect> {
        match (self.prompt.take(), input) {
            (None, Input::Line(line)) => {
                self.last_line.clone_from(&line);
                self.on_line(&line)
            }
            (None, Input::Again) => self.on_line(&self.last_line.clone()),
            (Some(prompt), Input::Message(message)) => {
                if std::mem::take(&mut self.reboot_at_message) {
                    return vec![Effect::Restart];
                }
                if self.silence == Silence::Messages {
                    return Vec::new();
                }
                let reply = message::take(self, prompt, &message);
                self.conclude(Vec::new(), reply)
            }
            (Some(_), Input::Cancel) => vec![Effect::Say(self.ok())],
            (None, Input::Message(_) | Input::Cancel)
            | (Some(_), Input::Line(_) | Input::Again) => Vec::new(),
        }
    }

    fn on_line(&mut self, line: &str) -> Vec<Effect> {
        let Some(requests) = requests(line) else {
            return self.conclude(Vec::new(), Err(Refusal::Plain));
        };
        let mut said = Vec::new();
        for request in requests {
            match self.execute(&request) {
                Ok(Done::Ok(lines)) => said.extend(self.information(&lines)),
                reply => return self.conclude(said, reply),
            }
        }
        self.conclude(said, Ok(Done::Ok(Vec::new())))
    }

    fn execute(&mut self, request: &Request) -> Reply {
        let Request { name, form } = request;
        general::execute(self, name, form)
            .or_else(|| call::execute(self, name, form))
            .or_else(|| audio::execute(self, name, form))
            .or_else(|| network::execute(self, name, form))
            .or_else(|| ussd::execute(self, name, form))
            .or_else(|| message::execute(self, name, form))
            .unwrap_or(Err(Refusal::Plain))
    }

    /// Ends a line: what was said, then the result.
    fn conclude(&mut self, mut said: Vec<u8>, reply: Reply) -> Vec<Effect> {
        let after = match reply {
            Ok(Done::Ok(lines)) => {
                said.extend(self.information(&lines));
                said.extend(self.ok());
                None
            }
            Ok(Done::Then(lines)) => {
                said.extend(self.ok());
                said.extend(lines.iter().flat_map(|line| unsolicited(line)));
                None
            }
            Ok(Done::Prompt(prompt)) => {
                self.prompt = Some(prompt);
                said.extend(b"\r\n> ");
                None
            }
            Ok(Done::Submit(outgoing)) => Some(Effect::Submit(*outgoing)),
            Ok(Done::NoCarrier) => {
                said.extend(self.result("NO CARRIER", 3));
                None
            }
            Ok(Done::NoDialtone) => {
                said.extend(self.result("NO DIALTONE", 6));
                None
            }
            Ok(Done::Later) => None,
            Ok(Done::Restart) => {
                said.extend(self.ok());
                Some(Effect::Restart)
            }
            Err(refusal) => {
                said.extend(self.refuse(refusal));
                None
            }
        };
        std::iter::once(Effect::Say(said)).chain(after).collect()
    }

    /// The network has had its time for a message.
    pub(super) fn accept(&mut self, outgoing: Outgoing) -> Vec<Effect> {
        let Outgoing { submit, command } = outgoing;
        if let Err(refusal) = self.try_accept() {
            return vec![Effect::Say(self.refuse(refusal))];
        }
        self.reference = self.reference.wrapping_add(1);
        let mut said = self.information(&[format!("{command}: {}", self.reference)]);
        said.extend(self.ok());
        let report = submit.report.then(|| StatusReport {
            reference: self.reference,
            to: submit.to.clone(),
            at: Some(self.now),
            done: Some(self.now),
            status: 0,
        });
        let effects = [Effect::Say(said), Effect::Phone(submit)];
        effects.into_iter().chain(report.map(Effect::Report)).collect()
    }

    fn try_accept(&mut self) -> Result<(), Refusal> {
        if let Some((code, times)) = &mut self.cms
            && *times > 0
        {
            *times -= 1;
            return Err(Refusal::Cms(*code));
        }
        if self.registration.is_registered() { Ok(()) } else { Err(Refusal::Cms(331)) }
    }

    /// The network reports a delivery.
    pub(super) fn report(&mut self, report: &StatusReport) -> Vec<u8> {
        message::announce_report(self, report)
    }

    /// Does what the tester wants; the rest is the device's.
    pub(super) fn obey(&mut self, order: Order) -> Vec<u8> {
        match order {
            Order::Signal(signal) => self.signal = signal,
            Order::Network(registration) => return network::change(self, registration),
            Order::Sim(sim) => {
                self.sim = sim;
                if sim == SimCard::None {
                    return unsolicited(self.sim_state());
                }
            }
            Order::Cms(cms) => self.cms = cms,
            Order::Silence(silence) => self.silence = silence,
            Order::Cut(cut) => self.cut = cut,
            Order::RebootAtMessage => self.reboot_at_message = true,
            Order::Phase2Plus(on) => self.message_service = u32::from(on),
            Order::Sms { from, text } => return message::receive(self, from, &text),
            Order::Ussd(order) => ussd::obey(self, order),
            Order::Say(line) => return unsolicited(&line),
            Order::Garbage(_)
            | Order::Delay(_)
            | Order::Reboot
            | Order::Unplug
            | Order::Plug
            | Order::Call(_) => {}
        }
        Vec::new()
    }

    /// The network or a person does something to a call.
    pub(super) fn step(&mut self, step: CallStep) -> Vec<Effect> {
        call::step(self, step)
    }

    /// The operator answers a question.
    pub(super) fn network_answers(&mut self, question: u64) -> Vec<u8> {
        ussd::answer(self, question)
    }

    /// `+CPIN` as it stands.
    pub(super) const fn sim_state(&self) -> &'static str {
        match self.sim {
            SimCard::None => "+CPIN: NOT INSERTED",
            SimCard::Busy | SimCard::Failure => "+CPIN: NOT READY",
            SimCard::Ready if self.unlocked => "+CPIN: READY",
            SimCard::Ready if self.pin_tries == 0 => "+CPIN: SIM PUK",
            SimCard::Ready => "+CPIN: SIM PIN",
        }
    }

    /// The `+CME` code that stands against using the SIM card.
    pub(super) const fn sim_refusal(&self) -> Option<u16> {
        match self.sim {
            SimCard::None => Some(10),
            SimCard::Failure => Some(13),
            SimCard::Busy => Some(14),
            SimCard::Ready if self.unlocked => None,
            SimCard::Ready if self.pin_tries == 0 => Some(12),
            SimCard::Ready => Some(11),
        }
    }

    fn ok(&self) -> Vec<u8> {
        self.result("OK", 0)
    }

    pub(super) fn result(&self, words: &str, number: u8) -> Vec<u8> {
        if self.settings.verbose {
            format!("\r\n{words}\r\n").into_bytes()
        } else {
            format!("{number}\r").into_bytes()
        }
    }

    fn refuse(&self, refusal: Refusal) -> Vec<u8> {
        let words = match (refusal, self.settings.errors) {
            (Refusal::Plain, _) | (_, 0) => return self.result("ERROR", 4),
            (Refusal::Cms(code), _) => format!("+CMS ERROR: {code}"),
            (Refusal::Cme(code), 1) => format!("+CME ERROR: {code}"),
            (Refusal::Cme(code), _) => {
                format!("+CME ERROR: {}", ModemFault::read(Failure::Cme, &code.to_string()).name)
            }
        };
        self.result(&words, 4)
    }

    /// Information responses, cut in two by an unsolicited code when ordered so.
    fn information(&self, lines: &[String]) -> Vec<u8> {
        if lines.is_empty() {
            return Vec::new();
        }
        let text = lines.join("\r\n");
        let before = if self.settings.verbose { "\r\n" } else { "" };
        if self.cut
            && let Some((front, back)) = text.split_at_checked(text.len().min(5))
        {
            return format!("{before}{front}\r\n+CIEV: 1,3\r\n{back}\r\n").into_bytes();
        }
        format!("{before}{text}\r\n").into_bytes()
    }
}

/// A line of the modem's own accord.
pub(super) fn unsolicited(line: &str) -> Vec<u8> {
    format!("\r\n{line}\r\n").into_bytes()
}

/// `OK` after one line.
#[expect(clippy::unnecessary_wraps, reason = "every command ends with a reply")]
pub(super) fn say(line: impl Into<String>) -> Reply {
    Ok(Done::Ok(vec![line.into()]))
}

/// `OK`.
#[expect(clippy::unnecessary_wraps, reason = "every command ends with a reply")]
pub(super) const fn ok() -> Reply {
    Ok(Done::Ok(Vec::new()))
}

/// A setting that is one number: read, tested and set in the usual way.
pub(super) fn setting(
    name: &str,
    form: &Form,
    range: std::ops::RangeInclusive<u32>,
    value: &mut u32,
) -> Reply {
    match form {
        Form::Read => say(format!("{name}: {value}")),
        Form::Test => say(format!("{name}: ({}-{})", range.start(), range.end())),
        Form::Execute => Err(Refusal::Plain),
        Form::Set(_) => {
            let new = form.number(0).filter(|new| range.contains(new)).ok_or(Refusal::Cme(50))?;
            *value = new;
            ok()
        }
    }
}
