//! What is asked of the endpoint: calls, texts, pings.

use std::time::{Duration, Instant};

use super::{Action, CallEntry, Endpoint, ErrandEntry, Key, Owner};
use crate::sip::call::{Call, CallEnd, CallEvent, CallRequest, Target};
use crate::sip::errand::{Errand, ErrandEnd};
use crate::sip::registration::Account;
use crate::sip::transaction::Failure;

/// Most single requests (MESSAGE, OPTIONS) at a time.
const MAX_ERRANDS: usize = 64;
/// How long a call waits for an account that is about to register, as after the start.
const DECISION: Duration = Duration::from_secs(3);

/// A call that waits for a line.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) key: Key,
    request: CallRequest,
    pub(super) until: Instant,
}

impl Endpoint {
    /// Calls somebody.
    pub fn call(&mut self, key: Key, request: CallRequest, now: Instant) {
        self.call_until(now + DECISION, key, request, now);
    }

    /// Calls somebody; it is waited until then for a line.
    fn call_until(&mut self, until: Instant, key: Key, request: CallRequest, now: Instant) {
        let end = if self.stopping {
            CallEnd::Stopping
        } else if self.calls.values().filter(|entry| !entry.call.has_ended()).count()
            + self.held.len()
            >= self.max_calls
        {
            let why = "as many calls as there may be are under way".to_owned();
            CallEnd::Unavailable { why, retry_after: None }
        } else if let Some(account) = self.usable(0) {
            return self.begin_call(key, account, request, now);
        } else if until > now && self.accounts.iter().any(Account::is_deciding) {
            return self.held.push(Held { key, request, until });
        } else {
            CallEnd::NotRegistered(self.why_unusable())
        };
        self.actions.push_back(Action::Call(key, CallEvent::Ended(end)));
    }

    /// Makes the calls that waited for a line, or ends them.
    pub(super) fn settle_held(&mut self, now: Instant) {
        for held in std::mem::take(&mut self.held) {
            self.call_until(held.until, held.key, held.request, now);
        }
    }

    /// The first account from `start` on that can be used.
    pub(super) fn usable(&self, start: usize) -> Option<usize> {
        let mut accounts = self.accounts.iter().enumerate().skip(start);
        accounts.find(|(_, account)| account.is_usable()).map(|(index, _)| index)
    }

    fn why_unusable(&self) -> String {
        let Some(first) = self.accounts.first() else { return "no account".to_owned() };
        first.status().last_error.unwrap_or_else(|| "not registered yet".to_owned())
    }

    pub(super) fn begin_call(
        &mut self,
        key: Key,
        account: usize,
        request: CallRequest,
        now: Instant,
    ) {
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
    pub fn hang_up(&mut self, key: Key, now: Instant) {
        if self.held.iter().any(|held| held.key == key) {
            self.held.retain(|held| held.key != key);
            self.actions.push_back(Action::Call(key, CallEvent::Ended(CallEnd::HungUp)));
        }
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
    pub fn message(&mut self, key: Key, to: &Target, text: String, now: Instant) {
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
    pub fn ping(&mut self, key: Key, account: usize, now: Instant) {
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
}
