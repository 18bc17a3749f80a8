//! The endpoint between far ends that are played from scripts, with stepped time.
//!
//! A script has a line for each step:
//!
//! - `<- INVITE words…`: this we must have sent next, or `<- 200`; each word stands in it, `!word`
//!   does not (`_` is a blank in it).
//! - `-> 180 options…`: the far end answers our last INVITE; `of=BYE` another request. Options:
//!   `tag=b`, `sdp`, `sdp=held`, `rel=1` (a reliable one), `bare` (no Contact), and after `|` whole
//!   headers.
//! - `-> BYE options…`: a request of the far end in the dialog; `n=2` gives its number, `refused`
//!   makes it the ACK of a refusal, `again` sends the one before again.
//! - `.. 30s`: time passes.
//! - `!! ringing`: this was told next.
//! - `do hang up`, `do stop`, `do lost`: we do that.

mod accounts;
mod awkward;
mod calls;
mod refreshes;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::{Action, Endpoint, Hop, Key, Load};
use crate::config::{self, Encryption, Secret, SipAccount, SipCodec, SipSilence, SipTransport};
use crate::sip::call::{CallEvent, CallRequest, Target};
use crate::sip::errand::ErrandEnd;
use crate::sip::flow::Flow;
use crate::sip::message::{Headers, Host, Message, Method, Name, NameAddr, Request, Response};
use crate::sip::sdp;
use crate::sip::timing::Timing;

const EXCHANGE: &str = "192.0.2.1:5060";
const HERE: &str = "192.0.2.9:5070";

/// An endpoint, its clock, and all that comes out of it.
struct Bench {
    endpoint: Endpoint,
    now: Instant,
    out: VecDeque<(Flow, Message)>,
    events: VecDeque<String>,
    errands: VecDeque<ErrandEnd>,
    hops: Vec<Hop>,
    keep_alives: usize,
    /// Where the exchange is, in the order in which it is tried.
    places: Vec<SocketAddr>,
    /// What we sent last, by method.
    last: Vec<(Flow, Request)>,
    /// What the far end sent last.
    asked: Option<Request>,
    transport: SipTransport,
}

fn account() -> SipAccount {
    SipAccount {
        domain: "pbx.example".to_owned(),
        extension: "200".to_owned(),
        user: None,
        password: Some(Secret::new("secret".to_owned())),
        display_name: Some("Alarm".to_owned()),
        proxy: None,
        register: false,
        expires: Duration::from_hours(1),
        transport: SipTransport::Udp,
        ca: None,
        srtp: Encryption::Off,
    }
}

fn settings(accounts: Vec<SipAccount>) -> config::Sip {
    config::Sip {
        accounts,
        listen: "0.0.0.0:5070".parse().unwrap(),
        rtp_ports: RangeInclusive::new(4000, 4999),
        codecs: vec![SipCodec::Pcmu, SipCodec::Pcma],
        silence: SipSilence::Noise,
        max_calls: 4,
    }
}

fn media() -> sdp::Local {
    sdp::Local {
        address: "192.0.2.9".parse().unwrap(),
        rtp_port: 4000,
        codecs: vec![sdp::Codec::Pcmu, sdp::Codec::Pcma],
        comfort_noise: true,
        encryption: Encryption::Off,
        keys: Vec::new(),
        session_id: 1,
        version: 1,
    }
}

/// Like that of a telephone.
fn sound(option: &str) -> String {
    let (port, direction) = match option {
        "held" => (6000, "sendonly"),
        "moved" => (7000, "sendrecv"),
        "none" => (0, "sendrecv"),
        _ => (6000, "sendrecv"),
    };
    let profile = if option == "srtp" { "RTP/SAVP" } else { "RTP/AVP" };
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
         m=audio {port} {profile} 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
}

impl Bench {
    fn with(accounts: Vec<SipAccount>, timing: Timing) -> Self {
        let now = tokio::time::Instant::now().into_std();
        let transport = accounts.first().map_or(SipTransport::Udp, |account| account.transport);
        let endpoint = Endpoint::new(settings(accounts), timing, [3; 32], now);
        let mut bench = Self {
            endpoint,
            now,
            out: VecDeque::new(),
            events: VecDeque::new(),
            errands: VecDeque::new(),
            hops: Vec::new(),
            keep_alives: 0,
            places: vec![EXCHANGE.parse().unwrap()],
            last: Vec::new(),
            asked: None,
            transport,
        };
        bench.run();
        bench
    }

    /// One with an exchange that needs no registration and was seen to be there.
    fn ready() -> Self {
        let look = Duration::from_secs(1_000_000);
        let timing = Timing { look, keep_alive: look, ..Timing::default() };
        let mut bench = Self::with(vec![account()], timing);
        bench.play("<- OPTIONS\n-> 200 of=OPTIONS");
        bench
    }

