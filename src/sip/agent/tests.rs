//! The agent on loopback, against a small exchange that is played from a socket.

mod streams;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Agent, MessageError, Options};
use crate::config::{self, Encryption, Secret, SipAccount, SipCodec, SipTransport};
use crate::sip::call::{CallEnd, CallEvent, CallRequest, Target};
use crate::sip::message::{Message, Method, Name, Request, Response};
use crate::sip::registration::Registration;
use crate::sip::sdp;
use crate::sip::timing::Timing;

/// Longer than anything takes on the busiest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// An exchange on a port of its own.
struct Exchange {
    socket: UdpSocket,
    peer: Option<SocketAddr>,
}

impl Exchange {
    async fn open() -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), peer: None }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The next message; keep-alives do not count.
    async fn take(&mut self) -> Message {
        let mut buffer = vec![0; 65536];
        loop {
            let received = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await;
            let (length, peer) = received.expect("nothing came").unwrap();
            self.peer = Some(peer);
            if length > 4 {
                return Message::parse(&buffer[..length]).unwrap();
            }
        }
    }

    async fn request(&mut self, method: Method) -> Request {
        loop {
            match self.take().await {
                Message::Request(request) if request.method == method => return request,
                // One that came again, or is not what this is about.
                Message::Request(_) | Message::Response(_) => {}
            }
        }
    }

    async fn send(&self, message: impl Into<Message>) {
        let bytes = message.into().to_bytes();
        self.socket.send_to(&bytes, self.peer.unwrap()).await.unwrap();
    }

    async fn answer(&self, request: &Request, status: u16, more: &[(Name, &str)]) {
        let mut response = request.response(status, "Words");
        let to = response.headers.to().unwrap();
        if to.tag().is_none() {
            response.headers.set(Name::To, to.with_tag("far").to_string());
        }
        for (name, value) in more {
            response.headers.push(name.clone(), value);
        }
        self.send(response).await;
    }

    /// Takes a registration, after a challenge.
    async fn register(&mut self) -> Request {
        let request = self.request(Method::Register).await;
        let challenge = "Digest realm=\"pbx\", nonce=\"n\", qop=\"auth\"";
        self.answer(&request, 401, &[(Name::WwwAuthenticate, challenge)]).await;
        let request = loop {
            let request = self.request(Method::Register).await;
            if request.headers.get(&Name::Authorization).is_some() {
                break request;
            }
        };
        let contact = request.headers.get(&Name::Contact).unwrap().to_owned();
        self.answer(&request, 200, &[(Name::Contact, &contact)]).await;
        request
    }
}

fn settings(exchange: SocketAddr, transport: SipTransport) -> config::Sip {
    config::Sip {
        accounts: vec![SipAccount {
            domain: "pbx.example".to_owned(),
            extension: "200".to_owned(),
            user: None,
            password: Some(Secret::new("secret".to_owned())),
            display_name: None,
            proxy: Some(exchange.to_string()),
            register: true,
            expires: Duration::from_hours(1),
            transport,
            ca: None,
            srtp: Encryption::Off,
        }],
        listen: "127.0.0.1:0".parse().unwrap(),
        rtp_ports: RangeInclusive::new(4000, 4999),
        codecs: vec![SipCodec::Pcma],
        silence: config::SipSilence::Noise,
        max_calls: 4,
    }
}

fn request(to: &str) -> CallRequest {
    CallRequest {
        to: Target::Extension(to.to_owned()),
        media: sdp::Local {
            address: "0.0.0.0".parse().unwrap(),
            rtp_port: 4000,
            codecs: vec![sdp::Codec::Pcma],
            comfort_noise: true,
            encryption: Encryption::Off,
            keys: Vec::new(),
            session_id: 0,
            version: 0,
        },
        ring_time: PATIENCE,
        max_length: PATIENCE,
    }
}

fn answered(invite: &Request, exchange: SocketAddr) -> Response {
    let mut response = invite.response(200, "OK");
    let to = response.headers.to().unwrap().with_tag("far");
    response.headers.set(Name::To, to.to_string());
    response.headers.push(Name::Contact, format!("<sip:300@{exchange}>"));
    response.headers.push(Name::ContentType, "application/sdp");
    response.body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio 6000 RTP/AVP 8\r\n"
        .into();
    response
}

async fn ready(agent: &Agent) {
    let mut watch = agent.watch();
    let is_ready = watch.wait_for(|status| status.iter().any(|account| account.usable));
    timeout(PATIENCE, is_ready).await.expect("it does not become ready").unwrap();
}

