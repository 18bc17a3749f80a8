//! The sound of calls through a real exchange to a real telephone, which writes down what it hears:
//! that is what was said, without a gap.

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE, g711};
use smtp_appliance::config::{Encryption, SipTransport};
use smtp_appliance::rtp::Quality;

use crate::hearing::{Ear, ensure, python, until_whole};
use crate::sip_phone::Scene;
use crate::support::baresip::{self, Says};
use crate::support::kamailio::Kamailio;
use crate::support::tshark::{Capture, Captured, RtpStream};

const SENTENCE: &str = "Problem: the agent on the web server is unreachable for five minutes. Press \
                        four to accept.";

/// The least PESQ (narrow band, at most 4.55) of a call, against what goes into the line.
const LEAST_PESQ: f64 = 4.0;

/// A sentence as it goes into a telephone line.
async fn sentence(ear: &Ear) -> Pcm {
    let sound = ear.synthesise(SENTENCE, None).await;
    audio::telephone(&sound)
}

/// What a telephone makes of it without a fault on the way.
fn through(law: g711::Law, pcm: &Pcm) -> Vec<i16> {
    g711::decode(law, &g711::encode(law, &pcm.samples))
}

/// How many samples are the same from the first one on; baresip makes 2 of the µ-law's zero.
fn alike(heard: &[i16], said: &[i16]) -> usize {
    heard.iter().zip(said).take_while(|(heard, said)| heard.abs_diff(**said) <= 2).count()
}

/// Looks that all of it was heard, sample by sample.
fn heard_all(heard: &Pcm, said: &[i16]) -> Result<(), String> {
    assert_eq!(heard.rate, TELEPHONE_RATE);
    // Its first loud moment is found again, and from there on everything has to be the same.
    let loud = said.iter().position(|sample| sample.abs() > 2000).expect("it is not silent");
    let mark = &said[loud..loud + 400];
    let found =
        heard.samples.windows(mark.len()).position(|window| alike(window, mark) == mark.len());
    let from = found.and_then(|found| found.checked_sub(loud)).ok_or("its beginning is missing")?;
    let heard = &heard.samples[from..];
    let same = alike(heard, said);
    ensure(same == said.len(), || {
        let (all, heard, said) = (said.len(), heard.get(same..same + 5), said.get(same..same + 5));
        format!("another sound from {same} of {all} on: {heard:?} {said:?}")
    })
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
async fn counted(
    captured: &Captured,
    exchange: &Kamailio,
    port: u16,
    quality: &Quality,
) -> Result<(), String> {
    let faults = captured.faults(&[exchange.port, exchange.tls_port, port]).await;
    ensure(faults.is_empty(), || format!("{faults:?}"))?;
    let streams = captured.rtp_streams().await;
    let of = |ours: &dyn Fn(&RtpStream) -> bool| {
        let found: Vec<_> = streams.iter().filter(|stream| ours(stream)).collect();
        match found.as_slice() {
            [stream] if stream.lost == 0 && !stream.problems => Ok(stream.packets),
            _ => Err(format!("not one whole stream of {port}: {streams:?}")),
        }
    };
    let sent = of(&|stream| stream.from_port == port)?;
    let received = of(&|stream| stream.to_port == port)?;
    ensure(quality.sent.packets == sent, || format!("{sent} sent, {quality:?}"))?;
    // What comes before we know what was agreed on is not counted as sound, and she speaks on until
    // she hears that we hung up.
    let known = quality.received.packets + quality.unexpected;
    ensure(received >= known && received - known < 50, || format!("{received} {quality:?}"))?;
    ensure((quality.sent.lost, quality.received.lost) == (0, 0), || format!("{quality:?}"))
}

/// A whole call, looked at from all sides; what was wrong with it.
async fn call(
    ear: &Ear,
    said: &Pcm,
    (transport, encryption): (SipTransport, Encryption),
    (codecs, law): (&str, g711::Law),
) -> Result<(), String> {
    let phone = baresip::Options { encryption, codecs, ..baresip::Options::default() };
    let mut scene = Scene::open(transport, encryption, phone).await;
    let (plain, secure) = (scene.exchange.port, scene.exchange.tls_port);
    let capture = Capture::start(&format!("udp or tcp port {plain} or tcp port {secure}")).await;
    let mut talk = scene.call().await;
    let agreed = talk.answered().await;
    assert_eq!(agreed.encryption.is_some(), encryption == Encryption::Required);
    let port = talk.session.port();
    talk.say(said).await;
    let (course, quality) = talk.hang_up().await;
    assert_eq!(course, "dialling, ringing, answered, we hung up");
    scene.ana.event("CALL_CLOSED").await;
    let captured = capture.stop().await;
    counted(&captured, &scene.exchange, port, &quality).await?;
    let heard = scene.ana.heard();
    scene.close().await;
    heard_all(&heard, &through(law, said))?;
    let opinion = pesq(ear, said, &heard).await;
    ensure(opinion >= LEAST_PESQ, || format!("PESQ {opinion}"))
}

/// Calls until one is without a fault.
async fn tell(transport: SipTransport, encryption: Encryption, codecs: &str, law: g711::Law) {
    let ear = Ear::new();
    let said = sentence(&ear).await;
    until_whole(async || call(&ear, &said, (transport, encryption), (codecs, law)).await).await;
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
    until_whole(async || {
        let phone = baresip::Options { says: Says::Echo, ..baresip::Options::default() };
        let scene = Scene::open(SipTransport::Udp, Encryption::Off, phone).await;
        let mut talk = scene.call().await;
        talk.answered().await;
        talk.say(&said).await;
        let heard = talk.session.heard();
        talk.hang_up().await;
        scene.close().await;
        let opinion = pesq(&ear, &said, &heard).await;
        ensure(opinion >= 3.5, || format!("PESQ {opinion} of what came back"))
    })
    .await;
}
