//! Registration, looking, fail-over, single requests, and strangers.

use std::time::Duration;

use super::{Bench, account, settings};
use crate::config::{SipAccount, SipTransport};
use crate::sip::endpoint::Endpoint;
use crate::sip::errand::ErrandEnd;
use crate::sip::message::Message;
use crate::sip::registration::Registration;
use crate::sip::timing::Timing;

fn registering() -> SipAccount {
    SipAccount { register: true, ..account() }
}

fn bench() -> Bench {
    Bench::with(vec![registering()], Timing::default())
}

/// Registered, with `contact` as the registrar gives it back.
const REGISTERED: &str = "<- REGISTER expires=3600 sip:200@192.0.2.9:5070
     -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>;expires=3600";

impl Bench {
    fn state(&self) -> Registration {
        self.endpoint.status()[0].state.clone()
    }

    fn registered_for(&self) -> Option<Duration> {
        match self.state() {
            Registration::Registered { expires, .. } => Some(expires - self.now),
            Registration::Off | Registration::Trying | Registration::Failed { .. } => None,
        }
    }

    /// What it says of a failure, and when it tries again.
    fn failed(&self) -> (String, Duration) {
        match self.state() {
            Registration::Failed { why, next_try, .. } => (why, next_try - self.now),
            Registration::Off | Registration::Trying | Registration::Registered { .. } => {
                panic!("not failed")
            }
        }
    }

    /// Lets time pass; answers all that is asked meanwhile.
    fn pass_answering(&mut self, time: Duration, status: u16) -> Vec<String> {
        let mut asked = Vec::new();
        let mut left = time;
        while left > Duration::ZERO {
            let step = left.min(Duration::from_millis(500));
            self.pass(step);
            left -= step;
            while !self.out.is_empty() {
                let Message::Request(request) = self.sent() else { continue };
                asked.push(request.method.to_string());
                let contact = request.headers.get(&super::Name::Contact).unwrap_or("<sip:a@b>");
                let line = format!("{status} of={} | Contact: {contact}", request.method);
                self.far_end(&line);
            }
        }
        asked
    }
}

#[test]
fn it_registers_and_refreshes_before_the_end() {
    let mut bench = bench();
    bench.play(
        "<- REGISTER CSeq:_1 REGISTER_sip:pbx.example_SIP !Authorization
         -> 401 of=REGISTER | WWW-Authenticate: Digest realm=\"w\", nonce=\"n\", qop=\"auth\"
         <- REGISTER CSeq:_2 nc=00000001
         -> 407 of=REGISTER | Proxy-Authenticate: Digest realm=\"p\", nonce=\"m\"
         <- REGISTER CSeq:_3 Proxy-Authorization nc=00000002
         -> 200 of=REGISTER | Contact: <sip:other@192.0.2.77>;expires=9, <sip:200@192.0.2.9:5070>;expires=600 | Expires: 7000",
    );
    assert_eq!(bench.registered_for(), Some(Duration::from_mins(10)));
    // The last nonce is still good for the next.
    let asked = bench.pass_answering(Duration::from_secs(415), 200);
    assert_eq!(asked.iter().filter(|method| *method == "REGISTER").count(), 0, "{asked:?}");
    let asked = bench.pass_answering(Duration::from_secs(40), 200);
    assert!(asked.contains(&"REGISTER".to_owned()), "{asked:?}");
    assert!(bench.keep_alives > 10);
}

#[test]
fn what_the_registrar_wants_is_done() {
    let cases = [
        (
            "423",
            " | Min-Expires: 7200",
            "<- REGISTER Expires:_7200\n-> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>",
            Some(7200),
        ),
        ("200", " | Expires: 300", "", Some(300)),
        ("200", "", "", Some(3600)),
        // More than a day is not believed, less than ten seconds neither.
        ("200", " | Expires: 4000000000", "", Some(86_400)),
        ("200", " | Expires: 0", "", Some(10)),
    ];
    for (status, headers, more, granted) in cases {
        let mut bench = bench();
        bench.play(&format!("<- REGISTER\n-> {status} of=REGISTER{headers}\n{more}"));
        let granted = granted.map(Duration::from_secs);
        assert_eq!(bench.registered_for(), granted, "{status} {headers}");
    }
}

