//! `[system]`, `[network]`, `[wifi]`, `[wireguard]`.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use toml::de::DeValue;

use super::secret::{self, Found};
use super::section::Section;
use super::value::{host, host_name, is_host_name, text};
use crate::config::{Addressing, System, Wifi, Wireguard};

/// Longest name of a Wi-Fi network, in octets (IEEE 802.11).
const MAX_SSID: usize = 32;

/// Longest public key, in characters; RSA of 16384 bits has 2800.
const MAX_KEY: usize = 4096;

const WIREGUARD_KEY: &str = "expected a key of WireGuard, 44 characters, as `wg genkey` prints it";

/// Kinds of public keys that today's servers take.
const KEY_KINDS: [&str; 6] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
];

pub(super) fn read(root: &mut Section<'_>) -> System {
    let (mut section, network) = (root.section("system"), root.section("network"));
    let (wifi, wireguard) = (root.section("wifi"), root.section("wireguard"));
    let sections = [&section, &network, &wifi, &wireguard];
    let is_there = sections.into_iter().any(Section::is_there);
    let system = System {
        hostname: section.get("hostname", single_label),
        timezone: section.get("timezone", timezone),
        ntp: section.list("ntp", host).unwrap_or_default(),
        ssh_keys: section.list("ssh_keys", public_key).unwrap_or_default(),
        network: network.is_there().then_some(read_network(network)),
        wifi: read_wifi(wifi),
        wireguard: read_wireguard(wireguard),
        is_there,
    };
    section.finish();
    system
}

fn read_network(mut section: Section<'_>) -> Addressing {
    let addressing = read_addressing(&mut section);
    section.finish();
    addressing
}

fn read_addressing(section: &mut Section<'_>) -> Addressing {
    let addressing = Addressing {
        address: section.get("address", interface_address),
        gateway: section.get("gateway", ip),
        dns: section.list("dns", ip).unwrap_or_default(),
    };
    match (&addressing.address, &addressing.gateway) {
        (Some(address), Some(gateway)) if !address.contains(gateway) => {
            let network = address.trunc();
            section.fault_of("gateway", format!("expected an address within {network}"));
        }
        (None, Some(_)) if !section.has("address") => {
            section.fault_of("gateway", "`gateway` needs its `address`; DHCP brings both");
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    addressing
}

fn read_wifi(mut section: Section<'_>) -> Option<Wifi> {
    let ssid = section.require("ssid", ssid);
    let without = "the Wi-Fi is not joined";
    let password = secret::read(&mut section, "password", "password_file", without).secret();
    if password.as_ref().is_some_and(|password| !is_passphrase(password.reveal())) {
        let key = if section.has("password") { "password" } else { "password_file" };
        section.fault_of(key, "expected 8 to 63 plain characters, or 64 hexadecimal digits");
    }
    let country = section.get("country", country);
    let addressing = read_addressing(&mut section);
    section.finish();
    ssid.map(|ssid| Wifi { ssid, password, country, addressing })
}

fn read_wireguard(mut section: Section<'_>) -> Option<Wireguard> {
    let without = "there is no tunnel";
    let found = secret::read(&mut section, "private_key", "private_key_file", without);
    if section.is_there() && matches!(found, Found::Absent) {
        section.fault("`private_key` or `private_key_file` is missing");
    }
    let private_key = found.secret();
    if private_key.as_ref().is_some_and(|key| !is_wireguard_key(key.reveal())) {
        let key = if section.has("private_key") { "private_key" } else { "private_key_file" };
        section.fault_of(key, WIREGUARD_KEY);
    }
    let address = section.require("address", interface_address);
    let peer = section.require("peer", |value| {
        let key = text(value).ok().filter(|key| is_wireguard_key(key));
        key.ok_or_else(|| WIREGUARD_KEY.to_owned())
    });
    let endpoint = section.require("endpoint", endpoint);
    let allowed = section.list("allowed", network).unwrap_or_default();
    if section.is_there() && allowed.is_empty() && !section.has("allowed") {
        section.fault("`allowed` is missing: the networks that are reached through it");
    }
    section.finish();
    let (private_key, address) = private_key.zip(address)?;
    let (peer, endpoint) = peer.zip(endpoint)?;
    Some(Wireguard { private_key, address, peer, endpoint, allowed })
}

fn is_wireguard_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|octets| octets.len() == 32)
}

