//! Two neighbouring ports for a call: an even one for sound, the next for reports (RFC 3550
//! section 11).

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;

use rustix::net::sockopt::{set_ip_tos, set_ipv6_tclass};
use tracing::debug;

use super::SessionError;

/// "Expedited forwarding" (RFC 3246), which is what telephones ask of the network, as the upper six
/// bits of an octet.
const EXPEDITED: u8 = 46 << 2;
/// So often the system is asked for any pair of ports.
const TRIES: u32 = 100;

/// Opens a pair in a range; `0..=0` means any.
pub(super) fn bind(
    local: IpAddr,
    ports: &RangeInclusive<u16>,
) -> Result<(UdpSocket, UdpSocket), SessionError> {
    let even = |port: u16| port.checked_add(port % 2);
    let any = *ports == (0..=0);
    let first = even(*ports.start()).unwrap_or(u16::MAX);
    let pairs = u32::from(ports.end().saturating_sub(first)).div_ceil(2);
    // At random, so that the late packets of one call do not meet the next one.
    let offset = fastrand::u32(..pairs.max(1));
    for count in 0..if any { TRIES } else { pairs } {
        let above = u16::try_from((offset + count) % pairs.max(1) * 2).unwrap_or(u16::MAX);
        let port = if any { 0 } else { first.saturating_add(above) };
        match pair(local, port) {
            Ok(Some(pair)) => return Ok(pair),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(SessionError::Socket(error)),
        }
    }
    Err(SessionError::NoPort(ports.clone()))
}

/// A pair that begins at a port, or anywhere at 0; `None` if that began at an odd port.
fn pair(local: IpAddr, port: u16) -> io::Result<Option<(UdpSocket, UdpSocket)>> {
    let sound = UdpSocket::bind((local, port))?;
    let port = sound.local_addr()?.port();
    let Some(next) = port.checked_add(1).filter(|_| port.is_multiple_of(2)) else {
        return Ok(None);
    };
    let reports = UdpSocket::bind((local, next))?;
    for socket in [&sound, &reports] {
        socket.set_nonblocking(true)?;
        let marked = match local {
            IpAddr::V4(_) => set_ip_tos(socket, EXPEDITED),
            IpAddr::V6(_) => set_ipv6_tclass(socket, u32::from(EXPEDITED)),
        };
        if let Err(error) = marked {
            debug!(%error, "sound goes without a mark for the network");
        }
    }
    Ok(Some((sound, reports)))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn ports_are_neighbours_within_the_range() {
        let (sound, reports) = bind(LOCAL, &(0..=0)).unwrap();
        let port = sound.local_addr().unwrap().port();
        assert_eq!((port % 2, reports.local_addr().unwrap().port()), (0, port + 1));
        // That pair is taken, and there is no other one.
        for range in [port..=port + 1, port - 1..=port + 1, port..=port, port + 1..=port + 2] {
            let error = bind(LOCAL, &range).unwrap_err();
            assert!(matches!(error, SessionError::NoPort(_)), "{range:?}: {error}");
        }
        drop((sound, reports));
        let (again, _reports) = bind(LOCAL, &(port..=port + 1)).unwrap();
        assert_eq!(again.local_addr().unwrap().port(), port);
    }

    #[test]
    fn an_address_of_somebody_else_is_an_error_of_its_own() {
        let elsewhere = "192.0.2.1".parse().unwrap();
        let error = bind(elsewhere, &(0..=0)).unwrap_err();
        assert!(matches!(error, SessionError::Socket(_)), "{error}");
        let error = bind(LOCAL, &(u16::MAX..=u16::MAX)).unwrap_err();
        assert!(matches!(error, SessionError::NoPort(_)), "{error}");
    }
}