#[test]
fn a_refusal_is_not_asked_for_again_soon() {
    let wrong = " | WWW-Authenticate: Digest realm=\"w\", nonce=\"n2\"";
    let cases = [
        ("403", "", "403 Words", 600..=900),
        ("404", "", "404 Words", 600..=900),
        ("423", "", "423 Words", 600..=900),
        ("500", "", "500 Words", 4..=6),
        ("503", " | Retry-After: 90", "503 Words", 90..=120),
        ("503", " | Retry-After: 1000000", "503 Words", 3600..=4500),
        ("401", wrong, "the exchange refuses user or password", 600..=900),
    ];
    for (status, headers, words, wait) in cases {
        let mut bench = bench();
        bench.play("<- REGISTER");
        if !headers.is_empty() && status == "401" {
            bench.play("-> 401 of=REGISTER | WWW-Authenticate: Digest realm=\"w\", nonce=\"n\"\n<- REGISTER");
        }
        bench.play(&format!("-> {status} of=REGISTER{headers}"));
        let (why, next) = bench.failed();
        assert_eq!(why, words);
        assert!(wait.contains(&next.as_secs()), "{status} {next:?}");
        // A call is told so at once.
        bench.call("300");
        bench.play(&format!("!! ended: no line: {words}"));
    }
}

#[test]
fn tries_become_seldom_while_nobody_answers() {
    let mut bench = bench();
    let mut waits = Vec::new();
    for _ in 0..8 {
        bench.pass(Duration::from_secs(32));
        while !bench.out.is_empty() {
            bench.sent();
        }
        let (why, wait) = bench.failed();
        assert_eq!(why, "the exchange does not answer");
        waits.push(wait.as_secs());
        bench.pass(wait);
    }
    assert!(waits[0] <= 6 && waits[3] >= 30, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 150), "{waits:?}");
}

#[test]
fn behind_a_router_the_contact_is_corrected() {
    let mut bench = bench();
    bench.play("<- REGISTER Contact:_<sip:200@192.0.2.9:5070>");
    let seen = |bench: &mut Bench| {
        let request = bench.last("REGISTER");
        let mut response = request.response(200, "OK");
        let mut via = response.headers.top_via().unwrap();
        via.params.set("received", Some("203.0.113.5"));
        via.params.set("rport", Some("31000"));
        response.headers.replace_top_via(&via);
        for contact in request.headers.contacts() {
            response.headers.push(super::Name::Contact, contact.to_string());
        }
        bench.receive(&response.into());
    };
    seen(&mut bench);
    bench.play(
        "<- REGISTER Contact:_<sip:200@203.0.113.5:31000>;expires=3600 <sip:200@192.0.2.9:5070>;expires=0",
    );
    seen(&mut bench);
    assert!(bench.registered_for().is_some());
    // Calls say where we are, too; the sound finds its way back by itself.
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE Contact:_<sip:200@203.0.113.5:31000> IN_IP4_192.0.2.9
         -> 486
         <- ACK
         !! ended: busy",
    );
}

#[test]
fn the_way_that_the_registrar_tells_is_taken() {
    let mut bench = bench();
    bench.play(
        "<- REGISTER Supported:_path
         -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070> | Service-Route: <sip:192.0.2.31:5080;lr> | Path: <sip:192.0.2.32;lr>",
    );
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE Route:_<sip:192.0.2.31:5080;lr> INVITE_sip:300@pbx.example
         -> 486
         <- ACK
         !! ended: busy",
    );
    assert_eq!(
        bench.hops.last().unwrap().uri.as_ref().unwrap().to_string(),
        "sip:192.0.2.31:5080;lr"
    );
}

