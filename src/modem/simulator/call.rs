//! Commands about voice calls (V.250 section 6.3, 3GPP TS 27.007 sections 6 and 7) and the network
//! that connects them. Pure: what happens later is left to the device.

use std::time::Duration;

use super::call_order::CallOrder;
use super::modem::{Done, Effect, Refusal, Reply, Sim900, ok, say, setting, unsolicited};
use super::person::{EndedBy, Person, PhoneCall, PhoneEvent, Reaction};
use super::request::Form;

/// How often an incoming call says `RING`.
const RING_INTERVAL: Duration = Duration::from_secs(5);
/// Most people with a way of their own.
const MAX_PEOPLE: usize = 256;

/// The calls of the modem, at most one and one that waits, and the people at the other end.
#[derive(Debug)]
pub(super) struct Calls {
    list: Vec<Call>,
    /// By number; the one without is everybody else.
    people: Vec<(Option<String>, Person)>,
    /// Counts calls, so that what was to happen to one never happens to another.
    serial: u64,
    /// `ATD` ends so, and so often.
    fault: Option<(Option<u16>, u32)>,
    ok_when_answered: bool,
    times: Times,
    /// What follows the answer to the command.
    effects: Vec<Effect>,
}

/// How long the network takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Until the telephone rings.
    pub(super) connect: Duration,
    /// Until it has enough of ringing.
    pub(super) no_answer: Duration,
}

#[derive(Debug)]
struct Call {
    serial: u64,
    id: usize,
    number: String,
    outgoing: bool,
    state: State,
    /// `ATD` has no answer yet.
    unanswered: bool,
}

/// `<stat>` of `+CLCC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Active = 0,
    Dialling = 2,
    Alerting = 3,
    Incoming = 4,
    Waiting = 5,
    Over = 6,
}

/// What happens to a call later.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallStep {
    serial: u64,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Connect,
    Answer,
    Reject,
    GiveUp,
    Press(char),
    HangUp,
    Ring,
}

impl Calls {
    pub(super) const fn new(times: Times) -> Self {
        Self {
            list: Vec::new(),
            people: Vec::new(),
            serial: 0,
            fault: None,
            ok_when_answered: false,
            times,
            effects: Vec::new(),
        }
    }

    /// What is to follow the answer to a command.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether `ATD` waits for the answer, and the next byte ends that.
    pub(super) fn is_dialling(&self) -> bool {
        self.list.iter().any(|call| call.unanswered)
    }

    fn begin(&mut self, number: &str, outgoing: bool, state: State) -> u64 {
        self.serial += 1;
        let is_free = |id: &usize| self.list.iter().all(|call| call.id != *id);
        let id = (1..=7).find(is_free).unwrap_or(7);
        let number = number.to_owned();
        let serial = self.serial;
        self.list.push(Call { serial, id, number, outgoing, state, unanswered: false });
        serial
    }

    fn later(&mut self, delay: Duration, serial: u64, step: Step) {
        self.effects.push(Effect::Later(delay, CallStep { serial, step }));
    }

    fn tell(&mut self, serial: u64, event: PhoneEvent) {
        let call = self.list.iter().find(|call| call.serial == serial && call.outgoing);
        if let Some(call) = call {
            let number = call.number.clone();
            self.effects.push(Effect::Telephone(PhoneCall { number, event }));
        }
    }

    fn find(&mut self, state: impl Fn(State) -> bool) -> Option<&mut Call> {
        self.list.iter_mut().find(|call| state(call.state))
    }

    fn person(&self, number: &str) -> Person {
        let own = self.people.iter().find(|(whose, _)| whose.as_deref() == Some(number));
        let anybody = || self.people.iter().find(|(whose, _)| whose.is_none());
        own.or_else(anybody).map(|(_, person)| person.clone()).unwrap_or_default()
    }
}

impl Call {
    fn line(&self) -> String {
        let Self { id, outgoing, state, number, .. } = self;
        let (direction, state) = (u8::from(!outgoing), *state as u8);
        let kind = if number.starts_with('+') { 145 } else { 129 };
        format!("+CLCC: {id},{direction},{state},0,0,\"{number}\",{kind}")
    }
}

const fn is_outgoing_alive(state: State) -> bool {
    matches!(state, State::Active | State::Dialling | State::Alerting)
}

