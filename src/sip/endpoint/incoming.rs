//! Requests of others (RFC 3261 section 8.2). Who is not in a call with us is answered without
//! being remembered (section 8.2.7), and not more often than a telephone has to.

use std::time::Instant;

use super::outgoing::USER_AGENT;
use super::{Action, Context, Endpoint, Owner};
use crate::sip::call::{ABILITIES, add_abilities};
use crate::sip::flow::Flow;
use crate::sip::message::{Message, Method, Name, Request, Response};

impl Endpoint {
    pub(super) fn requested(&mut self, flow: Flow, mut request: Request, now: Instant) {
        let Some(mut via) = request.headers.top_via() else { return };
        flow.mark(&mut via);
        request.headers.replace_top_via(&via);
        if self.transactions.absorb(&request, now) {
            return self.settle(now);
        }
        let call = request.headers.call_id().and_then(|id| self.call_ids.get(id)).copied();
        match (&request.method, call) {
            (Method::Ack, Some(id)) => {
                if let Some(entry) = self.calls.get_mut(&id) {
                    entry.call.acknowledged(&request);
                }
                self.carry_out(Owner::Call(id), now);
            }
            (Method::Ack, None) => {}
            (Method::Cancel, _) => {
                let response = if self.transactions.knows_invite(&request) {
                    request.response(200, "OK")
                } else {
                    request.response(481, "Call/Transaction Does Not Exist")
                };
                self.reply(flow, &request, response, now);
            }
            (_, Some(id)) => self.requested_of_call(id, flow, &request, now),
            (_, None) => {
                let response = stateless(&request);
                self.reply(flow, &request, response, now);
            }
        }
    }

    fn requested_of_call(&mut self, call: u64, flow: Flow, request: &Request, now: Instant) {
        if let Some(response) = unsupported(request) {
            return self.reply(flow, request, response, now);
        }
        let Some(id) = self.transactions.open(request, flow, now) else { return };
        let mut cx = Context { now, timing: &self.timing, tokens: &mut self.tokens };
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.call.request(id, request, &mut cx);
        }
        self.carry_out(Owner::Call(call), now);
    }

    /// A request came that cannot be read, with the answer it deserves.
    pub fn refuse(&mut self, flow: Flow, response: Response, now: Instant) {
        let Some(via) = response.headers.top_via() else { return };
        if self.answers.allows(now) {
            self.actions.push_back(Action::Send(flow.answer(&via), Message::Response(response)));
        }
    }

    /// Answers, and forgets it. The same request gets the same answer.
    fn reply(&mut self, flow: Flow, request: &Request, mut response: Response, now: Instant) {
        let Some(via) = request.headers.top_via() else { return };
        if !self.answers.allows(now) {
            return;
        }
        if let Some(to) = response.headers.to().filter(|to| to.tag().is_none()) {
            let id = request.headers.call_id().unwrap_or_default();
            let tag = self.tokens.of(&format!("{id} {}", via.branch().unwrap_or_default()));
            response.headers.set(Name::To, to.with_tag(&tag).to_string());
        }
        response.headers.push(Name::Server, USER_AGENT);
        self.actions.push_back(Action::Send(flow.answer(&via), Message::Response(response)));
    }
}

/// What somebody gets who is in no call with us.
fn stateless(request: &Request) -> Response {
    let known = request.headers.to().is_some_and(|to| to.tag().is_some());
    let mut response = match &request.method {
        Method::Options | Method::Notify | Method::Message => {
            unsupported(request).unwrap_or_else(|| request.response(200, "OK"))
        }
        Method::Invite if !known => {
            let mut response = request.response(480, "Temporarily Unavailable");
            response.headers.push(Name::Reason, "SIP ;cause=480 ;text=\"takes no calls\"");
            response
        }
        Method::Invite
        | Method::Bye
        | Method::Cancel
        | Method::Info
        | Method::Prack
        | Method::Update => request.response(481, "Call/Transaction Does Not Exist"),
        Method::Ack
        | Method::Register
        | Method::Subscribe
        | Method::Refer
        | Method::Publish
        | Method::Other(_) => request.response(405, "Method Not Allowed"),
    };
    if matches!(response.status, 200 | 405) {
        add_abilities(&mut response.headers);
    }
    response
}

/// The refusal of a request that requires what we cannot.
fn unsupported(request: &Request) -> Option<Response> {
    let required = request.headers.tokens(&Name::Require);
    let unknown: Vec<_> =
        required.into_iter().filter(|it| !ABILITIES.contains(&it.as_str())).collect();
    if unknown.is_empty() {
        return None;
    }
    let mut response = request.response(420, "Bad Extension");
    response.headers.push(Name::Unsupported, unknown.join(", "));
    Some(response)
}