fn network(value: &DeValue<'_>) -> Result<IpNet, String> {
    text(value)?.parse().map_err(|_| "expected a network, such as \"10.9.0.0/24\"".to_owned())
}

/// `"vpn.example.org:51820"`, `"[2001:db8::1]:51820"`
fn endpoint(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a host and a port, such as \"vpn.example.org:51820\"";
    let right = |text: &String| {
        let split = text.rsplit_once(':');
        split.is_some_and(|(host, port)| {
            let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let is_host = match address {
                Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
                None => is_host_name(host),
            };
            is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
    };
    text(value).ok().filter(right).ok_or_else(|| expected.to_owned())
}

fn single_label(value: &DeValue<'_>) -> Result<String, String> {
    let name = host_name(value)?;
    if name.contains('.') || name.len() > 63 {
        return Err("expected a name without dots, such as \"alerts\"".to_owned());
    }
    Ok(name)
}

fn timezone(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a time zone, such as \"Europe/Madrid\" or \"UTC\"";
    let right = |name: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
        let part = |part: &str| !part.is_empty() && part.chars().all(plain);
        name.len() <= 64 && name.split('/').count() <= 3 && name.split('/').all(part)
    };
    text(value).ok().filter(right).ok_or_else(|| expected.to_owned())
}

fn interface_address(value: &DeValue<'_>) -> Result<IpNet, String> {
    let expected = "expected an address with the length of its network, such as \"192.0.2.10/24\"";
    let address: IpNet = text(value)?.parse().map_err(|_| expected.to_owned())?;
    if address.addr().is_unspecified() || address.addr().is_multicast() {
        return Err(expected.to_owned());
    }
    let is_network =
        address.prefix_len() < address.max_prefix_len() - 1 && address.addr() == address.network();
    if is_network {
        return Err(format!("{address} is the network itself; {expected}"));
    }
    Ok(address)
}

fn ip(value: &DeValue<'_>) -> Result<IpAddr, String> {
    text(value)?.parse().map_err(|_| "expected an address, such as \"192.0.2.1\"".to_owned())
}

fn ssid(value: &DeValue<'_>) -> Result<String, String> {
    let name = value.as_str().ok_or("expected a text in quotes")?;
    if !(1..=MAX_SSID).contains(&name.len()) || name.chars().any(char::is_control) {
        return Err("expected the name of a Wi-Fi network, 32 octets at most".to_owned());
    }
    Ok(name.to_owned())
}

/// IEEE 802.11i, annex H.4: 8 to 63 characters, each from 32 to 126; or the key itself.
fn is_passphrase(password: &str) -> bool {
    let plain = password.bytes().all(|byte| (32..=126).contains(&byte));
    let key = password.len() == 64 && password.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain && (8..=63).contains(&password.len()) || key
}

fn country(value: &DeValue<'_>) -> Result<String, String> {
    let right = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    let expected = "expected a country as two capital letters, such as \"ES\"";
    text(value).ok().filter(right).ok_or_else(|| expected.to_owned())
}

/// One line of `authorized_keys`, without options: those could run a command.
fn public_key(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a public key, such as \"ssh-ed25519 AAAA… ana@laptop\"";
    let line = text(value)?;
    let line = line.trim();
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let (kind, blob) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if line.starts_with("-----BEGIN") || line.contains("PRIVATE KEY") {
        return Err(
            "this is a private key; the public one is in the file ending in .pub".to_owned()
        );
    }
    let whole = KEY_KINDS.contains(&kind) && line.len() <= MAX_KEY && !line.contains(['\n', '\t']);
    let blob = STANDARD.decode(blob).unwrap_or_default();
    // RFC 4253 section 6.6: the blob begins with its kind once more.
    let named = blob.get(4..4 + kind.len()).is_some_and(|name| name == kind.as_bytes());
    if whole && named { Ok(line.to_owned()) } else { Err(expected.to_owned()) }
}
