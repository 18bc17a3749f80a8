//! Messages as a whole: what is read is written alike, and streams are cut alike.

use proptest::prelude::*;

use super::*;

const INVITE: &str = "INVITE sip:300@pbx.example.org SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1\r\n\
    Via: SIP/2.0/TCP 192.0.2.8;branch=z9hG4bK0, SIP/2.0/TLS [2001:db8::1]:5061\r\n\
    From: \"Lab, 2\" <sip:200@pbx.example.org>;tag=a\r\n\
    To: <sip:300@pbx.example.org>\r\n\
    Call-ID: 1@192.0.2.7\r\n\
    CSeq: 7 INVITE\r\n\
    Max-Forwards: 70\r\n\
    Contact: <sip:200@192.0.2.7:5060;transport=udp>;expires=60\r\n\
    Content-Length: 4\r\n\r\nbody";

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).expect("a message") {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

#[test]
fn a_request_is_read_and_written() {
    let invite = request(INVITE);
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.user.as_deref(), Some("300"));
    assert_eq!(invite.headers.vias().len(), 3);
    assert_eq!(invite.headers.from().unwrap().display.as_deref(), Some("Lab, 2"));
    assert_eq!(invite.headers.from().unwrap().tag(), Some("a"));
    assert_eq!(invite.headers.cseq(), Some(CSeq { number: 7, method: Method::Invite }));
    assert_eq!(invite.headers.contacts()[0].expires(), Some(60));
    assert_eq!(invite.body, "body");
    assert_eq!(invite.to_bytes(), INVITE);
}

#[test]
fn a_response_copies_what_belongs_to_the_request() {
    let response = request(INVITE).response(486, "Busy Here");
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    assert_eq!(
        text,
        "SIP/2.0 486 Busy Here\r\n\
         Via: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1\r\n\
         Via: SIP/2.0/TCP 192.0.2.8;branch=z9hG4bK0, SIP/2.0/TLS [2001:db8::1]:5061\r\n\
         From: \"Lab, 2\" <sip:200@pbx.example.org>;tag=a\r\n\
         To: <sip:300@pbx.example.org>\r\n\
         Call-ID: 1@192.0.2.7\r\n\
         CSeq: 7 INVITE\r\n\
         Content-Length: 0\r\n\r\n"
    );
}

#[test]
fn a_faulty_request_has_its_answer() {
    let answer = |text: String| {
        let error = Message::parse(text.as_bytes()).expect_err("refused");
        (error.fault, error.answer.map(|answer| (answer.status, answer.headers.vias().len())))
    };
    let rows = [
        (INVITE.replace(": 4", ": 5"), MessageFault::BodyCut, Some((400, 3))),
        (INVITE.replace(": 4", ": -4"), MessageFault::Length, Some((400, 3))),
        (INVITE.replace("2.0\r\nVia", "3.0\r\nVia"), MessageFault::Version, Some((505, 3))),
        (INVITE.replace("7 INVITE", "7 BYE"), MessageFault::OtherMethod, Some((400, 3))),
        (INVITE.replace("Call-ID", "X"), MessageFault::Missing(Name::CallId), Some((400, 3))),
        (INVITE.replace("Via:", "X:"), MessageFault::Missing(Name::Via), None),
        (INVITE.replace("INVITE", "ACK").replace(": 4", ": 5"), MessageFault::BodyCut, None),
        ("SIP/2.0 200 OK\r\n\r\n".to_owned(), MessageFault::Missing(Name::Via), None),
    ];
    for (text, fault, expected) in rows {
        assert_eq!(answer(text), (fault, expected));
    }
}

#[test]
fn limits_hold() {
    let lines = |count| INVITE.replace("Contact", &format!("{}Contact", "X: y\r\n".repeat(count)));
    // Nine lines stand there already, of which Content-Length does not count.
    let full = request(&lines(MAX_HEADERS - 8));
    assert_eq!(full.headers.len(), MAX_HEADERS);
    assert_eq!(Message::parse(&full.to_bytes()), Ok(full.into()));
    for more in [1, 2, 3] {
        let error = Message::parse(lines(MAX_HEADERS - 8 + more).as_bytes()).expect_err("refused");
        assert_eq!(error.fault, MessageFault::TooManyHeaders);
    }
    let long = format!("{INVITE}{}", "x".repeat(MAX_MESSAGE_BYTES));
    assert_eq!(Message::parse(long.as_bytes()).map_err(|e| e.fault), Err(MessageFault::TooLong));
}

