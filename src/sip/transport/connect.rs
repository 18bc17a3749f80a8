//! Making a connection: each address of the place in turn.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Arrival, Connection, MAX_OUTBOX, Place, describe, stream, tls};
use crate::config::SipTransport;
use crate::sip::endpoint::ReachId;
use crate::sip::flow::Flow;

/// How long the other end may leave what was sent unconfirmed.
const UNCONFIRMED: Duration = Duration::from_secs(30);

/// Connects, and carries messages until the end.
pub(super) async fn connect(
    id: ReachId,
    place: Place,
    open: Vec<SocketAddr>,
    number: u64,
    arrivals: mpsc::Sender<Arrival>,
    patience: Duration,
) {
    let share = patience / u32::try_from(open.len()).unwrap_or(1).max(1);
    let mut why = String::new();
    for remote in open {
        match timeout(share, open_one(&place, remote)).await {
            Ok(Ok((wire, local))) => {
                let (transport, connection) = (place.transport(), number);
                let flow = Flow { transport, local, remote, connection };
                let (outbox, queue) = mpsc::channel(MAX_OUTBOX);
                let name = place.name().map(str::to_owned);
                let made = Connection { flow, name, outbox };
                // It is known before its first message arrives.
                if arrivals.send(Arrival::Connected(id, Ok(made))).await.is_err() {
                    return;
                }
                return match wire {
                    Wire::Plain(socket) => stream::carry(socket, flow, queue, arrivals).await,
                    Wire::Tls(tls) => stream::carry(*tls, flow, queue, arrivals).await,
                };
            }
            Ok(Err(words)) => why = words,
            Err(_) => "it does not answer".clone_into(&mut why),
        }
    }
    let words = format!("{}: {why}", place.host());
    let _stopped = arrivals.send(Arrival::Connected(id, Err(words))).await;
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn open_one(place: &Place, remote: SocketAddr) -> Result<(Wire, SocketAddr), String> {
    let socket = TcpStream::connect(remote).await.map_err(|error| describe(&error))?;
    let local = socket.local_addr().map_err(|error| describe(&error))?;
    socket.set_nodelay(true).map_err(|error| describe(&error))?;
    // An exchange that lost its power is noticed by the next keep-alive.
    let millis = u32::try_from(UNCONFIRMED.as_millis()).unwrap_or(u32::MAX);
    rustix::net::sockopt::set_tcp_user_timeout(&socket, millis)
        .map_err(|error| describe(&error.into()))?;
    let wire = match place.transport() {
        SipTransport::Udp | SipTransport::Tcp => Wire::Plain(socket),
        SipTransport::Tls => {
            Wire::Tls(Box::new(tls::handshake(socket, place.name(), place.ca()).await?))
        }
    };
    Ok((wire, local))
}
