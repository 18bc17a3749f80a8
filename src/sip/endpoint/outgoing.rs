//! Requests on their way out: finding where to, sending, and trying the next place (RFC 3263
//! section 4.3).

use std::net::SocketAddr;
use std::time::Instant;

use super::{Action, Context, Endpoint, Hop, Owner, ReachId, Slot, Way};
use crate::config::SipTransport;
use crate::sip::act::{Act, Outlet};
use crate::sip::call::{CallEnd, CallEvent};
use crate::sip::flow::Flow;
use crate::sip::message::{Host, Message, Name, Request, Response, Uri};
use crate::sip::transaction::Failure;

/// Who we say we are.
pub(super) const USER_AGENT: &str = "smtp-appliance";
/// Most requests that wait for a way.
const MAX_WAITING: usize = 128;

/// What is to be sent once there is a way.
#[derive(Debug)]
pub(super) enum What {
    Request(Slot),
    Ack(Box<Request>),
}

/// A request that has no way yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) owner: Owner,
    pub(super) what: What,
    pub(super) way: Way,
    pub(super) tries: Tries,
}

/// Where a request was tried, and what came of the last try.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries {
    pub(super) count: usize,
    pub(super) avoid: Vec<SocketAddr>,
    pub(super) last: Option<Box<Last>>,
}

#[derive(Debug, Clone)]
pub(super) enum Last {
    Response(Response, Outlet),
    Failure(Failure),
}

/// A request that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) owner: Owner,
    pub(super) slot: Slot,
    pub(super) way: Way,
    pub(super) flow: Flow,
    pub(super) tries: Tries,
    /// Anything came back.
    pub(super) heard: bool,
    /// A final answer came.
    pub(super) is_answered: bool,
}

impl Sent {
    /// Whether nobody waits for it; whether the exchange is there is not worth waiting for at the
    /// end.
    pub(super) const fn is_done(&self) -> bool {
        match self.owner {
            Owner::Account(_) => true,
            Owner::Call(_) | Owner::Errand(_) => self.is_answered,
        }
    }
}

impl Endpoint {
    fn account_of(&self, owner: Owner) -> usize {
        match owner {
            Owner::Account(index) => index,
            Owner::Call(id) => self.calls.get(&id).map_or(0, |entry| entry.account),
            Owner::Errand(id) => self.errands.get(&id).map_or(0, |entry| entry.account),
        }
    }

    /// Does what a machine wants.
    pub(super) fn carry_out(&mut self, owner: Owner, now: Instant) {
        match owner {
            Owner::Account(index) => {
                while let Some(act) =
                    self.accounts.get_mut(index).and_then(super::super::registration::Account::take)
                {
                    if self.act(owner, act, now).is_some() {
                        self.actions.push_back(Action::Status);
                        self.settle_held(now);
                    }
                }
            }
            Owner::Call(id) => {
                while let Some(act) = self.calls.get_mut(&id).and_then(|it| it.call.take()) {
                    if let Some(event) = self.act(owner, act, now) {
                        self.tell_call(id, event, now);
                    }
                }
            }
            Owner::Errand(id) => {
                while let Some(act) = self.errands.get_mut(&id).and_then(|it| it.errand.take()) {
                    if let (Some(end), Some(entry)) =
                        (self.act(owner, act, now), self.errands.get(&id))
                    {
                        self.actions.push_back(Action::Errand(entry.key, end));
                    }
                }
            }
        }
        self.settle(now);
        self.tidy(owner);
    }

    /// Does one act; what is to be told is given back.
    fn act<E>(&mut self, owner: Owner, act: Act<E>, now: Instant) -> Option<E> {
        match act {
            Act::Send(slot, way) => {
                self.look_for(owner, What::Request(slot), way, Tries::default(), now);
            }
            Act::SendAck(request, way) => {
                self.look_for(owner, What::Ack(request), way, Tries::default(), now);
            }
            Act::Cancel(slot) => {
                let of = |sent: &Sent| sent.owner == owner && sent.slot == slot;
                let found = self.sent.iter().find(|(_, sent)| of(sent)).map(|(id, _)| *id);
                if let Some(id) = found {
                    self.transactions.cancel(id, now);
                }
            }
            Act::Answer(id, mut response) => {
                response.headers.push(Name::Server, USER_AGENT);
                self.transactions.respond(id, response, now);
            }
            Act::Acknowledged(id) => self.transactions.acknowledged(id, now),
            Act::KeepAlive(flow) => self.actions.push_back(Action::KeepAlive(flow)),
            Act::Tell(event) => return Some(event),
        }
        None
    }

