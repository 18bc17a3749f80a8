//! Requests of ours within the call: PRACK, BYE, and what refreshes the session.

use std::time::Duration;

use super::invite::{ALLOW, SDP, SUPPORTED, sound};
use super::{Call, CallEnd, CallEvent, Phase, Purpose};
use crate::sip::act::{Act, Context, Outlet, Slot};
use crate::sip::dialog::Dialog;
use crate::sip::message::{Method, Name, NameAddr, Request, Response};
use crate::sip::sdp;

impl Call {
    /// The dialog with that tag, whichever became of it.
    fn dialog(&mut self, tag: &str) -> Option<&mut Dialog> {
        let talk = self.talk.as_mut().map(|talk| &mut talk.dialog);
        let forks = self.forks.iter_mut().map(|fork| &mut fork.dialog);
        talk.into_iter().chain(forks).find(|dialog| dialog.remote_tag() == tag)
    }

    pub(super) fn write_prack(&mut self, tag: &str, rseq: u32) -> Option<Request> {
        let invite = self.invite.as_ref()?.headers.cseq()?.number;
        let mut request = self.dialog(tag)?.request(Method::Prack);
        request.headers.push(Name::RAck, format!("{rseq} {invite} INVITE"));
        Some(request)
    }

    pub(super) fn write_bye(&mut self, tag: &str) -> Option<Request> {
        Some(self.dialog(tag)?.request(Method::Bye))
    }

    /// Says that we are still there (RFC 4028 section 10).
    pub(super) fn refresh(&mut self) {
        let Some(talk) = &self.talk else { return };
        let busy = self.open.iter().any(|(_, open)| matches!(open, Purpose::Refresh { .. }))
            || talk.unacknowledged.is_some();
        if !busy {
            let (update, way) = (talk.updates, talk.dialog.way());
            self.send(Purpose::Refresh { update, number: 0 }, way);
        }
    }

    pub(super) fn write_refresh(
        &mut self,
        slot: Slot,
        update: bool,
        outlet: &Outlet,
    ) -> Option<Request> {
        if self.phase != Phase::Talking {
            return None;
        }
        let user = self.identity.address.uri.user.as_deref();
        let contact = outlet.contact(user);
        let talk = self.talk.as_mut()?;
        let method = if update { Method::Update } else { Method::Invite };
        let mut request = talk.dialog.request(method);
        let number = talk.dialog.local_number();
        let headers = &mut request.headers;
        headers.push(Name::Contact, NameAddr::new(contact.clone()).to_string());
        headers.push(Name::Allow, ALLOW);
        headers.push(Name::Supported, SUPPORTED);
        self.timer.propose(headers);
        if !update {
            // The same as before, and it says so by its version (RFC 3264 section 8).
            headers.push(Name::ContentType, SDP);
            request.body = sdp::offer(&self.media).into();
        }
        self.contact = Some(contact);
        if let Some((_, purpose)) = self.open.iter_mut().find(|(open, _)| *open == slot) {
            *purpose = Purpose::Refresh { update, number };
        }
        Some(request)
    }

    pub(super) fn refresh_answered(
        &mut self,
        slot: Slot,
        (update, number): (bool, u32),
        response: &Response,
        cx: &mut Context<'_>,
    ) {
        let Some(talk) = self.talk.as_mut() else { return };
        if (200..=299).contains(&response.status) {
            if update {
                self.close(slot);
            } else {
                // It stays open: each 2xx that comes again wants its ACK again.
                let mut ack = talk.dialog.acknowledgement(number);
                self.auth.apply(&mut ack, cx.tokens);
                self.acts.push_back(Act::SendAck(ack.into(), talk.dialog.way()));
            }
            self.refreshed(response, cx);
            return;
        }
        self.close(slot);
        if self.phase != Phase::Talking {
            return;
        }
        let again = |call: &mut Self, update| {
            if let Some(talk) = &call.talk {
                let way = talk.dialog.way();
                call.send(Purpose::Refresh { update, number: 0 }, way);
            }
        };
        match response.status {
            401 | 407 if self.auth.challenged(response).is_ok() => again(self, update),
            422 if self.timer.raise(&response.headers) => again(self, update),
            // As the one that made the Call-ID we come back a little later (section 14.1).
            491 => {
                let wait = Duration::from_secs_f64(1.9f64.mul_add(cx.tokens.share(), 2.1));
                self.timer.put_off(cx.now + wait);
            }
            405 | 501 if update => again(self, false),
            408 | 481 => {
                let words = "the other side does not know the call any more".to_owned();
                self.bye_and_end(CallEnd::Lost(words));
            }
            // The session goes on until its time is over.
            _ => {}
        }
    }

    fn refreshed(&mut self, response: &Response, cx: &Context<'_>) {
        if self.phase != Phase::Talking {
            return;
        }
        self.auth.accepted();
        self.timer.answered(&response.headers, cx.now);
        let Some(talk) = self.talk.as_mut() else { return };
        talk.dialog.refresh_target(&response.headers);
        if let Some(body) = sound(&response.headers, &response.body)
            && let Ok(agreed) = sdp::accept_answer(&self.media, body)
            && agreed != talk.agreed
        {
            talk.agreed = agreed.clone();
            self.tell(CallEvent::Media(agreed));
        }
    }

    /// PRACK and BYE: only a challenge makes them go out again.
    pub(super) fn in_dialog_answered(&mut self, purpose: Purpose, response: &Response) {
        match response.status {
            401 | 407 if self.auth.challenged(response).is_ok() => {
                let tag = match &purpose {
                    Purpose::Prack { tag, .. } | Purpose::Bye { tag } => tag.clone(),
                    Purpose::Invite | Purpose::Refresh { .. } => return,
                };
                if let Some(way) = self.dialog(&tag).map(|dialog| dialog.way()) {
                    self.send(purpose, way);
                }
            }
            200..=299 => self.auth.accepted(),
            _ => {}
        }
    }
}
