//! Requests of the other side within the call (RFC 3261 sections 12.2.2, 14.2 and 15.1.2).

use super::invite::{ALLOW, SDP, SUPPORTED, sound};
use super::{Accepted, Call, CallEnd, CallEvent, Phase, Purpose, key};
use crate::sip::act::{Act, Context};
use crate::sip::message::{Headers, Method, Name, NameAddr, Request, Response};
use crate::sip::sdp;
use crate::sip::session_timer::SessionTimer;
use crate::sip::transaction::ServerId;

/// Whose dialog a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The one that answered.
    Talk,
    /// One that rings, or came too late.
    Fork,
}

impl Call {
    /// Whether a request belongs to this call.
    fn side(&mut self, request: &Request) -> Option<Side> {
        if self.talk.as_ref().is_some_and(|talk| talk.dialog.owns(request)) {
            return Some(Side::Talk);
        }
        self.forks.iter().any(|fork| fork.dialog.owns(request)).then_some(Side::Fork)
    }

    /// A request with our Call-ID came.
    pub(crate) fn request(&mut self, id: ServerId, request: &Request, cx: &mut Context<'_>) {
        let Some(side) = self.side(request) else {
            self.answer(id, request.response(481, "Call/Transaction Does Not Exist"));
            return;
        };
        if !self.is_next(request) {
            let mut response = request.response(500, "Server Internal Error");
            response.headers.push(Name::RetryAfter, "5");
            self.answer(id, response);
            return;
        }
        match &request.method {
            Method::Bye => {
                self.answer(id, request.response(200, "OK"));
                if side == Side::Talk {
                    self.end(CallEnd::FarEnd);
                }
            }
            _ if self.phase == Phase::Ended => {
                self.answer(id, request.response(481, "Call/Transaction Does Not Exist"));
            }
            Method::Invite | Method::Update => self.offered(id, request, side, cx),
            Method::Info => {
                self.answer(id, request.response(200, "OK"));
                if let Some(key) = key::of_info(request) {
                    self.tell(CallEvent::Key(key));
                }
            }
            Method::Options | Method::Notify | Method::Message => {
                self.answer(id, allowed(request.response(200, "OK")));
            }
            Method::Refer => self.answer(id, request.response(603, "Decline")),
            Method::Prack => {
                self.answer(id, request.response(481, "Call/Transaction Does Not Exist"));
            }
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Subscribe
            | Method::Publish
            | Method::Other(_) => {
                self.answer(id, allowed(request.response(405, "Method Not Allowed")));
            }
        }
    }

    fn answer(&mut self, id: ServerId, response: Response) {
        self.acts.push_back(Act::Answer(id, response));
    }

    /// Whether a request is newer than those before it.
    fn is_next(&mut self, request: &Request) -> bool {
        let Some(cseq) = request.headers.cseq() else { return false };
        let talk = self.talk.as_mut().map(|talk| &mut talk.dialog);
        let forks = self.forks.iter_mut().map(|fork| &mut fork.dialog);
        let dialog = talk.into_iter().chain(forks).find(|dialog| dialog.owns(request));
        dialog.is_some_and(|dialog| dialog.take_number(cseq.number))
    }