#[test]
fn a_lost_way_is_found_anew() {
    let mut bench = Bench::with(
        vec![SipAccount { transport: SipTransport::Tcp, ..registering() }],
        Timing::default(),
    );
    bench.play(
        "<- REGISTER transport=tcp SIP/2.0/TCP
         -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070;transport=tcp>
         do lost
         <- REGISTER
         -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070;transport=tcp>",
    );
    assert!(bench.registered_for().is_some());
    let now = bench.now;
    bench.endpoint.moved(None, "the address changed", now);
    bench.run();
    bench.play("<- REGISTER\n-> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070;transport=tcp>");
    assert!(bench.registered_for().is_some());
}

#[test]
fn another_address_of_the_exchange_is_tried() {
    let mut bench = bench();
    bench.places.push("192.0.2.2:5060".parse().unwrap());
    bench.play(
        "<- REGISTER
         -> 503 of=REGISTER
         <- REGISTER
         -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>",
    );
    let remotes: Vec<_> = bench.last.iter().map(|(flow, _)| flow.remote.to_string()).collect();
    assert_eq!(remotes, ["192.0.2.1:5060", "192.0.2.2:5060"]);
    assert!(bench.registered_for().is_some());
}

#[test]
fn an_exchange_that_vanishes_is_noticed() {
    let mut bench = bench();
    bench.play(REGISTERED);
    bench.pass(Duration::from_secs(60 + 32 + 32 + 1));
    let (why, _) = bench.failed();
    assert_eq!(why, "the exchange does not answer");
}

#[test]
fn one_that_is_deaf_to_options_is_not_asked_again() {
    let mut bench = bench();
    bench.play(REGISTERED);
    bench.pass(Duration::from_secs(60 + 32));
    let methods: Vec<_> = std::iter::from_fn(|| (!bench.out.is_empty()).then(|| bench.sent()))
        .filter_map(|message| match message {
            Message::Request(request) => Some(request.method.to_string()),
            Message::Response(_) => None,
        })
        .collect();
    assert_eq!(methods.first().map(String::as_str), Some("OPTIONS"));
    assert_eq!(methods.last().map(String::as_str), Some("REGISTER"));
    bench.play("-> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>");
    let asked = bench.pass_answering(Duration::from_mins(10), 200);
    assert!(asked.is_empty(), "{asked:?}");
    assert!(bench.registered_for().is_some());
}

#[test]
fn without_registration_options_tell_whether_it_is_there() {
    let mut bench = Bench::with(vec![account()], Timing::default());
    assert!(bench.endpoint.status()[0].usable);
    bench.play("<- OPTIONS\n-> 404 of=OPTIONS");
    assert!(bench.endpoint.status()[0].usable);
    assert!(bench.endpoint.status()[0].round_trip.is_some());
    bench.pass(Duration::from_secs(60 + 32));
    bench.out.clear();
    assert!(!bench.endpoint.status()[0].usable);
    bench.call("300");
    bench.play("!! ended: no line: the exchange does not answer");
    bench.pass(Duration::from_secs(31));
    bench.out.drain(..bench.out.len() - 1);
    bench.play("<- OPTIONS\n-> 200 of=OPTIONS");
    assert!(bench.endpoint.status()[0].usable);
}

#[test]
fn the_first_account_that_can_makes_the_call() {
    let second = SipAccount { domain: "trunk.example".to_owned(), ..account() };
    let mut bench = Bench::with(vec![registering(), second], Timing::default());
    bench.play("<- REGISTER\n<- OPTIONS\n-> 403 of=REGISTER\n-> 200 of=OPTIONS");
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE sip:300@trunk.example
         -> 486
         <- ACK
         !! ended: busy",
    );
}

