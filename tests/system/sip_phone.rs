//! Calls through a real exchange to a real telephone, which writes down what it hears: that is what
//! was said, without a gap.

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};
use smtp_appliance::config::{Encryption, Secret, SipAccount, SipTransport};
use smtp_appliance::sip::{CallEvent, Registration, Target};

use crate::hearing::{Ear, python};
use crate::support::baresip::{self, Answer, Baresip, Says};
use crate::support::kamailio::{self, Kamailio};
use crate::support::sip::{Line, settings, trunk};
use crate::support::talk::Talk;
use crate::support::tshark::{Capture, Captured};

const SENTENCE: &str = "Problem: the agent on the web server is unreachable for five minutes. Press \
                        four to accept.";

/// The least PESQ (narrow band, at most 4.55) of a call, against what goes into the line.
const LEAST_PESQ: f64 = 4.0;

/// An exchange, a telephone at it, and the appliance.
struct Scene {
    exchange: Kamailio,
    ana: Baresip,
    line: Line,
}

impl Scene {
    async fn open(transport: SipTransport, srtp: Encryption, phone: baresip::Options<'_>) -> Self {
        let exchange = Kamailio::start(kamailio::Options::default()).await;
        let at = Some((&exchange, "secret-of-ana"));
        let ana = Baresip::start(baresip::Options { exchange: at, transport, ..phone }).await;
        ana.wait_registered().await;
        let tls = transport == SipTransport::Tls;
        let line = Line::open(settings(vec![SipAccount {
            extension: "appliance".to_owned(),
            password: Some(Secret::new("secret-of-200".to_owned())),
            register: true,
            transport,
            srtp,
            ca: Some(exchange.authority()),
            ..trunk(if tls { exchange.tls_port } else { exchange.port })
        }]));
        line.account(|state| matches!(state, Registration::Registered { .. })).await;
        Self { exchange, ana, line }
    }

    async fn call(&self) -> Talk {
        Talk::begin(&self.line, Target::Extension("ana".to_owned())).await
    }

    async fn close(self) {
        self.line.close().await;
    }
}

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

/// Packets of the sound that left this port, and that came to it.
async fn packets(captured: &Captured, port: u16) -> (u64, u64) {
    let streams = captured.rtp_streams().await;
    let of = |ours: &dyn Fn(&crate::support::tshark::RtpStream) -> bool| {
        let found: Vec<_> = streams.iter().filter(|stream| ours(stream)).collect();
        let [stream] = found.as_slice() else { panic!("not one stream of {port}: {streams:?}") };
        assert_eq!((stream.lost, stream.problems), (0, false), "{stream:?}");
        stream.packets
    };
    (of(&|stream| stream.from_port == port), of(&|stream| stream.to_port == port))
}

