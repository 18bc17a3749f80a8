//! Messages as a whole.

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
    let message = Message::Request(invite);
    assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
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