#[test]
fn nothing_is_smuggled_in_on_writing() {
    let mut invite = request(INVITE);
    invite.method = Method::Other("A\r\nB: c".to_owned());
    invite.headers = Headers::default();
    invite.headers.push(Name::Other("X\r\nY: ".to_owned()), "z\r\n\r\nQ: r");
    invite.headers.push(Name::Other("\r\n".to_owned()), "gone");
    invite.headers.push(Name::ContentLength, "99");
    invite.body = Bytes::new();
    let expected =
        "ABc sip:300@pbx.example.org SIP/2.0\r\nXY: z    Q: r\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(invite.to_bytes(), expected);
    let mut response = invite.response(200, "OK\r\nX: y");
    response.status = 2000;
    assert_eq!(response.to_bytes(), "SIP/2.0 699 OK  X: y\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn credentials_and_bodies_are_not_shown() {
    let mut invite = request(INVITE);
    invite.headers.push("authorization".into(), "Digest response=\"secret\"");
    invite.headers.push(Name::ProxyAuthorization, "Digest response=\"secret\"");
    let shown = format!("{:?}", Message::Request(invite));
    assert!(!shown.contains("secret") && !shown.contains("body"), "{shown}");
    assert!(shown.contains("\"Authorization: ***\"") && shown.contains("4 bytes"), "{shown}");
}

fn frames(bytes: &[u8], cuts: impl Iterator<Item = usize>) -> Vec<Result<Frame, MessageFault>> {
    let mut framer = StreamFramer::default();
    let mut found = Vec::new();
    let mut rest = bytes;
    for cut in cuts.chain([usize::MAX]) {
        let (now, later) = rest.split_at(cut.min(rest.len()));
        framer.push(now);
        rest = later;
        loop {
            match framer.next() {
                Ok(Some(frame)) => found.push(Ok(frame)),
                Ok(None) => break,
                // It fails for good.
                Err(error) => {
                    found.push(Err(error.fault));
                    return found;
                }
            }
        }
    }
    found
}

#[test]
fn a_stream_is_cut_into_messages() {
    let message = Frame::Message(Message::parse(INVITE.as_bytes()).unwrap());
    let faulty = INVITE.replace("Call-ID", "X");
    let stream = format!("\r\n\r\n{INVITE}{INVITE}\r\n{faulty}{INVITE}");
    let found = frames(stream.as_bytes(), [].into_iter());
    assert_eq!(found.len(), 7, "{found:?}");
    assert_eq!(found[..2], [Ok(Frame::Pong), Ok(Frame::Ping)]);
    assert_eq!(found[2..5], [Ok(message.clone()), Ok(message.clone()), Ok(Frame::Pong)]);
    assert!(matches!(&found[5], Ok(Frame::Refused(error)) if error.answer.is_some()));
    assert_eq!(found[6], Ok(message));

    let lost = [
        (INVITE.replace("Content-Length", "X"), MessageFault::NoLength),
        (INVITE.replace(": 4", ": x"), MessageFault::Length),
        (INVITE.replace(": 4", ": 99999999999999999999999"), MessageFault::TooLong),
        (INVITE.replace(": 4", ": 65500"), MessageFault::TooLong),
        ("x".repeat(MAX_MESSAGE_BYTES + 1), MessageFault::TooLong),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), MessageFault::NoLength),
    ];
    for (text, fault) in lost {
        let found = frames(format!("{text}{INVITE}").as_bytes(), [].into_iter());
        assert_eq!(found, [Err(fault)]);
    }
}

