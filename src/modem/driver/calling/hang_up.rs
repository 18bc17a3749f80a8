//! How a call is ended from this side, and how it is made sure that the line is free.

use std::time::Duration;

use super::{Calling, Do, Phase, What};
use crate::modem::at::Command;
use crate::modem::driver::call::CallEvent;
use crate::modem::driver::step::Answer;

/// How long a modem has to give up `ATD` at the first byte that comes (V.250 section 5.6.1).
const ABORT_TIME: Duration = Duration::from_millis(500);
/// Tries to hang up: one with each command.
const HANG_UPS: usize = 2;

impl Calling {
    pub(super) fn hang_up_now(&mut self, aborting: Option<Duration>, now: Duration) -> Option<Do> {
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

    pub(super) fn send_hang_up(&mut self, now: Duration) -> Do {
        let commands = self.quirks.hang_up();
        let text = commands.get(self.hang_ups % HANG_UPS).copied().unwrap_or("ATH");
        self.hang_ups += 1;
        self.send(What::HangUp, Command::HangUp(text), now)
    }

    /// The end is told. The modem is asked whether it knows, so that neither the call nor its last
    /// words are left to the next one.
    pub(super) fn settle(&mut self, still_there: bool, now: Duration) -> Option<Do> {
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

    pub(super) fn on_hang_up_answer(&mut self, answer: &Answer, now: Duration) {
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
}