#[test]
fn the_next_account_is_tried_when_the_first_fails() {
    let second = SipAccount { domain: "trunk.example".to_owned(), ..account() };
    let look = Duration::from_secs(1_000_000);
    let timing = Timing { look, keep_alive: look, ..Timing::default() };
    let mut bench = Bench::with(vec![account(), second], timing);
    bench.play("<- OPTIONS pbx\n-> 200 of=OPTIONS\n<- OPTIONS trunk\n-> 200 of=OPTIONS");
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE sip:300@pbx.example
         -> 500
         <- ACK
         <- INVITE sip:300@trunk.example
         !! dialling
         -> 200 sdp
         <- ACK
         !! answered
         do hang up
         !! ended: hung up
         <- BYE
         -> 200 of=BYE",
    );
    // Once it rang, it was a call.
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 180
         !! ringing
         -> 500
         <- ACK
         !! ended: 500 Words",
    );
    bench.finish();
}

#[test]
fn it_says_goodbye() {
    let mut bench = bench();
    bench.play(REGISTERED);
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 200 sdp
         <- ACK
         !! answered
         do stop
         !! ended: stopping
         <- BYE
         <- REGISTER Expires:_0 expires=0
         -> 200 of=BYE",
    );
    assert!(!bench.endpoint.is_quiet());
    bench.play(
        "-> 401 of=REGISTER | WWW-Authenticate: Digest realm=\"w\", nonce=\"n\"
         <- REGISTER Expires:_0
         -> 200 of=REGISTER",
    );
    assert!(bench.endpoint.is_quiet());
    bench.call("300");
    bench.play("!! ended: stopping");
}

#[test]
fn texts_and_pings() {
    let mut bench = Bench::ready();
    bench.play(
        "do message
         <- MESSAGE sip:300@pbx.example text/plain;charset=UTF-8 disk_full
         -> 401 of=MESSAGE | WWW-Authenticate: Digest realm=\"w\", nonce=\"n\"
         <- MESSAGE Authorization CSeq:_2
         -> 202 of=MESSAGE
         do ping
         <- OPTIONS
         -> 200 of=OPTIONS
         do message
         <- MESSAGE
         -> 480 of=MESSAGE | Retry-After: 5",
    );
    let ends: Vec<_> = bench
        .errands
        .iter()
        .map(|end| match end {
            ErrandEnd::Answered { status, retry_after, .. } => (*status, *retry_after),
            ErrandEnd::Refused(_) | ErrandEnd::Failed(_) => (0, None),
        })
        .collect();
    assert_eq!(ends, [(202, None), (200, None), (480, Some(Duration::from_secs(5)))]);
    bench.finish();
}

fn stranger(method: &str, number: u32, more: &str) -> Message {
    let text = format!(
        "{method} sip:200@192.0.2.9:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5099;branch=z9hG4bK{number}\r\n\
         From: <sip:x@example.org>;tag=x\r\nTo: <sip:200@192.0.2.9>\r\nCall-ID: {number}\r\n\
         CSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n"
    );
    Message::parse(text.as_bytes()).unwrap()
}

#[test]
fn strangers_are_answered_and_not_remembered() {
    let mut bench = Bench::ready();
    let known = "To: <sip:200@192.0.2.9>;tag=none\r\n";
    let cases = [
        ("OPTIONS", "", "200 Allow: Server:"),
        ("NOTIFY", "Event: message-summary\r\n", "200"),
        ("MESSAGE", "", "200"),
        ("INVITE", "", "480 Reason"),
        ("BYE", "", "481"),
        ("INFO", "", "481"),
        ("UPDATE", "", "481"),
        ("PRACK", "", "481"),
        ("CANCEL", "", "481"),
        ("REGISTER", "", "405 Allow:"),
        ("SUBSCRIBE", "", "405"),
        ("SIESTA", "", "405 Allow:"),
        ("OPTIONS", "Require: siesta\r\n", "420 Unsupported:_siesta"),
    ];
    for (number, (method, more, answer)) in (1..).zip(cases) {
        for _ in 0..2 {
            bench.receive(&stranger(method, number, more));
            bench.play(&format!("<- {answer} ;tag= received=192.0.2.1"));
        }
    }
    assert!(known.contains("tag"));
    bench.receive(&stranger("ACK", 99, ""));
    bench.play("");
    assert_eq!(bench.endpoint.load().theirs, 0);
    bench.finish();
}

