//! Descriptions of telephones and exchanges, and what is agreed with each.

use proptest::prelude::*;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

fn key(tag: u32, suite: Suite) -> CryptoKey {
    CryptoKey { tag, suite, key: [u8::try_from(tag).unwrap(); 30] }
}

fn local(encryption: Encryption) -> Local {
    Local {
        address: "192.0.2.7".parse().unwrap(),
        rtp_port: 16_384,
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        comfort_noise: true,
        encryption,
        keys: vec![key(1, Suite::Aes80), key(2, Suite::Aes32)],
        session_id: 42,
        version: 3,
    }
}

/// A description with these lines for its stream.
fn body(lines: &str) -> String {
    let lines = lines.replace('\n', "\r\n");
    format!(
        "v=0\r\no=- 1 1 IN IP4 198.51.100.2\r\ns=-\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n{lines}\r\n"
    )
}

fn agreed(lines: &str) -> Agreed {
    accept_answer(&local(Encryption::Off), body(lines).as_bytes()).expect(lines)
}

#[test]
fn an_offer_is_as_it_was_promised() {
    let plain = "v=0\r\n\
        o=- 42 3 IN IP4 192.0.2.7\r\n\
        s=-\r\n\
        c=IN IP4 192.0.2.7\r\n\
        t=0 0\r\n\
        m=audio 16384 RTP/AVP 0 8 13 101\r\n\
        a=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:13 CN/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\n\
        a=fmtp:101 0-16\r\n\
        a=ptime:20\r\n\
        a=maxptime:150\r\n\
        a=sendrecv\r\n";
    assert_eq!(offer(&local(Encryption::Off)), plain);

    let mut local = local(Encryption::Optional);
    let keys = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n\
        a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\r\n";
    let with_keys = plain.replace("a=sendrecv", &format!("{keys}a=sendrecv"));
    assert_eq!(offer(&local), with_keys);
    local.encryption = Encryption::Required;
    assert_eq!(offer(&local), with_keys.replace("RTP/AVP", "RTP/SAVP"));

    local.encryption = Encryption::Off;
    local.codecs = vec![Codec::Pcma];
    local.comfort_noise = false;
    local.address = "2001:db8::7".parse().unwrap();
    let offer = offer(&local);
    assert!(offer.contains("c=IN IP6 2001:db8::7\r\n"), "{offer}");
    assert!(offer.contains("m=audio 16384 RTP/AVP 8 101\r\n"), "{offer}");
}

#[test]
fn the_codec_is_the_first_of_the_answer() {
    let rows = [
        ("m=audio 4000 RTP/AVP 0 8", Codec::Pcmu, 0),
        ("m=audio 4000 RTP/AVP 8 0", Codec::Pcma, 8),
        ("m=audio 4000 RTP/AVP 8", Codec::Pcma, 8),
        ("m=audio 4000/2  RTP/AVP  9 18 8 0 ", Codec::Pcma, 8),
        ("m=audio 4000 RTP/AVP 9 0\na=rtpmap:9 G722/8000\na=rtpmap:0 pcmu/8000/1", Codec::Pcmu, 0),
        ("m=audio 4000 RTP/AVP 97\na=rtpmap:97 PCMA/8000", Codec::Pcma, 97),
        ("m=audio 4000 RTP/AVP 0 8\na=rtpmap:0 X/8000", Codec::Pcma, 8),
        ("m=audio 4000 RTP/AVP 96 8\na=rtpmap:96 PCMU/16000", Codec::Pcma, 8),
        ("m=AUDIO 4000 rtp/avp 0", Codec::Pcmu, 0),
        ("m=video 5000 RTP/AVP 0\nm=audio 4000 RTP/AVPF 8", Codec::Pcma, 8),
        ("m=audio 0 RTP/AVP 0\nm=audio 4000 RTP/AVP 8", Codec::Pcma, 8),
    ];
    for (lines, codec, payload) in rows {
        let agreed = agreed(lines);
        assert_eq!((agreed.codec, agreed.payload), (codec, payload), "{lines}");
        assert_eq!(agreed.remote, "198.51.100.2:4000".parse().unwrap(), "{lines}");
    }
}

