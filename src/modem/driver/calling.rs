//! One call, from dialling until the line is free again: pure. Time is what has passed since the
//! call began.
//!
//! Whatever the modem says, cut and mixed as it likes, a call is told exactly one end. Three
//! sources are believed alike, since each family has but some of them: the final result of `ATD`,
//! what the modem says of its own accord, and `AT+CLCC`, which is asked every now and then, also to
//! notice that the other side has silently gone.

use std::collections::VecDeque;
use std::time::Duration;

use super::call::{CallEnd, CallEvent, CallRequest};
use super::step::Answer;
use crate::modem::at::{CallState, CallUrc, Command, ListedCall};
use crate::modem::quirks::{Quirk, Quirks};

/// How often `AT+CLCC` is asked until the answer, and after it.
const POLL_DIALLING: Duration = Duration::from_millis(500);
const POLL_ANSWERED: Duration = Duration::from_millis(1500);
/// How long the network may look for the telephone, besides the time it may ring: not every one
/// tells that it rings.
const DIAL_TIME: Duration = Duration::from_secs(10);
/// How long a call that is gone from the list has until the modem says in which way it ended.
const LAST_WORD: Duration = Duration::from_millis(300);
/// How soon a call that is gone from the list is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a modem has to give up `ATD` at the first byte that comes (V.250 section 5.6.1).
const ABORT_TIME: Duration = Duration::from_millis(500);
/// Answers to `AT+CLCC` that may fail to come in a row: noise on the line is no end.
const MOST_SILENT: u8 = 1;
/// Tries to hang up: one with each command.
const HANG_UPS: usize = 2;

/// What is to be done next for a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Do {
    /// Tell the caller.
    Tell(CallEvent),
    /// Send a command; its answer goes to [`Calling::on_answer`].
    Send(Command),
    /// Send the byte that makes the modem give up `ATD`.
    Abort,
    /// Nothing until then, or until something happens.
    Wait(Duration),
    /// The line is free. `stuck`: the command that has no answer.
    Over {
        /// Its text.
        stuck: Option<&'static str>,
    },
}

/// A call under way.
#[derive(Debug)]
pub struct Calling {
    request: CallRequest,
    quirks: Quirks,
    phase: Phase,
    /// Since when the phase lasts.
    since: Duration,
    running: Option<Running>,
    events: VecDeque<CallEvent>,
    list: List,
    /// Another call was heard; it may be the one that ends.
    other: bool,
    /// It is still to be told that we are busy.
    refuse_other: bool,
    /// How often the modem was told to hang up.
    hang_ups: usize,
    stuck: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Begin,
    Dialling,
    Ringing,
    Answered,
    /// `aborting`: since when the modem is to give up `ATD`.
    HangingUp {
        end: CallEnd,
        aborting: Option<Duration>,
    },
    /// The end is told; whether the modem has noticed, too, is looked at.
    Settling {
        still_there: bool,
    },
    Over,
}

/// The command that has no answer yet.
#[derive(Debug, Clone, Copy)]
struct Running {
    what: What,
    until: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Dial,
    List,
    RefuseOther,
    HangUp,
}

/// What is known by `AT+CLCC`.
#[derive(Debug)]
struct List {
    /// The modem has it.
    works: bool,
    /// When it is asked next.
    next: Duration,
    /// The call was on it.
    seen: bool,
    /// Since when it no longer is, or was said to be over.
    gone: Option<Duration>,
    /// Answers that failed to come in a row.
    silent: u8,
}

impl Calling {
    /// A call that is yet to be dialled.
    #[must_use]
    pub const fn new(request: CallRequest, quirks: Quirks) -> Self {
        let list = List { works: true, next: POLL_DIALLING, seen: false, gone: None, silent: 0 };
        Self {
            request,
            quirks,
            phase: Phase::Begin,
            since: Duration::ZERO,
            running: None,
            events: VecDeque::new(),
            list,
            other: false,
            refuse_other: false,
            hang_ups: 0,
            stuck: None,
        }
    }

