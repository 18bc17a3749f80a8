//! The sockets: UDP, and connections over TCP and TLS, which are used again for the same place
//! (RFC 3261 section 18).
//!
//! A message over UDP goes as one datagram, however long it is: the sizes of ours stay near 1300
//! bytes (section 18.1.1), networks put fragments together, and an exchange that is configured for
//! UDP need not listen on TCP. Where fragments are lost, the account's transport is set to TCP.

mod connect;
mod place;
mod refusal;
mod stream;
mod tls;
mod udp;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tracing::debug;

pub(super) use place::Place;
use place::Way;
use udp::Udp;

use super::endpoint::{Hop, ReachId};
use super::flow::Flow;
use super::message::{Message, Response};
use super::resolve::Resolver;
use crate::config::{self, SipTransport};

/// Most messages that wait for the agent; datagrams beyond it are lost, connections wait.
const MAX_ARRIVALS: usize = 256;
/// Most messages that wait to be written to a connection; one that is slower is closed.
const MAX_OUTBOX: usize = 64;
/// Most connections.
const MAX_CONNECTIONS: usize = 32;
/// How long an address that did not answer is tried last.
const DISTRUST: Duration = Duration::from_mins(2);
/// Most addresses that are distrusted.
const MAX_DISTRUSTED: usize = 64;
/// Most addresses of a place that are tried.
const MAX_ADDRESSES: usize = 8;

/// What comes from the sockets.
pub(super) enum Arrival {
    /// A message.
    Message(Flow, Box<Message>),
    /// A faulty request came, which gets this answer.
    Refuse(Flow, Box<Response>),
    /// The addresses of a place.
    Resolved(ReachId, Place, Vec<SocketAddr>, Result<Vec<SocketAddr>, String>),
    /// A connection was made, or could not be.
    Connected(ReachId, Result<Connection, String>),
    /// A connection ended, or an address refuses datagrams.
    Lost(Flow, String),
}

/// A connection that is open.
pub(super) struct Connection {
    flow: Flow,
    /// Whose certificate was checked.
    name: Option<String>,
    outbox: mpsc::Sender<Bytes>,
}

/// What became of looking for a way.
pub(super) type Reached = Option<(ReachId, Result<Flow, String>)>;

/// All sockets.
pub(super) struct Transports {
    udp: Vec<Udp>,
    connections: HashMap<u64, Connection>,
    next_connection: u64,
    ways: Vec<Way>,
    resolver: Resolver,
    distrusted: HashMap<SocketAddr, Instant>,
    arrivals: mpsc::Sender<Arrival>,
    patience: Duration,
}

impl Transports {
    /// Opens the UDP sockets; connections are opened when they are needed.
    pub(super) fn open(
        settings: &config::Sip,
        resolver: Resolver,
        patience: Duration,
    ) -> io::Result<(Self, mpsc::Receiver<Arrival>)> {
        let (arrivals, receiver) = mpsc::channel(MAX_ARRIVALS);
        let udp = Udp::open(settings.listen, &arrivals)?;
        let transports = Self {
            udp,
            connections: HashMap::new(),
            next_connection: 0,
            ways: settings.accounts.iter().map(Way::of).collect(),
            resolver,
            distrusted: HashMap::new(),
            arrivals,
            patience,
        };
        Ok((transports, receiver))
    }

    /// The address and port of the first UDP socket.
    pub(super) fn local(&self) -> SocketAddr {
        self.udp.first().map_or_else(|| ([0, 0, 0, 0], 0).into(), Udp::local)
    }

    /// Connections that are open.
    pub(super) fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Sends a message. What cannot be sent is told as [`Arrival::Lost`].
    pub(super) fn send(&mut self, flow: &Flow, message: &Message) {
        debug!(remote = %flow.remote, ?message, "sent");
        self.send_bytes(flow, message.to_bytes());
    }

    /// An empty line, twice over a connection (RFC 5626 sections 3.5.1 and 4.4.1).
    pub(super) fn keep_alive(&mut self, flow: &Flow) {
        self.send_bytes(flow, Bytes::from_static(b"\r\n\r\n"));
    }

    fn send_bytes(&mut self, flow: &Flow, bytes: Bytes) {
        let sent = match flow.transport {
            SipTransport::Udp => self.socket(flow.remote.ip()).map_or_else(
                || Err("there is no socket for this kind of address".to_owned()),
                |udp| udp.send(&bytes, flow.remote),
            ),
            SipTransport::Tcp | SipTransport::Tls => {
                match self.connections.get(&flow.connection).map(|it| it.outbox.try_send(bytes)) {
                    Some(Ok(())) => Ok(()),
                    Some(Err(_)) => {
                        self.connections.remove(&flow.connection);
                        Err("the connection takes nothing more".to_owned())
                    }
                    None => Err("the connection is gone".to_owned()),
                }
            }
        };
        if let Err(why) = sent {
            let (arrivals, flow) = (self.arrivals.clone(), *flow);
            // A full mailbox must not stop the task that empties it.
            tokio::spawn(async move {
                let _stopped = arrivals.send(Arrival::Lost(flow, why)).await;
            });
        }
    }