#[test]
fn payloads_of_keys_and_of_noise_are_found() {
    let event = "a=rtpmap:96 telephone-event/8000";
    let rows = [
        ("m=audio 4000 RTP/AVP 0".to_owned(), None, None, None),
        ("m=audio 4000 RTP/AVP 0 13".to_owned(), None, None, Some(13)),
        (format!("m=audio 4000 RTP/AVP 0 96\n{event}\na=fmtp:96 0-15"), Some(96), Some(101), None),
        (format!("m=audio 4000 RTP/AVP 0\n{event}"), None, None, None),
        (
            "m=audio 4000 RTP/AVP 0 96 97\na=rtpmap:96 telephone-event/48000\n\
             a=rtpmap:97 Telephone-Event/8000"
                .to_owned(),
            Some(97),
            Some(101),
            None,
        ),
        ("m=audio 4000 RTP/AVP 0 19\na=rtpmap:19 CN/8000".to_owned(), None, None, Some(19)),
        ("m=audio 4000 RTP/AVP 0 13\na=rtpmap:13 other/8000".to_owned(), None, None, None),
    ];
    for (lines, events, received, noise) in rows {
        let agreed = agreed(&lines);
        assert_eq!(agreed.events, events, "{lines}");
        assert_eq!(agreed.events_received, received, "{lines}");
        assert_eq!(agreed.comfort_noise, noise, "{lines}");
    }
    let mut local = local(Encryption::Off);
    local.comfort_noise = false;
    let agreed = accept_answer(&local, body("m=audio 4000 RTP/AVP 0 13").as_bytes()).unwrap();
    assert_eq!(agreed.comfort_noise, None);
}

#[test]
fn the_sound_goes_where_and_when_it_is_said() {
    let rows = [
        ("", "198.51.100.2:4000", "198.51.100.2:4001", true, true),
        ("\nc=IN IP4 203.0.113.9", "203.0.113.9:4000", "203.0.113.9:4001", true, true),
        ("\nc=IN IP4 203.0.113.9/127", "203.0.113.9:4000", "203.0.113.9:4001", true, true),
        ("\na=rtcp:4007", "198.51.100.2:4000", "198.51.100.2:4007", true, true),
        ("\na=rtcp:4007 IN IP4 203.0.113.8", "198.51.100.2:4000", "203.0.113.8:4007", true, true),
        ("\na=rtcp:x", "198.51.100.2:4000", "198.51.100.2:4001", true, true),
        ("\na=rtcp:9 IN IP4 239.1.1.1", "198.51.100.2:4000", "198.51.100.2:9", true, true),
        (
            "\na=rtcp-mux\na=ice-lite\na=candidate:1 1 UDP 1 a 1",
            "198.51.100.2:4000",
            "198.51.100.2:4001",
            true,
            true,
        ),
        ("\na=sendonly", "198.51.100.2:4000", "198.51.100.2:4001", false, true),
        ("\na=recvonly", "198.51.100.2:4000", "198.51.100.2:4001", true, false),
        ("\na=Inactive ", "198.51.100.2:4000", "198.51.100.2:4001", false, false),
        ("\nc=IN IP4 0.0.0.0", "0.0.0.0:4000", "0.0.0.0:4001", false, true),
        ("\nc=IN IP6 ::", "[::]:4000", "[::]:4001", false, true),
        ("\nc=IN IP4 0.0.0.0\na=inactive", "0.0.0.0:4000", "0.0.0.0:4001", false, false),
    ];
    for (rest, remote, rtcp, we_send, we_receive) in rows {
        let agreed = agreed(&format!("m=audio 4000 RTP/AVP 0{rest}"));
        assert_eq!(agreed.remote, remote.parse().unwrap(), "{rest}");
        assert_eq!(agreed.remote_rtcp, rtcp.parse().unwrap(), "{rest}");
        assert_eq!((agreed.we_send, agreed.we_receive), (we_send, we_receive), "{rest}");
    }
    // What stands before the streams holds for all that say nothing else.
    let whole = agreed("a=sendonly\nm=audio 4000 RTP/AVP 0");
    assert_eq!((whole.we_send, whole.we_receive), (false, true));
    let own = agreed("a=sendonly\nm=audio 4000 RTP/AVP 0\na=sendrecv");
    assert_eq!((own.we_send, own.we_receive), (true, true));
    assert_eq!(agreed("m=audio 65535 RTP/AVP 0").remote_rtcp.port(), 65535);
}

