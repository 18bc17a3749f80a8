//! All of the user agent but its sockets and its clock: accounts, calls and single requests, on the
//! transactions they share. Pure.

mod answers;
mod incoming;
mod orders;
mod outgoing;
mod rate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::account::Identity;
use super::act::{Context, Slot, Way};
use super::call::{Call, CallEnd, CallEvent, CallRequest};
use super::errand::{Errand, ErrandEnd};
use super::flow::Flow;
use super::message::{Message, Uri};
use super::registration::{Account, AccountStatus};
use super::timing::Timing;
use super::token::Tokens;
use super::transaction::{ClientId, Event, Transactions, sooner};
use crate::config;
use orders::Held;
use outgoing::{Sent, Waiting};
use rate::Rate;

/// Most answers a second to those who are not in a call with us.
const MAX_ANSWERS: u32 = 50;

/// A call, as whoever asked for it knows it; given by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// Where a request is to go.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// By which account: its transport, its certificates.
    pub account: usize,
    /// To which host; that of the account when unset.
    pub uri: Option<Uri>,
    /// Addresses that were tried.
    pub avoid: Vec<SocketAddr>,
}

/// A way that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReachId(u64);

/// What is to be done outside.
#[derive(Debug)]
pub enum Action {
    /// This is to be sent.
    Send(Flow, Message),
    /// So is an empty line, which keeps the way open.
    KeepAlive(Flow),
    /// A way is to be found; [`Endpoint::reached`] takes it.
    Reach(ReachId, Hop),
    /// That address does not answer: others go first for a while.
    Distrust(SocketAddr),
    /// News of a call.
    Call(Key, CallEvent),
    /// A single request has ended.
    Errand(Key, ErrandEnd),
    /// An account is not as it was.
    Status,
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Account(usize),
    Call(u64),
    Errand(u64),
}

#[derive(Debug)]
struct CallEntry {
    key: Key,
    call: Call,
    account: usize,
    request: CallRequest,
    /// An answer came, so that no other account is tried.
    heard: bool,
    flow: Option<Flow>,
}

#[derive(Debug)]
struct ErrandEntry {
    key: Key,
    errand: Errand,
    account: usize,
}

/// The user agent.
#[derive(Debug)]
pub struct Endpoint {
    timing: Timing,
    tokens: Tokens,
    transactions: Transactions,
    accounts: Vec<Account>,
    max_calls: usize,
    next: u64,
    calls: BTreeMap<u64, CallEntry>,
    call_ids: HashMap<String, u64>,
    /// Calls that wait until it is known whether there is a line.
    held: Vec<Held>,
    errands: BTreeMap<u64, ErrandEntry>,
    waiting: BTreeMap<ReachId, Waiting>,
    sent: BTreeMap<ClientId, Sent>,
    /// Where we are, as the other ends see it.
    places: HashMap<(SocketAddr, u64), SocketAddr>,
    answers: Rate,
    stopping: bool,
    actions: VecDeque<Action>,
}

impl Endpoint {
    /// One with the accounts of the configuration, which begin to register. `secret` is random.
    pub fn new(settings: config::Sip, timing: Timing, secret: [u8; 32], now: Instant) -> Self {
        let mut endpoint = Self {
            timing,
            tokens: Tokens::new(secret),
            transactions: Transactions::new(timing),
            accounts: Vec::new(),
            max_calls: settings.max_calls,
            next: 0,
            calls: BTreeMap::new(),
            call_ids: HashMap::new(),
            held: Vec::new(),
            errands: BTreeMap::new(),
            waiting: BTreeMap::new(),
            sent: BTreeMap::new(),
            places: HashMap::new(),
            answers: Rate::new(MAX_ANSWERS, now),
            stopping: false,
            actions: VecDeque::new(),
        };
        for account in settings.accounts {
            let Ok(identity) = Identity::of(&account) else { continue };
            let mut cx = endpoint.context(now);
            let account = Account::new(&account, identity, &mut cx);
            endpoint.accounts.push(account);
        }
        for index in 0..endpoint.accounts.len() {
            endpoint.carry_out(Owner::Account(index), now);
        }
        endpoint
    }

