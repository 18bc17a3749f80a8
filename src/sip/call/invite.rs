//! The INVITE and its answers (RFC 3261 section 13), with reliable provisional ones (RFC 3262).

use super::{Call, CallEnd, CallEvent, Fork, MAX_FORKS, Phase, Purpose, Talk};
use crate::config::Encryption;
use crate::sip::act::{Act, Context, Outlet, Slot};
use crate::sip::dialog::Dialog;
use crate::sip::message::{Headers, Method, Name, NameAddr, Request, Response, part};
use crate::sip::sdp;

/// What we take within a call.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY, MESSAGE";
/// What we can beyond RFC 3261.
pub(crate) const SUPPORTED: &str = "100rel, timer";
/// The type of a description of sound.
pub(super) const SDP: &str = "application/sdp";

impl Call {
    /// Sends an INVITE: the first, or another after a challenge or a redirection.
    pub(super) fn send_invite(&mut self) {
        let way = self.identity.way(&self.uri);
        self.send(Purpose::Invite, way);
    }

    pub(super) fn write_invite(
        &mut self,
        outlet: &Outlet,
        cx: &mut Context<'_>,
    ) -> Option<Request> {
        if self.phase != Phase::Calling {
            return None;
        }
        self.number += 1;
        self.media.address = outlet.flow.local.ip();
        let user = self.identity.address.uri.user.as_deref();
        let contact = outlet.contact(user);
        let mut request = Request::new(Method::Invite, self.uri.clone());
        let headers = &mut request.headers;
        for route in &self.identity.service_route {
            headers.push(Name::Route, route.to_string());
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, self.from.to_string());
        headers.push(Name::To, NameAddr::new(self.uri.clone()).to_string());
        headers.push(Name::CallId, &self.id);
        headers.push(Name::CSeq, format!("{} INVITE", self.number));
        headers.push(Name::Contact, NameAddr::new(contact.clone()).to_string());
        headers.push(Name::Allow, ALLOW);
        headers.push(Name::Supported, SUPPORTED);
        self.timer.propose(headers);
        headers.push(Name::Accept, SDP);
        headers.push(Name::ContentType, SDP);
        request.body = sdp::offer(&self.media).into();
        self.contact = Some(contact);
        if !self.dialled {
            self.dialled = true;
            self.until = Some(cx.now + self.ring_time);
            self.tell(CallEvent::Dialling);
        }
        Some(request)
    }

    pub(super) fn invite_answered(
        &mut self,
        slot: Slot,
        response: &Response,
        cx: &mut Context<'_>,
    ) {
        match response.status {
            ..=100 => {}
            101..=199 => self.progressed(response, cx),
            200..=299 => self.accepted(response, cx),
            _ => {
                self.close(slot);
                self.forks.clear();
                if self.phase == Phase::Calling {
                    self.refused(response);
                }
            }
        }
    }

