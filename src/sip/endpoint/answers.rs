//! What came of requests of ours: an answer, none, or the next place to try (RFC 3263 section 4.3).

use std::net::SocketAddr;
use std::time::Instant;

use super::outgoing::{Last, What};
use super::{Action, Context, Endpoint, Owner, Slot};
use crate::sip::act::Outlet;
use crate::sip::message::Response;
use crate::sip::transaction::{ClientId, Failure};

/// Most places that one request is tried at.
const MAX_PLACES: usize = 5;
/// Most ends by whose eyes it is known where we are.
const MAX_VIEWS: usize = 64;

impl Endpoint {
    /// An answer to a request of ours.
    pub(super) fn answered(&mut self, id: ClientId, response: &Response, now: Instant) {
        let Some(sent) = self.sent.get_mut(&id) else { return };
        let first = !sent.heard;
        sent.heard = true;
        sent.is_answered |= response.status >= 200;
        let (owner, slot, flow) = (sent.owner, sent.slot, sent.flow);
        if let Some(via) = response.headers.top_via() {
            let port = via.rport();
            let ip = via.received().unwrap_or(flow.local.ip());
            if self.places.len() >= MAX_VIEWS {
                self.places.clear();
            }
            if let Some(port) = port {
                self.places.insert((flow.remote, flow.connection), SocketAddr::new(ip, port));
            }
        }
        let outlet = self.outlet(flow);
        if response.status == 503 && first {
            self.actions.push_back(Action::Distrust(flow.remote));
            if self.try_elsewhere(id, Last::Response(response.clone(), outlet), now) {
                return;
            }
        }
        if let Owner::Call(call) = owner
            && let Some(entry) = self.calls.get_mut(&call)
        {
            entry.heard |= (101..=199).contains(&response.status);
        }
        self.hand_response(owner, slot, response, &outlet, now);
    }

    /// A request of ours has no answer.
    pub(super) fn unanswered(&mut self, id: ClientId, failure: Failure, now: Instant) {
        let Some(sent) = self.sent.get_mut(&id) else { return };
        if sent.is_answered {
            return;
        }
        sent.is_answered = true;
        let (owner, slot, heard, flow) = (sent.owner, sent.slot, sent.heard, sent.flow);
        if !heard {
            // A connection that was idle for long may be gone without a sign: it is made anew.
            if !(flow.is_reliable() && sent.tries.count == 0) {
                self.actions.push_back(Action::Distrust(flow.remote));
            }
            if self.try_elsewhere(id, Last::Failure(failure.clone()), now) {
                return;
            }
        }
        self.hand_failure(owner, slot, failure, now);
    }

    /// Tries a request at the next place there is. `last` is told if there is none.
    fn try_elsewhere(&mut self, id: ClientId, last: Last, now: Instant) -> bool {
        let Some(sent) = self.sent.get(&id) else { return false };
        if sent.tries.count >= MAX_PLACES || self.stopping {
            return false;
        }
        let mut tries = sent.tries.clone();
        let anew = sent.flow.is_reliable()
            && tries.count == 0
            && matches!(last, Last::Failure(Failure::Transport(_)));
        tries.count += 1;
        if !anew {
            tries.avoid.push(sent.flow.remote);
        }
        tries.last = Some(Box::new(last));
        let (owner, slot, way) = (sent.owner, sent.slot, sent.way.clone());
        self.look_for(owner, What::Request(slot), way, tries, now);
        true
    }

    pub(super) fn hand_response(
        &mut self,
        owner: Owner,
        slot: Slot,
        response: &Response,
        outlet: &Outlet,
        now: Instant,
    ) {
        let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
        match owner {
            Owner::Account(index) => {
                if let Some(account) = self.accounts.get_mut(index) {
                    account.response(slot, response, outlet, &mut cx);
                }
            }
            Owner::Call(id) => {
                if let Some(entry) = self.calls.get_mut(&id) {
                    entry.call.response(slot, response, &mut cx);
                }
            }
            Owner::Errand(id) => {
                let entry = self.errands.get_mut(&id);
                let measured = entry.and_then(|entry| {
                    entry.errand.response(slot, response, now);
                    entry.errand.round_trip(now).map(|time| (entry.account, time))
                });
                if let Some((account, time)) = measured
                    && let Some(account) = self.accounts.get_mut(account)
                {
                    account.measured(time);
                }
            }
        }
        self.carry_out(owner, now);
    }

    pub(super) fn hand_failure(
        &mut self,
        owner: Owner,
        slot: Slot,
        failure: Failure,
        now: Instant,
    ) {
        let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
        match owner {
            Owner::Account(index) => {
                if let Some(account) = self.accounts.get_mut(index) {
                    account.failed(slot, &failure, &mut cx);
                }
            }
            Owner::Call(id) => {
                if let Some(entry) = self.calls.get_mut(&id) {
                    entry.call.failed(slot, &failure);
                }
            }
            Owner::Errand(id) => {
                if let Some(entry) = self.errands.get_mut(&id) {
                    entry.errand.failed(slot, failure);
                }
            }
        }
        self.carry_out(owner, now);
    }
}
