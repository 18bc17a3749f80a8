//! Far ends that do as they like: each call ends in the right way and leaves nothing behind.

use std::time::Duration;

use super::Bench;

/// What goes before most scripts: the INVITE is out.
const OUT: &str = "!! dialling\n<- INVITE\n";
/// The call is answered.
const ANSWERED: &str = "!! dialling\n<- INVITE\n-> 200 sdp\n<- ACK\n!! answered\n";
/// We hang up, and the far end agrees.
const HUNG_UP: &str = "do hang up\n!! ended: hung up\n<- BYE\n-> 200 of=BYE\n";

fn play(what: &str, beginning: &str, script: &str, end: &str) {
    let run = std::panic::AssertUnwindSafe(|| {
        let mut bench = Bench::ready();
        bench.call("300");
        bench.play(&format!("{beginning}{script}\n{end}"));
        bench.finish();
    });
    assert!(std::panic::catch_unwind(run).is_ok(), "{what}");
}

#[test]
fn refusals_have_their_meaning() {
    let cases = [
        (486, "busy"),
        (600, "busy"),
        (603, "the call was declined"),
        (480, "no answer"),
        (408, "no answer"),
        (487, "no answer"),
        (404, "there is no such extension or number"),
        (410, "there is no such extension or number"),
        (604, "there is no such extension or number"),
        (488, "no common kind of sound: 488 Words"),
        (606, "no common kind of sound: 606 Words"),
        (403, "the exchange does not allow it: 403 Words"),
        (402, "the exchange does not allow it: 402 Words"),
        (500, "500 Words"),
        (504, "504 Words"),
        (491, "refused: 491 Words"),
        (499, "refused: 499 Words"),
        (699, "refused: 699 Words"),
        (300, "refused: 300 Words"),
    ];
    for (status, end) in cases {
        let script = format!("-> {status} bare\n<- ACK tag=far\n!! ended: {end}");
        play(&format!("{status}"), OUT, &script, "");
    }
}

