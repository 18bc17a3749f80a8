//! What must hold for SIP and SDP, whatever comes.

use smtp_appliance::config::{Encryption, Secret};
use smtp_appliance::sip::digest::{Credentials, answer, choose};
use smtp_appliance::sip::message::{
    Frame, Headers, MAX_HEADERS, MAX_MESSAGE_BYTES, Message, Name, Request, StreamFramer,
};
use smtp_appliance::sip::sdp::{
    Agreed, Codec, CryptoKey, Local, Suite, accept_answer, answer_offer, offer,
};

/// A datagram and a stream: what is read is written so that the same is read again, everything in
/// it can be asked for, and a stream is the same however it is cut. The first byte says how.
pub(crate) fn sip(bytes: &[u8]) {
    let Some((&how, bytes)) = bytes.split_first() else { return };
    match Message::parse(bytes) {
        Ok(message) => check_message(&message),
        Err(error) => {
            assert!(error.to_string().len() < 200, "{error}");
            if let Some(answer) = error.answer {
                check_lines(&answer.to_bytes(), &answer.headers);
            }
        }
    }
    let whole = frames(bytes, bytes.len().max(1));
    assert_eq!(whole, frames(bytes, usize::from(how) + 1));
}

fn check_message(message: &Message) {
    let headers = message.headers();
    assert!(headers.len() <= MAX_HEADERS);
    assert!(headers.top_via().is_some() && headers.cseq().is_some());
    assert!(headers.from().is_some() && headers.to().is_some() && headers.call_id().is_some());
    let written = message.to_bytes();
    check_lines(&written, headers);
    // Latin-1 and short names are written longer than they came.
    if written.len() <= MAX_MESSAGE_BYTES {
        assert_eq!(Message::parse(&written).as_ref(), Ok(message));
    }
    let addresses = [headers.contacts(), headers.routes(), headers.record_routes()].concat();
    assert!(addresses.len() <= 3 * MAX_HEADERS);
    for address in addresses.into_iter().chain(headers.from()).chain(headers.to()) {
        let text = address.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        assert_eq!(text.parse(), Ok(address));
    }
    for via in headers.vias() {
        assert_eq!(via.to_string().parse(), Ok(via));
    }
    let _ = (headers.session_expires(), headers.rack(), headers.retry_after(), headers.expires());
    let mut request = Request::new("REGISTER".into(), "sip:example.org".parse().expect("a URI"));
    let password = Secret::new("secret".to_owned());
    let credentials = Credentials { user: "200", password: &password };
    for challenge in choose(&headers.challenges()) {
        let (name, value) = answer(challenge, credentials, &request, "0a1b", 1).expect("one");
        request.headers.push(name, value);
    }
    check_lines(&request.to_bytes(), &request.headers);
    let shown = format!("{request:?}");
    assert!(!shown.contains("response="), "{shown}");
    if let Message::Request(request) = message {
        check_lines(&request.response(200, "OK").to_bytes(), &request.response(200, "OK").headers);
    }
}

/// A line for each header, the first one, and Content-Length; no more.
fn check_lines(written: &[u8], headers: &Headers) {
    let end = written.windows(4).position(|four| four == b"\r\n\r\n").expect("an empty line");
    let head = str::from_utf8(&written[..end]).expect("UTF-8");
    assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head:?}");
    assert_eq!(head.split("\r\n").count(), headers.len() + 2, "{head}");
    let length = format!("\r\n{}: {}", Name::ContentLength, written.len() - end - 4);
    assert!(head.ends_with(&length), "{head}");
}

fn frames(stream: &[u8], size: usize) -> Vec<String> {
    let mut framer = StreamFramer::default();
    let mut found = Vec::new();
    for packet in stream.chunks(size) {
        framer.push(packet);
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(message))) => found.push(format!("{message:?}")),
                Ok(Some(frame)) => found.push(format!("{frame:?}")),
                Ok(None) => break,
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
        assert!(found.len() <= stream.len());
    }
    found
}

/// A description of the other side, as an answer and as an offer. What is agreed can be done, and
/// our answer is one that such a telephone as ours accepts. The first byte chooses our side.
pub(crate) fn sdp(bytes: &[u8]) {
    let Some((&how, body)) = bytes.split_first() else { return };
    let local = local(how);
    match accept_answer(&local, body) {
        Ok(agreed) => check_agreed(&local, &agreed),
        Err(error) => assert!(error.to_string().len() < 400, "{error}"),
    }
    let Ok((answer, agreed)) = answer_offer(&local, body) else { return };
    check_agreed(&local, &agreed);
    assert!(answer.ends_with("\r\n"));
    assert!(!answer.replace("\r\n", "").contains(char::is_control), "{answer:?}");
    let port = format!("m=audio {} ", local.rtp_port);
    assert_eq!(answer.split("\r\n").filter(|line| line.starts_with(&port)).count(), 1, "{answer}");
    if let Some((ours, _)) = &agreed.encryption {
        assert!(answer.contains(&format!("a=crypto:{} {} ", ours.tag, ours.suite.as_str())));
    }
    // Another one of ours, that knows everything, reads it.
    let other = self::local(0x2f | how & 16);
    let read = accept_answer(&other, answer.as_bytes()).expect(&answer);
    assert_eq!((read.codec, read.payload), (agreed.codec, agreed.payload));
    if !agreed.remote.ip().is_unspecified() {
        assert_eq!((read.we_receive, read.we_send), (agreed.we_send, agreed.we_receive));
    }
}

fn local(how: u8) -> Local {
    let codecs = match how & 3 {
        0 => vec![Codec::Pcmu],
        1 => vec![Codec::Pcma],
        2 => vec![Codec::Pcma, Codec::Pcmu],
        _ => vec![Codec::Pcmu, Codec::Pcma],
    };
    let encryption = match how >> 2 & 3 {
        0 => Encryption::Off,
        1 => Encryption::Required,
        _ => Encryption::Optional,
    };
    let keys = [(1, Suite::Aes80), (2, Suite::Aes32)];
    let keys = keys.into_iter().map(|(tag, suite)| CryptoKey { tag, suite, key: [how; 30] });
    let address = if how & 16 == 0 { "2001:db8::7" } else { "192.0.2.7" };
    Local {
        address: address.parse().expect("an address"),
        rtp_port: 16_384,
        codecs,
        comfort_noise: how & 32 != 0,
        encryption,
        keys: keys.collect(),
        session_id: 1,
        version: 1,
    }
}

fn check_agreed(local: &Local, agreed: &Agreed) {
    assert!(local.codecs.contains(&agreed.codec));
    assert!(agreed.remote.port() != 0 && agreed.remote_rtcp.port() != 0);
    let payloads = [Some(agreed.payload), agreed.events, agreed.comfort_noise];
    assert!(payloads.into_iter().flatten().all(|payload| payload < 128), "{agreed:?}");
    assert!((10..=150).contains(&agreed.packet_time.as_millis()), "{agreed:?}");
    if agreed.we_send {
        let address = agreed.remote.ip();
        assert!(!address.is_unspecified() && !address.is_multicast(), "{agreed:?}");
        assert_eq!(address.is_ipv4(), local.address.is_ipv4(), "{agreed:?}");
    }
    match (&agreed.encryption, local.encryption) {
        (Some((ours, theirs)), Encryption::Optional | Encryption::Required) => {
            assert_eq!(ours.suite, theirs.suite);
        }
        (None, Encryption::Off | Encryption::Optional) => {}
        (pair, wanted) => panic!("{pair:?} with {wanted:?}"),
    }
    assert!(offer(local).contains("a=sendrecv"));
}
