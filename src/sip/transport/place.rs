//! Which host and port, and by what: RFC 3263 section 4.1 as an account's configuration has it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::config::{SipAccount, SipTransport};
use crate::sip::message::{Host, Scheme, Uri};

/// How an account's requests travel.
#[derive(Debug)]
pub(super) struct Way {
    transport: SipTransport,
    /// The proxy, else the domain.
    exchange: Result<Uri, String>,
    domain: String,
    ca: Option<PathBuf>,
}

/// A place that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    host: Host,
    port: Option<u16>,
    transport: SipTransport,
    /// Whom the certificate must name.
    name: Option<String>,
    ca: Option<PathBuf>,
}

impl Way {
    pub(super) fn of(account: &SipAccount) -> Self {
        let exchange = account.proxy.as_ref().unwrap_or(&account.domain);
        let bare = exchange.trim_start_matches("sip:").trim_start_matches("sips:");
        let uri = format!("sip:{bare}").parse();
        Self {
            transport: account.transport,
            exchange: uri.map_err(|error| format!("{exchange} is no host: {error}")),
            domain: account.domain.clone(),
            ca: account.ca.clone(),
        }
    }

    /// The place of a URI, or the account's own exchange.
    pub(super) fn place(&self, uri: Option<&Uri>) -> Result<Place, String> {
        let is_exchange = uri.is_none();
        let uri = match uri {
            Some(uri) => uri,
            None => self.exchange.as_ref().map_err(Clone::clone)?,
        };
        let host = uri.maddr().unwrap_or_else(|| uri.host.clone());
        let transport = match (uri.transport().as_deref(), &uri.scheme) {
            (_, Scheme::Sips) | (Some("tls"), _) => SipTransport::Tls,
            // Who wants TLS is not sent anything without.
            _ if self.transport == SipTransport::Tls => SipTransport::Tls,
            (Some("tcp"), _) => SipTransport::Tcp,
            (Some("udp"), _) => SipTransport::Udp,
            // RFC 3263 says UDP; an account of TCP means TCP.
            (_, _) => self.transport,
        };
        let name = match (&uri.host, is_exchange) {
            // A certificate names the domain rather than an address (RFC 5922 section 7.2).
            (Host::Ip(_), true) => self.domain.clone(),
            (Host::Ip(ip), false) => ip.to_string(),
            (Host::Name(name), _) => name.clone(),
        };
        let name = (transport == SipTransport::Tls).then_some(name);
        Ok(Place { host, port: uri.port, transport, name, ca: self.ca.clone() })
    }
}

impl Place {
    /// An account's own exchange.
    #[cfg(test)]
    pub(crate) fn of(account: &SipAccount) -> Self {
        Way::of(account).place(None).expect("an exchange with a name")
    }

    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) const fn port(&self) -> Option<u16> {
        self.port
    }

    pub(crate) const fn transport(&self) -> SipTransport {
        self.transport
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) const fn ca(&self) -> Option<&PathBuf> {
        self.ca.as_ref()
    }

    /// The port where nobody says otherwise (RFC 3261 section 19.1.2).
    pub(crate) const fn usual_port(&self) -> u16 {
        match self.transport {
            SipTransport::Udp | SipTransport::Tcp => 5060,
            SipTransport::Tls => 5061,
        }
    }

    /// The address, if the host is one.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let ip: IpAddr = match &self.host {
            Host::Ip(ip) => *ip,
            Host::Name(_) => return None,
        };
        Some(SocketAddr::new(ip, self.port.unwrap_or(self.usual_port())))
    }
}
