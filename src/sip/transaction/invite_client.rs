//! The client's side of INVITE: RFC 3261 section 17.1.1 with the state Accepted of RFC 6026, and
//! CANCEL (section 9.1).

use std::time::{Duration, Instant};

use super::{Failure, Wish, sooner};
use crate::sip::message::{Method, Name, Request, Response};
use crate::sip::timing::Timing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    /// Wanted, but nothing came back yet that could be cancelled.
    Deferred,
    Sent,
}

/// An INVITE on its way.
#[derive(Debug)]
pub(crate) struct InviteClient {
    request: Request,
    ack: Option<Request>,
    state: State,
    cancel: Cancel,
    timing: Timing,
    reliable: bool,
    /// When it is sent again (timer A), and the wait after that.
    again: Option<(Instant, Duration)>,
    /// When the state ends: timer B, D or M, or the wait for the answer to a cancelled one.
    until: Option<Instant>,
}

impl InviteClient {
    /// An INVITE that goes out now.
    #[must_use]
    pub(crate) fn new(request: Request, now: Instant, timing: Timing, reliable: bool) -> Self {
        let again = (!reliable).then_some((now + timing.t1, timing.t1 * 2));
        let until = Some(now + timing.transaction());
        let (state, cancel) = (State::Calling, Cancel::No);
        Self { request, ack: None, state, cancel, timing, reliable, again, until }
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

    /// What an answer brings about.
    pub(crate) fn receive(&mut self, response: &Response, now: Instant) -> Vec<Wish> {
        match (self.state, response.status) {
            (State::Calling | State::Proceeding, 100..=199) => self.provisional(now),
            (State::Calling | State::Proceeding, 200..=299) => {
                self.again = None;
                self.state = State::Accepted;
                self.until = Some(now + self.timing.transaction());
                vec![Wish::Pass]
            }
            // Each of these may be of another telephone, and each must be acknowledged.
            (State::Accepted, 200..=299) => vec![Wish::Pass],
            (State::Calling | State::Proceeding, 300..) => {
                self.again = None;
                let ack = acknowledgement(&self.request, response);
                self.ack = Some(ack.clone());
                // Timer D: as long as a final answer may still come again over UDP, 32 s by default.
                let again = self.timing.transaction();
                let wait = if self.reliable { Duration::ZERO } else { again };
                self.until = Some(now + wait);
                self.state = if self.reliable { State::Terminated } else { State::Completed };
                vec![Wish::Send(ack), Wish::Pass]
            }
            (State::Completed, 300..) => self.ack.iter().cloned().map(Wish::Send).collect(),
            (
                State::Completed
                | State::Accepted
                | State::Terminated
                | State::Calling
                | State::Proceeding,
                _,
            ) => Vec::new(),
        }
    }

    fn provisional(&mut self, now: Instant) -> Vec<Wish> {
        self.again = None;
        self.state = State::Proceeding;
        let mut wishes = vec![Wish::Pass];
        match self.cancel {
            Cancel::No => self.until = None,
            Cancel::Deferred => wishes.push(self.send_cancel(now)),
            Cancel::Sent => {}
        }
        wishes
    }

    /// Takes the INVITE back. Before the first answer there is nothing to cancel at the other end,
    /// so it waits for that (RFC 3261 section 9.1).
    pub(crate) fn cancel(&mut self, now: Instant) -> Vec<Wish> {
        match (self.state, self.cancel) {
            (State::Calling, Cancel::No) => {
                self.cancel = Cancel::Deferred;
                Vec::new()
            }
            (State::Proceeding, Cancel::No) => vec![self.send_cancel(now)],
            (_, Cancel::Deferred | Cancel::Sent)
            | (State::Completed | State::Accepted | State::Terminated, Cancel::No) => Vec::new(),
        }
    }

    fn send_cancel(&mut self, now: Instant) -> Wish {
        self.cancel = Cancel::Sent;
        // Who never answers 487 is not waited for any longer (section 9.1).
        self.until = Some(now + self.timing.transaction());
        Wish::Begin(same_hop(&self.request, Method::Cancel))
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) -> Vec<Wish> {
        if self.until.is_some_and(|until| until <= now) {
            let silent = matches!(self.state, State::Calling | State::Proceeding);
            self.state = State::Terminated;
            (self.again, self.until) = (None, None);
            return if silent { vec![Wish::Fail(Failure::Silent)] } else { Vec::new() };
        }
        match self.again {
            Some((at, wait)) if at <= now => {
                self.again = Some((now + wait, wait * 2));
                vec![Wish::Send(self.request.clone())]
            }
            Some(_) | None => Vec::new(),
        }
    }
}

/// The ACK of a refusal: a message of the same transaction (RFC 3261 section 17.1.1.3).
fn acknowledgement(invite: &Request, response: &Response) -> Request {
    let mut ack = same_hop(invite, Method::Ack);
    if let Some(to) = response.headers.get(&Name::To) {
        ack.headers.set(Name::To, to);
    }
    ack
}

/// A request that follows the INVITE exactly: same URI, same branch, same routes.
fn same_hop(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method, invite.uri.clone());
    let headers = &mut request.headers;
    if let Some(via) = invite.headers.top_via() {
        headers.push(Name::Via, via.to_string());
    }
    for route in invite.headers.all(&Name::Route) {
        headers.push(Name::Route, route);
    }
    headers.push(Name::MaxForwards, "70");
    for name in [Name::From, Name::To, Name::CallId] {
        if let Some(value) = invite.headers.get(&name) {
            headers.push(name, value);
        }
    }
    let number = invite.headers.cseq().map_or(1, |cseq| cseq.number);
    let line = format!("{number} {}", request.method);
    request.headers.push(Name::CSeq, line);
    request
}
