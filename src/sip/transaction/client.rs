//! The client's side of everything but INVITE: RFC 3261 section 17.1.2.

use std::time::{Duration, Instant};

use super::{Failure, Wish, sooner};
use crate::sip::message::{Request, Response};
use crate::sip::timing::Timing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Client {
    request: Request,
    state: State,
    timing: Timing,
    reliable: bool,
    /// When it is sent again (timer E), and the wait after that.
    again: Option<(Instant, Duration)>,
    /// Timer F, then K.
    until: Instant,
}

impl Client {
    /// A request that goes out now.
    #[must_use]
    pub(crate) fn new(request: Request, now: Instant, timing: Timing, reliable: bool) -> Self {
        let again = (!reliable).then_some((now + timing.t1, (timing.t1 * 2).min(timing.t2)));
        let until = now + timing.transaction();
        Self { request, state: State::Trying, timing, reliable, again, until }
    }

    /// When [`Self::wake`] wants to be called.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        sooner(self.again.map(|(at, _)| at), Some(self.until))
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Terminated
    }

    /// What an answer brings about.
    pub(crate) fn receive(&mut self, response: &Response, now: Instant) -> Vec<Wish> {
        match (self.state, response.status) {
            (State::Trying | State::Proceeding, 100..=199) => {
                self.state = State::Proceeding;
                vec![Wish::Pass]
            }
            (State::Trying | State::Proceeding, 200..) => {
                self.again = None;
                let wait = if self.reliable { Duration::ZERO } else { self.timing.t4 };
                self.until = now + wait;
                self.state = if self.reliable { State::Terminated } else { State::Completed };
                vec![Wish::Pass]
            }
            (State::Trying | State::Proceeding | State::Completed | State::Terminated, _) => {
                Vec::new()
            }
        }
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) -> Vec<Wish> {
        if self.until <= now {
            let silent = matches!(self.state, State::Trying | State::Proceeding);
            self.state = State::Terminated;
            self.again = None;
            return if silent { vec![Wish::Fail(Failure::Silent)] } else { Vec::new() };
        }
        match self.again {
            Some((at, wait)) if at <= now => {
                let wait = if self.state == State::Proceeding { self.timing.t2 } else { wait };
                self.again = Some((now + wait, (wait * 2).min(self.timing.t2)));
                vec![Wish::Send(self.request.clone())]
            }
            Some(_) | None => Vec::new(),
        }
    }
}