/// A whole call, looked at from all sides.
async fn tell(transport: SipTransport, encryption: Encryption, codecs: &str, law: g711::Law) {
    let ear = Ear::new();
    let said = sentence(&ear).await;
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

    let heard = scene.ana.heard();
    heard_all(&heard, &through(law, &said));
    let opinion = pesq(&ear, &said, &heard).await;
    assert!(opinion >= LEAST_PESQ, "PESQ {opinion}");

    let captured = capture.stop().await;
    let faults = captured.faults(&[scene.exchange.port, scene.exchange.tls_port, port]).await;
    assert_eq!(faults, [""; 0]);
    let (sent, received) = packets(&captured, port).await;
    assert_eq!(quality.sent.packets, sent, "{quality:?}");
    // What comes before we know what was agreed on is not counted as sound, and she speaks on until
    // she hears that we hung up.
    let missed = received - quality.received.packets - quality.unexpected;
    assert!(missed < 50, "{received} {quality:?}");
    assert_eq!((quality.sent.lost, quality.received.lost), (0, 0), "{quality:?}");
    println!("{transport:?} {encryption:?}: PESQ {opinion:.2}, {quality:?}");
    scene.close().await;
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
async fn a_plain_telephone_is_not_called_where_sound_must_be_encrypted() {
    let scene =
        Scene::open(SipTransport::Udp, Encryption::Required, baresip::Options::default()).await;
    let talk = scene.call().await;
    let (course, quality) = talk.ended().await;
    assert!(course.starts_with("dialling, no common kind of sound: 488 "), "{course}");
    assert_eq!(quality.sent.packets, 0);
    assert!(scene.ana.recordings().is_empty());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_encrypted_where_the_telephone_can() {
    for (theirs, encrypted) in [(Encryption::Off, false), (Encryption::Optional, true)] {
        let phone = baresip::Options { encryption: theirs, ..baresip::Options::default() };
        let scene = Scene::open(SipTransport::Udp, Encryption::Optional, phone).await;
        let mut talk = scene.call().await;
        let agreed = talk.answered().await;
        assert_eq!(agreed.encryption.is_some(), encrypted, "{theirs:?}");
        talk.hang_up().await;
        scene.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_both_ways() {
    let mut scene =
        Scene::open(SipTransport::Udp, Encryption::Off, baresip::Options::default()).await;
    let mut talk = scene.call().await;
    talk.answered().await;
    scene.ana.event("CALL_ESTABLISHED").await;
    for key in "147*0#".chars() {
        scene.ana.press(key).await;
        assert_eq!(talk.key().await, key);
    }
    assert!(talk.session.send_key('5').await);
    let pressed = scene.ana.event("CALL_DTMF_START").await;
    assert_eq!(pressed["param"], "5");
    talk.hang_up().await;
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_holds_the_call_and_hangs_up() {
    let mut scene =
        Scene::open(SipTransport::Udp, Encryption::Off, baresip::Options::default()).await;
    let mut talk = scene.call().await;
    talk.answered().await;
    scene.ana.event("CALL_ESTABLISHED").await;
    scene.ana.hold().await;
    let CallEvent::Media(held) = talk.next().await else { panic!("{:?}", talk.course) };
    assert!(!held.we_send);
    scene.ana.resume().await;
    let CallEvent::Media(resumed) = talk.next().await else { panic!("{:?}", talk.course) };
    assert!(resumed.we_send && resumed.we_receive);
    scene.ana.reinvite().await;
    scene.ana.hang_up().await;
    let (course, _) = talk.ended().await;
    assert_eq!(course, "dialling, ringing, answered, held, changed, they hung up");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_rings_and_is_not_answered() {
    let phone = baresip::Options { answer: Answer::Manual, ..baresip::Options::default() };
    let mut scene = Scene::open(SipTransport::Tcp, Encryption::Off, phone).await;
    // She refuses.
    let talk = scene.call().await;
    scene.ana.event("CALL_INCOMING").await;
    scene.ana.hang_up().await;
    assert_eq!(talk.ended().await.0, "dialling, ringing, busy");
    // We give up.
    let mut talk = scene.call().await;
    while !matches!(talk.next().await, CallEvent::Ringing(_)) {}
    assert_eq!(talk.hang_up().await.0, "dialling, ringing, we hung up");
    scene.ana.event("CALL_CLOSED").await;
    // She answers after a while.
    let mut talk = scene.call().await;
    scene.ana.event("CALL_INCOMING").await;
    scene.ana.accept().await;
    talk.answered().await;
    assert_eq!(talk.hang_up().await.0, "dialling, ringing, answered, we hung up");
    scene.close().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_shows_a_text() {
    let scene = Scene::open(SipTransport::Tls, Encryption::Off, baresip::Options::default()).await;
    let to = Target::Extension("ana".to_owned());
    scene.line.agent.message(to, "Disk full: 95 % \u{2013} café").await.unwrap();
    assert!(scene.ana.log().contains("Disk full: 95 % \u{2013} café"));
    let nobody = Target::Extension("nobody".to_owned());
    let missing = scene.line.agent.message(nobody, "Disk full").await.unwrap_err();
    assert!(missing.to_string().contains("480"), "{missing}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_is_called_by_its_address() {
    let mut ana = Baresip::start(baresip::Options {
        answer: Answer::Early,
        says: Says::Nothing,
        ..baresip::Options::default()
    })
    .await;
    let line = Line::open(settings(vec![trunk(ana.port)]));
    let to = Target::Uri(ana.uri().parse().unwrap());
    let mut talk = Talk::begin(&line, to).await;
    while !matches!(talk.next().await, CallEvent::Progress(Some(_))) {}
    ana.accept().await;
    ana.event("CALL_ESTABLISHED").await;
    ana.hang_up().await;
    let (course, quality) = talk.ended().await;
    assert_eq!(course, "dialling, ringing, progress with sound, answered, they hung up");
    assert_eq!(quality.received.packets, 0);
    line.close().await;
}
