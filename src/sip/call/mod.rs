//! One call that we make, from the INVITE until nothing more of it is on its way: pure.
//!
//! Whatever the other sides send, a call is told exactly one end, and at once: what must still be
//! said to them (CANCEL, BYE) is said without anybody waiting for it.

mod event;
mod invite;
mod key;
mod peer;
mod session;
mod targets;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use event::{CallEnd, CallEvent, CallRequest, Target};
pub(crate) use event::{printable, retry_after};
pub(crate) use invite::ALLOW;
pub(crate) use peer::{ABILITIES, add_abilities};
use targets::Targets;

use super::account::Identity;
use super::act::{Act, Context, Outlet, Slot, Way};
use super::auth::Authentication;
use super::dialog::Dialog;
use super::message::{NameAddr, Request, Response, Uri};
use super::sdp;
use super::session_timer::{Due, SessionTimer};
use super::transaction::{Failure, ServerId, sooner};

/// Most telephones that may ring for one call (forking).
const MAX_FORKS: usize = 16;
/// Most requests of ours that are open at a time.
const MAX_OPEN: usize = 32;

/// What a request of ours is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Invite,
    /// Confirms a reliable provisional answer, of the dialog with that tag.
    Prack {
        tag: String,
        rseq: u32,
    },
    /// Ends the dialog with that tag.
    Bye {
        tag: String,
    },
    /// Refreshes the session, by UPDATE or by INVITE; with the number it went out with.
    Refresh {
        update: bool,
        number: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The INVITE is on its way, or about to be.
    Calling,
    /// It was answered.
    Talking,
    /// The end is told.
    Ended,
}

/// A telephone that rings, or one whose answer came too late.
#[derive(Debug)]
struct Fork {
    dialog: Dialog,
    /// Sound before the answer.
    agreed: Option<sdp::Agreed>,
    /// Number of the last reliable provisional answer.
    rseq: Option<u32>,
    /// The ACK of its 2xx.
    ack: Option<Request>,
}

/// The call as it was answered.
#[derive(Debug)]
struct Talk {
    dialog: Dialog,
    ack: Request,
    agreed: sdp::Agreed,
    /// The other side takes UPDATE.
    updates: bool,
    /// A re-INVITE of theirs that we accepted, until its ACK.
    unacknowledged: Option<Accepted>,
}

#[derive(Debug)]
struct Accepted {
    id: ServerId,
    number: u32,
    /// Our offer is in the answer, so that theirs is in the ACK.
    offered: bool,
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    identity: Identity,
    media: sdp::Local,
    /// The Call-ID.
    id: String,
    from: NameAddr,
    /// Number of our last request outside of dialogs.
    number: u32,
    uri: Uri,
    targets: Targets,
    auth: Authentication,
    timer: SessionTimer,
    phase: Phase,
    next_slot: u32,
    open: Vec<(Slot, Purpose)>,
    /// The INVITE as it was sent last.
    invite: Option<Request>,
    contact: Option<Uri>,
    forks: Vec<Fork>,
    talk: Option<Talk>,
    ring_time: Duration,
    max_length: Duration,
    dialled: bool,
    rang: bool,
    /// End of the time to ring, then of the call.
    until: Option<Instant>,
    acts: VecDeque<Act<CallEvent>>,
}

impl Call {
    /// A call by an account, which begins to be made.
    pub(crate) fn new(identity: Identity, request: CallRequest, cx: &mut Context<'_>) -> Self {
        let uri = identity.target(&request.to);
        let mut call = Self {
            auth: identity.authentication_for(&uri),
            from: identity.address.clone().with_tag(&cx.tokens.token()),
            id: cx.tokens.token(),
            number: 0,
            targets: Targets::new(&uri),
            uri,
            identity,
            media: request.media,
            timer: SessionTimer::new(),
            phase: Phase::Calling,
            next_slot: 0,
            open: Vec::new(),
            invite: None,
            contact: None,
            forks: Vec::new(),
            talk: None,
            ring_time: request.ring_time,
            max_length: request.max_length,
            dialled: false,
            rang: false,
            until: Some(cx.now + request.ring_time),
            acts: VecDeque::new(),
        };
        // 63 bits, as some read it into a signed number.
        call.media.session_id = cx.tokens.number() >> 1;
        call.media.version = call.media.session_id;
        call.media.encryption = call.identity.encryption;
        call.send_invite();
        call
    }

    pub(crate) fn call_id(&self) -> &str {
        &self.id
    }

    /// What is to be done.
    pub(crate) fn take(&mut self) -> Option<Act<CallEvent>> {
        self.acts.pop_front()
    }

    /// Whether the end was told. Requests of ours may still be open.
    pub(crate) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Asks for the end, which is told with these words.
    pub(crate) fn hang_up(&mut self, end: CallEnd) {
        match self.phase {
            Phase::Calling => {
                let invite = self.open.iter().find(|(_, purpose)| *purpose == Purpose::Invite);
                self.acts.extend(invite.map(|(slot, _)| Act::Cancel(*slot)));
                self.end(end);
            }
            Phase::Talking => self.bye_and_end(end),
            Phase::Ended => {}
        }
    }

