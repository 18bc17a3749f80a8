//! From a mail through the whole appliance and a real exchange to a real telephone, and to the key
//! that is pressed there.

use smtp_appliance::alert::AlertId;
use smtp_appliance::channel::Reach;
use smtp_appliance::channel::call::Happening;
use smtp_appliance::config::{ChannelName, Encryption, SipTransport};
use smtp_appliance::queue::{Attempt, Progress};

use crate::support::appliance::{Place, Running};
use crate::support::baresip::{self, Baresip};
use crate::support::kamailio::{self, Kamailio};

const ACKNOWLEDGED: Progress = Progress::Told(Reach::Acknowledged);

/// An exchange with ana's telephone, and an appliance that calls it, and by the modem after that.
struct Scene {
    ana: Baresip,
    place: Place,
    _exchange: Kamailio,
}

impl Scene {
    async fn open(transport: SipTransport, srtp: &str, theirs: Encryption) -> Self {
        let exchange = Kamailio::start(kamailio::Options::default()).await;
        let ana = Baresip::start(baresip::Options {
            exchange: Some((&exchange, "secret-of-ana")),
            transport,
            encryption: theirs,
            ..baresip::Options::default()
        })
        .await;
        ana.wait_registered().await;
        let people = people(&exchange, transport, srtp);
        let place = Place::set(|settings| {
            r#"["voip", "gsm"]"#.clone_into(&mut settings.order);
            "enabled = true\n".clone_into(&mut settings.gsm);
            "lead_in = \"0 s\"\ntimes = 1\nkey_wait = \"30 s\"\n".clone_into(&mut settings.call);
            settings.mail.push_str("enabled = false\n");
            settings.sms.push_str("enabled = false\n");
            settings.people = people;
        })
        .await;
        for order in ["connect 0s", "person answers 0s"] {
            place.order(order).await;
        }
        Self { ana, place, _exchange: exchange }
    }
}

fn people(exchange: &Kamailio, transport: SipTransport, srtp: &str) -> String {
    let (port, authority) = match transport {
        SipTransport::Udp | SipTransport::Tcp => (exchange.port, String::new()),
        SipTransport::Tls => {
            (exchange.tls_port, format!("ca = \"{}\"", exchange.authority().display()))
        }
    };
    format!(
        r#"
[[person]]
name = "ana"
extension = "ana"
phone = "+34600000001"

[sip]
listen = "127.0.0.1:0"
rtp_ports = "32000-39999"

[[sip.account]]
domain = "127.0.0.1"
proxy = "127.0.0.1:{port}"
extension = "appliance"
password = "secret-of-200"
transport = "{}"
srtp = "{srtp}"
{authority}
"#,
        transport.as_str()
    )
}

/// What happens in calls, until a key is to be pressed: that key, and which call it is.
async fn asked(running: &mut Running) -> (char, ChannelName) {
    let mut key = '0';
    loop {
        let progress = running.calls.recv().await.expect("it runs");
        if let Happening::Begun(named) = progress.what {
            key = named;
        } else if progress.what == Happening::Listens {
            return (key, progress.channel);
        }
    }
}

fn attempts(running: &Running, id: AlertId, by: ChannelName) -> Vec<Attempt> {
    let deliveries = running.queue.reader().deliveries(id).unwrap();
    let hers = deliveries.into_iter().find(|delivery| delivery.channel == by);
    hers.map(|delivery| delivery.attempts).unwrap_or_default()
}

fn stands(running: &Running, id: AlertId, what: &str) -> Progress {
    let all = running.progress(id);
    all.into_iter().find(|(name, _)| name == what).unwrap_or_else(|| panic!("no {what}")).1
}

#[tokio::test(flavor = "multi_thread")]
async fn she_lifts_the_telephone_and_presses_the_key() {
    let mut scene = Scene::open(SipTransport::Tls, "required", Encryption::Required).await;
    let mut running = scene.place.start();
    let id = running.send("ana", "Disk full on web01").await;
    let (key, by) = asked(&mut running).await;
    assert_eq!(by, ChannelName::Voip);
    scene.ana.press(key).await;
    running.idle().await;
    assert_eq!(stands(&running, id, "voip ana"), ACKNOWLEDGED);
    assert_eq!(stands(&running, id, "gsm ana"), Progress::Spared);
    scene.ana.event("CALL_CLOSED").await;
    let loud = scene.ana.heard().samples.iter().filter(|sample| sample.abs() > 1000).count();
    assert!(loud > 8000, "{loud} loud samples");
    let attempt = attempts(&running, id, ChannelName::Voip).remove(0);
    let quality = attempt.quality.expect("its quality");
    assert_eq!(quality.encryption.as_deref(), Some("AES_CM_128_HMAC_SHA1_80"));
    assert_eq!(quality.sent.lost_permille.or(quality.received.lost_permille), Some(0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_telephone_is_left_for_the_next_kind_of_call() {
    let scene = Scene::open(SipTransport::Udp, "required", Encryption::Off).await;
    let mut running = scene.place.start();
    let id = running.send("ana", "Disk full on web01").await;
    let (key, by) = asked(&mut running).await;
    assert_eq!(by, ChannelName::Gsm);
    scene.place.order(&format!("press {key}")).await;
    running.idle().await;
    assert_eq!(stands(&running, id, "gsm ana"), ACKNOWLEDGED);
    let attempt = attempts(&running, id, ChannelName::Voip).remove(0);
    let told = format!("{:?}", attempt.outcome);
    assert!(told.contains("488"), "{told}");
    assert!(scene.ana.recordings().is_empty());
    running.stop().await;
}