#[test]
fn packets_are_as_long_as_they_want() {
    let rows = [
        ("", 20),
        ("\na=ptime:30", 30),
        ("\na=ptime:20.0", 20),
        ("\na=ptime:35", 30),
        ("\na=ptime:0", 20),
        ("\na=ptime:1000", 20),
        ("\na=ptime:x", 20),
        ("\na=ptime:60\na=maxptime:40", 40),
        ("\na=maxptime:10", 10),
    ];
    for (rest, millis) in rows {
        let agreed = agreed(&format!("m=audio 4000 RTP/AVP 0{rest}"));
        assert_eq!(agreed.packet_time, Duration::from_millis(millis), "{rest}");
    }
}

#[test]
fn what_other_readers_refuse_is_read() {
    let answer = body("m=audio 4000 RTP/AVP 8\na=rtpmap:8 PCMA/8000");
    let rows = [
        answer.replace("\r\n", "\n"),
        answer.replace("o=- 1 1", "o=Cisco SystemsCCM-SIP UA 1 1"),
        answer.replace("o=- 1 1", "o=- 123456789012345678901234567890 -5"),
        answer.replace("t=0 0\r\n", "").replace("s=-\r\n", ""),
        answer.replace(
            "c=IN IP4 198.51.100.2\r\n",
            "c=IN IP4 198.51.100.2\r\nc=IN IP4 198.51.100.9\r\n",
        ),
        answer.replace("t=0 0", "t=\r\nb=AS:x\r\nx=y\r\nnonsense"),
        answer.replace("IP4 198.51.100.2\r\nt", "IP6 198.51.100.2\r\nt"),
        format!("\r\n\r\n{answer}\0\0"),
        answer.trim_end().to_owned(),
    ];
    for text in rows {
        let agreed = accept_answer(&local(Encryption::Off), text.as_bytes()).expect(&text);
        assert_eq!(agreed.codec, Codec::Pcma, "{text}");
        assert_eq!(agreed.remote, "198.51.100.2:4000".parse().unwrap(), "{text}");
    }
    let mut latin1 = answer.into_bytes();
    let place = latin1.windows(3).position(|three| three == b"s=-").unwrap();
    latin1[place + 2] = 0xe9;
    assert!(accept_answer(&local(Encryption::Off), &latin1).is_ok());
}

#[test]
fn what_is_wrong_is_said() {
    let rows = [
        ("", SdpError::NoSound),
        ("m=video 4000 RTP/AVP 96", SdpError::NoSound),
        ("m=audio 0 RTP/AVP 0", SdpError::Refused),
        ("m=audio 70000 RTP/AVP 0", SdpError::Port),
        ("m=audio", SdpError::Port),
        ("m=audio 4000 udptl t38", SdpError::Protocol("UDPTL".to_owned())),
        ("m=audio 4000 UDP/TLS/RTP/SAVPF 0", SdpError::Dtls),
        ("m=audio 4000 RTP/SAVP 0", SdpError::EncryptionOff),
        ("m=audio 4000 RTP/AVP", SdpError::NoCodec("none".to_owned())),
        (
            "m=audio 4000 RTP/AVP 9 96\na=rtpmap:96 opus/48000/2",
            SdpError::NoCodec("payload type 9, opus".to_owned()),
        ),
        (
            "m=audio 4000 RTP/AVP 0\nc=IN IP4 media.example.org",
            SdpError::HostName("media.example.org".to_owned()),
        ),
        (
            "m=audio 4000 RTP/AVP 0\nc=IN IP4 239.1.1.1/127",
            SdpError::NotOneHost("239.1.1.1".parse().unwrap()),
        ),
        (
            "m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1",
            SdpError::OtherFamily("2001:db8::1".parse().unwrap(), "192.0.2.7".parse().unwrap()),
        ),
    ];
    for (lines, expected) in rows {
        let found = accept_answer(&local(Encryption::Off), body(lines).as_bytes());
        assert_eq!(found, Err(expected), "{lines}");
    }
    let nowhere = accept_answer(&local(Encryption::Off), b"v=0\nm=audio 4000 RTP/AVP 0");
    assert_eq!(nowhere, Err(SdpError::NoAddress));
    let long = accept_answer(&local(Encryption::Off), &vec![b'a'; 70_000]);
    assert_eq!(long, Err(SdpError::TooLong));
}