#[test]
fn a_flood_is_answered_no_more_than_so_often() {
    let mut bench = Bench::ready();
    for number in 0..10_000 {
        bench.receive(&stranger("OPTIONS", number, ""));
    }
    assert!(bench.out.len() <= 100, "{}", bench.out.len());
    bench.out.clear();
    bench.pass(Duration::from_secs(1));
    bench.receive(&stranger("OPTIONS", 1, ""));
    bench.play("<- 200");
    // Within a call there is room for so many, and no more.
    bench.call("300");
    bench.play("!! dialling\n<- INVITE\n-> 200 sdp\n<- ACK\n!! answered");
    for number in 1..2000 {
        bench.far_end(&format!("OPTIONS n={number}"));
    }
    assert_eq!(bench.endpoint.load().theirs, 256);
    bench.out.clear();
}

#[test]
fn an_account_without_a_right_domain_does_no_harm() {
    let bad = SipAccount { domain: "not a host".to_owned(), ..account() };
    let now = tokio_now();
    let endpoint = Endpoint::new(settings(vec![bad]), Timing::default(), [0; 32], now);
    assert!(endpoint.status().is_empty());
}

fn tokio_now() -> std::time::Instant {
    Bench::ready().now
}

#[test]
fn a_call_waits_a_moment_for_the_line() {
    let cases = [
        "-> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>
             !! dialling
             <- INVITE
             -> 486
             <- ACK
             !! ended: busy",
        "-> 403 of=REGISTER\n!! ended: no line: 403 Words",
        ".. 500ms\n<- REGISTER\n.. 1s\n<- REGISTER\n.. 1500ms\n!! ended: no line: not registered yet",
        "do stop\n!! ended: stopping",
    ];
    for script in cases {
        let mut bench = bench();
        bench.play("<- REGISTER");
        bench.call("300");
        bench.play(script);
    }
    let mut bench = bench();
    bench.play("<- REGISTER");
    let key = bench.call("300");
    let now = bench.now;
    bench.endpoint.hang_up(key, now);
    bench.run();
    bench.play("!! ended: hung up\n-> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>");
}

#[test]
fn a_registrar_that_is_busy_does_not_take_the_line() {
    let mut bench = bench();
    bench.play(
        "<- REGISTER
         -> 200 of=REGISTER | Contact: <sip:200@192.0.2.9:5070>;expires=40
         .. 20s",
    );
    bench.pass_until_sent();
    bench.play("<- REGISTER\n-> 500 of=REGISTER");
    let status = bench.endpoint.status().remove(0);
    assert!(status.usable && status.last_error.as_deref() == Some("500 Words"), "{status:?}");
    bench.pass(Duration::from_secs(20));
    bench.out.clear();
    assert!(!bench.endpoint.status()[0].usable);
}

#[test]
fn strangers_are_not_told_who_we_are() {
    let mut bench = Bench::ready();
    bench.call("sip:somebody@192.0.2.80");
    bench.play(
        "!! dialling
         <- INVITE INVITE_sip:somebody@192.0.2.80
         -> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n\"
         <- ACK
         !! ended: the exchange does not allow it: the exchange asks for a password, and none is configured",
    );
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 407 | Proxy-Authenticate: Digest realm=\"w\", nonce=\"n\"
         <- ACK
         <- INVITE Proxy-Authorization
         -> 302 bare | Contact: <sip:somebody@192.0.2.80>
         <- ACK
         <- INVITE INVITE_sip:somebody@192.0.2.80 !Authorization
         -> 486
         <- ACK
         !! ended: busy",
    );
    bench.finish();
}
