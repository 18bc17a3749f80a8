//! The telephone and its exchange: what is answered to which request.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Order;
use crate::audio::Pcm;
use crate::channel::call::media;
use crate::config::Encryption;
use crate::rtp::{self, Events, Session};

use crate::sip::message::{
    MAGIC_COOKIE, Message, Method, Name, Request, Response, Transport, Uri, Via,
};
use crate::sip::sdp;

/// How long it rings before it is answered.
const RINGING: Duration = Duration::from_millis(1200);

/// Most that is kept of a call.
const LONGEST: Duration = Duration::from_mins(5);

const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, MESSAGE";

/// What the telephone's owner does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Habit {
    /// Takes them after a ring.
    #[default]
    Answers,
    /// Is on the phone already.
    Busy,
    /// Declines them.
    Declines,
    /// Lets it ring.
    NeverAnswers,
    /// Is nobody's: no such extension.
    Nobody,
}

/// A call that was answered, at its end.
#[derive(Debug)]
pub struct HeardCall {
    /// Which extension was called.
    pub extension: String,
    /// What was heard, from the first packet on.
    pub heard: Pcm,
    /// Whether the sound came encrypted.
    pub encrypted: bool,
}

/// A call that rings or is held.
struct UnderWay {
    invite: Request,
    from: SocketAddr,
    tag: String,
    /// When it is to be answered.
    answer_at: Option<Instant>,
    talk: Option<Talk>,
}

/// An answered call.
struct Talk {
    session: Session,
    /// Kept, so that the session has somebody to tell.
    _events: Events,
    encrypted: bool,
    /// The answer, again for each INVITE that comes again.
    answer: Response,
    acknowledged: bool,
}

/// All there is of it.
pub(super) struct Telephone {
    address: SocketAddr,
    habit: Habit,
    calls: mpsc::Sender<HeardCall>,
    call: Option<UnderWay>,
    outgoing: Vec<(Bytes, SocketAddr)>,
    sequence: u32,
}

impl Telephone {
    pub(super) const fn new(
        address: SocketAddr,
        habit: Habit,
        calls: mpsc::Sender<HeardCall>,
    ) -> Self {
        Self { address, habit, calls, call: None, outgoing: Vec::new(), sequence: 0 }
    }

    /// When a ringing call is to be answered.
    pub(super) fn due(&self) -> Option<Instant> {
        self.call.as_ref().and_then(|call| call.answer_at)
    }

    /// What is to be sent.
    pub(super) fn outgoing(&mut self) -> Vec<(Bytes, SocketAddr)> {
        std::mem::take(&mut self.outgoing)
    }

