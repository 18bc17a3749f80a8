//! All of the user agent but its sockets and its clock: accounts, calls and single requests, on the
//! transactions they share. Pure.

mod incoming;
mod outgoing;
mod rate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::account::Identity;
use super::act::{Context, Slot, Way};
use super::call::{Call, CallEnd, CallEvent, CallRequest, Target};
use super::errand::{Errand, ErrandEnd};
use super::flow::Flow;
use super::message::{Message, Uri};
use super::registration::{Account, AccountStatus};
use super::timing::Timing;
use super::token::Tokens;
use super::transaction::{ClientId, Event, Failure, Transactions, sooner};
use crate::config;
use outgoing::{Sent, Waiting};
use rate::Rate;

/// Most single requests (MESSAGE, OPTIONS) at a time.
const MAX_ERRANDS: usize = 64;
/// Most answers a second to those who are not in a call with us.
const MAX_ANSWERS: u32 = 50;

/// A call, as whoever asked for it knows it; given by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) u64);

/// Where a request is to go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hop {
    /// By which account: its transport, its certificates.
    pub(crate) account: usize,
    /// To which host; that of the account when unset.
    pub(crate) uri: Option<Uri>,
    /// Addresses that were tried.
    pub(crate) avoid: Vec<SocketAddr>,
}

/// A way that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReachId(u64);

