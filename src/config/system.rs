//! `[system]`, `[network]`, `[wifi]`, `[wireguard]`: what the image's system is told. The program itself
//! does nothing with it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Secret;

/// What the image's system is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// Name of the machine.
    pub hostname: Option<String>,
    /// Time zone by its name in the tz database, for the log.
    pub timezone: Option<String>,
    /// Time servers, besides those of the network.
    pub ntp: Vec<String>,
    /// Public keys that may log in, as `authorized_keys` has them.
    pub ssh_keys: Vec<String>,
    /// `[network]`: the wire.
    pub network: Option<Addressing>,
    /// `[wifi]`
    pub wifi: Option<Wifi>,
    /// `[wireguard]`
    pub wireguard: Option<Wireguard>,
    /// Whether there is any of these sections.
    pub is_there: bool,
}

/// How an interface gets its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressing {
    /// A fixed address with the length of its network; DHCP when unset.
    pub address: Option<IpNet>,
    /// The way to other networks.
    pub gateway: Option<IpAddr>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
}

/// `[wifi]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wifi {
    /// Name of the network.
    pub ssid: String,
    /// Its password; an open network when unset.
    pub password: Option<Secret>,
    /// Where it is, as two letters: which channels may be used.
    pub country: Option<String>,
    /// How it gets its address.
    pub addressing: Addressing,
}

/// `[wireguard]`: a tunnel to another site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wireguard {
    /// Key of this end.
    pub private_key: Secret,
    /// Address of this end in the tunnel.
    pub address: IpNet,
    /// Public key of the other end.
    pub peer: String,
    /// Host and port of the other end.
    pub endpoint: String,
    /// What is reached through it.
    pub allowed: Vec<IpNet>,
}
