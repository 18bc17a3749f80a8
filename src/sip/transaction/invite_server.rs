//! The server's side of INVITE: RFC 3261 section 17.2.1 with RFC 6026. It also sends a 2xx again
//! until its ACK comes (section 13.3.1.4), as there is one place for timers.

use std::time::{Duration, Instant};

use super::{Failure, Wish, sooner};
use crate::sip::message::Response;
use crate::sip::timing::Timing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    /// Refused; waits for the ACK.
    Completed,
    /// Answered by a 2xx, which is acknowledged by a request of its own.
    Accepted {
        acknowledged: bool,
    },
    /// Refused and acknowledged; swallows what comes again (timer I).
    Confirmed,
    Terminated,
}

/// An INVITE that came.
#[derive(Debug)]
pub(crate) struct InviteServer {
    state: State,
    timing: Timing,
    reliable: bool,
    answer: Option<Response>,
    /// When the answer is sent again (timer G), and the wait after that.
    again: Option<(Instant, Duration)>,
    /// Timer H, I or L.
    until: Option<Instant>,
}

impl InviteServer {
    /// An INVITE that came just now.
    #[must_use]
    pub(crate) const fn new(timing: Timing, reliable: bool) -> Self {
        let (answer, again, until) = (None, None, None);
        Self { state: State::Proceeding, timing, reliable, answer, again, until }
    }

    /// When [`Self::wake`] wants to be called.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        sooner(self.again.map(|(at, _)| at), self.until)
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Terminated
    }

    /// Answers it. Only the first final answer counts.
    pub(crate) fn respond(&mut self, response: Response, now: Instant) -> Vec<Wish> {
        if self.state != State::Proceeding {
            return Vec::new();
        }
        self.answer = Some(response.clone());
        if response.status >= 200 {
            let accepted = response.status < 300;
            self.state =
                if accepted { State::Accepted { acknowledged: false } } else { State::Completed };
            // A 2xx is sent again over TCP as well: a proxy may go on over UDP.
            let repeats = accepted || !self.reliable;
            self.again = repeats.then_some((now + self.timing.t1, self.timing.t1 * 2));
            self.until = Some(now + self.timing.transaction());
        }
        vec![Wish::Answer(response)]
    }

    /// The INVITE came again.
    #[must_use]
    pub(crate) fn again(&self) -> Vec<Wish> {
        match self.state {
            State::Proceeding | State::Completed => {
                self.answer.iter().cloned().map(Wish::Answer).collect()
            }
            State::Accepted { .. } | State::Confirmed | State::Terminated => Vec::new(),
        }
    }

    /// The ACK came. True when it was the one of a refusal, which belongs to this transaction.
    pub(crate) fn acknowledge(&mut self, now: Instant) -> bool {
        match self.state {
            State::Completed => {
                self.again = None;
                let wait = if self.reliable { Duration::ZERO } else { self.timing.t4 };
                self.until = Some(now + wait);
                self.state = State::Confirmed;
                true
            }
            State::Accepted { .. } => {
                self.again = None;
                self.state = State::Accepted { acknowledged: true };
                false
            }
            State::Proceeding | State::Confirmed | State::Terminated => true,
        }
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) -> Vec<Wish> {
        if self.until.is_some_and(|until| until <= now) {
            let missed = self.state == State::Accepted { acknowledged: false };
            self.state = State::Terminated;
            (self.again, self.until) = (None, None);
            return if missed { vec![Wish::Fail(Failure::Silent)] } else { Vec::new() };
        }
        match self.again {
            Some((at, wait)) if at <= now => {
                let wait = wait.min(self.timing.t2);
                self.again = Some((now + wait, wait * 2));
                self.answer.iter().cloned().map(Wish::Answer).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }
}