    fn call(&mut self, to: &str) -> Key {
        let to = match to.parse() {
            Ok(uri) => Target::Uri(uri),
            Err(_) => Target::Extension(to.to_owned()),
        };
        let (ring_time, max_length) = (Duration::from_mins(1), Duration::from_mins(10));
        let request = CallRequest { to, media: media(), ring_time, max_length };
        let key = Key(self.endpoint.next);
        self.endpoint.call(key, request, self.now);
        self.run();
        key
    }

    /// Does what the endpoint wants.
    fn run(&mut self) {
        while let Some(action) = self.endpoint.take() {
            match action {
                Action::Send(flow, message) => {
                    // What is sent can be read.
                    let read = Message::parse(&message.to_bytes()).unwrap();
                    assert_eq!(read, message);
                    self.out.push_back((flow, message));
                }
                Action::KeepAlive(_) => self.keep_alives += 1,
                Action::Distrust(_) | Action::Status => {}
                Action::Call(_, CallEvent::Key(key)) => self.events.push_back(format!("key {key}")),
                Action::Call(_, CallEvent::Media(agreed)) => {
                    let port = agreed.remote.port();
                    let way = (agreed.we_send, agreed.we_receive);
                    self.events.push_back(format!("sound {port} {way:?}"));
                }
                Action::Call(_, event) => self.events.push_back(event.to_string()),
                Action::Errand(_, end) => self.errands.push_back(end),
                Action::Reach(id, hop) => {
                    let found = self.reach(&hop);
                    self.hops.push(hop);
                    self.endpoint.reached(id, found, self.now);
                }
            }
        }
    }

    fn reach(&self, hop: &Hop) -> Result<Flow, String> {
        let places = match &hop.uri {
            Some(uri) => match uri.host {
                Host::Ip(ip) => vec![SocketAddr::new(ip, uri.port.unwrap_or(5060))],
                Host::Name(_) => self.places.clone(),
            },
            None => self.places.clone(),
        };
        let place = places.into_iter().find(|place| !hop.avoid.contains(place));
        let remote = place.ok_or("no other address")?;
        let connection = u64::from(self.transport != SipTransport::Udp);
        Ok(Flow { transport: self.transport, local: HERE.parse().unwrap(), remote, connection })
    }

