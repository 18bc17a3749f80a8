//! The way a message takes: from one of our addresses to one of theirs.

use std::net::SocketAddr;

use super::message::{Host, Transport, Via};
use crate::config::SipTransport;

/// A way between two addresses. With TCP and TLS it is one connection and ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// What carries it.
    pub transport: SipTransport,
    /// Our end, as we see it.
    pub local: SocketAddr,
    /// Their end.
    pub remote: SocketAddr,
    /// Which connection; 0 with UDP.
    pub connection: u64,
}

impl Flow {
    /// Whether what is sent arrives or is told to be lost, so that nothing is sent twice
    /// (RFC 3261 section 17).
    #[must_use]
    pub const fn is_reliable(&self) -> bool {
        match self.transport {
            SipTransport::Udp => false,
            SipTransport::Tcp | SipTransport::Tls => true,
        }
    }

    /// Whether two have the same other end: the same connection, or with UDP the same address.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.transport == other.transport
            && self.remote == other.remote
            && self.connection == other.connection
    }

    /// Our Via of a request that goes this way.
    #[must_use]
    pub fn via(&self, branch: &str) -> Via {
        let transport = match self.transport {
            SipTransport::Udp => Transport::Udp,
            SipTransport::Tcp => Transport::Tcp,
            SipTransport::Tls => Transport::Tls,
        };
        Via::new(transport, (Host::Ip(self.local.ip()), Some(self.local.port())), branch)
    }

    /// The way of an answer to a request that came by this one (RFC 3261 section 18.2.2, RFC 3581
    /// section 4). `via` is the topmost, marked by [`Flow::mark`].
    #[must_use]
    pub fn answer(&self, via: &Via) -> Self {
        if self.is_reliable() || via.params.has("rport") {
            return *self;
        }
        let port = via.sent_by.1.unwrap_or(5060);
        Self { remote: SocketAddr::new(self.remote.ip(), port), ..*self }
    }

    /// Notes in the topmost Via of a request where it came from (RFC 3261 section 18.2.1, RFC 3581
    /// section 4).
    pub fn mark(&self, via: &mut Via) {
        let ip = self.remote.ip().to_string();
        if via.params.has("rport") {
            via.params.set("rport", Some(&self.remote.port().to_string()));
            via.params.set("received", Some(&ip));
        } else if via.sent_by.0 != Host::Ip(self.remote.ip()) {
            via.params.set("received", Some(&ip));
        }
    }
}