    /// Tells the news of a call; one that an account could not make is made by the next.
    fn tell_call(&mut self, id: u64, event: CallEvent, now: Instant) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        entry.heard |= !matches!(event, CallEvent::Dialling | CallEvent::Ended(_));
        let key = entry.key;
        let failed =
            matches!(event, CallEvent::Ended(CallEnd::Unavailable { .. } | CallEnd::Forbidden(_)));
        let (start, again) = (entry.account + 1, failed && !entry.heard && !self.stopping);
        let request = again.then(|| entry.request.clone());
        if let (Some(request), Some(account)) = (request, self.usable(start)) {
            // What is left of the first try tells nothing any more.
            self.begin_call(key, account, request, now);
            return;
        }
        self.actions.push_back(Action::Call(key, event));
    }

    /// Sends by a way that is there, or asks for one.
    pub(super) fn look_for(
        &mut self,
        owner: Owner,
        what: What,
        way: Way,
        tries: Tries,
        now: Instant,
    ) {
        let known = if tries.count == 0 { self.known_way(owner, &way) } else { None };
        let waiting = Waiting { owner, what, way, tries };
        if let Some(flow) = known {
            return self.send_by(waiting, flow, now);
        }
        let uri = match &waiting.way {
            Way::Account => None,
            Way::Uri(uri) => Some(uri.clone()),
        };
        if self.waiting.len() >= MAX_WAITING {
            // It would be a flood of answers that each want an ACK; those come again.
            if let What::Request(slot) = waiting.what {
                let why = "too many requests wait for a way".to_owned();
                self.hand_failure(owner, slot, Failure::Transport(why), now);
            }
            return;
        }
        let avoid = waiting.tries.avoid.clone();
        let hop = Hop { account: self.account_of(owner), uri, avoid };
        self.next += 1;
        let id = ReachId(self.next);
        self.waiting.insert(id, waiting);
        self.actions.push_back(Action::Reach(id, hop));
    }

    /// The account's own way, where it leads to the same place.
    fn known_way(&self, owner: Owner, way: &Way) -> Option<Flow> {
        let account = self.accounts.get(self.account_of(owner))?;
        let flow = account.outlet()?.flow;
        let uri = match way {
            Way::Account => return Some(flow),
            Way::Uri(uri) => uri,
        };
        leads_to(&flow, uri).then_some(flow)
    }

    /// A way was found, or there is none, in words.
    pub fn reached(&mut self, id: ReachId, found: Result<Flow, String>, now: Instant) {
        let Some(waiting) = self.waiting.remove(&id) else { return };
        let owner = waiting.owner;
        // A telephone may name a host that only its own network knows. The way by which it was
        // called is better than none.
        let found = match (found, self.way_of_call(&waiting)) {
            (Err(_), Some(flow)) => Ok(flow),
            (found, _) => found,
        };
        match (found, &waiting.what) {
            (Ok(flow), _) => self.send_by(waiting, flow, now),
            (Err(_), What::Ack(_)) => {}
            (Err(why), What::Request(slot)) => match waiting.tries.last.map(|last| *last) {
                Some(Last::Response(response, outlet)) => {
                    self.hand_response(owner, *slot, &response, &outlet, now);
                }
                Some(Last::Failure(failure)) => self.hand_failure(owner, *slot, failure, now),
                None => self.hand_failure(owner, *slot, Failure::Transport(why), now),
            },
        }
        self.tidy(owner);
    }

    /// The way that the call's INVITE took, for what follows it.
    fn way_of_call(&self, waiting: &Waiting) -> Option<Flow> {
        let Owner::Call(id) = waiting.owner else { return None };
        let entry = self.calls.get(&id).filter(|_| waiting.tries.count == 0)?;
        entry.flow.filter(|flow| flow.connection == 0 || waiting.way != Way::Account)
    }

    pub(super) fn outlet(&self, flow: Flow) -> Outlet {
        let here = self.places.get(&(flow.remote, flow.connection)).copied();
        Outlet { flow, here: here.unwrap_or(flow.local) }
    }

    fn send_by(&mut self, waiting: Waiting, flow: Flow, now: Instant) {
        let Waiting { owner, what, way, tries } = waiting;
        if let Owner::Call(id) = owner
            && let Some(entry) = self.calls.get_mut(&id)
            && entry.flow.is_none()
        {
            entry.flow = Some(flow);
        }
        let via = flow.via(&self.tokens.branch()).to_string();
        let slot = match what {
            What::Ack(mut request) => {
                request.headers.push_front(Name::Via, via);
                self.actions.push_back(Action::Send(flow, Message::Request(*request)));
                return;
            }
            What::Request(slot) => slot,
        };
        let outlet = self.outlet(flow);
        let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
        let request = match owner {
            Owner::Account(index) => {
                self.accounts.get_mut(index).and_then(|it| it.write(slot, &outlet, &mut cx))
            }
            Owner::Call(id) => {
                self.calls.get_mut(&id).and_then(|it| it.call.write(slot, &outlet, &mut cx))
            }
            Owner::Errand(id) => {
                self.errands.get_mut(&id).and_then(|it| it.errand.write(slot, &mut cx))
            }
        };
        let Some(mut request) = request else { return };
        request.headers.push_front(Name::Via, via);
        request.headers.push(Name::UserAgent, USER_AGENT);
        let id = self.transactions.begin(request, flow, now);
        let (heard, is_answered) = (false, false);
        self.sent.insert(id, Sent { owner, slot, way, flow, tries, heard, is_answered });
        self.settle(now);
        self.carry_out(owner, now);
    }
}

/// Whether a way leads to the place a URI names. A TLS connection that was checked serves for every
/// place behind the same address, as no certificate names an address.
fn leads_to(flow: &Flow, uri: &Uri) -> bool {
    let Host::Ip(ip) = uri.maddr().unwrap_or_else(|| uri.host.clone()) else { return false };
    let transport = uri.transport();
    let same_transport = match (flow.transport, transport.as_deref()) {
        (SipTransport::Udp, None | Some("udp"))
        | (SipTransport::Tcp, None | Some("tcp"))
        | (SipTransport::Tls, _) => true,
        (SipTransport::Udp | SipTransport::Tcp, _) => false,
    };
    match flow.transport {
        SipTransport::Tls => true,
        SipTransport::Tcp => same_transport && ip == flow.remote.ip(),
        SipTransport::Udp => {
            same_transport && flow.remote == SocketAddr::new(ip, uri.port.unwrap_or(5060))
        }
    }
}
