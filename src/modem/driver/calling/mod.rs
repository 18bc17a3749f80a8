//! One call, from dialling until the line is free again: pure. Time is what has passed since the
//! call began.
//!
//! Whatever the modem says, cut and mixed as it likes, a call is told exactly one end. Three
//! sources are believed alike, since each family has but some of them: the final result of `ATD`,
//! what the modem says of its own accord, and `AT+CLCC`, which is asked every now and then, also to
//! notice that the other side has silently gone.

mod hang_up;
mod list;

use std::collections::VecDeque;
use std::time::Duration;

use list::{LAST_WORD, List, POLL_ANSWERED, POLL_DIALLING};

use super::call::{CallEnd, CallEvent, CallRequest};
use super::step::Answer;
use crate::modem::at::{CallState, CallUrc, Command, ListedCall};
use crate::modem::quirks::{Quirk, Quirks};

/// How long the network may look for the telephone, besides the time it may ring: not every one
/// tells that it rings.
const DIAL_TIME: Duration = Duration::from_secs(10);

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

impl Calling {
    /// A call that is yet to be dialled.
    #[must_use]
    pub const fn new(request: CallRequest, quirks: Quirks) -> Self {
        let list = List::new();
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
                self.list.miss(now);
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
}

#[cfg(test)]
mod tests;