    /// Takes a datagram.
    pub(super) async fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        match Message::parse(datagram) {
            Ok(Message::Request(request)) => self.request(request, from).await,
            // To our BYE.
            Ok(Message::Response(_)) => {}
            Err(error) => tracing::debug!(%error, "the exchange was sent something else"),
        }
    }

    async fn request(&mut self, request: Request, from: SocketAddr) {
        match &request.method {
            Method::Register => self.register(&request, from),
            Method::Invite => self.invite(request, from),
            Method::Ack => {
                if let Some(talk) = self.call.as_mut().and_then(|call| call.talk.as_mut()) {
                    talk.acknowledged = true;
                }
            }
            Method::Bye if self.is_ours(&request) => {
                self.reply(&request, 200, "OK", from);
                self.end().await;
            }
            Method::Cancel if self.is_ours(&request) => {
                self.reply(&request, 200, "OK", from);
                if let Some(call) = self.call.take_if(|call| call.talk.is_none()) {
                    let mut response = call.invite.response(487, "Request Terminated");
                    tag(&mut response, &call.tag);
                    self.send(Message::Response(response), call.from);
                }
            }
            Method::Bye | Method::Cancel => {
                self.reply(&request, 481, "Call/Transaction Does Not Exist", from);
            }
            Method::Options | Method::Message => self.reply(&request, 200, "OK", from),
            Method::Notify
            | Method::Info
            | Method::Prack
            | Method::Update
            | Method::Subscribe
            | Method::Refer
            | Method::Publish
            | Method::Other(_) => self.reply(&request, 405, "Method Not Allowed", from),
        }
    }

    /// Any password is right, but there must be one.
    fn register(&mut self, request: &Request, from: SocketAddr) {
        if request.headers.get(&Name::Authorization).is_none() {
            let mut response = request.response(401, "Unauthorized");
            tag(&mut response, "exchange");
            let nonce = format!("{:016x}", fastrand::u64(..));
            let challenge = format!(
                "Digest realm=\"exchange\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\""
            );
            response.headers.push(Name::WwwAuthenticate, challenge);
            return self.send(Message::Response(response), from);
        }
        let expires = request.headers.expires().unwrap_or(300).to_string();
        let mut response = request.response(200, "OK");
        tag(&mut response, "exchange");
        for contact in request.headers.all(&Name::Contact) {
            response.headers.push(Name::Contact, contact);
        }
        response.headers.push(Name::Expires, expires);
        self.send(Message::Response(response), from);
    }

    fn invite(&mut self, request: Request, from: SocketAddr) {
        if self.is_ours(&request) {
            return self.invited_again(&request, from);
        }
        if self.call.is_some() {
            return self.reply(&request, 486, "Busy Here", from);
        }
        match self.habit {
            Habit::Busy => self.reply(&request, 486, "Busy Here", from),
            Habit::Declines => self.reply(&request, 603, "Decline", from),
            Habit::Nobody => self.reply(&request, 404, "Not Found", from),
            Habit::Answers | Habit::NeverAnswers => {
                let tag_of_ours = format!("{:08x}", fastrand::u32(..));
                let mut ringing = request.response(180, "Ringing");
                tag(&mut ringing, &tag_of_ours);
                ringing.headers.push(Name::Contact, self.contact());
                self.send(Message::Response(ringing), from);
                let answers = self.habit == Habit::Answers;
                self.call = Some(UnderWay {
                    invite: request,
                    from,
                    tag: tag_of_ours,
                    answer_at: answers.then(|| Instant::now() + RINGING),
                    talk: None,
                });
            }
        }
    }

    /// It came again, as UDP may have lost our answer.
    fn invited_again(&mut self, request: &Request, from: SocketAddr) {
        let Some(call) = &self.call else { return };
        let mut response = match &call.talk {
            Some(talk) => talk.answer.clone(),
            None => request.response(180, "Ringing"),
        };
        tag(&mut response, &call.tag);
        self.send(Message::Response(response), from);
    }

    /// Takes the call that rings.
    pub(super) async fn answer(&mut self) {
        let Some(mut call) = self.call.take() else { return };
        call.answer_at = None;
        match self.talk(&call).await {
            Ok(talk) => {
                self.send(Message::Response(talk.answer.clone()), call.from);
                call.talk = Some(talk);
                self.call = Some(call);
            }
            Err(error) => {
                tracing::debug!(error, "the telephone cannot talk");
                let mut response = call.invite.response(488, "Not Acceptable Here");
                tag(&mut response, &call.tag);
                self.send(Message::Response(response), call.from);
            }
        }
    }

    async fn talk(&self, call: &UnderWay) -> Result<Talk, String> {
        let options = rtp::Options { record: LONGEST, ..rtp::Options::default() };
        let ip = self.address.ip();
        let opened = Session::open(ip, 20_000..=29_999, options).await;
        let (session, events) = opened.map_err(|error| error.to_string())?;
        let local = local(ip, session.port());
        let agreed = sdp::answer_offer(&local, &call.invite.body);
        let (body, agreed) = agreed.map_err(|error| error.to_string())?;
        let encrypted = agreed.encryption.is_some();
        session.point(media::stream(&agreed));
        let mut answer = call.invite.response(200, "OK");
        tag(&mut answer, &call.tag);
        answer.headers.push(Name::Contact, self.contact());
        answer.headers.push(Name::Allow, ALLOW);
        answer.headers.push(Name::ContentType, "application/sdp");
        answer.body = Bytes::from(body);
        Ok(Talk { session, _events: events, encrypted, answer, acknowledged: false })
    }
}

