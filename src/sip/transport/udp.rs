//! Datagrams. One socket for each kind of address; refusals of the other end (ICMP) are heard.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::debug;

use super::{Arrival, describe, refusal};
use crate::config::SipTransport;
use crate::sip::flow::Flow;
use crate::sip::message::{MAX_MESSAGE_BYTES, Message};

/// Shortest datagram that can be a message; shorter ones keep a way open.
const MIN_MESSAGE_BYTES: usize = 16;

/// A socket, and the task that reads from it.
pub(super) struct Udp {
    /// For sending: tokio's would say that it cannot until its loop has come round once.
    socket: std::net::UdpSocket,
    local: SocketAddr,
    reader: tokio::task::JoinHandle<()>,
}

impl Udp {
    /// Opens the sockets for an address to listen on: two when it is any of IPv4.
    pub(super) fn open(
        listen: SocketAddr,
        arrivals: &mpsc::Sender<Arrival>,
    ) -> io::Result<Vec<Self>> {
        let first = Self::bind(listen, arrivals)?;
        let port = first.local.port();
        let other = match listen.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        };
        // A host without IPv6 has no second one.
        let other = other.map(|ip| Self::bind(SocketAddr::new(ip, port), arrivals));
        Ok([Some(first), other.and_then(Result::ok)].into_iter().flatten().collect())
    }

    fn bind(address: SocketAddr, arrivals: &mpsc::Sender<Arrival>) -> io::Result<Self> {
        let socket = bind(address)?;
        let local = socket.local_addr()?;
        let receiver = UdpSocket::from_std(socket.try_clone()?)?;
        let reader = tokio::spawn(read(receiver, local, arrivals.clone()));
        Ok(Self { socket, local, reader })
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) const fn is_ipv4(&self) -> bool {
        self.local.is_ipv4()
    }

    /// Sends a datagram; when the system has no room for it, it is lost like any other.
    pub(super) fn send(&self, bytes: &[u8], remote: SocketAddr) -> Result<(), String> {
        match self.socket.send_to(bytes, remote) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            // Of an earlier datagram, and told by the reader.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                let again = self.socket.send_to(bytes, remote);
                again.map(|_| ()).map_err(|error| describe(&error))
            }
            Err(error) => Err(describe(&error)),
        }
    }

    /// The address from which the system would send there.
    pub(super) fn local_towards(&self, remote: SocketAddr) -> io::Result<SocketAddr> {
        if !self.local.ip().is_unspecified() {
            return Ok(self.local);
        }
        let probe = std::net::UdpSocket::bind(SocketAddr::new(self.local.ip(), 0))?;
        // Nothing is sent: it asks for the route.
        probe.connect(remote)?;
        Ok(SocketAddr::new(probe.local_addr()?.ip(), self.local.port()))
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::DGRAM, flags, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    refusal::ask_for(&socket, address.is_ipv4())?;
    bind(&socket, &address)?;
    Ok(socket.into())
}

async fn read(socket: UdpSocket, local: SocketAddr, arrivals: mpsc::Sender<Arrival>) {
    let mut buffer = vec![0; MAX_MESSAGE_BYTES];
    let from = |remote| Flow { transport: SipTransport::Udp, local, remote, connection: 0 };
    loop {
        let Ok(ready) = socket.ready(Interest::READABLE | Interest::ERROR).await else { return };
        let refused = if ready.is_error() { refusal::next(&socket).ok().flatten() } else { None };
        let refused = refused.map(|remote| {
            debug!(%remote, "a datagram was refused");
            Arrival::Lost(from(remote), "connection refused".to_owned())
        });
        let message = match socket.try_recv_from(&mut buffer) {
            Ok((length, remote)) => {
                buffer.get(..length).and_then(|bytes| understand(from(remote), bytes))
            }
            // Nothing is there, or a refusal is, which was taken above.
            Err(_) => None,
        };
        for arrival in [refused, message].into_iter().flatten() {
            // Beyond what can wait it is lost, as it may be on any network.
            if let Err(mpsc::error::TrySendError::Closed(_)) = arrivals.try_send(arrival) {
                return;
            }
        }
    }
}

fn understand(flow: Flow, bytes: &[u8]) -> Option<Arrival> {
    if bytes.len() < MIN_MESSAGE_BYTES {
        return None;
    }
    match Message::parse(bytes) {
        Ok(message) => Some(Arrival::Message(flow, Box::new(message))),
        Err(error) => {
            debug!(%error, remote = %flow.remote, "no message");
            error.answer.map(|answer| Arrival::Refuse(flow, answer))
        }
    }
}
