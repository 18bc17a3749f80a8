//! Addresses: `sip:`, `sips:` (RFC 3261 section 19.1) and `tel:` (RFC 3966).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::grammar;
use super::params::Params;

/// The scheme of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`: TLS all the way.
    Sips,
    /// `tel`
    Tel,
    /// Another one, in lower case.
    Other(String),
}

impl Scheme {
    /// The word before the colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        }
    }
}

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

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// What stands before the `@`, with its escapes; of `tel:` the number, of an unknown scheme
    /// all there is.
    pub user: Option<String>,
    /// The host; an empty name if the scheme has none.
    pub host: Host,
    /// The port.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
    /// What stands behind the `?`: headers of the request to be made, with their escapes.
    pub headers: Option<String>,
}

/// Why a URI cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No scheme.
    #[error("does not begin with `sip:`")]
    Scheme,
    /// No host, or none that can be one.
    #[error("its host is neither a name nor an address")]
    Host,
    /// The port is no number up to 65535.
    #[error("its port is no number up to 65535")]
    Port,
    /// Blanks or control characters inside.
    #[error("there is a blank inside")]
    Blank,
}

impl Uri {
    /// `sip:user@host`; the user as plain text.
    #[must_use]
    pub fn sip(user: Option<&str>, host: Host) -> Self {
        // Here a per cent sign is one, and a colon would begin a password.
        let user = user.map(|user| grammar::escape(user, "%@:;?/&=+$,").replace("%2B", "+"));
        let params = Params::default();
        Self { scheme: Scheme::Sip, user, host, port: None, params, headers: None }
    }

    /// The `transport` parameter, in lower case.
    #[must_use]
    pub fn transport(&self) -> Option<String> {
        self.params.get("transport").map(str::to_ascii_lowercase)
    }

    /// Whether a route is a loose one (`;lr`, RFC 3261 section 16.12).
    #[must_use]
    pub fn lr(&self) -> bool {
        self.params.has("lr")
    }

    /// The `maddr` parameter: where to send it, whatever the host says.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr")?.parse().ok()
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UriError::Blank);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(UriError::Scheme);
        }
        match scheme.to_ascii_lowercase().as_str() {
            "sip" => read_sip(Scheme::Sip, rest),
            "sips" => read_sip(Scheme::Sips, rest),
            "tel" => {
                let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
                Ok(hostless(Scheme::Tel, number, Params::of_uri(params)))
            }
            other => Ok(hostless(Scheme::Other(other.to_owned()), rest, Params::default())),
        }
    }
}

/// Characters that cannot stand in the user, or would begin the next part of a `tel:`.
fn user_reserved(scheme: &Scheme) -> &'static str {
    match scheme {
        Scheme::Sip | Scheme::Sips => "@",
        Scheme::Tel => "@;",
        Scheme::Other(_) => "",
    }
}

fn hostless(scheme: Scheme, user: &str, params: Params) -> Uri {
    let user = Some(grammar::escape(user, user_reserved(&scheme)));
    Uri { scheme, user, host: Host::Name(String::new()), port: None, params, headers: None }
}

fn read_sip(scheme: Scheme, rest: &str) -> Result<Uri, UriError> {
    // The user may hold `;` and `?`, so that it is taken off first.
    let (user, rest) = match rest.split_once('@') {
        Some((user, rest)) => (Some(grammar::escape(user, user_reserved(&scheme))), rest),
        None => (None, rest),
    };
    let (rest, headers) = match rest.split_once('?') {
        Some((rest, headers)) => (rest, Some(grammar::escape(headers, "@"))),
        None => (rest, None),
    };
    let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
    let (host, port) = host_port(place)?;
    Ok(Uri { scheme, user, host, port, params: Params::of_uri(params), headers })
}

impl fmt::Display for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_str();
        scheme
            .chars()
            .filter(|c| grammar::is_token_char(*c))
            .try_for_each(|c| write!(out, "{c}"))?;
        out.write_str(":")?;
        let user =
            self.user.as_ref().map(|user| grammar::escape(user, user_reserved(&self.scheme)));
        match self.scheme {
            Scheme::Other(_) => return out.write_str(&user.unwrap_or_default()),
            Scheme::Tel => out.write_str(&user.unwrap_or_default())?,
            Scheme::Sip | Scheme::Sips => {
                if let Some(user) = user {
                    write!(out, "{user}@")?;
                }
                write!(out, "{}", self.host)?;
                if let Some(port) = self.port {
                    write!(out, ":{port}")?;
                }
            }
        }
        self.params.write_uri(out)?;
        if let Some(headers) = &self.headers {
            write!(out, "?{}", grammar::escape(headers, "@"))?;
        }
        Ok(())
    }
}