    const fn context(&mut self, now: Instant) -> Context<'_> {
        Context { now, timing: &self.timing, tokens: &mut self.tokens }
    }

    /// What is to be done, until there is nothing more.
    pub fn take(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How the accounts are.
    pub fn status(&self) -> Vec<AccountStatus> {
        self.accounts.iter().map(Account::status).collect()
    }

    /// The ways of the accounts, to be looked after.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        self.accounts.iter().filter_map(|account| account.outlet().map(|outlet| outlet.flow))
    }

    /// Calls and transactions that are not over.
    pub fn load(&self) -> Load {
        let (ours, theirs) = self.transactions.count();
        Load { calls: self.calls.len() + self.held.len(), ours, theirs, connections: 0 }
    }

    /// A message came by that way.
    pub fn receive(&mut self, flow: Flow, message: Message, now: Instant) {
        match message {
            Message::Response(response) => {
                self.transactions.receive(response, now);
                self.settle(now);
            }
            Message::Request(request) => self.requested(flow, request, now),
        }
    }

    /// A connection ended, or an address refuses what is sent to it.
    pub fn lost(&mut self, flow: &Flow, why: &str, now: Instant) {
        self.transactions.lost(flow, why);
        self.settle(now);
        self.moved(Some(flow), why, now);
    }

    /// Our address towards that flow's end is another one now; with none, everywhere.
    pub fn moved(&mut self, flow: Option<&Flow>, why: &str, now: Instant) {
        self.places.retain(|(remote, connection), _| {
            flow.is_some_and(|flow| (*remote, *connection) != (flow.remote, flow.connection))
        });
        for index in 0..self.accounts.len() {
            let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
            if let Some(account) = self.accounts.get_mut(index) {
                account.moved(flow, why, &mut cx);
            }
            self.carry_out(Owner::Account(index), now);
        }
    }

    /// Ends all calls and unregisters.
    pub fn stop(&mut self, now: Instant) {
        self.stopping = true;
        self.settle_held(now);
        for id in self.calls.keys().copied().collect::<Vec<_>>() {
            if let Some(entry) = self.calls.get_mut(&id) {
                entry.call.hang_up(CallEnd::Stopping);
            }
            self.carry_out(Owner::Call(id), now);
        }
        for index in 0..self.accounts.len() {
            if let Some(account) = self.accounts.get_mut(index) {
                account.stop();
            }
            self.carry_out(Owner::Account(index), now);
        }
    }

    /// Whether nothing is waited for any more, once it stops.
    pub fn is_quiet(&self) -> bool {
        self.stopping
            && self.accounts.iter().all(Account::is_gone)
            && self.waiting.is_empty()
            && self.sent.values().all(Sent::is_done)
    }

    /// When [`Self::wake`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let accounts = self.accounts.iter().filter_map(Account::deadline).min();
        let calls = self.calls.values().filter_map(|entry| entry.call.deadline()).min();
        let held = self.held.iter().map(|held| held.until).min();
        sooner(sooner(self.transactions.deadline(), accounts), sooner(calls, held))
    }

    /// What is due.
    pub fn wake(&mut self, now: Instant) {
        self.transactions.wake(now);
        self.settle(now);
        for index in 0..self.accounts.len() {
            let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
            if let Some(account) = self.accounts.get_mut(index) {
                account.wake(&mut cx);
            }
            self.carry_out(Owner::Account(index), now);
        }
        self.settle_held(now);
        for id in self.calls.keys().copied().collect::<Vec<_>>() {
            if let Some(entry) = self.calls.get_mut(&id) {
                entry.call.wake(now);
            }
            self.carry_out(Owner::Call(id), now);
        }
    }

    /// Hands on what the transactions brought about.
    fn settle(&mut self, now: Instant) {
        while let Some(event) = self.transactions.take() {
            match event {
                Event::Send(flow, message) => {
                    self.actions.push_back(Action::Send(flow, message));
                }
                Event::Response(id, response) => self.answered(id, &response, now),
                Event::Failed(id, failure) => self.unanswered(id, failure, now),
                Event::Over(id) => {
                    if let Some(sent) = self.sent.remove(&id) {
                        self.tidy(sent.owner);
                    }
                }
                Event::Unacknowledged(id) => {
                    for call in self.calls.keys().copied().collect::<Vec<_>>() {
                        if let Some(entry) = self.calls.get_mut(&call) {
                            entry.call.unacknowledged(id);
                        }
                        self.carry_out(Owner::Call(call), now);
                    }
                }
            }
        }
    }

    /// Forgets what has ended and has nothing on its way.
    fn tidy(&mut self, owner: Owner) {
        let busy = self.sent.values().any(|sent| sent.owner == owner)
            || self.waiting.values().any(|waiting| waiting.owner == owner);
        match owner {
            Owner::Call(id) if !busy => {
                if self.calls.get(&id).is_some_and(|entry| entry.call.has_ended())
                    && let Some(entry) = self.calls.remove(&id)
                {
                    self.call_ids.remove(entry.call.call_id());
                }
            }
            Owner::Errand(id) if !busy => {
                if self.errands.get(&id).is_some_and(|entry| entry.errand.has_ended()) {
                    self.errands.remove(&id);
                }
            }
            Owner::Call(_) | Owner::Errand(_) | Owner::Account(_) => {}
        }
    }
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls, and what is left of them on its way.
    pub calls: usize,
    /// Requests of ours that are remembered.
    pub ours: usize,
    /// Requests of others that are remembered.
    pub theirs: usize,
    /// Connections over TCP and TLS that are open.
    pub connections: usize,
}
