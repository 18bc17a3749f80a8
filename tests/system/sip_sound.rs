//! The sound of calls through a real exchange to a real telephone, which writes down what it hears:
//! that is what was said, without a gap.

use std::time::Duration;

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};
use smtp_appliance::config::{Encryption, SipTransport};
use smtp_appliance::rtp::Quality;

use crate::hearing::{Ear, python};
use crate::sip_phone::Scene;
use crate::support::baresip::{self, Says};
use crate::support::kamailio::Kamailio;
use crate::support::tshark::{Capture, Captured, RtpStream};

const SENTENCE: &str = "Problem: the agent on the web server is unreachable for five minutes. Press \
                        four to accept.";

/// The least PESQ (narrow band, at most 4.55) of a call, against what goes into the line.
const LEAST_PESQ: f64 = 4.0;

/// A packet so late tells that the machine stood still; a telephone's buffer holds less.
const STILL: Duration = Duration::from_millis(100);

/// So often is a call made until the machine does not stand still in it.
const CALLS: usize = 10;

/// A sentence as it goes into a telephone line.
async fn sentence(ear: &Ear) -> Pcm {
    let sound = ear.synthesise(SENTENCE, None).await;
    audio::telephone(&sound)
}

/// What a telephone makes of it without a fault on the way.
fn through(law: g711::Law, pcm: &Pcm) -> Vec<i16> {
    g711::decode(law, &g711::encode(law, &pcm.samples))
}

/// Looks that all of it was heard, sample by sample.
fn heard_all(heard: &Pcm, said: &[i16]) {
    assert_eq!(heard.rate, TELEPHONE_RATE);
    // Its first loud moment is found again, and from there on everything has to be the same.
    let loud = said.iter().position(|sample| sample.abs() > 2000).expect("it is not silent");
    let mark = &said[loud..loud + 400];
    let found = heard.samples.windows(mark.len()).position(|window| window == mark);
    let found = found.unwrap_or_else(|| panic!("nothing of it was heard"));
    let from = found.checked_sub(loud).expect("its beginning");
    let heard = &heard.samples[from..];
    // baresip makes 2 of the µ-law's zero.
    let same = heard.iter().zip(said).take_while(|(heard, said)| heard.abs_diff(**said) <= 2);
    let same = same.count();
    assert!(
        same == said.len(),
        "another sound from {same} of {} on: {:?} {:?}",
        said.len(),
        heard.get(same..same + 5),
        said.get(same..same + 5)
    );
}

/// PESQ of what was heard, against what was said.
async fn pesq(ear: &Ear, said: &Pcm, heard: &Pcm) -> f64 {
    let files = ["said", "heard"].map(|what| ear.file(&format!("{what}.wav")));
    for (file, sound) in files.iter().zip([said, heard]) {
        audio::write_wav(file, sound).unwrap();
    }
    let input = format!("{}\t{}\n", files[0].display(), files[1].display());
    let figures = python("path_quality.py", &input).await.concat();
    figures.split('\t').next().unwrap().parse().unwrap()
}

/// Looks that tshark finds no fault with the call, and counts its packets as we do.
async fn counted(captured: &Captured, exchange: &Kamailio, port: u16, quality: &Quality) {
    let faults = captured.faults(&[exchange.port, exchange.tls_port, port]).await;
    assert_eq!(faults, [""; 0]);
    let streams = captured.rtp_streams().await;
    let of = |ours: &dyn Fn(&RtpStream) -> bool| {
        let found: Vec<_> = streams.iter().filter(|stream| ours(stream)).collect();
        let [stream] = found.as_slice() else { panic!("not one stream of {port}: {streams:?}") };
        assert_eq!((stream.lost, stream.problems), (0, false), "{stream:?}");
        stream.packets
    };
    let sent = of(&|stream| stream.from_port == port);
    let received = of(&|stream| stream.to_port == port);
    assert_eq!(quality.sent.packets, sent, "{quality:?}");
    // What comes before we know what was agreed on is not counted as sound, and she speaks on until
    // she hears that we hung up.
    let missed = received - quality.received.packets - quality.unexpected;
    assert!(missed < 50, "{received} {quality:?}");
    assert_eq!((quality.sent.lost, quality.received.lost), (0, 0), "{quality:?}");
}

/// A whole call, looked at from all sides.
async fn tell(transport: SipTransport, encryption: Encryption, codecs: &str, law: g711::Law) {
    let ear = Ear::new();
    let said = sentence(&ear).await;
    let mut rested = false;
    for _ in 0..CALLS {
        let phone = baresip::Options { encryption, codecs, ..baresip::Options::default() };
        let mut scene = Scene::open(transport, encryption, phone).await;
        let capture = Capture::start("udp or tcp").await;
        let mut talk = scene.call().await;
        let agreed = talk.answered().await;
        assert_eq!(agreed.encryption.is_some(), encryption == Encryption::Required);
        let port = talk.session.port();
        talk.say(&said).await;
        let (course, quality) = talk.hang_up().await;
        assert_eq!(course, "dialling, ringing, answered, we hung up");
        scene.ana.event("CALL_CLOSED").await;
        let captured = capture.stop().await;
        // A machine that has too much to do stood still in it: that says nothing of the call.
        rested = quality.latest < STILL;
        if rested {
            counted(&captured, &scene.exchange, port, &quality).await;
            let heard = scene.ana.heard();
            heard_all(&heard, &through(law, &said));
            let opinion = pesq(&ear, &said, &heard).await;
            assert!(opinion >= LEAST_PESQ, "PESQ {opinion}");
        }
        scene.close().await;
        if rested {
            break;
        }
    }
    assert!(rested, "this machine has too much to do for a call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_heard_as_it_was_said_by_udp() {
    let codecs = "pcmu/8000/1,pcma/8000/1";
    tell(SipTransport::Udp, Encryption::Off, codecs, g711::Law::Mu).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_heard_as_it_was_said_by_tcp_in_a_law() {
    tell(SipTransport::Tcp, Encryption::Off, "pcma/8000/1", g711::Law::A).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_heard_as_it_was_said_by_tls_encrypted() {
    tell(SipTransport::Tls, Encryption::Required, "pcmu/8000/1", g711::Law::Mu).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_telephone_says_is_heard() {
    let ear = Ear::new();
    let said = sentence(&ear).await;
    let phone = baresip::Options { says: Says::Echo, ..baresip::Options::default() };
    let scene = Scene::open(SipTransport::Udp, Encryption::Off, phone).await;
    let mut talk = scene.call().await;
    talk.answered().await;
    talk.say(&said).await;
    let heard = talk.session.heard();
    talk.hang_up().await;
    let opinion = pesq(&ear, &said, &heard).await;
    assert!(opinion >= 3.5, "PESQ {opinion} of what came back");
    scene.close().await;
}
