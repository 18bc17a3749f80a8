//! What must hold for calls and registrations, whatever the other side sends and when.
//!
//! An input has a line for each step: `c` calls, `h` hangs up, `m` writes, `p` pings, `l` loses the
//! way, `t9` lets nine seconds pass, `x` stops; `<i180a` answers the last INVITE (`r`: REGISTER, `o`:
//! OPTIONS, `b`: BYE, `p`: PRACK, `u`: UPDATE, `m`: MESSAGE) from the telephone `a`; `>aBYE 3` is a
//! request of the telephone `a` in the dialog; anything else is a datagram. After `|` come headers,
//! after `~` the body.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use smtp_appliance::config::{
    Encryption, Secret, Sip, SipAccount, SipCodec, SipSilence, SipTransport,
};
use smtp_appliance::sip::message::{Message, Name, Request};
use smtp_appliance::sip::sdp::{Codec, Local};
use smtp_appliance::sip::{
    Action, CallEvent, CallRequest, Endpoint, Flow, Key, Load, Target, Timing,
};

/// Most lines of an input that are played.
const MAX_LINES: usize = 200;
/// Most calls of an input.
const MAX_CALLS: u64 = 8;

const METHODS: [(char, &str); 7] = [
    ('i', "INVITE"),
    ('r', "REGISTER"),
    ('o', "OPTIONS"),
    ('b', "BYE"),
    ('p', "PRACK"),
    ('u', "UPDATE"),
    ('m', "MESSAGE"),
];

struct Play {
    endpoint: Endpoint,
    now: Instant,
    sent: HashMap<String, Request>,
    /// Calls that were asked for, and the ends that were told of them.
    calls: HashMap<Key, usize>,
    next: u64,
}

/// Whatever comes, nothing panics, what is sent can be read, each call is told one end, and nothing
/// is left of it in the end.
pub(crate) fn sip_call(bytes: &[u8]) {
    let mut play = Play::new();
    for line in bytes.split(|byte| *byte == b'\n').take(MAX_LINES) {
        play.step(line);
        play.run();
        let Load { calls, ours, theirs, .. } = play.endpoint.load();
        assert!(calls <= 64 && ours <= 1000 && theirs <= 256, "{calls} {ours} {theirs}");
    }
    play.endpoint.stop(play.now);
    play.pass(Duration::from_secs(200));
    assert!(play.calls.values().all(|ends| *ends == 1), "{:?}", play.calls);
    assert_eq!(play.endpoint.load(), Load::default());
    assert!(play.endpoint.is_quiet());
}

impl Play {
    fn new() -> Self {
        let account = |domain: &str, register| SipAccount {
            domain: domain.to_owned(),
            extension: "200".to_owned(),
            user: None,
            password: Some(Secret::new("secret".to_owned())),
            display_name: None,
            proxy: None,
            register,
            expires: Duration::from_secs(600),
            transport: SipTransport::Udp,
            ca: None,
            srtp: Encryption::Off,
        };
        let settings = Sip {
            accounts: vec![account("pbx.example", true), account("trunk.example", false)],
            listen: local(),
            rtp_ports: 4000..=4999,
            codecs: vec![SipCodec::Pcma],
            silence: SipSilence::Noise,
            max_calls: 4,
        };
        let now = tokio::time::Instant::now().into_std();
        let endpoint = Endpoint::new(settings, Timing::default(), [1; 32], now);
        let mut play = Self { endpoint, now, sent: HashMap::new(), calls: HashMap::new(), next: 0 };
        play.run();
        play
    }

    fn step(&mut self, line: &[u8]) {
        let (head, body) = split(line, b'~');
        let mut parts = head.split(|byte| *byte == b'|');
        let first = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let headers: Vec<_> = parts.collect();
        let mut letters = first.chars();
        let now = self.now;
        match (letters.next(), letters.as_str()) {
            (Some('c'), to) => self.call(to),
            (Some('h'), "") => self.calls.keys().for_each(|key| self.endpoint.hang_up(*key, now)),
            (Some('m'), to) => {
                let to = Target::Extension(to.to_owned());
                self.endpoint.message(Key(1000), &to, "x".to_owned(), now);
            }
            (Some('p'), "") => self.endpoint.ping(Key(1001), 0, now),
            (Some('l'), "") => self.endpoint.lost(&flow(exchange()), "lost", now),
            (Some('x'), "") => self.endpoint.stop(now),
            (Some('t'), seconds) => {
                let seconds = seconds.parse::<u8>().unwrap_or(1);
                self.pass(Duration::from_secs(seconds.into()));
            }
            (Some('<'), rest) => self.answer(rest, &headers, body),
            (Some('>'), rest) => self.ask(rest, &headers, body),
            _ => self.receive(line),
        }
    }

