//! `[smtp]`, `[[smtp.listener]]`, `[[smtp.user]]`.

use std::collections::{BTreeSet, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::secret::{self, Found};
use super::section::{Reader, Section};
use super::value::{
    address, boolean, count, domain, networks, number, path, private, size_within, some_time, text,
    word,
};
use crate::config::{AuthPolicy, ByteSize, Listener, ListenerTls, Smtp, SmtpUser};

const TLS: &[(&str, ListenerTls)] = &[
    ("off", ListenerTls::Off),
    ("starttls", ListenerTls::Starttls),
    ("implicit", ListenerTls::Implicit),
];

const AUTH: &[(&str, AuthPolicy)] = &[
    ("off", AuthPolicy::Off),
    ("optional", AuthPolicy::Optional),
    ("required", AuthPolicy::Required),
];

/// The receiver's settings, and the domains of `smtp.domains`.
pub(super) struct Read {
    pub(super) smtp: Smtp,
    pub(super) domains: BTreeSet<String>,
}

pub(super) fn read<'a>(mut section: Section<'a>, reader: &'a Reader<'a>) -> Read {
    let auth_without_tls = section.get("auth_without_tls", boolean);
    // A wrong value may have been meant as true.
    let clear = auth_without_tls.unwrap_or_else(|| section.has("auth_without_tls"));
    let users = read_users(&mut section, reader);
    let listeners = read_listeners(&mut section, reader, clear);
    let smtp = Smtp {
        listeners,
        certificate: read_certificate(&mut section),
        allow: read_allow(&mut section),
        users,
        auth_without_tls: auth_without_tls.unwrap_or(false),
        vrfy: section.get("vrfy", boolean).unwrap_or(false),
        max_message: section
            .get("max_message", size_within(ByteSize::kib(64)..=ByteSize::mib(64)))
            .unwrap_or(ByteSize::mib(4)),
        max_line: section
            .get("max_line", size_within(ByteSize(512)..=ByteSize::kib(4)))
            .unwrap_or(ByteSize::kib(4)),
        max_recipients: section.get("max_recipients", count(1..=10_000)).unwrap_or(100),
        max_connections: section.get("max_connections", count(1..=100_000)).unwrap_or(1000),
        max_connections_per_client: section
            .get("max_connections_per_client", count(1..=100_000))
            .unwrap_or(100),
        max_messages_per_minute: section
            .get("max_messages_per_minute", per_minute)
            .unwrap_or(60_000),
        idle_timeout: section.get("idle_timeout", some_time).unwrap_or(Duration::from_mins(5)),
        session_timeout: section
            .get("session_timeout", some_time)
            .unwrap_or(Duration::from_hours(1)),
    };
    let domains = section.list("domains", domain).unwrap_or_default().into_iter().collect();
    section.finish();
    Read { smtp, domains }
}

pub(super) fn read_allow(section: &mut Section<'_>) -> Vec<IpNet> {
    let Some(networks) = section.list("allow", networks) else { return private() };
    if section.is_empty_list("allow") {
        section.fault_of("allow", "expected at least one network: nobody could connect");
    }
    networks.into_iter().flatten().collect()
}

fn per_minute(value: &toml::de::DeValue<'_>) -> Result<u32, String> {
    let number = number(value, 0..=1_000_000)?;
    u32::try_from(number).map_err(|error| error.to_string())
}

fn read_listeners<'a>(
    section: &mut Section<'a>,
    reader: &'a Reader<'a>,
    auth_without_tls: bool,
) -> Vec<Listener> {
    let tables = section.sections("listener");
    if !section.has("listener") {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 25));
        let (tls, auth) = (ListenerTls::Starttls, AuthPolicy::Optional);
        return vec![Listener { address, tls, auth }];
    }
    if section.is_empty_list("listener") {
        section.fault_of("listener", "expected at least one listener: nobody could connect");
    }
    let has_users = section.has("user") && !section.is_empty_list("user");
    let mut taken = HashSet::new();
    let mut listeners = Vec::new();
    for mut table in tables {
        let address = table.require("address", address);
        let tls = table.get("tls", word(TLS)).unwrap_or(ListenerTls::Starttls);
        let auth = table.get("auth", word(AUTH)).unwrap_or(AuthPolicy::Optional);
        if auth == AuthPolicy::Required && !has_users {
            table.fault_of("auth", "AUTH is required, but there is no [[smtp.user]] to log in as");
        }
        if auth == AuthPolicy::Required && tls == ListenerTls::Off && !auth_without_tls {
            let message = "AUTH is required, but not offered without TLS: expected tls = \
                           \"starttls\" or smtp.auth_without_tls = true";
            table.fault_of("auth", message);
        }
        let (place, key) = (table.place("address"), table.key("address"));
        table.finish();
        let Some(address) = address else { continue };
        if !taken.insert(address) && address.port() != 0 {
            reader.fault(&place, &key, format!("{address} is listened on twice"));
        }
        listeners.push(Listener { address, tls, auth });
    }
    listeners
}

fn read_users<'a>(section: &mut Section<'a>, reader: &'a Reader<'a>) -> Vec<SmtpUser> {
    let mut names = BTreeSet::new();
    let mut users = Vec::new();
    for mut table in section.sections("user") {
        let name = table.require("name", text);
        let without = "this user is left out";
        let password = secret::read(&mut table, "password", "password_file", without);
        if matches!(password, Found::Absent) {
            table.fault("expected `password` or `password_file`");
        }
        let (place, key) = (table.place("name"), table.key("name"));
        table.finish();
        let Some(name) = name else { continue };
        if !names.insert(name.clone()) {
            reader.fault(&place, &key, format!("there are two users named \"{name}\""));
        }
        users.extend(password.secret().map(|password| SmtpUser { name, password }));
    }
    users
}

pub(super) fn read_certificate(section: &mut Section<'_>) -> Option<(PathBuf, PathBuf)> {
    let certificate = section.get("certificate", path);
    let key = section.get("key", path);
    section.warn_if_missing("certificate", certificate.as_deref());
    section.warn_if_missing("key", key.as_deref());
    match (section.has("certificate"), section.has("key")) {
        (true, false) => section.fault_of("certificate", "`certificate` needs its `key`"),
        (false, true) => section.fault_of("key", "`key` needs its `certificate`"),
        (true, true) | (false, false) => {}
    }
    certificate.zip(key)
}