const ODD: &[(&str, &str)] = &[
        (
            "a 200 without sound is acknowledged and hung up",
            "-> 200
             <- ACK
             <- BYE
             !! ended: no common kind of sound: it answered without saying what sound it takes
             -> 200 of=BYE",
        ),
        (
            "so is one whose sound is refused",
            "-> 200 sdp=none
             <- ACK
             <- BYE
             !! ended: no common kind of sound: the other side refuses the sound
             -> 481 of=BYE",
        ),
        (
            "a 200 without a Contact is a call: it is reached as it was called",
            "-> 200 sdp bare
             <- ACK ACK_sip:300@pbx.example
             !! answered
             do hang up
             !! ended: hung up
             <- BYE BYE_sip:300@pbx.example
             -> 200 of=BYE",
        ),
        (
            "a 202 with sound is an answer",
            "-> 202 sdp
             <- ACK
             !! answered
             do hang up
             !! ended: hung up
             <- BYE
             -> 200 of=BYE",
        ),
        (
            "a 202 without is none",
            "-> 202 bare
             <- ACK
             <- BYE
             !! ended: no common kind of sound: it answered without saying what sound it takes
             -> 200 of=BYE",
        ),
        (
            "the sound of a 183 serves where the 200 has none",
            "-> 183 sdp
             !! in progress, with sound
             -> 200
             <- ACK
             !! answered
             do hang up
             !! ended: hung up
             <- BYE
             -> 200 of=BYE",
        ),
        (
            "reliable ones are confirmed, each once and in their order",
            "-> 183 rel=5 sdp
             <- PRACK RAck:_5_1_INVITE CSeq:_2_PRACK sip:far@192.0.2.1
             !! in progress, with sound
             -> 183 rel=5 sdp
             -> 200 of=PRACK
             -> 180 rel=7
             -> 180 rel=6
             <- PRACK RAck:_6_1_INVITE CSeq:_3_PRACK
             !! ringing, with sound
             -> 200
             <- ACK CSeq:_1_ACK
             !! answered
             do hang up
             !! ended: hung up
             <- BYE CSeq:_4_BYE
             -> 200 of=BYE
             -> 200 of=PRACK",
        ),
        (
            "181 and 182 are progress, and a 100 with a tag is nothing",
            "-> 100 tag=x
             -> 181
             !! in progress
             -> 182
             !! in progress
             -> 199
             !! in progress
             -> 486
             <- ACK
             !! ended: busy",
        ),
        (
            "an answer after a refusal, and one to nothing, are strays",
            "-> 486
             <- ACK
             !! ended: busy
             -> 180
             -> 200 of=OPTIONS",
        ),
        (
            "nobody is there",
            ".. 500ms
             <- INVITE
             .. 1s
             <- INVITE
             .. 2s
             <- INVITE
             .. 4s
             <- INVITE
             .. 8s
             <- INVITE
             .. 16s
             <- INVITE
             .. 500ms
             !! ended: the exchange does not answer",
        ),
        ("nobody listens there", "do lost
             !! ended: connection refused
             <- OPTIONS
             -> 200 of=OPTIONS"),
        (
            "a 503 says when to come back",
            "-> 503 | Retry-After: 120 (maintenance)
             <- ACK
             !! ended: 503 Words, to be tried again after 120 s",
        ),
        (
            "a wrong password is told after one try",
            "-> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n1\"
             <- ACK
             <- INVITE Authorization
             -> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n2\"
             <- ACK
             !! ended: the exchange does not allow it: the exchange refuses user or password",
        ),
        (
            "a nonce that was used up is no wrong password",
            "-> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n1\"
             <- ACK
             <- INVITE nonce=\"n1\"
             -> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n2\", stale=TRUE
             <- ACK
             <- INVITE nonce=\"n2\"
             -> 486
             <- ACK
             !! ended: busy",
        ),
        (
            "a challenge that is none",
            "-> 407
             <- ACK
             !! ended: the exchange does not allow it: the exchange asks for a kind of login that is not supported",
        ),
        (
            "challenges without end",
            "-> 401 | WWW-Authenticate: Digest realm=\"1\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"2\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"3\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"4\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"5\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"6\", nonce=\"n\"
             <- ACK
             <- INVITE
             -> 401 | WWW-Authenticate: Digest realm=\"7\", nonce=\"n\"
             <- ACK
             !! ended: the exchange does not allow it: the exchange refuses user or password",
        ),
];

#[test]
fn answers_that_are_odd() {
    for (what, script) in ODD {
        play(what, OUT, script, "");
    }
}

#[test]
fn taking_it_back_in_every_moment() {
    let cases = [
        (
            "before any answer it waits for one",
            "do hang up
             !! ended: hung up
             -> 100
             <- CANCEL CSeq:_1_CANCEL To:_<sip:300@pbx.example>\r\n
             -> 200 of=CANCEL
             -> 487
             <- ACK",
        ),
        (
            "no answer at all: nothing is cancelled",
            "do hang up
             !! ended: hung up
             .. 500ms
             <- INVITE
             .. 1s
             <- INVITE
             -> 486
             <- ACK",
        ),
        (
            "the 200 comes first: it is acknowledged and hung up",
            "-> 180
             !! ringing
             do hang up
             !! ended: hung up
             <- CANCEL
             -> 200 sdp
             <- ACK
             <- BYE
             -> 481 of=CANCEL
             -> 200 of=BYE
             -> 200 sdp
             <- ACK",
        ),
        (
            "a 200 to CANCEL, and never a 487",
            "-> 180
             !! ringing
             do hang up
             !! ended: hung up
             <- CANCEL
             -> 200 of=CANCEL
             .. 33s",
        ),
        (
            "a challenge comes then: it is not answered",
            "do hang up
             !! ended: hung up
             -> 401 | WWW-Authenticate: Digest realm=\"w\", nonce=\"n1\"
             <- ACK",
        ),
        (
            "a redirection comes then: it is not followed",
            "-> 180
             !! ringing
             do hang up
             !! ended: hung up
             <- CANCEL
             -> 302
             <- ACK
             -> 200 of=CANCEL",
        ),
    ];
    for (what, script) in cases {
        play(what, OUT, script, "");
    }
}

#[test]
fn several_telephones_ring() {
    let cases = [
        (
            "the first that answers has it, later ones are hung up",
            "-> 180 tag=a
             !! ringing
             -> 183 tag=b sdp
             !! in progress, with sound
             -> 200 tag=b sdp
             <- ACK tag=b
             !! answered
             -> 200 tag=a sdp
             <- ACK tag=a
             <- BYE tag=a
             -> 200 of=BYE
             -> 200 tag=a sdp
             <- ACK tag=a
             -> 200 tag=b sdp
             <- ACK tag=b
             -> BYE tag=b n=1
             <- 200
             !! ended: the other side hung up",
        ),
        (
            "one that never rang answers too late",
            "-> 200 tag=a sdp
             <- ACK
             !! answered
             -> 200 tag=c sdp
             <- ACK tag=c
             <- BYE tag=c
             -> 200 of=BYE
             -> BYE tag=a n=1
             <- 200
             !! ended: the other side hung up",
        ),
        (
            "a BYE of one that was hung up ends no call",
            "-> 200 tag=a sdp
             <- ACK
             !! answered
             -> 200 tag=b sdp
             <- ACK
             <- BYE
             -> BYE tag=b n=1
             <- 200
             -> 481 of=BYE
             -> BYE tag=a n=1
             <- 200
             !! ended: the other side hung up",
        ),
    ];
    for (what, script) in cases {
        play(what, OUT, script, "");
    }
}

#[test]
fn redirections_are_not_followed_without_end() {
    let script = "-> 302 bare | Contact: <sip:301@pbx.example>
             <- ACK
             <- INVITE
             -> 302 bare | Contact: <sip:302@pbx.example>
             <- ACK
             <- INVITE
             -> 302 bare | Contact: <sip:303@pbx.example>
             <- ACK
             <- INVITE
             -> 302 bare | Contact: <sip:304@pbx.example>
             <- ACK
             <- INVITE
             -> 302 bare | Contact: <sip:305@pbx.example>
             <- ACK
             !! ended: refused: 302 Words";
    play("not without end", OUT, script, "");
}

#[test]
fn redirections_are_followed_within_limits() {
    let cases = [
        (
            "the best place first, then the next",
            "-> 302 bare | Contact: <sip:301@pbx.example>;q=0.3, <sip:302@192.0.2.5:5062>;q=0.7
             <- ACK
             <- INVITE sip:302@192.0.2.5:5062 CSeq:_2
             -> 486
             <- ACK
             <- INVITE sip:301@pbx.example CSeq:_3
             -> 404
             <- ACK
             !! ended: there is no such extension or number",
        ),
        (
            "no circle",
            "-> 302 bare | Contact: <sip:301@pbx.example>
             <- ACK
             <- INVITE sip:301@pbx.example
             -> 302 bare | Contact: <sip:300@pbx.example>, <sip:301@pbx.example>
             <- ACK
             !! ended: refused: 302 Words",
        ),
        (
            "not to emergency services",
            "-> 302 bare | Contact: <sip:112@pbx.example>, <tel:+112>, <sip:302@pbx.example>;q=0.1
             <- ACK
             <- INVITE sip:302@pbx.example CSeq:_2
             -> 486
             <- ACK
             !! ended: busy",
        ),
        (
            "nowhere to go, or where no telephone is",
            "-> 301 bare | Contact: <http://pbx.example/>, <mailto:a@b.example>
             <- ACK
             !! ended: refused: 301 Words",
        ),
        (
            "a number is dialled by the exchange, and nobody adds headers of theirs",
            "-> 302 bare | Contact: <tel:+34600>, <sip:1@pbx.example?Subject=x>;q=0.1
             <- ACK
             <- INVITE INVITE_sip:+34600@pbx.example
             -> 480
             <- ACK
             <- INVITE INVITE_sip:1@pbx.example_SIP !Subject
             -> 600
             <- ACK
             !! ended: busy",
        ),
    ];
    for (what, script) in cases {
        play(what, OUT, script, "");
    }
}

const CHANGES: &[(&str, &str)] = &[
    (
        "it holds, and comes back on another port",
        "-> INVITE n=1 sdp=held
             <- 200 recvonly CSeq:_1_INVITE Contact:_<sip:200@192.0.2.9:5070>
             !! sound 6000 (false, true)
             -> ACK n=1
             -> INVITE n=2 sdp=moved
             <- 200 sendrecv
             !! sound 7000 (true, true)
             -> ACK n=2",
    ),
    (
        "a 200 of ours comes again until its ACK",
        "-> INVITE n=1 sdp=moved
             <- 200
             !! sound 7000 (true, true)
             .. 500ms
             <- 200
             .. 1s
             <- 200
             -> ACK n=1
             .. 5s",
    ),
    (
        "an INVITE without sound asks for ours",
        "-> INVITE n=1
             <- 200 m=audio_4000 a=rtpmap:0
             -> ACK n=1 sdp=moved
             !! sound 7000 (true, true)",
    ),
    (
        "sound that we cannot is refused, and the call goes on",
        "-> INVITE n=1 sdp=srtp
             <- 488
             -> ACK n=1 refused
             -> INFO n=2 body=* | Content-Type: application/dtmf
             <- 200
             !! key *",
    ),
    (
        "UPDATE, with sound and without",
        "-> UPDATE n=1 sdp=moved
             <- 200 m=audio
             !! sound 7000 (true, true)
             -> UPDATE n=2
             <- 200 !m=audio",
    ),
    (
        "two at once, and one that is too old",
        "-> INVITE n=5 sdp=moved
             <- 200
             !! sound 7000 (true, true)
             -> INVITE n=6 sdp
             <- 500 Retry-After
             -> ACK n=6 refused
             -> ACK n=5
             -> OPTIONS n=3
             <- 500",
    ),
    (
        "it moves",
        "-> UPDATE n=1 at=192.0.2.44:5099
             <- 200
             -> OPTIONS n=2
             <- 200 Allow: INVITE",
    ),
    (
        "all the rest is answered",
        "-> OPTIONS n=1
             <- 200
             -> NOTIFY n=2
             <- 200
             -> MESSAGE n=3
             <- 200
             -> REFER n=4
             <- 603
             -> PRACK n=5
             <- 481
             -> FOO n=6
             <- 405 Allow
             -> INFO n=7
             <- 200
             -> INFO n=8 body=Signal=99 | Content-Type: application/dtmf-relay
             <- 200
             -> OPTIONS n=9 | Require: siesta
             <- 420 Unsupported:_siesta",
    ),
    (
        "a stranger with our Call-ID",
        "-> BYE tag=stranger n=1
             <- 481",
    ),
];

#[test]
fn the_far_end_changes_the_call() {
    for (what, script) in CHANGES {
        play(what, ANSWERED, script, HUNG_UP);
    }
}

#[test]
fn both_hang_up_at_once() {
    play(
        "the BYEs cross",
        ANSWERED,
        "do hang up
         !! ended: hung up
         <- BYE
         -> BYE n=1
         <- 200
         -> 481 of=BYE
         -> OPTIONS n=2
         <- 481",
        "",
    );
}

#[test]
fn requests_before_the_answer() {
    play(
        "they are answered",
        OUT,
        "-> 183 sdp
         !! in progress, with sound
         -> UPDATE n=1 sdp=moved
         <- 200
         !! in progress, with sound
         -> INFO n=2 body=7 | Content-Type: application/dtmf
         <- 200
         !! key 7
         -> INVITE n=3 sdp
         <- 500
         -> ACK n=3 refused
         -> UPDATE n=4 tag=other
         <- 481
         -> 486
         <- ACK
         !! ended: busy",
        "",
    );
}

#[test]
fn our_accepted_change_is_never_acknowledged() {
    let mut bench = Bench::ready();
    bench.call("300");
    bench.play(&format!("{ANSWERED}-> INVITE n=1 sdp=moved\n<- 200\n!! sound 7000 (true, true)"));
    bench.pass(Duration::from_secs(32));
    let told = bench.events.pop_front().unwrap();
    assert_eq!(told, "ended: the call was lost: the other side does not answer");
    let bye = bench.out.back().unwrap().1.to_bytes();
    assert!(bye.starts_with(b"BYE "), "{bye:?}");
    bench.out.clear();
    bench.finish();
}