const fn is_coming_in(state: State) -> bool {
    matches!(state, State::Incoming | State::Waiting)
}

pub(super) fn execute(modem: &mut Sim900, name: &str, form: &Form) -> Option<Reply> {
    Some(match name {
        "D" => dial(modem, form.text(0).unwrap_or("")),
        "A" => answer(modem),
        "H" | "+CHUP" => match form {
            Form::Test => ok(),
            Form::Execute | Form::Set(_) | Form::Read => {
                hang_up(modem, |_| true);
                ok()
            }
        },
        "+CHLD" => match (form, form.number(0)) {
            (Form::Test, _) => say("+CHLD: (0,1,1x,2,2x,3,4)"),
            (Form::Set(_), Some(0)) => {
                hang_up(modem, is_coming_in);
                ok()
            }
            (Form::Set(_), Some(1)) => {
                hang_up(modem, |state| state == State::Active);
                ok()
            }
            (Form::Set(_) | Form::Execute | Form::Read, _) => Err(Refusal::Cme(3)),
        },
        "+CLCC" => match form {
            Form::Execute => Ok(Done::Ok(modem.calls.list.iter().map(Call::line).collect())),
            Form::Read | Form::Test | Form::Set(_) => {
                setting(name, form, 0..=1, &mut modem.settings.call_news)
            }
        },
        "+CPAS" => match form {
            Form::Test => say("+CPAS: (0,2,3,4)"),
            Form::Execute | Form::Read | Form::Set(_) => {
                let calls = &modem.calls.list;
                let rings = calls.iter().any(|call| call.state == State::Incoming);
                say(format!("+CPAS: {}", if rings { 3 } else { u8::from(!calls.is_empty()) * 4 }))
            }
        },
        "+VTS" => match form {
            Form::Test => say("+VTS: (0-9,#,*,A-D),(1-255)"),
            Form::Set(_) if modem.calls.find(|state| state == State::Active).is_some() => ok(),
            Form::Set(_) | Form::Execute | Form::Read => Err(Refusal::Cme(3)),
        },
        "+DDET" => setting(name, form, 0..=1, &mut modem.settings.detect_keys),
        "+COLP" => setting(name, form, 0..=1, &mut modem.settings.connected_line),
        "+CCWA" => match form {
            Form::Set(_) => {
                modem.settings.call_waiting = form.number(0).unwrap_or(0).min(1);
                ok()
            }
            Form::Execute | Form::Read | Form::Test => {
                setting(name, form, 0..=1, &mut modem.settings.call_waiting)
            }
        },
        _ => return None,
    })
}

fn dial(modem: &mut Sim900, number: &str) -> Reply {
    if let Some(code) = modem.sim_refusal() {
        return Err(Refusal::Cme(code));
    }
    // Without the semicolon it is a data call, which nobody takes.
    let Some(number) = number.strip_suffix(';') else { return Ok(Done::NoCarrier) };
    // By tone or by pulse was once a question (V.250 sections 6.3.1.3 and 6.3.1.4); I and G say
    // whether the own number is shown (27.007 section 6.2).
    let number = number.trim_start_matches(['T', 't', 'P', 'p']);
    let number = number.trim_end_matches(['I', 'i', 'G', 'g']);
    let digits = number.strip_prefix('+').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#')) {
        return Err(Refusal::Cme(27));
    }
    let own_calls = modem.calls.find(is_outgoing_alive).is_some();
    if own_calls || modem.calls.find(is_coming_in).is_some() {
        return Err(Refusal::Plain);
    }
    if let Some((fault, times)) = &mut modem.calls.fault
        && *times > 0
    {
        *times -= 1;
        return match fault {
            Some(code) => Err(Refusal::Cme(*code)),
            None => Ok(Done::NoDialtone),
        };
    }
    if !modem.registration.is_registered() {
        return Err(Refusal::Cme(30));
    }
    let serial = modem.calls.begin(number, true, State::Dialling);
    let connect = modem.calls.times.connect;
    modem.calls.later(connect, serial, Step::Connect);
    let late = modem.settings.connected_line == 1 || modem.calls.ok_when_answered;
    if late {
        if let Some(call) = modem.calls.find(is_outgoing_alive) {
            call.unanswered = true;
        }
        return Ok(Done::Later);
    }
    news(modem, serial);
    ok()
}