    /// What is to be done at `now`.
    pub fn next(&mut self, now: Duration) -> Do {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Do::Tell(event);
            }
            if self.running.is_some_and(|running| now >= running.until) {
                self.on_answer(Answer::Timeout, now);
                continue;
            }
            let act = match &self.phase {
                Phase::Begin => Some(self.dial(now)),
                Phase::Dialling | Phase::Ringing | Phase::Answered => self.watch(now),
                Phase::HangingUp { aborting, .. } => {
                    let aborting = *aborting;
                    self.hang_up_now(aborting, now)
                }
                Phase::Settling { still_there } => {
                    let still_there = *still_there;
                    self.settle(still_there, now)
                }
                Phase::Over => Some(Do::Over { stuck: self.stuck }),
            };
            if let Some(act) = act {
                return act;
            }
        }
    }

    /// The answer to the command that runs. Without one it is an answer to nobody's question.
    pub fn on_answer(&mut self, answer: Answer, now: Duration) {
        let Some(running) = self.running.take() else { return };
        match running.what {
            What::Dial => self.on_dial_answer(answer, now),
            What::List => self.on_list_answer(answer, now),
            What::RefuseOther => self.note_silence(answer == Answer::Timeout, now),
            What::HangUp => self.on_hang_up_answer(&answer, now),
        }
    }

    /// Something the modem says of its own accord.
    pub fn on_urc(&mut self, urc: CallUrc, now: Duration) {
        match urc {
            CallUrc::Listed(call) if !call.outgoing => self.on_other_call(call),
            CallUrc::Listed(call) => self.on_state(call.state, now),
            CallUrc::Ringing => self.on_state(CallState::Alerting, now),
            CallUrc::Connected => self.on_state(CallState::Active, now),
            // It may be the other call's.
            CallUrc::Over | CallUrc::NoCarrier
                if self.other && self.is_answered() && self.list.works && self.list.seen =>
            {
                self.list.next = now;
            }
            CallUrc::Over => self.on_state(CallState::Over, now),
            CallUrc::NoCarrier => self.end(CallEnd::NoCarrier, now),
            CallUrc::Busy => self.end(CallEnd::Busy, now),
            CallUrc::NoAnswer => self.end(CallEnd::NoAnswer, now),
            CallUrc::NoDialtone => self.end(CallEnd::NoDialtone, now),
            CallUrc::Waiting => self.on_ring(),
            CallUrc::Key(key) if self.is_answered() => self.events.push_back(CallEvent::Key(key)),
            CallUrc::Key(_) => {}
        }
    }

    /// Another call comes in meanwhile.
    pub const fn on_ring(&mut self) {
        self.other = true;
        self.refuse_other = true;
    }

    /// Ends the call from this side.
    pub fn hang_up(&mut self, end: CallEnd, now: Duration) {
        match self.phase {
            Phase::Begin => {
                self.events.push_back(CallEvent::Ended(end));
                self.enter(Phase::Over, now);
            }
            Phase::Dialling | Phase::Ringing | Phase::Answered => {
                self.enter(Phase::HangingUp { end, aborting: None }, now);
            }
            Phase::HangingUp { .. } | Phase::Settling { .. } | Phase::Over => {}
        }
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.running.is_some()
    }

    /// Whether there is time for another command.
    #[must_use]
    pub const fn has_leisure(&self) -> bool {
        self.running.is_none() && matches!(self.phase, Phase::Ringing | Phase::Answered)
    }

    const fn is_answered(&self) -> bool {
        matches!(self.phase, Phase::Answered)
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.since = now;
    }

    fn send(&mut self, what: What, command: Command, now: Duration) -> Do {
        self.running = Some(Running { what, until: now + command.timeout() });
        Do::Send(command)
    }

    fn dial(&mut self, now: Duration) -> Do {
        self.enter(Phase::Dialling, now);
        self.events.push_back(CallEvent::Dialling);
        self.list.next = now + POLL_DIALLING;
        self.send(What::Dial, Command::Dial(self.request.to.clone()), now)
    }

    /// A call that is not to end yet. `None` if that has changed.
    fn watch(&mut self, now: Duration) -> Option<Do> {
        let (limit, end) = match self.phase {
            Phase::Answered => (self.request.max_length, CallEnd::TooLong),
            Phase::Ringing => (self.request.ring_time, CallEnd::NoAnswer),
            Phase::Begin
            | Phase::Dialling
            | Phase::HangingUp { .. }
            | Phase::Settling { .. }
            | Phase::Over => (self.request.ring_time.saturating_add(DIAL_TIME), CallEnd::NoAnswer),
        };
        let deadline = self.since.saturating_add(limit);
        if now >= deadline {
            self.hang_up(end, now);
            return None;
        }
        let gone = self.list.gone.map(|gone| gone + LAST_WORD);
        if gone.is_some_and(|gone| now >= gone) && !self.is_list_due(now) {
            self.end(CallEnd::NoCarrier, now);
            return None;
        }
        let mut wake = gone.filter(|gone| *gone > now).map_or(deadline, |gone| gone.min(deadline));
        if let Some(running) = self.running {
            wake = wake.min(running.until);
        } else if std::mem::take(&mut self.refuse_other) {
            return Some(self.send(What::RefuseOther, Command::RefuseWaiting, now));
        } else if self.list.works {
            if now >= self.list.next {
                return Some(self.send(What::List, Command::ListCalls, now));
            }
            wake = wake.min(self.list.next);
        }
        Some(Do::Wait(wake))
    }

    /// Whether the list, which may still know the call, is about to be asked or asked already.
    fn is_list_due(&self, now: Duration) -> bool {
        match self.running {
            Some(running) => running.what == What::List,
            None => self.list.works && now >= self.list.next,
        }
    }

    fn hang_up_now(&mut self, aborting: Option<Duration>, now: Duration) -> Option<Do> {
        let Some(running) = self.running else {
            return Some(self.send_hang_up(now));
        };
        if running.what != What::Dial {
            return Some(Do::Wait(running.until));
        }
        // A modem that answers `ATD` late must be told to give it up before it hears anything.
        match aborting {
            None => {
                if let Phase::HangingUp { aborting, .. } = &mut self.phase {
                    *aborting = Some(now);
                }
                Some(Do::Abort)
            }
            Some(since) if now < since + ABORT_TIME => Some(Do::Wait(since + ABORT_TIME)),
            Some(_) => {
                // Should it answer after all, nobody may take that for an answer to the next.
                self.stuck = Some("ATD");
                self.running = None;
                None
            }
        }
    }

    fn send_hang_up(&mut self, now: Duration) -> Do {
        let commands = self.quirks.hang_up();
        let text = commands.get(self.hang_ups % HANG_UPS).copied().unwrap_or("ATH");
        self.hang_ups += 1;
        self.send(What::HangUp, Command::HangUp(text), now)
    }

    /// The end is told. The modem is asked whether it knows, so that neither the call nor its last
    /// words are left to the next one.
    fn settle(&mut self, still_there: bool, now: Duration) -> Option<Do> {
        if let Some(running) = self.running {
            return Some(Do::Wait(running.until));
        }
        if still_there {
            if self.hang_ups < HANG_UPS {
                self.phase = Phase::Settling { still_there: false };
                return Some(self.send_hang_up(now));
            }
            self.stuck = Some("ATH");
        } else if self.list.works {
            return Some(self.send(What::List, Command::ListCalls, now));
        }
        self.enter(Phase::Over, now);
        None
    }

    fn on_dial_answer(&mut self, answer: Answer, now: Duration) {
        match answer {
            // Whether that means dialled or answered, the list tells.
            Answer::Ok(_) if self.quirks.has(Quirk::OkWhileDialling) => {
                self.list.next = now + POLL_DIALLING;
            }
            Answer::Ok(_) => self.list.next = now,
            Answer::Error(fault) => self.end(CallEnd::Rejected(fault), now),
            Answer::Timeout | Answer::Prompt | Answer::Begin | Answer::Waited | Answer::Lost(_) => {
                self.hang_up(CallEnd::Lost("no answer to ATD".to_owned()), now);
            }
        }
    }

    fn on_list_answer(&mut self, answer: Answer, now: Duration) {
        match answer {
            Answer::Ok(lines) => {
                self.list.silent = 0;
                self.on_list(&lines, now);
            }
            Answer::Error(_) => {
                self.list.works = false;
                // Without a list the `OK` meant that it is answered.
                if self.phase == Phase::Dialling && !self.quirks.has(Quirk::OkWhileDialling) {
                    self.on_state(CallState::Active, now);
                }
            }
            Answer::Timeout | Answer::Prompt | Answer::Begin | Answer::Waited | Answer::Lost(_) => {
                if matches!(self.phase, Phase::Settling { .. }) {
                    self.stuck = Some("AT+CLCC");
                    self.enter(Phase::Over, now);
                }
                self.list.next = now;
                self.note_silence(true, now);
            }
        }
    }

    fn on_list(&mut self, lines: &[String], now: Duration) {
        let mut ours = None;
        for call in lines.iter().filter_map(|line| ListedCall::read(line)) {
            if call.outgoing {
                ours = Some(call.state).filter(|state| *state != CallState::Over);
            } else {
                self.on_other_call(call);
            }
        }
        if let Phase::Settling { still_there } = &mut self.phase {
            *still_there = ours.is_some();
            if ours.is_none() {
                self.enter(Phase::Over, now);
            }
            return;
        }
        self.list.next = now + if self.is_answered() { POLL_ANSWERED } else { POLL_DIALLING };
        match ours {
            Some(state) => {
                self.list.gone = None;
                self.on_state(state, now);
            }
            // Right after `ATD` it may not be there yet.
            None if self.list.seen => {
                self.list.gone.get_or_insert(now);
                self.list.next = now + LOOK_AGAIN;
            }
            None => {}
        }
    }

    fn on_hang_up_answer(&mut self, answer: &Answer, now: Duration) {
        let silent = matches!(answer, Answer::Timeout | Answer::Prompt);
        if silent {
            self.stuck = Some("ATH");
        } else if matches!(answer, Answer::Error(_)) && self.hang_ups < HANG_UPS {
            return;
        }
        if let Phase::HangingUp { end, .. } = &self.phase {
            self.events.push_back(CallEvent::Ended(end.clone()));
            self.enter(Phase::Settling { still_there: false }, now);
        }
        if silent {
            self.enter(Phase::Over, now);
        }
    }

    fn on_other_call(&mut self, call: ListedCall) {
        if matches!(call.state, CallState::Incoming | CallState::Waiting) {
            self.on_ring();
        }
    }

    fn on_state(&mut self, state: CallState, now: Duration) {
        let is_early = matches!(self.phase, Phase::Dialling | Phase::Ringing);
        if !is_early && self.phase != Phase::Answered {
            return;
        }
        self.list.seen = true;
        match state {
            CallState::Alerting if self.phase == Phase::Dialling => {
                self.events.push_back(CallEvent::Ringing);
                self.enter(Phase::Ringing, now);
            }
            CallState::Active | CallState::Held if is_early => {
                self.events.push_back(CallEvent::Answered);
                self.enter(Phase::Answered, now);
                self.list.next = now + POLL_ANSWERED;
            }
            // They may be the last words of the call before.
            CallState::Over if is_early => {
                self.list.gone.get_or_insert(now);
                self.list.next = now + LOOK_AGAIN;
            }
            CallState::Over => self.end(CallEnd::FarEnd, now),
            CallState::Alerting
            | CallState::Active
            | CallState::Held
            | CallState::Dialling
            | CallState::Incoming
            | CallState::Waiting => {}
        }
    }

    /// The network has ended the call, or has never made it.
    fn end(&mut self, end: CallEnd, now: Duration) {
        if self.running.is_some_and(|running| running.what == What::Dial) {
            self.running = None;
        }
        let end = match self.phase {
            Phase::Dialling | Phase::Ringing => end,
            Phase::Answered => CallEnd::FarEnd,
            Phase::Begin | Phase::HangingUp { .. } | Phase::Settling { .. } | Phase::Over => return,
        };
        self.events.push_back(CallEvent::Ended(end));
        self.enter(Phase::Settling { still_there: false }, now);
    }

    /// The modem fails. The caller knows at once, and it is hung up none the less.
    fn lose(&mut self, words: &str, now: Duration) {
        if matches!(self.phase, Phase::Dialling | Phase::Ringing | Phase::Answered) {
            self.events.push_back(CallEvent::Ended(CallEnd::Lost(words.to_owned())));
            self.enter(Phase::Settling { still_there: true }, now);
        }
    }

    fn note_silence(&mut self, silent: bool, now: Duration) {
        self.list.silent = if silent { self.list.silent + 1 } else { 0 };
        if self.list.silent > MOST_SILENT {
            self.lose("the modem fell silent", now);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::ModemModel;
    use crate::modem::at::{Digest, Expect, FinalResult, Item, ModemFault, Urc};

    const SECOND: Duration = Duration::from_secs(1);

    fn calling(model: Option<ModemModel>) -> Calling {
        let request = CallRequest {
            to: "+34600000001".parse().unwrap(),
            ring_time: 25 * SECOND,
            max_length: 60 * SECOND,
        };
        Calling::new(request, Quirks::of(model))
    }

    /// Does what is to be done now; what is told, and until when there is nothing to do.
    fn act(calling: &mut Calling, now: Duration, told: &mut Vec<CallEvent>) -> Option<Duration> {
        for _ in 0..1000 {
            match calling.next(now) {
                Do::Tell(event) => told.push(event),
                Do::Send(_) | Do::Abort => {}
                Do::Wait(until) => {
                    assert!(until > now, "waits for {until:?} at {now:?}");
                    return Some(until);
                }
                Do::Over { .. } => return None,
            }
        }
        panic!("never waits");
    }

    #[derive(Debug, Clone)]
    enum Happening {
        Answer(Answer),
        Urc(CallUrc),
        Ring,
        HangUp,
        Pass(Duration),
    }

    fn happening() -> impl Strategy<Value = Happening> {
        let states = prop_oneof![
            Just(CallState::Active),
            Just(CallState::Dialling),
            Just(CallState::Alerting),
            Just(CallState::Waiting),
            Just(CallState::Over),
        ];
        let listed = (any::<bool>(), states)
            .prop_map(|(outgoing, state)| CallUrc::Listed(ListedCall { outgoing, state }));
        let urc = prop_oneof![
            4 => listed,
            1 => Just(CallUrc::NoCarrier),
            1 => Just(CallUrc::Busy),
            1 => Just(CallUrc::Over),
            1 => Just(CallUrc::Waiting),
            2 => Just(CallUrc::Connected),
            2 => Just(CallUrc::Key('4')),
        ];
        let list = prop_oneof![Just("0"), Just("2"), Just("3"), Just("6"), Just("")];
        let list = list.prop_map(|state| {
            let line = format!("+CLCC: 1,0,{state},0,0");
            Answer::Ok(if state.is_empty() { vec![] } else { vec![line] })
        });
        let answer = prop_oneof![4 => list, 1 => Just(Answer::Error(ModemFault::plain()))];
        prop_oneof![
            6 => answer.prop_map(Happening::Answer),
            4 => urc.prop_map(Happening::Urc),
            1 => Just(Happening::Ring),
            1 => Just(Happening::HangUp),
            4 => (1u64..3000).prop_map(|ms| Happening::Pass(Duration::from_millis(ms))),
        ]
    }

    /// What modems say in a call, with the time before it in ms.
    const SAID: [(u64, &str); 9] = [
        (20, "OK"),
        (400, "+CLCC: 1,0,3,0,0,\"+34600000001\",145"),
        (0, "RING"),
        (90, "+CLCC: 1,0,0,0,0,\"+34600000001\",145"),
        (10, "+DTMF: 4"),
        (0, "+CMTI: \"SM\",3"),
        (5, "+RXDTMF: #"),
        (0, "+CLCC: 1,0,6,0,0"),
        (0, "NO CARRIER"),
    ];

    proptest! {
        #[test]
        fn whatever_happens_a_call_ends_once(
            happenings in proptest::collection::vec(happening(), 0..120),
            model in prop_oneof![Just(None), Just(Some(ModemModel::Sim900)), Just(Some(ModemModel::Sim7600))],
        ) {
            let (mut calling, mut told) = (calling(model), Vec::new());
            let mut now = Duration::ZERO;
            act(&mut calling, now, &mut told);
            for happening in happenings {
                match happening {
                    Happening::Answer(answer) => calling.on_answer(answer, now),
                    Happening::Urc(urc) => calling.on_urc(urc, now),
                    Happening::Ring => calling.on_ring(),
                    Happening::HangUp => calling.hang_up(CallEnd::HungUp, now),
                    Happening::Pass(time) => now += time,
                }
                act(&mut calling, now, &mut told);
            }
            // Nothing more is said.
            while let Some(until) = act(&mut calling, now, &mut told) {
                now = until;
            }
            prop_assert!(now < 600 * SECOND, "{now:?}");
            let ends = told.iter().filter(|event| matches!(event, CallEvent::Ended(_))).count();
            prop_assert_eq!(ends, 1, "{:?}", told);
            prop_assert!(matches!(told.last(), Some(CallEvent::Ended(_))), "{:?}", told);
            prop_assert_eq!(told.first(), Some(&CallEvent::Dialling));
            for once in [CallEvent::Ringing, CallEvent::Answered] {
                prop_assert!(told.iter().filter(|event| **event == once).count() <= 1);
            }
        }

        #[test]
        fn bytes_in_any_pieces_make_the_same_call(cuts in proptest::collection::vec(1usize..9, 400)) {
            let (mut calling, mut told) = (calling(Some(ModemModel::Sim900)), Vec::new());
            let (mut digest, mut lines, mut now) = (Digest::default(), Vec::new(), Duration::ZERO);
            let mut cuts = cuts.into_iter();
            act(&mut calling, now, &mut told);
            for (wait, line) in SAID {
                now += Duration::from_millis(wait);
                let bytes = format!("\r\n{line}\r\n").into_bytes();
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(cuts.next().unwrap_or(9).min(rest.len()));
                    rest = after;
                    digest.push(piece);
                    while let Some(item) = digest.next(&Expect::default()) {
                        match item {
                            Item::Urc(Urc::Call(urc)) => calling.on_urc(urc, now),
                            Item::Urc(Urc::Ring) => calling.on_ring(),
                            Item::Final(FinalResult::Ok) => calling.on_answer(Answer::Ok(std::mem::take(&mut lines)), now),
                            Item::Line(line) => lines.push(line),
                            Item::Final(FinalResult::Error(_)) | Item::Urc(_) | Item::Echo | Item::Prompt => {}
                        }
                    }
                    act(&mut calling, now, &mut told);
                }
            }
            let words: Vec<String> = told.iter().map(ToString::to_string).collect();
            prop_assert_eq!(
                words.join(", "),
                "dialling, ringing, answered, key 4, key #, ended: the other side hung up"
            );
        }
    }
}
