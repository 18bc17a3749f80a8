//! One account: its registration (RFC 3261 section 10) and whether its exchange is there: pure.

mod look;
mod outcome;
mod request;
mod state;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub(crate) use state::News;
pub use state::{AccountStatus, Registration};

use super::account::Identity;
use super::act::{Act, Context, Outlet, Slot, Way};
use super::auth::Authentication;
use super::flow::Flow;
use super::message::{NameAddr, Request, Response, Uri};
use super::transaction::{Failure, sooner};
use crate::config::SipAccount;
use look::Look;

/// Least and most that a registrar may grant, in seconds.
const GRANTS: std::ops::RangeInclusive<u32> = 10..=86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Register,
    Unregister,
    Look,
}

/// The account's machine.
#[derive(Debug)]
pub(crate) struct Account {
    identity: Identity,
    name: String,
    registers: bool,
    /// Seconds a registration is asked for; more once the registrar wanted more (423).
    expires: u32,
    auth: Authentication,
    call_id: String,
    from: NameAddr,
    number: u32,
    state: Registration,
    last_error: Option<String>,
    round_trip: Option<Duration>,
    next_slot: u32,
    open: Option<(Slot, Purpose)>,
    sent_at: Option<Instant>,
    /// The way of the last REGISTER or OPTIONS that was answered or is on its way.
    outlet: Option<Outlet>,
    /// What the registrar knows, and what is on its way to it.
    bound: Option<Uri>,
    asked: Option<Uri>,
    corrections: u8,
    /// When it registers next.
    next: Option<Instant>,
    failures: u32,
    look: Look,
    keep_alive: Option<Instant>,
    stopping: bool,
    acts: VecDeque<Act<News>>,
}

impl Account {
    /// An account that begins to register.
    pub(crate) fn new(settings: &SipAccount, identity: Identity, cx: &mut Context<'_>) -> Self {
        let mut account = Self {
            name: format!("{}@{}", settings.extension, settings.domain),
            registers: settings.register,
            expires: u32::try_from(settings.expires.as_secs()).unwrap_or(*GRANTS.end()),
            auth: identity.authentication(),
            call_id: cx.tokens.token(),
            from: identity.address.clone().with_tag(&cx.tokens.token()),
            identity,
            number: 0,
            state: if settings.register { Registration::Trying } else { Registration::Off },
            last_error: None,
            round_trip: None,
            next_slot: 0,
            open: None,
            sent_at: None,
            outlet: None,
            bound: None,
            asked: None,
            corrections: 0,
            next: settings.register.then_some(cx.now),
            failures: 0,
            look: Look::new(if settings.register { None } else { Some(cx.now) }),
            keep_alive: None,
            stopping: false,
            acts: VecDeque::new(),
        };
        account.wake(cx);
        account
    }

    pub(crate) fn take(&mut self) -> Option<Act<News>> {
        self.acts.pop_front()
    }

    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The way to its exchange that works now.
    pub(crate) fn outlet(&self) -> Option<Outlet> {
        self.outlet.filter(|_| self.is_usable())
    }

    /// Whether a call may be tried.
    pub(crate) const fn is_usable(&self) -> bool {
        match self.state {
            Registration::Registered { .. } => true,
            Registration::Off => !self.look.is_dead(),
            Registration::Trying | Registration::Failed { .. } => false,
        }
    }

    /// Whether it will be known in a moment if a call may be tried.
    pub(crate) const fn is_deciding(&self) -> bool {
        matches!(self.state, Registration::Trying) && !self.stopping
    }

    pub(crate) fn status(&self) -> AccountStatus {
        AccountStatus {
            account: self.name.clone(),
            usable: self.is_usable(),
            state: self.state.clone(),
            last_error: self.last_error.clone(),
            round_trip: self.round_trip,
            transport: self.identity.transport,
            contact: self.outlet.map(|outlet| outlet.here),
            local: self.outlet.map(|outlet| outlet.flow.local.ip()),
        }
    }

    /// A ping was answered.
    pub(crate) fn measured(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
        self.changed();
    }

    fn changed(&mut self) {
        self.acts.push_back(Act::Tell(News));
    }

    fn send(&mut self, purpose: Purpose) {
        self.next_slot += 1;
        let slot = Slot(self.next_slot);
        self.open = Some((slot, purpose));
        self.sent_at = None;
        self.acts.push_back(Act::Send(slot, Way::Account));
    }

