//! When each transaction sends again, and when it gives up.

use std::time::{Duration, Instant};

use super::{Client, Failure, InviteClient, InviteServer, Server, Wish, key};
use crate::sip::message::{Message, Method, Request, Response};
use crate::sip::timing::Timing;

fn start() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn request(method: &str, via: &str) -> Request {
    let text = format!(
        "{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:x@y>;tag=1\r\n\
         To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 7 {method}\r\nRoute: <sip:r;lr>\r\n\r\n"
    );
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was written"),
    }
}

fn answer(status: u16) -> Response {
    request("INVITE", "h;branch=z9hG4bK1").response(status, "x")
}

/// What happened: `+500` something was sent again so many milliseconds after the start, `!` it
/// failed, `.` it is over.
fn course(
    now: Instant,
    deadline: impl Fn() -> Option<Instant>,
    mut wake: impl FnMut(Instant) -> Vec<Wish>,
) -> Vec<String> {
    let mut course = Vec::new();
    while let Some(due) = deadline() {
        let after = (due - now).as_millis();
        for wish in wake(due) {
            course.push(match wish {
                Wish::Send(_) | Wish::Answer(_) => format!("+{after}"),
                Wish::Fail(Failure::Silent) => format!("!{after}"),
                Wish::Fail(Failure::Transport(_)) | Wish::Begin(_) | Wish::Pass => "?".to_owned(),
            });
        }
        if course.len() > 30 {
            break;
        }
    }
    course
}

/// Runs a machine in a cell, so that both closures may ask it.
macro_rules! course_of {
    ($machine:expr, $now:expr, $over:ident) => {{
        let machine = std::cell::RefCell::new($machine);
        let deadline =
            || (!machine.borrow().$over()).then(|| machine.borrow().deadline()).flatten();
        course($now, deadline, |due| machine.borrow_mut().wake(due)).join(" ")
    }};
}

#[test]
fn an_invite_is_sent_by_timer_a_until_timer_b() {
    let now = start();
    let invite = |reliable| {
        let request = request("INVITE", "h;branch=z9hG4bK1");
        InviteClient::new(request, now, Timing::default(), reliable)
    };
    let sent = "+500 +1500 +3500 +7500 +15500 +31500 !32000";
    assert_eq!(course_of!(invite(false), now, is_over), sent);
    assert_eq!(course_of!(invite(true), now, is_over), "!32000");

    // Once anything came it waits as long as it is let.
    let mut invited = invite(false);
    assert!(matches!(invited.receive(&answer(180), now)[..], [Wish::Pass]));
    assert_eq!(invited.deadline(), None);
    // Once it was taken back, no longer than a transaction.
    let cancel = invited.cancel(now);
    let [Wish::Begin(cancel)] = &cancel[..] else { panic!("{cancel:?}") };
    assert_eq!(cancel.headers.top_via(), request("INVITE", "h;branch=z9hG4bK1").headers.top_via());
    assert_eq!(cancel.headers.routes().len(), 1);
    assert_eq!(cancel.headers.cseq().unwrap().number, 7);
    assert!(invited.cancel(now).is_empty());
    assert_eq!(course_of!(invited, now, is_over), "!32000");
}

#[test]
fn the_end_of_an_invite_is_remembered() {
    let now = start();
    let invite = |status, reliable| {
        let request = request("INVITE", "h;branch=z9hG4bK1");
        let mut invite = InviteClient::new(request, now, Timing::default(), reliable);
        let wishes = invite.receive(&answer(status), now);
        (invite, wishes)
    };
    let (mut refused, wishes) = invite(486, false);
    assert!(matches!(&wishes[..], [Wish::Send(ack), Wish::Pass] if ack.method == Method::Ack));
    assert!(matches!(&refused.receive(&answer(486), now)[..], [Wish::Send(_)]));
    assert!(refused.receive(&answer(200), now).is_empty());
    assert_eq!(refused.deadline(), Some(now + Duration::from_secs(32)));
    assert!(refused.wake(now + Duration::from_secs(32)).is_empty() && refused.is_over());
    assert!(invite(486, true).0.is_over());

    let (mut answered, wishes) = invite(200, true);
    assert!(matches!(&wishes[..], [Wish::Pass]));
    assert!(matches!(&answered.receive(&answer(202), now)[..], [Wish::Pass]));
    assert!(answered.receive(&answer(486), now).is_empty());
    assert!(answered.cancel(now).is_empty());
    assert_eq!(answered.deadline(), Some(now + Duration::from_secs(32)));
}