    fn call(&mut self, to: &str) {
        if self.next == MAX_CALLS {
            return;
        }
        self.next += 1;
        let key = Key(self.next);
        self.calls.insert(key, 0);
        let target = to.parse().map_or_else(|_| Target::Extension(to.to_owned()), Target::Uri);
        let media = Local {
            address: local().ip(),
            rtp_port: 4000,
            codecs: vec![Codec::Pcma],
            comfort_noise: true,
            encryption: Encryption::Off,
            keys: Vec::new(),
            session_id: 1,
            version: 1,
        };
        let time = Duration::from_secs(60);
        let request = CallRequest { to: target, media, ring_time: time, max_length: time };
        self.endpoint.call(key, request, self.now);
    }

    /// An answer to the last request of a method.
    fn answer(&mut self, what: &str, headers: &[&[u8]], body: &[u8]) {
        let mut letters = what.chars();
        let method = letters.next().and_then(|letter| METHODS.iter().find(|it| it.0 == letter));
        let Some(request) = method.and_then(|(_, name)| self.sent.get(*name)) else { return };
        let status = letters.as_str().get(..3).and_then(|status| status.parse::<u16>().ok());
        let tag = letters.as_str().get(3..).unwrap_or_default();
        let response = request.response(status.unwrap_or(200).clamp(100, 699), "Words");
        let mut text = format!("SIP/2.0 {} Words\r\n", response.status).into_bytes();
        for (name, value) in response.headers.iter() {
            text.extend(format!("{}: {value}", name.as_str()).bytes());
            if *name == Name::To && !value.contains("tag=") && !tag.is_empty() {
                text.extend(format!(";tag={tag}").bytes());
            }
            text.extend(b"\r\n");
        }
        self.receive(&finish(text, headers, body));
    }

    /// A request in the dialog of the last INVITE.
    fn ask(&mut self, what: &str, headers: &[&[u8]], body: &[u8]) {
        let Some(invite) = self.sent.get("INVITE") else { return };
        let mut letters = what.chars();
        let tag = letters.next().unwrap_or('a');
        let (method, number) = letters.as_str().split_once(' ').unwrap_or((letters.as_str(), "1"));
        let get = |name: Name| invite.headers.get(&name).unwrap_or_default().to_owned();
        let (from, to, id) = (get(Name::From), get(Name::To), get(Name::CallId));
        let text = format!(
            "{method} sip:200@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{tag}\
             {number}\r\nFrom: {to};tag={tag}\r\nTo: {from}\r\nCall-ID: {id}\r\n\
             CSeq: {number} {method}\r\n"
        );
        self.receive(&finish(text.into_bytes(), headers, body));
    }

    fn receive(&mut self, bytes: &[u8]) {
        let flow = flow(exchange());
        match Message::parse(bytes) {
            Ok(message) => self.endpoint.receive(flow, message, self.now),
            Err(error) => {
                if let Some(answer) = error.answer {
                    self.endpoint.refuse(flow, *answer, self.now);
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        let mut steps = 0;
        while let Some(due) = self.endpoint.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.endpoint.wake(self.now);
            self.run();
            steps += 1;
            assert!(steps < 100_000, "time stands still");
        }
        self.now = end;
    }

    fn run(&mut self) {
        while let Some(action) = self.endpoint.take() {
            match action {
                Action::Send(_, Message::Request(request)) => {
                    let message = Message::Request(request.clone());
                    let read = Message::parse(&message.to_bytes());
                    assert!(read.is_ok(), "{read:?} {message:?}");
                    self.sent.insert(request.method.to_string(), request);
                }
                // What it copies may be as faulty as what it answers.
                Action::Send(_, Message::Response(_)) => {}
                Action::Reach(id, hop) => {
                    let found = if hop.avoid.is_empty() {
                        Ok(flow(exchange()))
                    } else {
                        Err("no".to_owned())
                    };
                    self.endpoint.reached(id, found, self.now);
                }
                Action::Call(key, event) => {
                    let ends = self.calls.get_mut(&key).expect("a call that was asked for");
                    assert_eq!(*ends, 0, "{event} after the end");
                    *ends += usize::from(matches!(event, CallEvent::Ended(_)));
                }
                Action::KeepAlive(_)
                | Action::Distrust(_)
                | Action::Errand(..)
                | Action::Status => {}
            }
        }
    }
}

/// Adds headers and a body to the beginning of a message.
fn finish(mut text: Vec<u8>, headers: &[&[u8]], body: &[u8]) -> Vec<u8> {
    for header in headers {
        text.extend(*header);
        text.extend(b"\r\n");
    }
    text.extend(b"\r\n");
    // A line of the body ends with a `~` as well.
    for line in body.split(|byte| *byte == b'~') {
        text.extend(line);
        text.extend(b"\r\n");
    }
    text
}

fn split(line: &[u8], at: u8) -> (&[u8], &[u8]) {
    let place = line.iter().position(|byte| *byte == at);
    place.map_or((line, &[]), |place| (&line[..place], &line[place + 1..]))
}

fn local() -> SocketAddr {
    ([192, 0, 2, 9], 5070).into()
}

fn exchange() -> SocketAddr {
    ([192, 0, 2, 1], 5060).into()
}

fn flow(remote: SocketAddr) -> Flow {
    Flow { transport: SipTransport::Udp, local: local(), remote, connection: 0 }
}