/// What is to be done outside.
#[derive(Debug)]
pub(crate) enum Action {
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
pub(crate) struct Endpoint {
    timing: Timing,
    tokens: Tokens,
    transactions: Transactions,
    accounts: Vec<Account>,
    max_calls: usize,
    next: u64,
    calls: BTreeMap<u64, CallEntry>,
    call_ids: HashMap<String, u64>,
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
    pub(crate) fn new(
        settings: config::Sip,
        timing: Timing,
        secret: [u8; 32],
        now: Instant,
    ) -> Self {
        let mut endpoint = Self {
            timing,
            tokens: Tokens::new(secret),
            transactions: Transactions::new(timing),
            accounts: Vec::new(),
            max_calls: settings.max_calls,
            next: 0,
            calls: BTreeMap::new(),
            call_ids: HashMap::new(),
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
    pub(crate) fn take(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How the accounts are.
    pub(crate) fn status(&self) -> Vec<AccountStatus> {
        self.accounts.iter().map(Account::status).collect()
    }

    /// The ways of the accounts, to be looked after.
    pub(crate) fn flows(&self) -> impl Iterator<Item = Flow> {
        self.accounts.iter().filter_map(|account| account.outlet().map(|outlet| outlet.flow))
    }

    /// Calls and transactions that are not over.
    pub(crate) fn load(&self) -> Load {
        let (ours, theirs) = self.transactions.count();
        Load { calls: self.calls.len(), ours, theirs, connections: 0 }
    }

    /// Calls somebody.
    pub(crate) fn call(&mut self, key: Key, request: CallRequest, now: Instant) {
        let end = if self.stopping {
            CallEnd::Stopping
        } else if self.calls.values().filter(|entry| !entry.call.has_ended()).count()
            >= self.max_calls
        {
            let why = "as many calls as there may be are under way".to_owned();
            CallEnd::Unavailable { why, retry_after: None }
        } else if let Some(account) = self.usable(0) {
            return self.begin_call(key, account, request, now);
        } else {
            CallEnd::NotRegistered(self.why_unusable())
        };
        self.actions.push_back(Action::Call(key, CallEvent::Ended(end)));
    }

    /// The first account from `start` on that can be used.
    fn usable(&self, start: usize) -> Option<usize> {
        let mut accounts = self.accounts.iter().enumerate().skip(start);
        accounts.find(|(_, account)| account.is_usable()).map(|(index, _)| index)
    }

    fn why_unusable(&self) -> String {
        let Some(first) = self.accounts.first() else { return "no account".to_owned() };
        first.status().last_error.unwrap_or_else(|| "not registered yet".to_owned())
    }

    fn begin_call(&mut self, key: Key, account: usize, request: CallRequest, now: Instant) {
        let Some(identity) = self.accounts.get(account).map(|it| it.identity().clone()) else {
            return;
        };
        let mut cx = self.context(now);
        let call = Call::new(identity, request.clone(), &mut cx);
        self.next += 1;
        let id = self.next;
        self.call_ids.insert(call.call_id().to_owned(), id);
        let entry = CallEntry { key, call, account, request, heard: false, flow: None };
        self.calls.insert(id, entry);
        self.carry_out(Owner::Call(id), now);
    }

    /// Ends a call.
    pub(crate) fn hang_up(&mut self, key: Key, now: Instant) {
        let found = self.calls.iter_mut().filter(|(_, entry)| entry.key == key);
        let ids: Vec<_> = found
            .map(|(id, entry)| {
                entry.call.hang_up(CallEnd::HungUp);
                *id
            })
            .collect();
        for id in ids {
            self.carry_out(Owner::Call(id), now);
        }
    }

    /// Writes to somebody.
    pub(crate) fn message(&mut self, key: Key, to: &Target, text: String, now: Instant) {
        match self.usable(0) {
            Some(account) if self.errands.len() < MAX_ERRANDS && !self.stopping => {
                let Some(identity) = self.accounts.get(account).map(|it| it.identity().clone())
                else {
                    return;
                };
                let errand = Errand::message(identity, to, text, &mut self.context(now));
                self.begin_errand(key, account, errand, now);
            }
            Some(_) => self.refuse_errand(key, "too many messages are under way".to_owned()),
            None => self.refuse_errand(key, format!("no line: {}", self.why_unusable())),
        }
    }

    /// Asks an account's exchange whether it is there.
    pub(crate) fn ping(&mut self, key: Key, account: usize, now: Instant) {
        let identity = self.accounts.get(account).map(|it| it.identity().clone());
        match identity.filter(|_| self.errands.len() < MAX_ERRANDS && !self.stopping) {
            Some(identity) => {
                let errand = Errand::options(identity, &mut self.context(now));
                self.begin_errand(key, account, errand, now);
            }
            None => self.refuse_errand(key, "there is no such account".to_owned()),
        }
    }

    fn begin_errand(&mut self, key: Key, account: usize, errand: Errand, now: Instant) {
        self.next += 1;
        self.errands.insert(self.next, ErrandEntry { key, errand, account });
        self.carry_out(Owner::Errand(self.next), now);
    }

    fn refuse_errand(&mut self, key: Key, why: String) {
        let end = ErrandEnd::Failed(Failure::Transport(why));
        self.actions.push_back(Action::Errand(key, end));
    }

    /// A message came by that way.
    pub(crate) fn receive(&mut self, flow: Flow, message: Message, now: Instant) {
        match message {
            Message::Response(response) => {
                self.transactions.receive(response, now);
                self.settle(now);
            }
            Message::Request(request) => self.requested(flow, request, now),
        }
    }

    /// A connection ended, or an address refuses what is sent to it.
    pub(crate) fn lost(&mut self, flow: &Flow, why: &str, now: Instant) {
        self.transactions.lost(flow, why);
        self.settle(now);
        self.moved(Some(flow), why, now);
    }

    /// Our address towards that flow's end is another one now; with none, everywhere.
    pub(crate) fn moved(&mut self, flow: Option<&Flow>, why: &str, now: Instant) {
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
    pub(crate) fn stop(&mut self, now: Instant) {
        self.stopping = true;
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
    pub(crate) fn is_quiet(&self) -> bool {
        self.stopping
            && self.accounts.iter().all(Account::is_gone)
            && self.waiting.is_empty()
            && self.sent.values().all(|sent| sent.is_answered)
    }

    /// When [`Self::wake`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let accounts = self.accounts.iter().filter_map(Account::deadline).min();
        let calls = self.calls.values().filter_map(|entry| entry.call.deadline()).min();
        sooner(sooner(self.transactions.deadline(), accounts), calls)
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.transactions.wake(now);
        self.settle(now);
        for index in 0..self.accounts.len() {
            let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
            if let Some(account) = self.accounts.get_mut(index) {
                account.wake(&mut cx);
            }
            self.carry_out(Owner::Account(index), now);
        }
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
