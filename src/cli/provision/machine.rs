//! What the image's system is told, as the files it reads. Pure.

use std::fmt::Write as _;

use smtp_appliance::config::{Addressing, Secret, System, Wifi, Wireguard};

use super::source::hex;

/// A file below the system's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MachineFile {
    /// Its path from there.
    pub(super) path: &'static str,
    pub(super) what: Content,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// It holds this; its mode.
    Text(String, u32),
    /// It is a link to this.
    Link(String),
    /// It goes away.
    Gone,
}

/// Where the time zones are.
pub(super) const ZONES: &str = "/usr/share/zoneinfo";

const TOLD_BY: &str = "# Made of appliance.toml by `smtp-appliance provision`: change it there.\n";

/// All files, those that are not wanted too.
pub(super) fn files(system: &System) -> Vec<MachineFile> {
    let text = |path, mode, text: Option<String>| {
        let what = text.map_or(Content::Gone, |text| Content::Text(text, mode));
        MachineFile { path, what }
    };
    let zone = system.timezone.as_ref().map(|zone| format!("{ZONES}/{zone}"));
    let wifi = system.wifi.as_ref();
    let own_address = wifi.map(|wifi| &wifi.addressing).filter(|it| **it != Addressing::default());
    let tunnel = system.wireguard.as_ref();
    vec![
        text("hostname", 0o644, system.hostname.as_ref().map(|name| format!("{name}\n"))),
        MachineFile { path: "localtime", what: zone.map_or(Content::Gone, Content::Link) },
        text("ssh/authorized_keys", 0o600, keys(&system.ssh_keys)),
        text("chrony.d/servers.conf", 0o644, servers(&system.ntp)),
        text(
            "network/10-wired.network",
            0o640,
            system.network.as_ref().map(|wire| interface("ether", wire)),
        ),
        text("network/20-wireless.network", 0o640, own_address.map(|air| interface("wlan", air))),
        text("wpa_supplicant/wpa_supplicant-wlan0.conf", 0o600, wifi.map(supplicant)),
        text("network/30-wg0.netdev", 0o640, tunnel.map(netdev)),
        text("network/30-wg0.network", 0o640, tunnel.map(tunnel_network)),
    ]
}

fn keys(keys: &[String]) -> Option<String> {
    (!keys.is_empty()).then(|| keys.iter().fold(String::new(), |text, key| text + key + "\n"))
}

fn servers(servers: &[String]) -> Option<String> {
    let lines = servers.iter().map(|server| format!("server {server} iburst\n"));
    (!servers.is_empty()).then(|| TOLD_BY.to_owned() + &lines.collect::<String>())
}

/// systemd.network(5)
fn interface(kind: &str, addressing: &Addressing) -> String {
    let mut text = format!("{TOLD_BY}[Match]\nType={kind}\n\n[Network]\n");
    let mut line = |key: &str, value: &str| {
        let _written = writeln!(text, "{key}={value}");
    };
    match &addressing.address {
        Some(address) => line("Address", &address.to_string()),
        None => line("DHCP", "yes"),
    }
    if let Some(gateway) = &addressing.gateway {
        line("Gateway", &gateway.to_string());
    }
    for server in &addressing.dns {
        line("DNS", &server.to_string());
    }
    line("LinkLocalAddressing", "yes");
    line("MulticastDNS", "yes");
    text
}

/// `wpa_supplicant.conf(5)`. The name of the network is written in hexadecimal digits: it may hold
/// anything.
fn supplicant(wifi: &Wifi) -> String {
    let mut text = format!("{TOLD_BY}ctrl_interface=/run/wpa_supplicant\n");
    if let Some(country) = &wifi.country {
        let _written = writeln!(text, "country={country}");
    }
    let ssid = hex(wifi.ssid.as_bytes());
    let _written = write!(text, "network={{\n\tssid={ssid}\n\tscan_ssid=1\n");
    let secret = wifi.password.as_ref().map(Secret::reveal);
    let manner = match secret {
        None => "\tkey_mgmt=NONE\n".to_owned(),
        // The key itself; SAE would need the password.
        Some(key) if key.len() == 64 => {
            format!("\tkey_mgmt=WPA-PSK WPA-PSK-SHA256\n\tpsk={key}\n")
        }
        // The last quote of the line ends it: those within need no escape.
        Some(password) => {
            format!("\tkey_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n\tieee80211w=1\n\tpsk=\"{password}\"\n")
        }
    };
    text.push_str(&manner);
    text.push_str("}\n");
    text
}

