//! What the list of calls (`AT+CLCC`) tells of a call. It also notices that the other side has silently
//! gone, and that the modem has.

use std::time::Duration;

use super::{Calling, Phase, What};
use crate::modem::at::{CallState, ListedCall};
use crate::modem::driver::step::Answer;
use crate::modem::quirks::Quirk;

/// How often `AT+CLCC` is asked until the answer, and after it.
pub(super) const POLL_DIALLING: Duration = Duration::from_millis(500);
pub(super) const POLL_ANSWERED: Duration = Duration::from_millis(1500);
/// How long a call that is gone from the list has until the modem says in which way it ended.
pub(super) const LAST_WORD: Duration = Duration::from_millis(300);
/// How soon a call that is gone from the list is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Answers to `AT+CLCC` that may fail to come in a row: noise on the line is no end.
const MOST_SILENT: u8 = 1;

/// What is known by `AT+CLCC`.
#[derive(Debug)]
pub(super) struct List {
    /// The modem has it.
    pub(super) works: bool,
    /// When it is asked next.
    pub(super) next: Duration,
    /// The call was on it.
    pub(super) seen: bool,
    /// Since when it no longer is, or was said to be over.
    pub(super) gone: Option<Duration>,
    /// Answers that failed to come in a row.
    silent: u8,
}

impl List {
    /// Nothing is known yet.
    pub(super) const fn new() -> Self {
        Self { works: true, next: POLL_DIALLING, seen: false, gone: None, silent: 0 }
    }

    /// The call is said to be over, or is no longer on it.
    pub(super) fn miss(&mut self, now: Duration) {
        self.gone.get_or_insert(now);
        self.next = now + LOOK_AGAIN;
    }
}

impl Calling {
    /// Whether the list, which may still know the call, is about to be asked or asked already.
    pub(super) fn is_list_due(&self, now: Duration) -> bool {
        match self.running {
            Some(running) => running.what == What::List,
            None => self.list.works && now >= self.list.next,
        }
    }

    pub(super) fn on_list_answer(&mut self, answer: Answer, now: Duration) {
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
            None if self.list.seen => self.list.miss(now),
            None => {}
        }
    }

    pub(super) fn note_silence(&mut self, silent: bool, now: Duration) {
        self.list.silent = if silent { self.list.silent + 1 } else { 0 };
        if self.list.silent > MOST_SILENT {
            self.lose("the modem fell silent", now);
        }
    }
}