fn answer(modem: &mut Sim900) -> Reply {
    let Some(call) = modem.calls.find(is_coming_in) else { return Ok(Done::NoCarrier) };
    call.state = State::Active;
    let serial = call.serial;
    news(modem, serial);
    ok()
}

/// Ends calls from this side.
fn hang_up(modem: &mut Sim900, which: impl Fn(State) -> bool) {
    while let Some(call) = modem.calls.find(&which) {
        let serial = call.serial;
        end(modem, serial, EndedBy::Caller);
    }
}

/// Forgets a call and tells so.
fn end(modem: &mut Sim900, serial: u64, by: EndedBy) {
    modem.calls.tell(serial, PhoneEvent::Ended(by));
    if let Some(call) = modem.calls.list.iter_mut().find(|call| call.serial == serial) {
        call.state = State::Over;
    }
    news(modem, serial);
    modem.calls.list.retain(|call| call.serial != serial);
}

/// Tells the state of a call of its own accord, if wanted.
fn news(modem: &mut Sim900, serial: u64) {
    if modem.settings.call_news == 1
        && let Some(call) = modem.calls.list.iter().find(|call| call.serial == serial)
    {
        let line = call.line();
        modem.calls.effects.push(Effect::Say(unsolicited(&line)));
    }
}

/// A result code that comes by itself, or ends `ATD`.
fn result(modem: &mut Sim900, words: &str, number: u8) {
    let said = modem.result(words, number);
    modem.calls.effects.push(Effect::Say(said));
}

/// The network or a person does something. Nothing, if the call is over by then.
pub(super) fn step(modem: &mut Sim900, CallStep { serial, step }: CallStep) -> Vec<Effect> {
    let Some(call) = modem.calls.list.iter_mut().find(|call| call.serial == serial) else {
        return Vec::new();
    };
    let number = call.number.clone();
    match step {
        Step::Connect => connect(modem, serial, &number),
        Step::Answer => {
            call.state = State::Active;
            let unanswered = std::mem::take(&mut call.unanswered);
            if modem.settings.connected_line == 1 {
                let line = format!("+COLP: \"{number}\",129,\"\",0,\"\"");
                modem.calls.effects.push(Effect::Say(unsolicited(&line)));
            }
            if unanswered {
                result(modem, "OK", 0);
            }
            news(modem, serial);
            modem.calls.tell(serial, PhoneEvent::Answered);
            let person = modem.calls.person(&number);
            for (key, delay) in person.presses {
                modem.calls.later(delay, serial, Step::Press(key));
            }
            if let Some(delay) = person.hangs_up {
                modem.calls.later(delay, serial, Step::HangUp);
            }
        }
        Step::Reject => fail(modem, serial, EndedBy::Callee, ("BUSY", 7)),
        Step::GiveUp if call.state == State::Alerting => {
            fail(modem, serial, EndedBy::Network, ("NO ANSWER", 8));
        }
        Step::GiveUp if is_coming_in(call.state) => end(modem, serial, EndedBy::Caller),
        Step::Press(key) => press(modem, key),
        Step::HangUp => fail(modem, serial, EndedBy::Callee, ("NO CARRIER", 3)),
        Step::Ring if call.state == State::Incoming => ring(modem, serial, &number),
        Step::GiveUp | Step::Ring => {}
    }
    modem.calls.take_effects()
}

fn connect(modem: &mut Sim900, serial: u64, number: &str) {
    let person = modem.calls.person(number);
    let alerting = match person.reaction {
        Reaction::Busy => return fail(modem, serial, EndedBy::Callee, ("BUSY", 7)),
        Reaction::Unreachable => {
            return fail(modem, serial, EndedBy::Network, ("NO CARRIER", 3));
        }
        Reaction::Answers(delay) | Reaction::Voicemail(delay) => Some((delay, Step::Answer)),
        Reaction::Rejects(delay) => Some((delay, Step::Reject)),
        Reaction::Never => None,
    };
    if let Some(call) = modem.calls.find(|state| state == State::Dialling) {
        call.state = State::Alerting;
    }
    news(modem, serial);
    modem.calls.tell(serial, PhoneEvent::Ringing);
    if let Some((delay, step)) = alerting {
        modem.calls.later(delay, serial, step);
    }
    let no_answer = modem.calls.times.no_answer;
    modem.calls.later(no_answer, serial, Step::GiveUp);
}

