//! Via (RFC 3261 section 20.42): the way a request came, which its responses go back.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::grammar;
use super::host::{Host, host_port};
use super::params::Params;
use super::uri::UriError;

/// What a branch begins with if it is unique for its transaction (RFC 3261 section 8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// What a message travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP
    Udp,
    /// TCP
    Tcp,
    /// TLS over TCP
    Tls,
    /// SCTP; ours never do, but the way beyond a proxy may.
    Sctp,
    /// TLS over SCTP; likewise.
    TlsSctp,
    /// Websocket (RFC 7118); likewise.
    Ws,
    /// Websocket over TLS; likewise.
    Wss,
}

impl Transport {
    /// The word in Via.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::TlsSctp => "TLS-SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// Whether nothing is lost on it, so that nothing need be sent twice.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Transport {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Udp, Self::Tcp, Self::Tls, Self::Sctp, Self::TlsSctp, Self::Ws, Self::Wss];
        let found = all.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(text));
        found.ok_or(UriError::Scheme)
    }
}

/// One station of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// What the message travelled on.
    pub transport: Transport,
    /// Host and port that the sender gave.
    pub sent_by: (Host, Option<u16>),
    /// The parameters.
    pub params: Params,
}

impl Via {
    /// Our own, with an empty `rport` to be filled by the server (RFC 3581).
    #[must_use]
    pub fn new(transport: Transport, sent_by: (Host, Option<u16>), branch: &str) -> Self {
        let mut params = Params::default();
        params.set("rport", None);
        params.set("branch", Some(branch));
        Self { transport, sent_by, params }
    }

    /// The branch, which names the transaction.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch is unique for the transaction; one of RFC 2543 is not.
    #[must_use]
    pub fn has_magic_cookie(&self) -> bool {
        let start = self.branch().and_then(|branch| branch.get(..MAGIC_COOKIE.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
    }

    /// The address that the message came from, as the server saw it.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        match self.params.get("received")?.parse().ok()? {
            Host::Ip(address) => Some(address),
            Host::Name(_) => None,
        }
    }

    /// The port that the message came from, as the server saw it.
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }
}

impl FromStr for Via {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Blanks may stand around each slash and the colon.
        let (way, params) = grammar::split_once(text, b';').unwrap_or((text, ""));
        let mut parts = way.splitn(3, '/').map(str::trim);
        let (protocol, version) = (parts.next(), parts.next());
        if !protocol.is_some_and(|name| name.eq_ignore_ascii_case("SIP")) || version != Some("2.0")
        {
            return Err(UriError::Scheme);
        }
        let rest = parts.next().ok_or(UriError::Scheme)?;
        let (transport, place) = rest.split_once([' ', '\t']).ok_or(UriError::Host)?;
        let sent_by = host_port(place)?;
        Ok(Self { transport: transport.parse()?, sent_by, params: Params::of_header(params) })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = &self.sent_by;
        write!(out, "SIP/2.0/{} {host}", self.transport)?;
        if let Some(port) = port {
            write!(out, ":{port}")?;
        }
        self.params.write_header(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_are_read() {
        let rows = [
            (
                "SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1",
                "SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1",
            ),
            (
                " SIP / 2.0 / tcp   first.example.com : 4000;ttl=16 ;branch = z9hG4bKa ",
                "SIP/2.0/TCP first.example.com:4000;ttl=16;branch=z9hG4bKa",
            ),
            ("sip/2.0/TLS [2001:db8::1]", "SIP/2.0/TLS [2001:db8::1]"),
            (
                "SIP/2.0/WSS df7jal23ls0d.invalid;x=\"a;b\"",
                "SIP/2.0/WSS df7jal23ls0d.invalid;x=\"a;b\"",
            ),
        ];
        for (text, written) in rows {
            let via: Via = text.parse().expect(text);
            assert_eq!(via.to_string(), written);
            assert_eq!(written.parse(), Ok(via));
        }
        for text in
            ["", "SIP/2.0/UDP", "SIP/3.0/UDP a", "HTTP/2.0/UDP a", "SIP/2.0/X a", "SIP/2.0/UDP a b"]
        {
            assert!(text.parse::<Via>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_server_adds_is_found() {
        let via = |params: &str| format!("SIP/2.0/UDP a;{params}").parse::<Via>().unwrap();
        assert_eq!(via("received=192.0.2.1;rport=5060").received(), "192.0.2.1".parse().ok());
        assert_eq!(via("received=2001:db8::1").received(), "2001:db8::1".parse().ok());
        assert_eq!(via("received=[2001:db8::1]").received(), "2001:db8::1".parse().ok());
        assert_eq!(via("received=pbx").received(), None);
        assert_eq!(via("rport=5060").rport(), Some(5060));
        assert_eq!(via("rport").rport(), None);
        assert!(via("branch=Z9HG4BKx").has_magic_cookie());
        assert!(!via("branch=1").has_magic_cookie());
        assert!(!via("branch=z9hG4bé").has_magic_cookie());
        assert_eq!(via("branch").branch(), None);
    }
}
