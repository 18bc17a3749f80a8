//! `[sip]`, `[[sip.account]]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::secret::{self, Found};
use super::section::{Reader, Section};
use super::value::{address, boolean, count, is_host_name, parsed, path, text, time_within, word};
use crate::config::{
    Encryption, Extension, Secret, Sip, SipAccount, SipCodec, SipSilence, SipTransport,
};

const TRANSPORTS: &[(&str, SipTransport)] =
    &[("udp", SipTransport::Udp), ("tcp", SipTransport::Tcp), ("tls", SipTransport::Tls)];

const SRTP: &[(&str, Encryption)] = &[
    ("off", Encryption::Off),
    ("optional", Encryption::Optional),
    ("required", Encryption::Required),
];

const CODECS: &[(&str, SipCodec)] = &[("pcmu", SipCodec::Pcmu), ("pcma", SipCodec::Pcma)];

const SILENCE: &[(&str, SipSilence)] = &[
    ("noise", SipSilence::Noise),
    ("comfort-noise", SipSilence::ComfortNoise),
    ("digital", SipSilence::Digital),
];

/// Most accounts: each is a registration of its own.
const MOST_ACCOUNTS: usize = 8;

pub(super) fn read<'a>(mut section: Section<'a>, reader: &'a Reader<'a>) -> Sip {
    let sip = Sip {
        accounts: read_accounts(&mut section),
        listen: section
            .get("listen", address)
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060))),
        rtp_ports: section.get("rtp_ports", ports).unwrap_or(16_384..=17_383),
        codecs: read_codecs(&mut section, reader),
        silence: section.get("silence", word(SILENCE)).unwrap_or(SipSilence::Noise),
        max_calls: section.get("max_calls", count(1..=50)).unwrap_or(4),
    };
    let pairs = usize::from(sip.rtp_ports.end() - sip.rtp_ports.start()).div_ceil(2);
    if pairs < sip.max_calls {
        let culprit = if section.has("rtp_ports") { "rtp_ports" } else { "max_calls" };
        let calls = sip.max_calls;
        section.fault_of(culprit, format!("expected two ports for each of {calls} calls"));
    }
    section.finish();
    sip
}

/// The best first; both when nothing is said.
fn read_codecs<'a>(section: &mut Section<'a>, reader: &'a Reader<'a>) -> Vec<SipCodec> {
    let mut codecs = Vec::new();
    for (codec, place) in section.list_spanned("codecs", word(CODECS)).unwrap_or_default() {
        if codecs.contains(&codec) {
            reader.fault(&place, &section.key("codecs"), "this codec stands twice");
        } else {
            codecs.push(codec);
        }
    }
    if section.is_empty_list("codecs") {
        section.fault_of("codecs", "expected at least one codec: \"pcmu\" or \"pcma\"");
    }
    if codecs.is_empty() { vec![SipCodec::Pcmu, SipCodec::Pcma] } else { codecs }
}

fn read_accounts(section: &mut Section<'_>) -> Vec<SipAccount> {
    let tables = section.sections("account");
    if tables.len() > MOST_ACCOUNTS {
        section.fault_of("account", format!("expected {MOST_ACCOUNTS} accounts at most"));
    }
    tables.into_iter().filter_map(read_account).collect()
}

fn read_account(mut table: Section<'_>) -> Option<SipAccount> {
    let domain = table.require("domain", sip_host);
    let extension = table.require("extension", |value| {
        let name = parsed::<Extension>(value)?;
        let plain = !name.as_str().contains(':');
        plain.then_some(name).ok_or_else(|| {
            "expected the account's own extension or user, such as \"200\", without \"sip:\""
                .to_owned()
        })
    });
    let password = read_password(&mut table);
    let transport = table.get("transport", word(TRANSPORTS));
    let srtp = table.get("srtp", word(SRTP)).unwrap_or(Encryption::Off);
    let ca = table.get("ca", path);
    table.warn_if_missing("ca", ca.as_deref());
    if ca.is_some() && transport != Some(SipTransport::Tls) {
        table.fault_of("ca", "`ca` needs transport = \"tls\"");
    }
    if srtp != Encryption::Off && transport != Some(SipTransport::Tls) {
        table.warn_of("srtp", "without transport = \"tls\" the keys of the sound can be read");
    }
    let register = table.get("register", boolean).unwrap_or(true);
    let account = SipAccount {
        domain: domain.unwrap_or_default(),
        extension: extension.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        user: table.get("user", text),
        password,
        display_name: table.get("display_name", text),
        proxy: table.get("proxy", proxy),
        register,
        expires: table
            .get("expires", time_within(Duration::from_mins(1)..=Duration::from_hours(24)))
            .unwrap_or(Duration::from_mins(5)),
        transport: transport.unwrap_or(SipTransport::Udp),
        ca,
        srtp,
    };
    table.finish();
    extension.map(|_| account)
}

fn read_password(table: &mut Section<'_>) -> Option<Secret> {
    let without = "the exchange will refuse this account";
    let found = secret::read(table, "password", "password_file", without);
    let registers = table.has("register");
    if matches!(found, Found::Absent) && !registers {
        table.fault(
            "`password` or `password_file` is missing; a trunk that knows this machine by \
                     its address has register = false instead",
        );
    }
    found.secret()
}

/// `"16384-17383"`: what is left of it when it begins with an even port.
fn ports(value: &DeValue<'_>) -> Result<RangeInclusive<u16>, String> {
    let expected = || "expected a range of ports from 1024 on, such as \"16384-17383\"".to_owned();
    let text = text(value).map_err(|_| expected())?;
    let (first, last) = text.split_once('-').ok_or_else(expected)?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| expected());
    let (first, last) = (port(first)?, port(last)?);
    if first < 1024 || last <= first { Err(expected()) } else { Ok(first..=last) }
}

fn sip_host(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected the exchange's domain or address, such as \"pbx.example.org\"; a port \
                    belongs into `proxy`";
    text(value).ok().filter(|text| is_host(text)).ok_or_else(|| expected.to_owned())
}

/// `"pbx.example.org"`, `"192.0.2.1:5080"`, `"[2001:db8::1]:5061"`.
fn proxy(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a host, with its port if it has another than 5060 (5061 for TLS): \
                    \"pbx.example.org\" or \"192.0.2.1:5080\"";
    let right = |text: &String| {
        let split = text.rsplit_once(':').filter(|(host, _)| {
            !host.contains(':') || host.starts_with('[') && host.ends_with(']')
        });
        match split {
            Some((host, port)) => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
            }
            None => is_host(text),
        }
    };
    text(value).ok().filter(right).ok_or_else(|| expected.to_owned())
}

fn is_host(text: &str) -> bool {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok() || is_host_name(&text.replace('_', "x"))
}
