//! An alert reaches a phone by the SMS channel.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere, also in its helpers")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use smtp_appliance::alert::{Alert, AlertId, MailText, Origin};
use smtp_appliance::channel::sms::SmsChannel;
use smtp_appliance::channel::{Channel, Job, Outcome, Reach};
use smtp_appliance::config::{self, Config, Person};
use smtp_appliance::modem::Modem;
use tokio::sync::watch;

use crate::support::ends;
use crate::support::modem::{Bench, bench};

fn retry() -> config::Retry {
    let (first, max) = (Duration::from_secs(1), Duration::from_mins(1));
    config::Retry { first, max, give_up: Duration::from_hours(1) }
}

fn config() -> Config {
    Config {
        sms: config::Sms {
            full_text: true,
            max_parts: 3,
            delivery_report: false,
            digest_from: 5,
            retry: retry(),
        },
        ..Config::parse("").unwrap().config
    }
}

fn person(name: &str, phone: Option<&str>) -> Person {
    Person {
        name: name.parse().unwrap(),
        mail: None,
        phone: phone.map(|phone| phone.parse().unwrap()),
        extension: None,
        language: None,
        voice: None,
        groups: BTreeSet::new(),
    }
}

fn job(body: &str, people: Vec<Person>) -> Job {
    let alert = Alert {
        id: AlertId(1),
        received: Timestamp::UNIX_EPOCH,
        origin: Origin::default(),
        people: vec![],
        text: MailText { body: body.to_owned(), ..MailText::default() },
        events: vec![],
    };
    Job { alerts: vec![alert], raw: Bytes::new(), people, sound: None }
}

/// A channel whose messages say what the mail's body says.
fn channel(config: Config, modem: Option<Modem>) -> SmsChannel {
    let text =
        |job: &Job, _: &Person| job.alerts.iter().map(|alert| alert.text.body.as_str()).collect();
    // The last value stays readable when the senders are gone.
    let (_, config) = watch::channel(Arc::new(config));
    let (_, modem) = watch::channel(modem);
    SmsChannel::new(config, modem, Arc::new(text))
}

fn told(detail: &str, receipts: &[u8]) -> Outcome {
    Outcome::Told {
        reach: Reach::HandedOver,
        detail: detail.to_owned(),
        receipts: receipts.to_vec(),
    }
}

#[tokio::test]
async fn everybody_with_a_number_is_told() {
    let mut bench: Bench = bench(&[]);
    let channel = channel(config(), Some(bench.modem.clone()));
    let people = vec![
        person("ana", Some("+34 600 000 001")),
        person("eva", None),
        person("leo", Some("600000003")),
    ];
    let body = "á".repeat(100);
    let outcomes = ends(channel.tell(job(&body, people)).await);
    let expected = [
        told("2 parts, references 1, 2", &[1, 2]),
        Outcome::Refused("no telephone number".into()),
        told("2 parts, references 3, 4", &[3, 4]),
    ];
    assert_eq!(outcomes, expected);
    for to in ["+34600000001", "600000003"] {
        let sms = bench.phone.recv().await.unwrap();
        assert_eq!((sms.to.as_str(), sms.text.as_str(), sms.parts), (to, body.as_str(), 2));
    }
}

#[tokio::test]
async fn a_long_text_is_cut_to_its_parts() {
    let mut bench = bench(&[]);
    let text = "word ".repeat(1000);
    for (full_text, parts, characters) in [(true, 3, 3 * 153), (false, 1, 160)] {
        let mut config = config();
        config.sms.full_text = full_text;
        let channel = channel(config, Some(bench.modem.clone()));
        let outcomes =
            ends(channel.tell(job(&text, vec![person("ana", Some("+34600000001"))])).await);
        assert!(matches!(outcomes[..], [Outcome::Told { .. }]), "{outcomes:?}");
        let sms = bench.phone.recv().await.unwrap();
        assert_eq!(sms.parts, parts);
        // The ellipsis takes three characters in this alphabet.
        let begin = sms.text.strip_suffix("...").unwrap();
        assert!(text.starts_with(begin));
        assert!((characters - 8..=characters).contains(&sms.text.chars().count()));
    }
}

#[tokio::test]
async fn a_bad_number_is_refused_and_a_bad_network_is_tried_again() {
    let bench = bench(&[]);
    let channel = channel(config(), Some(bench.modem.clone()));
    let ana = || vec![person("ana", Some("+34600000001"))];
    bench.control.order("cms 1".parse().unwrap()).await;
    let words = "unassigned (unallocated) number (CMS error 1)".to_owned();
    assert_eq!(ends(channel.tell(job("x", ana())).await), [Outcome::Refused(words)]);
    bench.control.order("network denied".parse().unwrap()).await;
    bench.modem.status().wait_for(|status| !status.can_send()).await.unwrap();
    let words = "no network: registration denied by the network".to_owned();
    assert_eq!(ends(channel.tell(job("x", ana())).await), [Outcome::Retry(words)]);
}

#[tokio::test]
async fn without_a_modem_it_says_so() {
    let ana = || vec![person("ana", Some("+34600000001"))];
    let words = "no modem is configured; set modem.device".to_owned();
    let outcomes = ends(channel(config(), None).tell(job("x", ana())).await);
    assert_eq!(outcomes, [Outcome::Refused(words)]);
}
