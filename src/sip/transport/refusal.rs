//! Whose machine said that nobody listens there (ICMP). Without asking, Linux tells it to sockets of
//! one peer only; an exchange that is down would be noticed after 32 s.

use std::io;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd as _};

use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Asks the system to tell it (`IP_RECVERR`).
pub(super) fn ask_for(socket: &impl AsFd, is_ipv4: bool) -> io::Result<()> {
    if is_ipv4 {
        setsockopt(socket, Ipv4RecvErr, &true)?;
    } else {
        setsockopt(socket, Ipv6RecvErr, &true)?;
    }
    Ok(())
}

/// Takes the oldest refusal: where the datagram had been sent to. To be called when the socket is
/// ready with an error, until it would block.
pub(super) fn next(socket: &UdpSocket) -> io::Result<Option<SocketAddr>> {
    // The beginning of the refused datagram, which nobody wants.
    let mut start = [0; 16];
    let mut start = [io::IoSliceMut::new(&mut start)];
    let mut reason = nix::cmsg_space!(nix::libc::sock_extended_err, nix::libc::sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let fd = socket.as_raw_fd();
    socket.try_io(Interest::ERROR, || {
        let message = recvmsg::<SockaddrStorage>(fd, &mut start, Some(&mut reason), flags)?;
        Ok(message.address.and_then(|address| to_std(&address)))
    })
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|it| SocketAddr::V4(SocketAddrV4::from(*it)));
    v4.or_else(|| address.as_sockaddr_in6().map(|it| SocketAddr::V6(SocketAddrV6::from(*it))))
}
