//! `[system]`, `[system.network]`, `[system.wifi]`, `[system.ssh]`, `[system.wireguard]`.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use toml::de::DeValue;

use super::secret;
use super::section::Section;
use super::value::{host, host_name, path, text};
use crate::config::{Addressing, System, Wifi};

/// Longest name of a Wi-Fi network, in octets (IEEE 802.11).
const MAX_SSID: usize = 32;

/// Longest public key, in characters; RSA of 16384 bits has 2800.
const MAX_KEY: usize = 4096;

/// Kinds of public keys that today's servers take.
const KEY_KINDS: [&str; 6] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
];

pub(super) fn read(mut section: Section<'_>) -> System {
    let (network, wifi) = (section.section("network"), section.section("wifi"));
    let (mut ssh, mut wireguard) = (section.section("ssh"), section.section("wireguard"));
    let has_network = !network.span().is_empty();
    let system = System {
        host_name: section.get("host_name", single_label),
        timezone: section.get("timezone", timezone),
        ntp: section.list("ntp", host).unwrap_or_default(),
        network: has_network.then_some(read_network(network)),
        wifi: read_wifi(wifi),
        ssh_keys: ssh.list("keys", public_key).unwrap_or_default(),
        wireguard: wireguard.get("file", path),
    };
    ssh.finish();
    wireguard.finish();
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
    let is_there = !section.span().is_empty();
    let ssid = if is_there { section.require("ssid", ssid) } else { section.get("ssid", ssid) };
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