#[test]
fn keys_are_agreed() {
    use Encryption::{Off, Optional, Required};
    let line = |tag: u32, suite: Suite| format!("\na=crypto:{tag} {} inline:{KEY}", suite.as_str());
    let (one, two) = (line(1, Suite::Aes80), line(2, Suite::Aes32));
    let mki = format!("\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4");
    let rows = [
        (Off, "RTP/AVP", String::new(), Ok(None)),
        (Off, "RTP/AVP", one.clone(), Ok(None)),
        (Off, "RTP/SAVP", one.clone(), Err(SdpError::EncryptionOff)),
        (Optional, "RTP/AVP", String::new(), Ok(None)),
        (Optional, "RTP/AVP", one.clone(), Ok(Some((1, Suite::Aes80)))),
        (Optional, "RTP/SAVP", two.clone(), Ok(Some((2, Suite::Aes32)))),
        (Optional, "RTP/SAVP", String::new(), Err(SdpError::NoKey)),
        (Optional, "RTP/AVP", mki.clone(), Ok(None)),
        (Optional, "RTP/SAVP", mki.clone(), Err(SdpError::Key(KeyFault::Mki))),
        (Required, "RTP/SAVP", one.clone(), Ok(Some((1, Suite::Aes80)))),
        (Required, "RTP/SAVPF", format!("{mki}{two}"), Ok(Some((2, Suite::Aes32)))),
        (Required, "RTP/AVP", one.clone(), Ok(Some((1, Suite::Aes80)))),
        (Required, "RTP/AVP", String::new(), Err(SdpError::NotEncrypted)),
        (Required, "RTP/SAVP", String::new(), Err(SdpError::NoKey)),
        // The suite tells which of our keys is meant.
        (Required, "RTP/SAVP", line(1, Suite::Aes32), Ok(Some((2, Suite::Aes32)))),
    ];
    for (encryption, protocol, lines, expected) in rows {
        let body = body(&format!("m=audio 4000 {protocol} 0{lines}"));
        let found = accept_answer(&local(encryption), body.as_bytes());
        let found = found.map(|agreed| agreed.encryption);
        let ours = found.clone().map(|pair| pair.map(|(ours, _)| (ours.tag, ours.suite)));
        assert_eq!(ours, expected, "{encryption:?} {protocol}{lines}");
        if let Ok(Some((ours, theirs))) = found {
            assert_eq!(ours.suite, theirs.suite);
            assert_eq!(theirs.key.to_vec(), (0..30).collect::<Vec<u8>>());
        }
    }
}

#[test]
fn offers_are_answered() {
    let offer = body(
        "m=audio 4000 RTP/AVP 8 0 96\na=rtpmap:96 telephone-event/8000\na=sendonly\n\
         m=video 5000 RTP/AVP 31\nm=image 6000 udptl t38",
    );
    let (answer, agreed) = answer_offer(&local(Encryption::Off), offer.as_bytes()).unwrap();
    // The codec is the first of ours; telephones hold a call with `sendonly`.
    assert_eq!((agreed.codec, agreed.we_send, agreed.we_receive), (Codec::Pcmu, false, true));
    assert_eq!((agreed.events, agreed.events_received), (Some(96), Some(96)));
    let expected = "v=0\r\n\
        o=- 42 3 IN IP4 192.0.2.7\r\n\
        s=-\r\n\
        c=IN IP4 192.0.2.7\r\n\
        t=0 0\r\n\
        m=audio 16384 RTP/AVP 0 96\r\n\
        a=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:96 telephone-event/8000\r\n\
        a=fmtp:96 0-16\r\n\
        a=ptime:20\r\n\
        a=maxptime:150\r\n\
        a=recvonly\r\n\
        m=video 0 RTP/AVP 31\r\n\
        m=image 0 udptl t38\r\n";
    assert_eq!(answer, expected);
}