    /// Ends the call that was answered.
    fn bye_and_end(&mut self, end: CallEnd) {
        if let Some(talk) = &self.talk {
            let (tag, way) = (talk.dialog.remote_tag().to_owned(), talk.dialog.way());
            self.send(Purpose::Bye { tag }, way);
        }
        self.end(end);
    }

    fn end(&mut self, end: CallEnd) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            self.until = None;
            self.tell(CallEvent::Ended(end));
        }
    }

    fn tell(&mut self, event: CallEvent) {
        self.acts.push_back(Act::Tell(event));
    }

    fn send(&mut self, purpose: Purpose, way: Way) {
        if self.open.len() < MAX_OPEN {
            self.next_slot += 1;
            let slot = Slot(self.next_slot);
            self.open.push((slot, purpose));
            self.acts.push_back(Act::Send(slot, way));
        }
    }

    fn purpose(&self, slot: Slot) -> Option<Purpose> {
        self.open.iter().find(|(open, _)| *open == slot).map(|(_, purpose)| purpose.clone())
    }

    fn close(&mut self, slot: Slot) {
        self.open.retain(|(open, _)| *open != slot);
    }

    /// The way to a request's place is known: what is to be sent. Nothing if it is not wanted any
    /// more.
    pub(crate) fn write(
        &mut self,
        slot: Slot,
        outlet: &Outlet,
        cx: &mut Context<'_>,
    ) -> Option<Request> {
        let request = match self.purpose(slot)? {
            Purpose::Invite => self.write_invite(outlet, cx),
            Purpose::Prack { tag, rseq } => self.write_prack(&tag, rseq),
            Purpose::Bye { tag } => self.write_bye(&tag),
            Purpose::Refresh { update, .. } => self.write_refresh(slot, update, outlet),
        };
        if request.is_none() {
            self.close(slot);
        }
        let mut request = request?;
        self.auth.apply(&mut request, cx.tokens);
        if self.purpose(slot) == Some(Purpose::Invite) {
            self.invite = Some(request.clone());
        }
        Some(request)
    }

    /// An answer came.
    pub(crate) fn response(&mut self, slot: Slot, response: &Response, cx: &mut Context<'_>) {
        match self.purpose(slot) {
            Some(Purpose::Invite) => self.invite_answered(slot, response, cx),
            // Only INVITE has provisional answers that say anything.
            Some(_) if response.status < 200 => {}
            Some(purpose @ (Purpose::Prack { .. } | Purpose::Bye { .. })) => {
                self.close(slot);
                self.in_dialog_answered(purpose, response);
            }
            Some(Purpose::Refresh { update, number }) => {
                self.refresh_answered(slot, (update, number), response, cx);
            }
            None => {}
        }
    }

    /// There will be no answer.
    pub(crate) fn failed(&mut self, slot: Slot, failure: &Failure) {
        let purpose = self.purpose(slot);
        self.close(slot);
        match purpose {
            Some(Purpose::Invite) if self.phase == Phase::Calling => {
                let why = match failure {
                    Failure::Silent => "the exchange does not answer".to_owned(),
                    Failure::Transport(words) => words.clone(),
                };
                self.end(CallEnd::Unavailable { why, retry_after: None });
            }
            Some(Purpose::Refresh { .. }) if self.phase == Phase::Talking => {
                self.bye_and_end(CallEnd::Lost("the other side does not answer".to_owned()));
            }
            Some(
                Purpose::Invite
                | Purpose::Refresh { .. }
                | Purpose::Prack { .. }
                | Purpose::Bye { .. },
            )
            | None => {}
        }
    }

    /// Nobody acknowledged that we accepted a re-INVITE (RFC 3261 section 14.2).
    pub(crate) fn unacknowledged(&mut self, id: ServerId) {
        let waits = self.talk.as_ref().and_then(|talk| talk.unacknowledged.as_ref());
        if self.phase == Phase::Talking && waits.is_some_and(|waits| waits.id == id) {
            self.bye_and_end(CallEnd::Lost("the other side does not answer".to_owned()));
        }
    }

    /// When [`Self::wake`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let timer = self.timer.deadline().filter(|_| self.phase == Phase::Talking);
        sooner(self.until, timer)
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            let talking = self.phase == Phase::Talking;
            self.hang_up(if talking { CallEnd::TooLong } else { CallEnd::NoAnswer });
        }
        if self.phase == Phase::Talking {
            match self.timer.due(now) {
                Some(Due::Refresh) => self.refresh(),
                Some(Due::Expired) => self.bye_and_end(CallEnd::Lost(
                    "the other side does not say that it is still there".to_owned(),
                )),
                None => {}
            }
        }
    }
}
