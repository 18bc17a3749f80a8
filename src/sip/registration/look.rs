//! Looking by OPTIONS whether the exchange is there, between two registrations and without any.

use std::time::Instant;

use super::{Account, Purpose};
use crate::sip::act::{Context, Outlet};
use crate::sip::message::Response;
use crate::sip::transaction::Failure;

/// When it is looked, and what was seen.
#[derive(Debug)]
pub(super) struct Look {
    at: Option<Instant>,
    /// It is known that nobody is there.
    dead: bool,
    /// It answers to REGISTER and not to OPTIONS: nothing is seen by looking.
    deaf: bool,
    /// The last look had no answer.
    suspected: bool,
}

impl Look {
    pub(super) const fn new(at: Option<Instant>) -> Self {
        Self { at, dead: false, deaf: false, suspected: false }
    }

    pub(super) const fn is_dead(&self) -> bool {
        self.dead
    }

    pub(super) fn plan(&mut self, at: Instant) {
        self.at = (!self.deaf).then_some(at);
    }

    pub(super) fn stop(&mut self) {
        self.at = None;
        self.suspected = false;
    }

    /// A registration was answered.
    pub(super) fn answered(&mut self) {
        self.deaf |= self.suspected;
        self.suspected = false;
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.at
    }

    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.at.is_some_and(|at| at <= now);
        if due {
            self.at = None;
        }
        due
    }
}

impl Account {
    /// Any answer but one that says otherwise is a sign of life.
    pub(super) fn seen(&mut self, response: &Response, outlet: &Outlet, cx: &mut Context<'_>) {
        self.look.suspected = false;
        self.look.plan(cx.now + cx.timing.look);
        if matches!(response.status, 408 | 503) && !self.registers {
            self.look.dead = true;
            self.last_error = Some(super::outcome::words(response));
        } else if self.look.dead || !self.registers {
            self.look.dead = false;
            self.last_error = None;
        }
        let moved = self.outlet.is_some_and(|known| known.here != outlet.here);
        self.outlet = Some(*outlet);
        if !self.registers && self.keep_alive.is_none() {
            self.keep_alive = Some(cx.now + cx.timing.keep_alive);
        }
        if self.registers && moved {
            // What lies between gave us another address.
            self.corrections = 0;
            self.send(Purpose::Register);
        }
        self.changed();
    }

    pub(super) fn unseen(&mut self, failure: &Failure, why: String, cx: &mut Context<'_>) {
        self.last_error = Some(why.clone());
        if !self.registers {
            self.look.dead = true;
            self.outlet = None;
            self.keep_alive = None;
            self.look.plan(cx.now + cx.timing.look / 2);
            self.changed();
            return;
        }
        match failure {
            // Some answer nothing but what they must: the registration decides.
            Failure::Silent => {
                self.look.suspected = true;
                self.send(Purpose::Register);
            }
            Failure::Transport(_) => self.fail(why, None, None, cx),
        }
    }
}
