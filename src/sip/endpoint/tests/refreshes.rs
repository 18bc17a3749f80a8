//! Session timers (RFC 4028).

use std::time::Duration;

use super::Bench;

fn answered(session: &str) -> Bench {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(&format!(
        "!! dialling
         <- INVITE Session-Expires:_1800 Min-SE:_90
         -> 200 sdp{session}
         <- ACK
         !! answered"
    ));
    bench
}

const HUNG_UP: &str = "do hang up\n!! ended: hung up\n<- BYE\n-> 200 of=BYE";

#[test]
fn a_longer_session_is_asked_for_when_it_must_be() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(
        "!! dialling
         <- INVITE Session-Expires:_1800
         -> 422 | Min-SE: 3600
         <- ACK
         <- INVITE Session-Expires:_3600 Min-SE:_3600 CSeq:_2
         -> 422 | Min-SE: 7200
         <- ACK
         <- INVITE Session-Expires:_7200
         -> 422 | Min-SE: 7300
         <- ACK
         !! ended: refused: 422 Words",
    );
    bench.finish();
}

#[test]
fn we_refresh_by_update_where_it_is_known() {
    let mut bench = answered(" | Session-Expires: 200;refresher=uac | Allow: INVITE, UPDATE");
    bench.play(
        ".. 99s
         .. 1s
         <- UPDATE Session-Expires:_200;refresher=uac !m=audio CSeq:_2
         -> 200 of=UPDATE | Session-Expires: 200;refresher=uac
         .. 100s
         <- UPDATE CSeq:_3
         -> 407 of=UPDATE | Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\"
         <- UPDATE Proxy-Authorization
         -> 501 of=UPDATE
         <- INVITE Session-Expires:_200;refresher=uac m=audio
         -> 200 sdp=moved | Session-Expires: 200;refresher=uac
         <- ACK CSeq:_5
         !! sound 7000 (true, true)
         -> 200 sdp=moved
         <- ACK CSeq:_5",
    );
    bench.play(HUNG_UP);
    bench.finish();
}

#[test]
fn we_refresh_by_invite_and_take_what_comes() {
    let mut bench = answered(" | Session-Expires: 200;refresher=uac");
    bench.play(
        ".. 100s
         <- INVITE m=audio
         -> INVITE n=1 sdp
         <- 491
         -> ACK n=1 refused
         -> 491
         <- ACK
         .. 2s",
    );
    bench.pass_until_sent();
    bench.play(
        "<- INVITE
         -> 422 | Min-SE: 400
         <- ACK
         <- INVITE Session-Expires:_400
         -> 200 sdp | Session-Expires: 400;refresher=uac
         <- ACK",
    );
    bench.play(HUNG_UP);
    bench.finish();
}

#[test]
fn a_far_end_that_no_longer_knows_the_call_ends_it() {
    for status in [481, 408] {
        let mut bench = answered(" | Session-Expires: 200;refresher=uac");
        bench.play(&format!(
            ".. 100s
             <- INVITE
             -> {status}
             <- ACK
             !! ended: the call was lost: the other side does not know the call any more
             <- BYE
             -> 481 of=BYE"
        ));
        bench.finish();
    }
    let mut bench = answered(" | Session-Expires: 200;refresher=uac | Allow: UPDATE");
    bench.pass(Duration::from_secs(100 + 32));
    let told = bench.events.pop_front();
    assert_eq!(told.as_deref(), Some("ended: the call was lost: the other side does not answer"));
    bench.out.clear();
    bench.finish();
}

#[test]
fn the_far_end_must_refresh_when_it_said_so() {
    let mut bench = answered(" | Session-Expires: 90;refresher=uas");
    bench.play(
        ".. 40s
         -> UPDATE n=1 | Session-Expires: 90;refresher=uac
         <- 200 Session-Expires:_90;refresher=uac Require:_timer
         .. 50s
         -> UPDATE n=2 | Session-Expires: 30
         <- 422 Min-SE:_90
         .. 10s
         !! ended: the call was lost: the other side does not say that it is still there
         <- BYE
         -> 200 of=BYE",
    );
    bench.finish();
}

#[test]
fn the_far_end_may_leave_it_to_us() {
    let mut bench = answered("");
    bench.play(
        ".. 400s
         -> INVITE n=1 sdp | Session-Expires: 100;refresher=uas
         <- 200 refresher=uas
         -> ACK n=1
         .. 50s
         <- INVITE Session-Expires:_100;refresher=uac
         -> 200 sdp
         <- ACK",
    );
    bench.play(HUNG_UP);
    bench.finish();
}
