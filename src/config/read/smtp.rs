//! `[smtp]`, `[[smtp.listener]]`, `[[smtp.user]]`.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::secret;
use super::section::{Reader, Section};
use super::value::{
    address, boolean, count, networks, number, path, private, size_within, some_time, text, word,
};
use crate::config::{AuthPolicy, ByteSize, Directory, Listener, ListenerTls, Smtp, SmtpUser};

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
    pub(super) smtp: Option<Smtp>,
    pub(super) domains: BTreeSet<String>,
}

pub(super) fn read<'a>(
    mut section: Section<'a>,
    reader: &'a Reader<'a>,
    directory: &Directory,
) -> Read {
    let listeners = read_listeners(&mut section, reader);
    let users = read_users(&mut section, reader);
    let needs_users = listeners.iter().any(|listener| listener.auth == AuthPolicy::Required);
    if needs_users && users.is_empty() {
        section.fault("a listener requires AUTH, but there is no [[smtp.user]] to log in as");
    }
    if directory.people.is_empty() {
        let message = "there is nobody to tell: every mail will be refused; add a [[person]]";
        reader.warn(&(0..0), "person", message);
    }
    let certificate = read_certificate(&mut section);
    let domains = section.list("domains", text).unwrap_or_default();
    let smtp = Smtp {
        listeners,
        certificate,
        allow: section
            .list("allow", networks)
            .map_or_else(private, |lists| lists.into_iter().flatten().collect()),
        users,
        auth_without_tls: section.get("auth_without_tls", boolean).unwrap_or(false),
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
        max_messages_per_minute: section.get("max_messages_per_minute", per_minute).unwrap_or(6000),
        idle_timeout: section.get("idle_timeout", some_time).unwrap_or(Duration::from_mins(5)),
        session_timeout: section
            .get("session_timeout", some_time)
            .unwrap_or(Duration::from_hours(1)),
    };
    section.finish();
    let domains = domains.into_iter().map(|domain| domain.to_lowercase()).collect();
    Read { smtp: Some(smtp), domains }
}

fn per_minute(value: &toml::de::DeValue<'_>) -> Result<u32, String> {
    let number = number(value, 0..=1_000_000)?;
    u32::try_from(number).map_err(|error| error.to_string())
}

fn read_listeners<'a>(section: &mut Section<'a>, reader: &'a Reader<'a>) -> Vec<Listener> {
    let mut listeners: Vec<Listener> = Vec::new();
    let tables = section.sections("listener");
    if tables.is_empty() {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 25));
        let (tls, auth) = (ListenerTls::Starttls, AuthPolicy::Optional);
        return vec![Listener { address, tls, auth }];
    }
    for mut table in tables {
        let address = table.require("address", address);
        let tls = table.get("tls", word(TLS)).unwrap_or(ListenerTls::Starttls);
        let auth = table.get("auth", word(AUTH)).unwrap_or(AuthPolicy::Optional);
        let (span, path) = (table.span(), table.path().to_owned());
        table.finish();
        let Some(address) = address else { continue };
        let taken = listeners.iter().any(|other| other.address == address);
        if taken && address.port() != 0 {
            reader.fault(&span, &path, format!("{address} is listened on twice"));
        }
        listeners.push(Listener { address, tls, auth });
    }
    listeners
}

fn read_users<'a>(section: &mut Section<'a>, reader: &'a Reader<'a>) -> Vec<SmtpUser> {
    let mut users: Vec<SmtpUser> = Vec::new();
    for mut table in section.sections("user") {
        let name = table.require("name", text);
        let password = secret::read(&mut table, reader, "password", "password_file");
        if !table.has("password") && !table.has("password_file") {
            table.fault("expected `password` or `password_file`");
        }
        let taken = users.iter().any(|user| Some(&user.name) == name.as_ref());
        if taken {
            table.fault("this user stands in the file twice");
        }
        table.finish();
        if let (Some(name), Some(password)) = (name, password) {
            users.push(SmtpUser { name, password });
        }
    }
    users
}

fn read_certificate(section: &mut Section<'_>) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let (certificate, key) = (section.get("certificate", path), section.get("key", path));
    match (section.has("certificate"), section.has("key")) {
        (true, true) | (false, false) => certificate.zip(key),
        (true, false) => {
            section.fault_of("certificate", "it needs its `key`");
            None
        }
        (false, true) => {
            section.fault_of("key", "it needs its `certificate`");
            None
        }
    }
}