    fn socket(&self, remote: IpAddr) -> Option<&Udp> {
        self.udp.iter().find(|udp| udp.is_ipv4() == remote.is_ipv4())
    }

    /// A connection ended.
    pub(super) fn forget(&mut self, flow: &Flow) {
        self.connections.remove(&flow.connection);
    }

    /// An address does not answer: it is the last that is tried, for a while.
    pub(super) fn distrust(&mut self, address: SocketAddr) {
        let now = Instant::now();
        self.distrusted.retain(|_, until| *until > now);
        if self.distrusted.len() < MAX_DISTRUSTED {
            self.distrusted.insert(address, now + DISTRUST);
        }
    }

    /// Our own address towards another, as the system's routes are now.
    pub(super) fn local_towards(&self, remote: SocketAddr) -> Result<SocketAddr, String> {
        let udp = self.socket(remote.ip());
        let udp = udp.ok_or("there is no socket for this kind of address")?;
        udp.local_towards(remote).map_err(|error| describe(&error))
    }

    /// Looks for a way. What is known at once is given back; else it arrives later.
    pub(super) fn reach(&mut self, id: ReachId, hop: Hop) -> Reached {
        let place = match self.ways.get(hop.account) {
            Some(way) => way.place(hop.uri.as_ref()),
            None => Err("there is no such account".to_owned()),
        };
        let place = match place {
            Ok(place) => place,
            Err(why) => return Some((id, Err(why))),
        };
        if let Some(address) = place.address() {
            return self.resolved(id, place, &hop.avoid, Ok(vec![address]));
        }
        let (resolver, arrivals, patience) =
            (self.resolver.clone(), self.arrivals.clone(), self.patience);
        tokio::spawn(async move {
            let found = timeout(patience, resolver.addresses(&place)).await;
            let found = found.unwrap_or_else(|_| Err("the name servers do not answer".to_owned()));
            let _stopped = arrivals.send(Arrival::Resolved(id, place, hop.avoid, found)).await;
        });
        None
    }

    /// The addresses of a place are known.
    pub(super) fn resolved(
        &mut self,
        id: ReachId,
        place: Place,
        avoid: &[SocketAddr],
        found: Result<Vec<SocketAddr>, String>,
    ) -> Reached {
        let found = match found {
            Ok(found) => found,
            Err(why) => return Some((id, Err(why))),
        };
        let mut open: Vec<_> = found.into_iter().filter(|it| !avoid.contains(it)).collect();
        let now = Instant::now();
        let distrusted =
            |it: &SocketAddr| self.distrusted.get(it).is_some_and(|until| *until > now);
        open.sort_by_key(distrusted);
        open.truncate(MAX_ADDRESSES);
        if open.is_empty() {
            return Some((id, Err(format!("{} has no other address", place.host()))));
        }
        match place.transport() {
            SipTransport::Udp => Some((id, self.udp_flow(&open))),
            SipTransport::Tcp | SipTransport::Tls => self.connect(id, place, open),
        }
    }

    fn udp_flow(&self, open: &[SocketAddr]) -> Result<Flow, String> {
        let mut why = String::new();
        for remote in open {
            match self.local_towards(*remote) {
                Ok(local) => {
                    let transport = SipTransport::Udp;
                    return Ok(Flow { transport, local, remote: *remote, connection: 0 });
                }
                Err(words) => why = words,
            }
        }
        Err(why)
    }

    fn connect(&mut self, id: ReachId, place: Place, open: Vec<SocketAddr>) -> Reached {
        let same = |connection: &&Connection| {
            connection.flow.transport == place.transport()
                && open.first() == Some(&connection.flow.remote)
                && connection.name.as_deref() == place.name()
                && !connection.outbox.is_closed()
        };
        if let Some(connection) = self.connections.values().find(same) {
            return Some((id, Ok(connection.flow)));
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            return Some((id, Err("there are too many connections".to_owned())));
        }
        self.next_connection += 1;
        let (number, arrivals, patience) =
            (self.next_connection, self.arrivals.clone(), self.patience);
        tokio::spawn(connect::connect(id, place, open, number, arrivals, patience));
        None
    }

    /// A connection was made, or could not be.
    pub(super) fn connected(
        &mut self,
        id: ReachId,
        connection: Result<Connection, String>,
    ) -> (ReachId, Result<Flow, String>) {
        let flow = connection.map(|connection| {
            let flow = connection.flow;
            debug!(remote = %flow.remote, "connected");
            self.connections.insert(flow.connection, connection);
            flow
        });
        (id, flow)
    }
}

/// An error of the system, in words without its number.
fn describe(error: &io::Error) -> String {
    let known = [
        (io::ErrorKind::ConnectionRefused, "connection refused"),
        (io::ErrorKind::NetworkUnreachable, "the network is unreachable"),
        (io::ErrorKind::HostUnreachable, "the host is unreachable"),
        (io::ErrorKind::TimedOut, "it does not answer"),
    ];
    let words = known.iter().find(|(kind, _)| *kind == error.kind());
    words.map_or_else(|| error.to_string(), |(_, words)| (*words).to_owned())
}
