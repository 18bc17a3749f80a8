//! Settings and attempts for the mail channel.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use smtp_appliance::alert::{Alert, AlertId, Event, Kind, MailText, Origin};
use smtp_appliance::channel::Job;
use smtp_appliance::config::{
    Appliance, ByteSize, Channels, Config, Directory, Filter, Mail, Person, Queue, RelayTls, Retry,
    Sms, Smtp,
};

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
        retry: retry(),
    }
}

/// A configuration with these mail settings.
pub(crate) fn config(mail: Mail) -> Config {
    Config {
        appliance: Appliance {
            name: "smtp.appliance".to_owned(),
            language: "en".parse().unwrap(),
            store: "/nonexistent".into(),
        },
        smtp: smtp(),
        filter: Filter {
            ignore: Vec::new(),
            repeat_window: Duration::from_mins(30),
            capacity: 1000,
            forget_after: Duration::from_hours(3),
        },
        queue: Queue {
            max_pending: 1000,
            keep_history: Duration::from_hours(24),
            max_history: 1000,
            min_free_space: ByteSize::mib(1),
        },
        channels: Channels { enabled: Vec::new() },
        mail,
        sms: Sms {
            full_text: true,
            max_parts: 10,
            delivery_report: true,
            digest_from: 10,
            retry: retry(),
        },
        directory: Directory::default(),
        ..Config::parse("").unwrap().config
    }
}

fn smtp() -> Smtp {
    Smtp {
        listeners: Vec::new(),
        certificate: None,
        allow: Vec::new(),
        users: Vec::new(),
        auth_without_tls: false,
        vrfy: true,
        max_message: ByteSize::mib(4),
        max_line: ByteSize::kib(4),
        max_recipients: 100,
        max_connections: 100,
        max_connections_per_client: 100,
        max_messages_per_minute: 1000,
        idle_timeout: Duration::from_mins(5),
        session_timeout: Duration::from_mins(10),
    }
}

fn retry() -> Retry {
    Retry {
        first: Duration::from_secs(1),
        max: Duration::from_mins(1),
        give_up: Duration::from_hours(1),
    }
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