    /// The telephone with the tag of an answer.
    fn fork(&mut self, response: &Response) -> Option<&mut Fork> {
        let tag = response.headers.to()?.tag().unwrap_or_default().to_owned();
        let known = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag);
        let at = match known {
            Some(at) => at,
            None if self.forks.len() < MAX_FORKS => {
                let way = self.identity.way(&self.uri);
                let dialog = Dialog::of_answer(self.invite.as_ref()?, response, way)?;
                self.forks.push(Fork { dialog, agreed: None, rseq: None, ack: None });
                self.forks.len() - 1
            }
            None => return None,
        };
        self.forks.get_mut(at)
    }

    fn progressed(&mut self, response: &Response, cx: &Context<'_>) {
        if self.phase != Phase::Calling {
            return;
        }
        let has_tag = response.headers.to().is_some_and(|to| to.tag().is_some());
        let local = self.media.clone();
        let mut agreed = None;
        let mut confirm = None;
        if has_tag && let Some(fork) = self.fork(response) {
            let reliable = response.headers.tokens(&Name::Require).iter().any(|it| it == "100rel");
            if let Some(rseq) = response.headers.rseq().filter(|_| reliable) {
                // One that came before, or too early, will come again (RFC 3262 section 4).
                if fork.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
                    return;
                }
                fork.rseq = Some(rseq);
                let tag = fork.dialog.remote_tag().to_owned();
                confirm = Some((Purpose::Prack { tag, rseq }, fork.dialog.way()));
            }
            if let Some(body) = sound(&response.headers, &response.body)
                && let Ok(early) = sdp::accept_answer(&local, body)
            {
                fork.agreed = Some(early);
            }
            fork.dialog.refresh_target(&response.headers);
            agreed.clone_from(&fork.agreed);
        }
        if let Some((purpose, way)) = confirm {
            self.send(purpose, way);
        }
        if !self.rang {
            // The time until then was the network's.
            self.rang = true;
            self.until = Some(cx.now + self.ring_time);
        }
        self.tell(match response.status {
            180 => CallEvent::Ringing(agreed),
            _ => CallEvent::Progress(agreed),
        });
    }

    /// A 2xx, which is acknowledged whatever becomes of it, each time it comes.
    fn accepted(&mut self, response: &Response, cx: &Context<'_>) {
        let tag = response.headers.to().and_then(|to| to.tag().map(str::to_owned));
        let tag = tag.unwrap_or_default();
        if let Some(talk) = self.talk.as_ref().filter(|talk| talk.dialog.remote_tag() == tag) {
            self.acts.push_back(Act::SendAck(talk.ack.clone().into(), talk.dialog.way()));
            return;
        }
        let invite = self.invite.clone();
        let Some(fork) = self.fork(response) else { return };
        if let Some(ack) = &fork.ack {
            let act = Act::SendAck(ack.clone().into(), fork.dialog.way());
            self.acts.push_back(act);
            return;
        }
        fork.dialog.learn_routes(response);
        fork.dialog.refresh_target(&response.headers);
        let ack = acknowledgement(&fork.dialog, invite.as_ref());
        fork.ack = Some(ack.clone());
        let (dialog, early) = (fork.dialog.clone(), fork.agreed.clone());
        self.acts.push_back(Act::SendAck(ack.clone().into(), dialog.way()));
        if self.phase != Phase::Calling {
            // Another telephone was faster, or the CANCEL was too late.
            self.send(Purpose::Bye { tag }, dialog.way());
            return;
        }
        self.auth.accepted();
        let agreed = match sound(&response.headers, &response.body) {
            Some(body) => sdp::accept_answer(&self.media, body).map_err(|error| error.to_string()),
            None => {
                early.ok_or_else(|| "it answered without saying what sound it takes".to_owned())
            }
        };
        match agreed {
            Ok(agreed) => self.begin_to_talk(dialog, ack, agreed, response, cx),
            Err(why) => {
                self.send(Purpose::Bye { tag }, dialog.way());
                self.end(CallEnd::NotAcceptable(why));
            }
        }
    }

    fn begin_to_talk(
        &mut self,
        dialog: Dialog,
        ack: Request,
        agreed: sdp::Agreed,
        response: &Response,
        cx: &Context<'_>,
    ) {
        let tag = dialog.remote_tag().to_owned();
        self.forks.retain(|fork| fork.dialog.remote_tag() != tag);
        let updates = response.headers.tokens(&Name::Allow).iter().any(|it| it == "update");
        self.talk =
            Some(Talk { dialog, ack, agreed: agreed.clone(), updates, unacknowledged: None });
        self.phase = Phase::Talking;
        self.until = Some(cx.now + self.max_length);
        self.timer.answered(&response.headers, cx.now);
        self.tell(CallEvent::Answered(agreed));
    }

    fn refused(&mut self, response: &Response) {
        match response.status {
            401 | 407 => match self.auth.challenged(response) {
                Ok(()) => self.send_invite(),
                Err(error) => self.end(CallEnd::Forbidden(error.to_string())),
            },
            422 if self.timer.raise(&response.headers) => self.send_invite(),
            // A telephone that encrypts always takes no RTP/AVP, even with keys in it.
            415 | 488 | 606 if self.media.encryption == Encryption::Optional => {
                self.media.encryption = Encryption::Required;
                self.send_invite();
            }
            300..=399 => {
                self.targets.learn(response);
                self.go_on(response);
            }
            // 6xx speaks for all places (section 21.6).
            400..=599 => self.go_on(response),
            _ => self.end(CallEnd::of_refusal(response)),
        }
    }

    /// Calls the next place that a redirection named.
    fn go_on(&mut self, response: &Response) {
        match self.targets.next() {
            Some(uri) => {
                self.uri = self.identity.target(&super::Target::Uri(uri));
                self.auth = self.identity.authentication_for(&self.uri);
                self.send_invite();
            }
            None => self.end(CallEnd::of_refusal(response)),
        }
    }
}

/// The ACK of a 2xx proves who we are as its INVITE did (section 22.1: no challenge is possible).
pub(super) fn acknowledgement(dialog: &Dialog, invite: Option<&Request>) -> Request {
    let number = invite.and_then(|invite| invite.headers.cseq()).map_or(1, |cseq| cseq.number);
    let mut ack = dialog.acknowledgement(number);
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        for value in invite.into_iter().flat_map(|invite| invite.headers.all(&name)) {
            ack.headers.push(name.clone(), value);
        }
    }
    ack
}

/// The description of sound in a message.
pub(super) fn sound<'a>(headers: &Headers, body: &'a [u8]) -> Option<&'a [u8]> {
    part(headers.get(&Name::ContentType), body, SDP)
}
