//! Calls through a real exchange to a real telephone: keys, hold, refusals, encryption, texts.

use smtp_appliance::config::{Encryption, Secret, SipAccount, SipTransport};
use smtp_appliance::sip::{CallEvent, Registration, Target};

use crate::support::baresip::{self, Answer, Baresip, Says};
use crate::support::kamailio::{self, Kamailio};
use crate::support::sip::{Line, settings, trunk};
use crate::support::talk::Talk;

/// An exchange, a telephone at it, and the appliance.
pub(crate) struct Scene {
    pub(crate) exchange: Kamailio,
    pub(crate) ana: Baresip,
    line: Line,
}

impl Scene {
    pub(crate) async fn open(
        transport: SipTransport,
        srtp: Encryption,
        phone: baresip::Options<'_>,
    ) -> Self {
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

    pub(crate) async fn call(&self) -> Talk {
        Talk::begin(&self.line, Target::Extension("ana".to_owned())).await
    }

    pub(crate) async fn close(self) {
        self.line.close().await;
    }
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