/// A call ends from the other side, in these words.
fn fail(modem: &mut Sim900, serial: u64, by: EndedBy, (words, number): (&str, u8)) {
    end(modem, serial, by);
    result(modem, words, number);
}

fn press(modem: &mut Sim900, key: char) {
    let Some(call) = modem.calls.find(|state| state == State::Active) else { return };
    let serial = call.serial;
    modem.calls.tell(serial, PhoneEvent::Pressed(key));
    if modem.settings.detect_keys == 1 {
        modem.calls.effects.push(Effect::Say(unsolicited(&format!("+DTMF: {key}"))));
    }
}

fn ring(modem: &mut Sim900, serial: u64, number: &str) {
    let mut said = unsolicited("RING");
    if modem.settings.caller_id {
        said.extend(unsolicited(&format!("+CLIP: \"{number}\",145,\"\",,\"\",0")));
    }
    modem.calls.effects.push(Effect::Say(said));
    modem.calls.later(RING_INTERVAL, serial, Step::Ring);
}

/// The next byte came while `ATD` had no answer yet (V.250 section 5.6.1).
pub(super) fn abort(modem: &mut Sim900) -> Vec<Effect> {
    if let Some(call) = modem.calls.list.iter().find(|call| call.unanswered) {
        let serial = call.serial;
        fail(modem, serial, EndedBy::Caller, ("NO CARRIER", 3));
    }
    modem.calls.take_effects()
}

/// The modem goes, and with it its calls.
pub(super) fn drop_all(modem: &mut Sim900) -> Vec<Effect> {
    let serials: Vec<u64> = modem.calls.list.iter().map(|call| call.serial).collect();
    for serial in serials {
        modem.calls.tell(serial, PhoneEvent::Ended(EndedBy::Network));
    }
    modem.calls.list.clear();
    modem.calls.take_effects()
}

/// Does what the tester wants with calls.
pub(super) fn obey(modem: &mut Sim900, order: CallOrder) -> Vec<Effect> {
    match order {
        CallOrder::Person(number, person) => {
            let people = &mut modem.calls.people;
            people.retain(|(whose, _)| *whose != number);
            if people.len() < MAX_PEOPLE {
                people.push((number, person));
            }
        }
        CallOrder::Cme(fault) => modem.calls.fault = fault.map(|(code, times)| (Some(code), times)),
        CallOrder::Dialtone(on) => modem.calls.fault = (!on).then_some((None, u32::MAX)),
        CallOrder::LateOk(on) => modem.calls.ok_when_answered = on,
        CallOrder::Connect(time) => modem.calls.times.connect = time,
        CallOrder::NoAnswer(time) => modem.calls.times.no_answer = time,
        CallOrder::Press(key) => press(modem, key),
        CallOrder::HangUp { silently } => {
            let serial = modem.calls.find(is_outgoing_alive).map(|call| call.serial);
            match serial {
                Some(serial) if silently => {
                    modem.calls.tell(serial, PhoneEvent::Ended(EndedBy::Callee));
                    modem.calls.list.retain(|call| call.serial != serial);
                }
                Some(serial) => fail(modem, serial, EndedBy::Callee, ("NO CARRIER", 3)),
                None => {}
            }
        }
        CallOrder::Ring(number) => come_in(modem, &number),
    }
    modem.calls.take_effects()
}

fn come_in(modem: &mut Sim900, number: &str) {
    let no_answer = modem.calls.times.no_answer;
    if modem.calls.find(is_coming_in).is_some() {
        return;
    }
    let waits = modem.calls.find(is_outgoing_alive).is_some();
    let state = if waits { State::Waiting } else { State::Incoming };
    let serial = modem.calls.begin(number, false, state);
    if !waits {
        ring(modem, serial, number);
    } else if modem.settings.call_waiting == 1 {
        let line = format!("+CCWA: \"{number}\",145,1,\"\"");
        modem.calls.effects.push(Effect::Say(unsolicited(&line)));
    }
    news(modem, serial);
    modem.calls.later(no_answer, serial, Step::GiveUp);
}