    /// A re-INVITE or an UPDATE.
    fn offered(&mut self, id: ServerId, request: &Request, side: Side, cx: &mut Context<'_>) {
        let is_invite = request.method == Method::Invite;
        let ours = self.open.iter().any(|(_, open)| matches!(open, Purpose::Refresh { .. }));
        let waits = self.talk.as_ref().is_some_and(|talk| talk.unacknowledged.is_some());
        if let Some(least) = SessionTimer::too_short(&request.headers) {
            let mut response = request.response(422, "Session Interval Too Small");
            response.headers.push(Name::MinSe, least.to_string());
            return self.answer(id, response);
        }
        if ours {
            // Both at once: who made the Call-ID comes back later (section 14.2).
            return self.answer(id, request.response(491, "Request Pending"));
        }
        if waits || (is_invite && side == Side::Fork) {
            let mut response = request.response(500, "Server Internal Error");
            let seconds = 1 + cx.tokens.number() % 9;
            response.headers.push(Name::RetryAfter, seconds.to_string());
            return self.answer(id, response);
        }
        let offer = sound(&request.headers, &request.body);
        let mut media = self.media.clone();
        media.version += 1;
        let (body, agreed) = match offer {
            Some(offer) => match sdp::answer_offer(&media, offer) {
                Ok((body, agreed)) => (Some(body), Some(agreed)),
                Err(_) => return self.answer(id, request.response(488, "Not Acceptable Here")),
            },
            None if is_invite => (Some(sdp::offer(&media)), None),
            None => (None, None),
        };
        if body.is_some() {
            self.media = media;
        }
        let mut response = self.accepting(request, body);
        self.timer.asked(&request.headers, &mut response.headers, cx.now);
        self.answer(id, response);
        self.agree(request, agreed, side);
        if is_invite
            && let Some(talk) = &mut self.talk
            && let Some(cseq) = request.headers.cseq()
        {
            let offered = offer.is_none();
            talk.unacknowledged = Some(Accepted { id, number: cseq.number, offered });
        }
    }

    /// The other side's place and sound are as the request says.
    fn agree(&mut self, request: &Request, agreed: Option<sdp::Agreed>, side: Side) {
        match side {
            Side::Talk => {
                let Some(talk) = &mut self.talk else { return };
                talk.dialog.refresh_target(&request.headers);
                if let Some(agreed) = agreed.filter(|agreed| *agreed != talk.agreed) {
                    talk.agreed = agreed.clone();
                    self.tell(CallEvent::Media(agreed));
                }
            }
            Side::Fork => {
                let owns = |fork: &&mut super::Fork| fork.dialog.owns(request);
                let Some(fork) = self.forks.iter_mut().find(owns) else { return };
                fork.dialog.refresh_target(&request.headers);
                if agreed.is_some() {
                    fork.agreed.clone_from(&agreed);
                    self.tell(CallEvent::Progress(agreed));
                }
            }
        }
    }

    fn accepting(&self, request: &Request, body: Option<String>) -> Response {
        let mut response = allowed(request.response(200, "OK"));
        if let Some(contact) = &self.contact {
            response.headers.push(Name::Contact, NameAddr::new(contact.clone()).to_string());
        }
        if let Some(body) = body {
            response.headers.push(Name::ContentType, SDP);
            response.body = body.into();
        }
        response
    }

    /// An ACK with our Call-ID came.
    pub(crate) fn acknowledged(&mut self, ack: &Request) {
        let number = ack.headers.cseq().map(|cseq| cseq.number);
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.dialog.owns(ack)) else { return };
        let matches = |waits: &Accepted| Some(waits.number) == number;
        if !talk.unacknowledged.as_ref().is_some_and(matches) {
            return;
        }
        let Some(accepted) = talk.unacknowledged.take() else { return };
        self.acts.push_back(Act::Acknowledged(accepted.id));
        if !accepted.offered || self.phase != Phase::Talking {
            return;
        }
        // Who asked for an offer and does not take it leaves the sound as it was.
        if let Some(body) = sound(&ack.headers, &ack.body)
            && let Ok(agreed) = sdp::accept_answer(&self.media, body)
        {
            self.agree(ack, Some(agreed), Side::Talk);
        }
    }
}

/// What others may require of us (RFC 3261 section 8.2.2.3).
pub(crate) const ABILITIES: [&str; 2] = ["100rel", "timer"];

/// With what we take, and can.
fn allowed(mut response: Response) -> Response {
    add_abilities(&mut response.headers);
    response
}

/// What we take, and can.
pub(crate) fn add_abilities(headers: &mut Headers) {
    headers.push(Name::Allow, ALLOW);
    headers.push(Name::Supported, SUPPORTED);
    headers.push(Name::Accept, SDP);
}