#[test]
fn of_two_streams_the_encrypted_one_is_taken() {
    let line = format!("a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:{KEY}");
    let offer = body(&format!("m=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/SAVP 0\n{line}"));
    let rows = [
        (Encryption::Off, 4000, None),
        (Encryption::Optional, 4002, Some(7)),
        (Encryption::Required, 4002, Some(7)),
    ];
    for (encryption, port, tag) in rows {
        let (answer, agreed) = answer_offer(&local(encryption), offer.as_bytes()).unwrap();
        assert_eq!(agreed.remote.port(), port);
        assert_eq!(agreed.encryption.as_ref().map(|(ours, _)| ours.tag), tag);
        assert_eq!(answer.matches("\r\nm=audio 0 ").count(), 1, "{answer}");
        assert_eq!(
            answer.contains("a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:AgIC"),
            tag.is_some()
        );
    }
}

/// What one of ours offers, another one answers, and the first one accepts; both then agree.
fn two_agree(one: &Local, two: &Local) {
    let Ok((answer, theirs)) = answer_offer(two, offer(one).as_bytes()) else {
        let in_common = one.codecs.iter().any(|codec| two.codecs.contains(codec));
        let contrary = |x: Encryption, y| x == Encryption::Off && y == Encryption::Required;
        let differ = contrary(one.encryption, two.encryption)
            || contrary(two.encryption, one.encryption)
            || (one.encryption == Encryption::Required || two.encryption == Encryption::Required)
                && !one.keys.iter().any(|k| two.keys.iter().any(|other| other.suite == k.suite));
        assert!(!in_common || differ, "{one:?} {two:?}");
        return;
    };
    let ours = accept_answer(one, answer.as_bytes()).expect(&answer);
    assert_eq!((ours.codec, ours.payload), (theirs.codec, theirs.payload));
    assert_eq!((ours.events, ours.comfort_noise), (theirs.events, theirs.comfort_noise));
    assert_eq!(ours.remote.port(), two.rtp_port);
    assert_eq!(theirs.remote.port(), one.rtp_port);
    let turned = theirs.encryption.map(|(mine, yours)| (yours, mine));
    assert_eq!(ours.encryption, turned);
    assert!(ours.we_send && ours.we_receive && theirs.we_send && theirs.we_receive);
}

fn any_local() -> impl Strategy<Value = Local> {
    let codecs = prop_oneof![
        Just(vec![Codec::Pcmu]),
        Just(vec![Codec::Pcma]),
        Just(vec![Codec::Pcmu, Codec::Pcma]),
        Just(vec![Codec::Pcma, Codec::Pcmu]),
    ];
    let encryption =
        prop_oneof![Just(Encryption::Off), Just(Encryption::Optional), Just(Encryption::Required),];
    let suites = prop_oneof![
        Just(vec![Suite::Aes80]),
        Just(vec![Suite::Aes32]),
        Just(vec![Suite::Aes32, Suite::Aes80]),
    ];
    (codecs, any::<bool>(), encryption, suites, 1u16.., any::<[u8; 30]>()).prop_map(
        |(codecs, comfort_noise, encryption, suites, rtp_port, bytes)| {
            let keys =
                (1u32..).zip(suites).map(|(tag, suite)| CryptoKey { tag, suite, key: bytes });
            let keys = keys.collect();
            Local { rtp_port, codecs, comfort_noise, encryption, keys, ..local(Encryption::Off) }
        },
    )
}

proptest! {
    #[test]
    fn two_of_ours_agree(one in any_local(), two in any_local()) {
        two_agree(&one, &two);
    }

    #[test]
    fn an_answer_has_a_line_for_each_stream(
        lines in proptest::collection::vec("(m=(audio|video) [0-9]{1,5} (RTP/AVP|RTP/SAVP|x) [089 ]{0,5}|a=[a-z:0-9 ]{0,12}|c=IN IP4 [0-9.]{0,12}|\\PC{0,12})", 0..12),
        local in any_local(),
    ) {
        let text = body(&lines.join("\n"));
        let _ = accept_answer(&local, text.as_bytes());
        if let Ok((answer, _)) = answer_offer(&local, text.as_bytes()) {
            let streams = |text: &str| text.lines().filter(|line| line.starts_with("m=")).count();
            prop_assert_eq!(streams(&answer), streams(&text), "{}", answer);
        }
    }
}
