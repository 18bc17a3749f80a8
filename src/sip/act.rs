//! How the machines of calls, registrations and single requests speak with the endpoint.

use std::net::SocketAddr;
use std::time::Instant;

use super::flow::Flow;
use super::message::{Request, Response, Uri};
use super::timing::Timing;
use super::token::Tokens;
use super::transaction::ServerId;
use crate::config::SipTransport;

/// What a machine is given whenever it is asked.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) timing: &'a Timing,
    pub(crate) tokens: &'a mut Tokens,
}

/// A request that a machine sends. The machine gives the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Way {
    /// To the account's proxy or domain.
    Account,
    /// To the host of that URI.
    Uri(Uri),
}

/// What a machine wants.
#[derive(Debug)]
pub(crate) enum Act<E> {
    /// A request is to be sent. The machine writes it as soon as the way is known, as addresses of
    /// ours stand in it.
    Send(Slot, Way),
    /// An ACK, which has no transaction.
    SendAck(Box<Request>, Way),
    /// An INVITE is to be taken back.
    Cancel(Slot),
    /// A request is answered.
    Answer(ServerId, Response),
    /// The ACK of our 2xx came.
    Acknowledged(ServerId),
    /// The way is kept open: what lies between forgets one that is not used.
    KeepAlive(Flow),
    /// Something happened that others want to know.
    Tell(E),
}

/// The way that was found for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outlet {
    pub(crate) flow: Flow,
    /// Where we are, as the other side sees it: behind a router not our own address.
    pub(crate) here: SocketAddr,
}

impl Outlet {
    /// The URI by which we are reached.
    pub(crate) fn contact(&self, user: Option<&str>) -> Uri {
        let mut uri = Uri::sip(None, self.here.ip().into());
        uri.user = user.map(str::to_owned);
        uri.port = Some(self.here.port());
        if self.flow.transport != SipTransport::Udp {
            uri.params.set("transport", Some(self.flow.transport.as_str()));
        }
        uri
    }
}