    pub(crate) fn write(
        &mut self,
        slot: Slot,
        outlet: &Outlet,
        cx: &mut Context<'_>,
    ) -> Option<Request> {
        let (_, purpose) = self.open.filter(|(open, _)| *open == slot)?;
        self.sent_at = Some(cx.now);
        self.outlet = Some(*outlet);
        let mut request = match purpose {
            Purpose::Register => self.write_register(outlet, self.expires),
            Purpose::Unregister => self.write_register(outlet, 0),
            Purpose::Look => self.write_look(outlet),
        };
        self.auth.apply(&mut request, cx.tokens);
        Some(request)
    }

    /// An answer came; `outlet` tells where we are as its sender saw it.
    pub(crate) fn response(
        &mut self,
        slot: Slot,
        response: &Response,
        outlet: &Outlet,
        cx: &mut Context<'_>,
    ) {
        let Some((_, purpose)) = self.open.filter(|(open, _)| *open == slot) else { return };
        if response.status < 200 {
            return;
        }
        self.open = None;
        self.round_trip = self.sent_at.map(|sent| cx.now - sent).or(self.round_trip);
        match purpose {
            Purpose::Register => self.registered(response, outlet, cx),
            Purpose::Unregister => {
                let challenged = matches!(response.status, 401 | 407);
                if challenged && self.auth.challenged(response).is_ok() {
                    self.send(Purpose::Unregister);
                } else {
                    self.gone();
                }
            }
            Purpose::Look => self.seen(response, outlet, cx),
        }
    }

    /// There will be no answer.
    pub(crate) fn failed(&mut self, slot: Slot, failure: &Failure, cx: &mut Context<'_>) {
        let Some((_, purpose)) = self.open.filter(|(open, _)| *open == slot) else { return };
        self.open = None;
        let why = match failure {
            Failure::Silent => "the exchange does not answer".to_owned(),
            Failure::Transport(words) => words.clone(),
        };
        match purpose {
            Purpose::Register => self.fail(why, None, None, cx),
            Purpose::Unregister => self.gone(),
            Purpose::Look => self.unseen(failure, why, cx),
        }
    }

    /// The way is gone, or our own address is another now: it registers anew at once.
    pub(crate) fn moved(&mut self, flow: Option<&Flow>, why: &str, cx: &mut Context<'_>) {
        let same = |outlet: &Outlet| flow.is_none_or(|flow| outlet.flow == *flow);
        if self.stopping || !self.outlet.as_ref().is_some_and(same) || self.open.is_some() {
            return;
        }
        self.last_error = Some(why.to_owned());
        self.outlet = None;
        self.keep_alive = None;
        if self.registers {
            self.state = Registration::Trying;
            self.look.stop();
            self.send(Purpose::Register);
        } else {
            self.look.plan(cx.now);
            self.wake(cx);
        }
        self.changed();
    }

    /// Unregisters. True if there is something to wait for.
    pub(crate) fn stop(&mut self) -> bool {
        self.stopping = true;
        (self.next, self.keep_alive) = (None, None);
        self.look.stop();
        if self.bound.is_some() && matches!(self.state, Registration::Registered { .. }) {
            self.send(Purpose::Unregister);
            return true;
        }
        self.open = None;
        false
    }

    /// Whether it has said goodbye.
    pub(crate) const fn is_gone(&self) -> bool {
        self.stopping && self.open.is_none()
    }

    fn gone(&mut self) {
        self.bound = None;
        self.state = Registration::Trying;
        self.changed();
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let keep_alive = self.keep_alive;
        let ends = match self.state {
            Registration::Registered { expires, .. } => Some(expires),
            Registration::Off | Registration::Trying | Registration::Failed { .. } => None,
        };
        let next = sooner(self.next, self.look.deadline()).filter(|_| self.open.is_none());
        sooner(sooner(next, keep_alive), ends)
    }

    /// What is due.
    pub(crate) fn wake(&mut self, cx: &mut Context<'_>) {
        if let Registration::Registered { expires, .. } = self.state
            && expires <= cx.now
        {
            self.bound = None;
            self.state = Registration::Trying;
            self.changed();
        }
        if self.keep_alive.is_some_and(|at| at <= cx.now) {
            self.keep_alive = Some(cx.now + cx.timing.keep_alive);
            self.acts.extend(self.outlet.map(|outlet| Act::KeepAlive(outlet.flow)));
        }
        if self.open.is_some() {
            return;
        }
        if self.next.is_some_and(|at| at <= cx.now) {
            self.next = None;
            self.send(Purpose::Register);
        } else if self.look.is_due(cx.now) {
            self.send(Purpose::Look);
        }
    }
}
