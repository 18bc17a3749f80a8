//! Settings and attempts for the mail channel.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use smtp_appliance::alert::{Alert, AlertId, Event, Kind, MailText, Origin};
use smtp_appliance::channel::Job;
use smtp_appliance::config::{Config, Mail, Person, RelayTls, Retry};

/// The address the appliance sends from.
pub(crate) const FROM: &str = "alerts@appliance.example";

/// Settings for a plain relay on this port of loopback.
pub(crate) fn mail_settings(port: u16) -> Mail {
    Mail {
        relay: Some("127.0.0.1".to_owned()),
        port,
        tls: RelayTls::Off,
        ca: None,
        user: None,
        password: None,
        from: FROM.parse().unwrap(),
        timeout: Duration::from_secs(10),
        retry: Retry {
            first: Duration::from_secs(1),
            max: Duration::from_mins(1),
            give_up: Duration::from_hours(1),
        },
    }
}

/// A configuration with these mail settings.
pub(crate) fn config(mail: Mail) -> Config {
    let named = Config::parse("[appliance]\nname = \"smtp.appliance\"").unwrap();
    Config { mail, ..named.config }
}

/// Alert 7 with this mail, for people with these mail addresses.
pub(crate) fn job(raw: &[u8], addresses: &[Option<&str>]) -> Job {
    let person = |(number, address): (usize, Option<&str>)| Person {
        name: format!("person{number}").parse().unwrap(),
        mail: address.map(|address| address.parse().unwrap()),
        phone: None,
        extension: None,
        language: None,
        voice: None,
        groups: BTreeSet::new(),
    };
    Job {
        alerts: vec![alert()],
        raw: Bytes::copy_from_slice(raw),
        people: addresses.iter().copied().enumerate().map(person).collect(),
        sound: None,
    }
}

fn alert() -> Alert {
    Alert {
        id: AlertId(7),
        received: "2026-11-23T22:39:46Z".parse().unwrap(),
        origin: Origin {
            client: "192.0.2.1".to_owned(),
            helo: "zabbix".to_owned(),
            ..Origin::default()
        },
        people: Vec::new(),
        text: MailText::default(),
        events: vec![Event {
            source: "generic".to_owned(),
            kind: Kind::Other,
            severity: None,
            severity_text: None,
            host: None,
            check: None,
            problem_id: None,
            summary: "what the mail is about".to_owned(),
            identity: "identity".to_owned(),
        }],
    }
}
