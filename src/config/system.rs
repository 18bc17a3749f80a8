//! `[system]`: what the image's system is told. The program itself does nothing with it.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::Secret;

/// `[system]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// Name of the machine.
    pub host_name: Option<String>,
    /// Time zone by its name in the tz database, for the log.
    pub timezone: Option<String>,
    /// Time servers, besides those of the network.
    pub ntp: Vec<String>,
    /// `[system.network]`: the wire.
    pub network: Option<Addressing>,
    /// `[system.wifi]`
    pub wifi: Option<Wifi>,
    /// `[system.ssh]`: public keys that may log in, as `authorized_keys` has them.
    pub ssh_keys: Vec<String>,
    /// `[system.wireguard]`: a file for `wg-quick`.
    pub wireguard: Option<PathBuf>,
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

/// `[system.wifi]`
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