/// systemd.netdev(5)
fn netdev(tunnel: &Wireguard) -> String {
    let allowed: Vec<String> = tunnel.allowed.iter().map(ToString::to_string).collect();
    format!(
        "{TOLD_BY}[NetDev]\nName=wg0\nKind=wireguard\n\n\
         [WireGuard]\nPrivateKey={}\nRouteTable=main\n\n\
         [WireGuardPeer]\nPublicKey={}\nEndpoint={}\nAllowedIPs={}\nPersistentKeepalive=25\n",
        tunnel.private_key.reveal(),
        tunnel.peer,
        tunnel.endpoint,
        allowed.join(",")
    )
}

fn tunnel_network(tunnel: &Wireguard) -> String {
    format!("{TOLD_BY}[Match]\nName=wg0\n\n[Network]\nAddress={}\n", tunnel.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smtp_appliance::config::Config;

    fn made(text: &str) -> Vec<(&'static str, Content)> {
        let system = Config::parse(text).unwrap().config.system;
        files(&system).into_iter().map(|file| (file.path, file.what)).collect()
    }

    fn content(text: &str, path: &str) -> String {
        let found = made(text).into_iter().find(|(found, _)| *found == path).unwrap().1;
        match found {
            Content::Text(text, _) => text.replace(TOLD_BY, ""),
            Content::Link(to) => format!("-> {to}"),
            Content::Gone => "gone".to_owned(),
        }
    }

    #[test]
    fn what_is_not_said_is_taken_away() {
        assert!(made("").into_iter().all(|(_, what)| what == Content::Gone));
    }

    #[test]
    fn each_section_becomes_its_file() {
        let rows = [
            ("[system]\nhostname = \"alerts\"", "hostname", "alerts\n"),
            (
                "[system]\ntimezone = \"Europe/Madrid\"",
                "localtime",
                "-> /usr/share/zoneinfo/Europe/Madrid",
            ),
            (
                "[system]\nntp = [\"192.0.2.1\", \"ntp.example.org\"]",
                "chrony.d/servers.conf",
                "server 192.0.2.1 iburst\nserver ntp.example.org iburst\n",
            ),
            (
                "[network]\naddress = \"192.0.2.25/24\"\ngateway = \"192.0.2.1\"\ndns = [\"192.0.2.53\"]",
                "network/10-wired.network",
                "[Match]\nType=ether\n\n[Network]\nAddress=192.0.2.25/24\nGateway=192.0.2.1\n\
                 DNS=192.0.2.53\nLinkLocalAddressing=yes\nMulticastDNS=yes\n",
            ),
            (
                "[network]\ndns = [\"192.0.2.53\"]",
                "network/10-wired.network",
                "[Match]\nType=ether\n\n[Network]\nDHCP=yes\nDNS=192.0.2.53\n\
                 LinkLocalAddressing=yes\nMulticastDNS=yes\n",
            ),
            ("[wifi]\nssid = \"x\"", "network/20-wireless.network", "gone"),
            (
                "[wifi]\nssid = \"x\"\naddress = \"192.0.2.26/24\"",
                "network/20-wireless.network",
                "[Match]\nType=wlan\n\n[Network]\nAddress=192.0.2.26/24\n\
                 LinkLocalAddressing=yes\nMulticastDNS=yes\n",
            ),
        ];
        for (text, path, expected) in rows {
            assert_eq!(content(text, path), expected, "{text}");
        }
    }

    #[test]
    fn wifi_bears_every_name_and_password() {
        let path = "wpa_supplicant/wpa_supplicant-wlan0.conf";
        let open = "ctrl_interface=/run/wpa_supplicant\nnetwork={\n\tssid=225d7d\n\tscan_ssid=1\n\
                    \tkey_mgmt=NONE\n}\n";
        assert_eq!(content("[wifi]\nssid = '\"]}'", path), open);
        let closed =
            content("[wifi]\nssid = \"x\"\ncountry = \"ES\"\npassword = 'a\"b}c # d'", path);
        assert!(closed.contains("country=ES\n"), "{closed}");
        assert!(closed.contains("\tpsk=\"a\"b}c # d\"\n}\n"), "{closed}");
        let key = "0".repeat(64);
        let key = content(&format!("[wifi]\nssid = \"x\"\npassword = \"{key}\""), path);
        assert!(key.contains(" WPA-PSK-SHA256\n\tpsk=0000"), "{key}");
    }

    #[test]
    fn a_tunnel_is_two_files() {
        let text = "[wireguard]\nprivate_key = \"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\"\n\
                    address = \"10.9.0.2/32\"\npeer = \"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\"\n\
                    endpoint = \"vpn.example.org:51820\"\nallowed = [\"10.9.0.0/24\", \"10.8.0.0/24\"]\n";
        let netdev = content(text, "network/30-wg0.netdev");
        assert!(netdev.contains("PrivateKey=yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"));
        assert!(netdev.contains("AllowedIPs=10.9.0.0/24,10.8.0.0/24\n"), "{netdev}");
        assert!(content(text, "network/30-wg0.network").ends_with("Address=10.9.0.2/32\n"));
    }
}