    /// Lets time pass, with all that is due in it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.endpoint.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.endpoint.wake(self.now);
            self.run();
        }
        self.now = end;
        self.endpoint.wake(self.now);
        self.run();
    }

    /// Lets time pass until something is sent, within a minute.
    fn pass_until_sent(&mut self) {
        for _ in 0..600 {
            if self.out.is_empty() {
                self.pass(Duration::from_millis(100));
            }
        }
    }

    fn receive(&mut self, message: &Message) {
        let remote = EXCHANGE.parse().unwrap();
        let local = HERE.parse().unwrap();
        let connection = u64::from(self.transport != SipTransport::Udp);
        let flow = Flow { transport: self.transport, local, remote, connection };
        let message = Message::parse(&message.to_bytes()).unwrap();
        self.endpoint.receive(flow, message, self.now);
        self.run();
    }

    /// What was sent next.
    fn sent(&mut self) -> Message {
        let (flow, message) = self.out.pop_front().expect("something was to be sent");
        if let Message::Request(request) = &message {
            self.last.push((flow, request.clone()));
        }
        message
    }

    fn last(&self, method: &str) -> Request {
        let method = Method::from(method);
        let mut found = self.last.iter().rev().map(|(_, request)| request);
        found.find(|request| request.method == method).expect("no such request was sent").clone()
    }

    /// Plays a script to its end; nothing may be left over.
    fn play(&mut self, script: &str) {
        for (number, line) in script.lines().enumerate() {
            let line = line.trim();
            let place = || format!("line {}: {line}", number + 1);
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match kind {
                "" => {}
                "<-" => self.expect(rest, &place()),
                "->" => self.far_end(rest),
                ".." => {
                    let number = rest.trim_end_matches(char::is_alphabetic);
                    let factor = if rest.ends_with("ms") { 1 } else { 1000 };
                    self.pass(Duration::from_millis(number.parse::<u64>().unwrap() * factor));
                }
                "!!" => {
                    let told = self.events.pop_front();
                    assert_eq!(told.as_deref(), Some(rest), "{}", place());
                }
                "do" => self.ours(rest),
                _ => panic!("{}", place()),
            }
        }
        let left: Vec<_> = self.out.iter().map(|(_, message)| message).collect();
        assert!(left.is_empty() && self.events.is_empty(), "{left:#?} {:?}", self.events);
    }

    fn expect(&mut self, what: &str, place: &str) {
        let mut words = what.split(' ');
        let message = self.sent();
        let kind = match &message {
            Message::Request(request) => request.method.to_string(),
            Message::Response(response) => response.status.to_string(),
        };
        let text = String::from_utf8(message.to_bytes().to_vec()).unwrap();
        assert_eq!(Some(kind.as_str()), words.next(), "{place}\n{text}");
        for word in words.map(|word| word.replace('_', " ")) {
            match word.strip_prefix('!') {
                Some(word) => assert!(!text.contains(word), "{place}\n{text}"),
                None => assert!(text.contains(&word), "{place}\n{text}"),
            }
        }
    }

    fn ours(&mut self, what: &str) {
        match what {
            "hang up" => {
                let keys: Vec<_> = self.endpoint.calls.values().map(|entry| entry.key).collect();
                for key in keys {
                    self.endpoint.hang_up(key, self.now);
                }
            }
            "stop" => self.endpoint.stop(self.now),
            "lost" => {
                let flow = self.last.last().expect("something was sent").0;
                self.endpoint.lost(&flow, "connection refused", self.now);
            }
            "message" => {
                let to = Target::Extension("300".to_owned());
                self.endpoint.message(Key(7), &to, "disk full".to_owned(), self.now);
            }
            "ping" => self.endpoint.ping(Key(8), 0, self.now),
            _ => panic!("{what}"),
        }
        self.run();
    }

    fn far_end(&mut self, what: &str) {
        let (options, headers) = what.split_once(" | ").unwrap_or((what, ""));
        let mut options = options.split(' ');
        let kind = options.next().unwrap_or_default();
        let options: Vec<_> =
            options.map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
        let get = |name: &str| options.iter().find(|it| it.0 == name).map(|it| it.1);
        let tag = get("tag").unwrap_or("far").to_owned();
        let message = match kind.parse::<u16>() {
            Ok(status) => {
                let request = self.last(get("of").unwrap_or("INVITE"));
                let mut response = request.response(status, "Words");
                if status > 100
                    && let Some(to) = response.headers.to().filter(|to| to.tag().is_none())
                {
                    response.headers.set(Name::To, to.with_tag(&tag).to_string());
                }
                Message::Response(response)
            }
            Err(_) if get("again").is_some() => Message::Request(self.asked.clone().unwrap()),
            Err(_) => {
                // The ACK of a refusal belongs to its INVITE.
                let branch = if get("refused").is_some() { "INVITE" } else { kind };
                Message::Request(self.far_request(kind, &tag, get("n"), branch))
            }
        };
        let message = dress(message, &get, headers);
        if let Message::Request(request) = &message {
            self.asked = Some(request.clone());
        }
        self.receive(&message);
    }

    /// A request of the far end in the dialog of our INVITE.
    fn far_request(&self, method: &str, tag: &str, number: Option<&str>, branch: &str) -> Request {
        let invite = self.last("INVITE");
        let contact = invite.headers.contact_uri().unwrap();
        let mut request = Request::new(Method::from(method), contact);
        let number = number.unwrap_or("1");
        let headers = &mut request.headers;
        let branch = format!("z9hG4bKfar{branch}{tag}{number}");
        headers.push(Name::Via, format!("SIP/2.0/UDP {EXCHANGE};branch={branch};rport"));
        let far = NameAddr::new(invite.headers.to().unwrap().uri).with_tag(tag);
        headers.push(Name::From, far.to_string());
        headers.push(Name::To, invite.headers.get(&Name::From).unwrap());
        headers.push(Name::CallId, invite.headers.call_id().unwrap());
        headers.push(Name::CSeq, format!("{number} {method}"));
        request
    }

    /// Nothing is left of it once its time is over.
    fn finish(mut self) {
        self.pass(Duration::from_secs(70));
        let left: Vec<_> = self.out.iter().map(|(_, message)| message.to_bytes()).collect();
        assert!(self.events.is_empty(), "{:?}", self.events);
        assert_eq!(self.endpoint.load(), Load::default(), "{left:?}");
        assert!(self.endpoint.waiting.is_empty() && self.endpoint.sent.is_empty());
    }
}

/// Adds what the options say.
fn dress<'a>(mut message: Message, get: &dyn Fn(&str) -> Option<&'a str>, more: &str) -> Message {
    let is_request = matches!(message, Message::Request(_));
    let headers: &mut Headers = message.headers_mut();
    if get("bare").is_none() && !headers.cseq().is_some_and(|cseq| cseq.method == Method::Register)
    {
        let at = get("at").unwrap_or("192.0.2.1:5060");
        headers.push(Name::Contact, format!("<sip:far@{at}>"));
    }
    if let Some(number) = get("rel") {
        headers.push(Name::Require, "100rel");
        headers.push(Name::RSeq, number);
    }
    for line in more.split(" | ").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        headers.push(name.trim().parse().unwrap(), value.trim());
    }
    let body = get("sdp").map(sound).or(get("body").map(|body| body.replace('~', "\r\n")));
    let Some(body) = body else { return message };
    if get("sdp").is_some() {
        message.headers_mut().push(Name::ContentType, "application/sdp");
    }
    let body = body.into();
    match &mut message {
        Message::Request(request) => request.body = body,
        Message::Response(Response { body: place, .. }) => *place = body,
    }
    debug_assert!(is_request || message.headers().to().is_some());
    message
}
