//! Hosts and ports.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::uri::UriError;

/// A host: a name, or an address.
#[derive(Debug, Clone, Eq)]
pub enum Host {
    /// A name. Its case does not count.
    Name(String),
    /// An address; IPv6 is written in brackets.
    Ip(IpAddr),
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Ip(one), Self::Ip(two)) => one == two,
            (Self::Name(_), Self::Ip(_)) | (Self::Ip(_), Self::Name(_)) => false,
        }
    }
}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => name.to_ascii_lowercase().hash(state),
            Self::Ip(address) => address.hash(state),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                name.chars().filter(|c| is_host_char(*c)).try_for_each(|c| write!(out, "{c}"))
            }
            Self::Ip(IpAddr::V4(address)) => write!(out, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(out, "[{address}]"),
        }
    }
}

impl FromStr for Host {
    type Err = UriError;

    /// Reads a name or an address; IPv6 with or without brackets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = inside.unwrap_or(text).parse::<Ipv6Addr>() {
            return Ok(Self::Ip(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(address.into()));
        }
        let is_name = !text.is_empty() && text.chars().all(is_host_char);
        if is_name { Ok(Self::Name(text.to_owned())) } else { Err(UriError::Host) }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

/// The underscore is in no host name of any RFC, and in many of Windows and Docker.
const fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// Reads `host`, `host:port`, `[address]:port`, with blanks around the colon.
pub(super) fn host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let text = text.trim();
    // Some devices forget the brackets of IPv6.
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok((Host::Ip(address.into()), None));
    }
    let end = if text.starts_with('[') { text.find(']').map(|at| at + 1) } else { text.find(':') };
    let (host, port) = text.split_at_checked(end.unwrap_or(text.len())).ok_or(UriError::Host)?;
    let port = port.trim().trim_start_matches(':').trim();
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = match port {
        "" => None,
        port if is_number => Some(port.parse().map_err(|_| UriError::Port)?),
        _ => return Err(UriError::Port),
    };
    Ok((host.trim().parse()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read() {
        let rows = [
            ("pbx.example.org", Ok(("pbx.example.org", None))),
            (" pbx : 5060 ", Ok(("pbx", Some(5060)))),
            ("[2001:db8::1] : 5060", Ok(("[2001:db8::1]", Some(5060)))),
            ("2001:DB8::1", Ok(("[2001:db8::1]", None))),
            ("192.0.2.1:0", Ok(("192.0.2.1", Some(0)))),
            ("pbx:", Ok(("pbx", None))),
            ("pbx:+1", Err(UriError::Port)),
            ("pbx:1 2", Err(UriError::Port)),
            ("", Err(UriError::Host)),
            ("a b", Err(UriError::Host)),
            ("[192.0.2.1]", Err(UriError::Host)),
        ];
        for (text, expected) in rows {
            let found = host_port(text).map(|(host, port)| (host.to_string(), port));
            assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)), "{text:?}");
        }
    }

    #[test]
    fn the_case_of_a_name_does_not_count() {
        assert_eq!("PBX.example".parse::<Host>(), "pbx.EXAMPLE".parse::<Host>());
        assert_ne!("192.0.2.1".parse::<Host>(), "192.0.2.2".parse::<Host>());
    }
}