/// Pieces of messages, odd ones among them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(INVITE.to_owned()),
        Just(INVITE.replace("\r\n", "\n")),
        Just(INVITE.replace(": 4", ": 0").replace("body", "")),
        Just("SIP/2.0 200 OK\r\nl: 3\r\n\r\nabc".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n".to_owned()),
        Just("Content-Length: 3\r\n\r\n".to_owned()),
        "\\PC{0,9}",
    ]
}

/// A message of odd lines.
fn odd_message() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just("INVITE sip:a@b;c?d SIP/2.0".to_owned()),
        "SIP/2.0 [1-7][0-9]{2}( \\PC{0,8})?",
        "[A-Z]{1,8} [a-z]{2,4}:\\PC{0,12} SIP/2.0",
    ];
    let value = prop_oneof![
        "(\"\\PC{0,6}\" )?<sip:\\PC{0,8}@[a-z.]{1,6}>(;[a-z]{1,3}(=\\PC{0,6})?){0,3}",
        "SIP/2.0/UDP [a-z.:0-9]{1,9}(;[a-z]{1,3}(=\\PC{0,6})?){0,3}",
        "[0-9]{1,11} INVITE",
        "\\PC{0,20}",
        any::<String>(),
    ];
    let name = prop_oneof![
        Just("via".to_owned()),
        Just("F".to_owned()),
        Just("TO ".to_owned()),
        Just("i".to_owned()),
        Just("CSeq".to_owned()),
        Just("Contact".to_owned()),
        "[!-~]{0,9}",
    ];
    let line = (name, value).prop_map(|(name, value)| format!("{name}:{value}"));
    let lines = proptest::collection::vec(line, 0..9);
    let usual = "v: SIP/2.0/UDP a\r\nf: <sip:a@b>\r\nt: <sip:c@d>\r\ni: 1";
    let body = proptest::collection::vec(any::<u8>(), 0..20);
    (start, any::<bool>(), lines, body).prop_map(move |(start, is_usual, lines, body)| {
        let method = start.split(' ').next().unwrap_or_default();
        let method = if method == "SIP/2.0" { "INVITE" } else { method };
        let usual =
            if is_usual { format!("{usual}\r\nCSeq: 1 {method}\r\n") } else { String::new() };
        let head = format!("{start}\r\n{usual}{}\r\n\r\n", lines.join("\r\n"));
        [head.as_bytes(), &body].concat()
    })
}

proptest! {
    #[test]
    fn what_is_read_is_written_alike(bytes in odd_message()) {
        if let Ok(message) = Message::parse(&bytes) {
            let written = message.to_bytes();
            prop_assert_eq!(Message::parse(&written), Ok(message), "{:?}", written);
        }
    }

    #[test]
    fn addresses_are_written_alike(text in "(\"\\PC{0,6}\" ?|\\PC{0,6})<?(sips?|tel|x):\\PC{0,8}(@[a-z.]{1,6})?(:[0-9]{1,5})?(;\\PC{0,6}){0,2}>?(;[a-z]{1,3}(=\\PC{0,6})?){0,3}") {
        if let Ok(uri) = text.parse::<Uri>() {
            prop_assert_eq!(uri.to_string().parse(), Ok(uri));
        }
        if let Ok(address) = text.parse::<NameAddr>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
        let via = text.parse::<Via>();
        prop_assert!(via.is_err());
    }

    #[test]
    fn stations_are_written_alike(text in "SIP/2.0/(UDP|tls) [a-z.:0-9\\[\\] ]{1,9}(;[a-z]{1,3}(=\\PC{0,6})?){0,3}") {
        if let Ok(via) = text.parse::<Via>() {
            prop_assert_eq!(via.to_string().parse(), Ok(via));
        }
    }

    #[test]
    fn a_stream_is_cut_alike(
        pieces in proptest::collection::vec(piece(), 0..8),
        cuts in proptest::collection::vec(0usize..90, 0..40),
    ) {
        let stream = pieces.concat();
        let whole = frames(stream.as_bytes(), [].into_iter());
        prop_assert_eq!(&whole, &frames(stream.as_bytes(), cuts.into_iter()));
        prop_assert_eq!(&whole, &frames(stream.as_bytes(), std::iter::repeat_n(1, stream.len())));
    }
}