async fn next(call: &mut super::Call) -> CallEvent {
    timeout(PATIENCE, call.next()).await.expect("nothing is told").expect("it ended before")
}

#[tokio::test]
async fn it_registers_calls_and_says_goodbye() {
    let mut exchange = Exchange::open().await;
    let stop = CancellationToken::new();
    let agent =
        Agent::start(settings(exchange.address(), SipTransport::Udp), stop.clone()).unwrap();
    let register = exchange.register().await;
    let contact = register.headers.contact_uri().unwrap();
    assert_eq!(contact.to_string(), format!("sip:200@{}", agent.local()));
    ready(&agent).await;
    assert!(matches!(agent.status()[0].state, Registration::Registered { .. }));
    assert_eq!(agent.local_address(), agent.local().ip());

    let mut call = agent.call(request("300")).await;
    let invite = exchange.request(Method::Invite).await;
    assert_eq!(next(&mut call).await, CallEvent::Dialling);
    exchange.answer(&invite, 180, &[]).await;
    assert_eq!(next(&mut call).await, CallEvent::Ringing(None));
    exchange.send(answered(&invite, exchange.address())).await;
    let ack = exchange.request(Method::Ack).await;
    assert_eq!(ack.headers.cseq().unwrap().number, invite.headers.cseq().unwrap().number);
    let CallEvent::Answered(agreed) = next(&mut call).await else { panic!("not answered") };
    assert_eq!(agreed.remote, "127.0.0.1:6000".parse().unwrap());
    drop(call);
    let bye = exchange.request(Method::Bye).await;
    exchange.answer(&bye, 200, &[]).await;

    stop.cancel();
    let goodbye = exchange.request(Method::Register).await;
    assert_eq!(goodbye.headers.expires(), Some(0));
    exchange.answer(&goodbye, 200, &[]).await;
    timeout(PATIENCE, agent.stopped()).await.expect("it does not stop");
}

#[tokio::test]
async fn a_text_is_sent_and_a_ping_is_measured() {
    let mut exchange = Exchange::open().await;
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    let agent = Agent::start(settings(exchange.address(), SipTransport::Udp), stop).unwrap();
    exchange.register().await;
    ready(&agent).await;
    let to = Target::Extension("300".to_owned());
    let far = async {
        let message = exchange.request(Method::Message).await;
        assert_eq!(message.body, "disk full ñ");
        let challenge = "Digest realm=\"far\", nonce=\"m\"";
        exchange.answer(&message, 407, &[(Name::ProxyAuthenticate, challenge)]).await;
        let message = exchange.request(Method::Message).await;
        assert!(message.headers.get(&Name::ProxyAuthorization).is_some());
        exchange.answer(&message, 202, &[]).await;
        let options = exchange.request(Method::Options).await;
        exchange.answer(&options, 404, &[]).await;
        let message = exchange.request(Method::Message).await;
        exchange.answer(&message, 404, &[]).await;
    };
    let ours = async {
        agent.message(to.clone(), "disk full ñ").await.unwrap();
        agent.ping(0).await.unwrap();
        let refused = agent.message(to, "again").await;
        assert_eq!(refused, Err(MessageError::Refused("404 Words".to_owned())));
    };
    tokio::join!(far, ours);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_at_once() {
    // Nobody listens on a port that was just given back.
    let gone = Exchange::open().await.address();
    let cases = [
        (SipTransport::Udp, "connection refused"),
        (SipTransport::Tcp, "127.0.0.1: connection refused"),
        (SipTransport::Tls, "127.0.0.1: connection refused"),
    ];
    for (transport, words) in cases {
        let stop = CancellationToken::new();
        let _end = stop.clone().drop_guard();
        // Retransmissions would be needed for an hour to give up by themselves.
        let timing = Timing { t1: Duration::from_mins(1), ..Timing::default() };
        let options = Options { timing, name_servers: None };
        let agent = Agent::start_with(settings(gone, transport), options, stop).unwrap();
        let mut watch = agent.watch();
        let failed = watch.wait_for(
            |status| matches!(&status[0].state, Registration::Failed { why, .. } if why == words),
        );
        assert!(timeout(PATIENCE, failed).await.is_ok(), "{transport:?} {:?}", agent.status());
        let mut call = agent.call(request("300")).await;
        let end = next(&mut call).await;
        assert_eq!(end, CallEvent::Ended(CallEnd::NotRegistered(words.to_owned())));
        assert_eq!(call.next().await, None);
    }
}
