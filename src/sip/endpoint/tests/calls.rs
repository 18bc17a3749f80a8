//! Calls as they should be.

use std::time::Duration;

use super::{Bench, account};
use crate::config::{Encryption, SipAccount};
use crate::sip::timing::Timing;

#[test]
fn a_call_is_made_answered_and_ended_by_us() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE sip:300@pbx.example RTP/AVP_0_8_13_101 Supported:_100rel,_timer
         -> 100
         -> 180
         !! ringing
         -> 183 sdp
         !! in progress, with sound
         -> 200 sdp
         <- ACK CSeq:_1_ACK sip:far@192.0.2.1
         !! answered
         -> 200 sdp
         <- ACK CSeq:_1_ACK
         -> INFO n=1 body=Signal=5~Duration=160 | Content-Type: application/dtmf-relay
         <- 200
         !! key 5
         do hang up
         !! ended: hung up
         <- BYE CSeq:_2_BYE To:_<sip:300@pbx.example>;tag=far
         -> 200 of=BYE",
    );
    bench.finish();
}

#[test]
fn the_far_end_hangs_up() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 200 sdp
         <- ACK
         !! answered
         -> BYE n=7
         <- 200 CSeq:_7_BYE
         !! ended: the other side hung up
         -> BYE again
         <- 200 CSeq:_7_BYE",
    );
    bench.finish();
}

#[test]
fn credentials_are_given_to_both_who_ask() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE CSeq:_1 !Authorization
         -> 407 | Proxy-Authenticate: Digest realm=\"p\", nonce=\"n1\", qop=\"auth\"
         <- ACK CSeq:_1
         <- INVITE CSeq:_2 Proxy-Authorization:_Digest nonce=\"n1\" nc=00000001
         -> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth,auth-int\" | WWW-Authenticate: Digest realm=\"w\", nonce=\"n2\", algorithm=MD5
         <- ACK CSeq:_2
         <- INVITE CSeq:_3 nonce=\"n1\" nc=00000002 Authorization:_Digest algorithm=SHA-256
         -> 200 sdp
         <- ACK CSeq:_3_ACK nonce=\"n2\" nonce=\"n1\"
         !! answered
         do hang up
         !! ended: hung up
         <- BYE CSeq:_4 nc=00000003
         -> 407 of=BYE | Proxy-Authenticate: Digest realm=\"p\", nonce=\"n3\", stale=true, qop=\"auth\"
         <- BYE CSeq:_5 nonce=\"n3\"
         -> 200 of=BYE",
    );
    bench.finish();
}

#[test]
fn nobody_answers_and_the_invite_is_taken_back() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 180
         !! ringing
         .. 60s
         !! ended: no answer
         <- CANCEL CSeq:_1_CANCEL
         -> 200 of=CANCEL
         -> 487
         <- ACK",
    );
    bench.finish();
}

#[test]
fn a_call_does_not_last_longer_than_it_may() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         -> 200 sdp
         <- ACK
         !! answered
         .. 600s
         !! ended: the call was too long
         <- BYE",
    );
    // Nobody answers the BYE.
    bench.pass(Duration::from_secs(40));
    bench.out.clear();
    bench.finish();
}

#[test]
fn an_invite_is_sent_again_until_something_comes() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE
         .. 499ms
         .. 1ms
         <- INVITE
         .. 1s
         <- INVITE
         .. 2s
         <- INVITE
         -> 100
         .. 20s
         -> 486
         <- ACK
         !! ended: busy
         -> 486
         <- ACK",
    );
    bench.finish();
}

#[test]
fn more_calls_than_there_may_be_are_refused() {
    let mut bench = Bench::ready();
    for _ in 0..5 {
        bench.call("300");
    }
    let last = bench.events.pop_back().unwrap();
    assert!(last.contains("as many calls as there may be"), "{last}");
}

#[test]
fn a_telephone_that_takes_no_plain_offer_is_asked_again_with_encryption_required() {
    let account = SipAccount { srtp: Encryption::Optional, ..account() };
    let look = Duration::from_secs(1_000_000);
    let timing = Timing { look, keep_alive: look, ..Timing::default() };
    let mut bench = Bench::with(vec![account], timing);
    bench.play("<- OPTIONS\n-> 200 of=OPTIONS");
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE RTP/AVP_0
         -> 488 bare
         <- ACK
         <- INVITE RTP/SAVP_0
         -> 488 bare
         <- ACK
         !! ended: no common kind of sound: 488 Words",
    );
    bench.finish();
}