#[test]
fn other_requests_are_sent_by_timer_e_until_timer_f() {
    let now = start();
    let client = |reliable, answers: &[u16]| {
        let request = request("BYE", "h;branch=z9hG4bK1");
        let mut client = Client::new(request, now, Timing::default(), reliable);
        for status in answers {
            client.receive(&answer(*status), now);
        }
        client
    };
    let silent = "+500 +1500 +3500 +7500 +11500 +15500 +19500 +23500 +27500 +31500 !32000";
    assert_eq!(course_of!(client(false, &[]), now, is_over), silent);
    assert_eq!(course_of!(client(true, &[]), now, is_over), "!32000");
    let trying = "+500 +4500 +8500 +12500 +16500 +20500 +24500 +28500 !32000";
    assert_eq!(course_of!(client(false, &[100]), now, is_over), trying);
    // Answered, it remembers for T4 and says nothing more.
    assert_eq!(client(false, &[200]).deadline(), Some(now + Duration::from_secs(5)));
    assert_eq!(course_of!(client(false, &[100, 200, 200]), now, is_over), "");
    assert!(client(true, &[481]).is_over());
}

#[test]
fn an_answer_to_an_invite_is_sent_until_its_ack() {
    let now = start();
    let server = |status, reliable| {
        let mut server = InviteServer::new(Timing::default(), reliable);
        assert!(matches!(&server.respond(answer(status), now)[..], [Wish::Answer(_)]));
        assert!(server.respond(answer(500), now).is_empty());
        server
    };
    let again = "+500 +1500 +3500 +7500 +11500 +15500 +19500 +23500 +27500 +31500";
    assert_eq!(course_of!(server(488, false), now, is_over), again);
    assert_eq!(course_of!(server(488, true), now, is_over), "");
    // A 2xx also over TCP; and it is told that its ACK is missing.
    for reliable in [false, true] {
        let told = format!("{again} !32000");
        assert_eq!(course_of!(server(200, reliable), now, is_over), told);
    }
    let mut refused = server(488, false);
    assert_eq!(refused.again().len(), 1);
    assert!(refused.acknowledge(now));
    assert!(refused.again().is_empty());
    assert_eq!(course_of!(refused, now, is_over), "");
    let mut accepted = server(200, false);
    assert!(accepted.again().is_empty() && !accepted.acknowledge(now));
    assert_eq!(course_of!(accepted, now, is_over), "");
}

#[test]
fn other_answers_are_kept_for_who_asks_again() {
    let now = start();
    for (reliable, kept) in [(false, 32), (true, 0)] {
        let mut server = Server::new(now, Timing::default(), reliable);
        assert!(server.again().is_empty());
        assert_eq!(server.respond(answer(200), now).len(), 1);
        assert!(server.respond(answer(500), now).is_empty());
        assert_eq!(server.again().len(), 1);
        assert_eq!(server.deadline(), now + Duration::from_secs(kept));
        server.wake(now + Duration::from_secs(kept));
        assert!(server.is_over());
    }
}

#[test]
fn what_belongs_together() {
    let key = |method: &str, via: &str| {
        let request = request(method, via);
        key::server(&request, &request.method).unwrap()
    };
    let invite = key("INVITE", "h:5;branch=z9hG4bK1");
    assert_eq!(key("ACK", "h:5;branch=z9hG4bK1"), invite);
    for other in [
        key("BYE", "h:5;branch=z9hG4bK1"),
        key("INVITE", "h:6;branch=z9hG4bK1"),
        key("INVITE", "i:5;branch=z9hG4bK1"),
        key("INVITE", "h:5;branch=z9hG4bK2"),
        // Of RFC 2543: no cookie, or no branch at all.
        key("INVITE", "h:5;branch=1"),
        key("INVITE", "h:5"),
    ] {
        assert_ne!(other, invite);
    }
    assert_eq!(key("ACK", "h:5"), key("INVITE", "h:5"));
    assert_ne!(key("BYE", "h:5"), key("INVITE", "h:5"));
}