impl Telephone {
    /// Does what the owner wants.
    pub(super) async fn obey(&mut self, order: Order) {
        match order {
            Order::Be(habit) => self.habit = habit,
            Order::Press(key) => {
                if let Some(talk) = self.call.as_ref().and_then(|call| call.talk.as_ref()) {
                    talk.session.send_key(key).await;
                }
            }
            Order::HangUp => {
                if let Some(bye) = self.bye() {
                    let to = self.call.as_ref().map_or(self.address, |call| call.from);
                    self.send(Message::Request(bye), to);
                    self.end().await;
                }
            }
        }
    }

    /// The call is over: what was heard is told.
    async fn end(&mut self) {
        let Some(UnderWay { invite, talk: Some(talk), .. }) = self.call.take() else { return };
        let extension = invite.uri.user.clone().unwrap_or_default();
        let heard = talk.session.heard();
        talk.session.close().await;
        let call = HeardCall { extension, heard, encrypted: talk.encrypted };
        // Nobody need be interested.
        drop(self.calls.send(call).await);
    }

    /// The request that ends an answered call from this side.
    fn bye(&mut self) -> Option<Request> {
        let call = self.call.as_ref().filter(|call| call.talk.is_some())?;
        let headers = &call.invite.headers;
        let mut bye = Request::new(Method::Bye, headers.contact_uri()?);
        let branch = format!("{MAGIC_COOKIE}{:016x}", fastrand::u64(..));
        let here = (self.address.ip().into(), Some(self.address.port()));
        bye.headers.push(Name::Via, Via::new(Transport::Udp, here, &branch).to_string());
        bye.headers.push(Name::From, headers.to()?.with_tag(&call.tag).to_string());
        bye.headers.push(Name::To, headers.get(&Name::From)?);
        bye.headers.push(Name::CallId, headers.call_id()?);
        self.sequence += 1;
        bye.headers.push(Name::CSeq, format!("{} BYE", self.sequence));
        bye.headers.push(Name::MaxForwards, "70");
        Some(bye)
    }

    /// Whether a request belongs to the call under way.
    fn is_ours(&self, request: &Request) -> bool {
        let call = self.call.as_ref().and_then(|call| call.invite.headers.call_id());
        call.is_some() && call == request.headers.call_id()
    }

    fn contact(&self) -> String {
        let mut uri = Uri::sip(Some("telephone"), self.address.ip().into());
        uri.port = Some(self.address.port());
        format!("<{uri}>")
    }

    fn reply(&mut self, request: &Request, status: u16, reason: &str, to: SocketAddr) {
        let mut response = request.response(status, reason);
        tag(&mut response, "exchange");
        if request.method == Method::Options {
            response.headers.push(Name::Allow, ALLOW);
        }
        self.send(Message::Response(response), to);
    }

    fn send(&mut self, mut message: Message, to: SocketAddr) {
        if let Message::Response(response) = &mut message
            && let Some(mut via) = response.headers.top_via()
        {
            // RFC 3581: where the request came from.
            via.params.set("received", Some(&to.ip().to_string()));
            via.params.set("rport", Some(&to.port().to_string()));
            response.headers.replace_top_via(&via);
        }
        self.outgoing.push((message.to_bytes(), to));
    }
}

/// Our tag in To, where none is yet.
fn tag(response: &mut Response, tag: &str) {
    if let Some(to) = response.headers.to().filter(|to| to.tag().is_none()) {
        response.headers.set(Name::To, to.with_tag(tag).to_string());
    }
}

fn local(address: IpAddr, rtp_port: u16) -> sdp::Local {
    let (session_id, version) = (u64::from(fastrand::u32(..)), 1);
    sdp::Local {
        address,
        rtp_port,
        codecs: vec![sdp::Codec::Pcmu, sdp::Codec::Pcma],
        comfort_noise: true,
        encryption: Encryption::Optional,
        keys: media::keys(),
        session_id,
        version,
    }
}
