//! One request outside of any dialog: MESSAGE (RFC 3428) and OPTIONS (RFC 3261 section 11).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::account::Identity;
use super::act::{Act, Context, Slot, Way};
use super::auth::{AuthError, Authentication};
use super::call::{Target, printable, retry_after};
use super::message::{Method, Name, NameAddr, Request, Response, Uri};
use super::transaction::Failure;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrandEnd {
    /// An answer came.
    Answered {
        /// The status code.
        status: u16,
        /// Its reason.
        reason: String,
        /// When to come back.
        retry_after: Option<Duration>,
        /// From sending to the answer.
        round_trip: Duration,
    },
    /// We cannot prove who we are.
    Refused(AuthError),
    /// None came.
    Failed(Failure),
}

/// One such request under way.
#[derive(Debug)]
pub(crate) struct Errand {
    identity: Identity,
    method: Method,
    text: Option<String>,
    uri: Uri,
    call_id: String,
    from: NameAddr,
    number: u32,
    auth: Authentication,
    slot: Slot,
    sent_at: Option<Instant>,
    ended: bool,
    acts: VecDeque<Act<ErrandEnd>>,
}

impl Errand {
    /// A text for somebody.
    pub(crate) fn message(
        identity: Identity,
        to: &Target,
        text: String,
        cx: &mut Context<'_>,
    ) -> Self {
        let uri = identity.target(to);
        let way = identity.way(&uri);
        Self::new(identity, Method::Message, (uri, way), Some(text), cx)
    }

    /// A question to the exchange, whether it is there.
    pub(crate) fn options(identity: Identity, cx: &mut Context<'_>) -> Self {
        let uri = identity.registrar();
        Self::new(identity, Method::Options, (uri, Way::Account), None, cx)
    }

    fn new(
        identity: Identity,
        method: Method,
        (uri, way): (Uri, Way),
        text: Option<String>,
        cx: &mut Context<'_>,
    ) -> Self {
        let mut errand = Self {
            auth: identity.authentication_for(&uri),
            from: identity.address.clone().with_tag(&cx.tokens.token()),
            identity,
            method,
            text,
            uri,
            call_id: cx.tokens.token(),
            number: 0,
            slot: Slot(0),
            sent_at: None,
            ended: false,
            acts: VecDeque::new(),
        };
        errand.send(way);
        errand
    }

    fn send(&mut self, way: Way) {
        self.slot = Slot(self.slot.0 + 1);
        self.acts.push_back(Act::Send(self.slot, way));
    }

    pub(crate) fn take(&mut self) -> Option<Act<ErrandEnd>> {
        self.acts.pop_front()
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn write(&mut self, slot: Slot, cx: &mut Context<'_>) -> Option<Request> {
        if slot != self.slot || self.ended {
            return None;
        }
        self.number += 1;
        self.sent_at = Some(cx.now);
        let mut request = Request::new(self.method.clone(), self.uri.clone());
        let headers = &mut request.headers;
        if self.method == Method::Message {
            for route in &self.identity.service_route {
                headers.push(Name::Route, route.to_string());
            }
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.from.to_string());
        headers.push(Name::To, NameAddr::new(self.uri.clone()).to_string());
        headers.push(Name::CallId, &self.call_id);
        headers.push(Name::CSeq, format!("{} {}", self.number, self.method));
        match &self.text {
            Some(text) => {
                headers.push(Name::ContentType, "text/plain;charset=UTF-8");
                request.body = text.clone().into();
            }
            None => headers.push(Name::Accept, "application/sdp"),
        }
        self.auth.apply(&mut request, cx.tokens);
        Some(request)
    }

    pub(crate) fn response(&mut self, slot: Slot, response: &Response, now: Instant) {
        if slot != self.slot || self.ended || response.status < 200 {
            return;
        }
        if matches!(response.status, 401 | 407) && self.method == Method::Message {
            match self.auth.challenged(response) {
                Ok(()) => {
                    let way = self.identity.way(&self.uri);
                    self.send(way);
                }
                Err(error) => self.end(ErrandEnd::Refused(error)),
            }
            return;
        }
        let round_trip = self.sent_at.map_or(Duration::ZERO, |sent| now - sent);
        self.end(ErrandEnd::Answered {
            status: response.status,
            reason: printable(&response.reason),
            retry_after: retry_after(response),
            round_trip,
        });
    }

    pub(crate) fn failed(&mut self, slot: Slot, failure: Failure) {
        if slot == self.slot {
            self.end(ErrandEnd::Failed(failure));
        }
    }

    /// How long the answer took that has just come.
    pub(crate) fn round_trip(&self, now: Instant) -> Option<Duration> {
        let answered =
            self.acts.iter().any(|act| matches!(act, Act::Tell(ErrandEnd::Answered { .. })));
        self.sent_at.filter(|_| answered).map(|sent| now - sent)
    }

    /// Gives it up.
    pub(crate) fn end(&mut self, end: ErrandEnd) {
        if !self.ended {
            self.ended = true;
            self.acts.push_back(Act::Tell(end));
        }
    }
}
