//! The peers of the SIP tests among themselves: what they cannot do with each other, they prove
//! nothing about with the appliance.

use std::time::Duration;

use smtp_appliance::audio::{self, Pcm, TELEPHONE_RATE};
use smtp_appliance::config::{Encryption, SipTransport};

use crate::hearing::{ensure, until_whole};
use crate::support::baresip::{Answer, Baresip, Options, Says};
use crate::support::kamailio::{self, Kamailio};
use crate::support::tshark::Capture;

/// A tone that never repeats itself, so that a lost or doubled frame shows.
fn sweep(length: Duration) -> Pcm {
    let count = u32::try_from(length.as_millis()).unwrap() * TELEPHONE_RATE / 1000;
    let samples = (0..count).map(|index| {
        let time = f64::from(index) / f64::from(TELEPHONE_RATE);
        let phase = std::f64::consts::TAU * time * (300.0 + 100.0 * time);
        #[expect(clippy::cast_possible_truncation, reason = "it is within 16 bits")]
        let sample = (8000.0 * phase.sin()) as i16;
        sample
    });
    Pcm { rate: TELEPHONE_RATE, samples: samples.collect() }
}

async fn call(transport: SipTransport, encryption: Encryption) -> Result<(), String> {
    let exchange = Kamailio::start(kamailio::Options::default()).await;
    let said = sweep(Duration::from_secs(3));
    let file = exchange.path().join("said.wav");
    audio::write_wav(&file, &said).unwrap();
    let common = || Options { transport, encryption, ..Options::default() };
    let mut ana =
        Baresip::start(Options { exchange: Some((&exchange, "secret-of-ana")), ..common() }).await;
    let mut caller = Baresip::start(Options {
        name: "appliance",
        exchange: Some((&exchange, "secret-of-200")),
        answer: Answer::Manual,
        says: Says::File(file),
        ..common()
    })
    .await;
    ana.wait_registered().await;
    caller.wait_registered().await;
    let port = if transport == SipTransport::Tls { exchange.tls_port } else { exchange.port };
    let capture = Capture::start(&format!("udp or tcp port {port}")).await;
    caller.dial(&format!("sip:ana@127.0.0.1:{port};transport={}", transport.as_str())).await;
    ana.event("CALL_ESTABLISHED").await;
    ana.press('4').await;
    let key = caller.event("CALL_DTMF_START").await;
    assert_eq!(key.get("param").and_then(serde_json::Value::as_str), Some("4"));
    // The caller hangs up at the end of its file.
    ana.event("CALL_CLOSED").await;
    let heard = ana.heard();
    let captured = capture.stop().await;
    let faults = captured.faults(&[exchange.port, exchange.tls_port]).await;
    ensure(faults.is_empty(), || format!("{faults:?}"))?;
    let streams = captured.rtp_streams().await;
    let whole = streams.iter().any(|stream| stream.packets >= 150 && stream.lost == 0);
    ensure(whole, || format!("{streams:?}"))?;
    let frame = 160;
    // The jitter buffer keeps the last frames.
    let length = heard.samples.len();
    ensure(length + 10 * frame > said.samples.len(), || format!("{length} samples"))?;
    let far = heard.samples.iter().zip(&said.samples).filter(|&(&a, &b)| a.abs_diff(b) > 600);
    let far = far.count();
    ensure(far == 0, || format!("{far} samples are of another sound"))
}

#[tokio::test]
async fn telephones_call_by_udp() {
    until_whole(async || call(SipTransport::Udp, Encryption::Off).await).await;
}

#[tokio::test]
async fn telephones_call_by_tcp_encrypted() {
    until_whole(async || call(SipTransport::Tcp, Encryption::Required).await).await;
}

#[tokio::test]
async fn telephones_call_by_tls() {
    until_whole(async || call(SipTransport::Tls, Encryption::Optional).await).await;
}
