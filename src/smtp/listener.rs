//! One port: takes connections in, turns away who may not come, and starts a task for the others.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::clients::Rate;
use super::connection::{self, Slot};
use super::reply;
use super::server::Shared;
use crate::config::{Listener, ListenerTls};

/// Connections the kernel keeps waiting.
const BACKLOG: u32 = 1024;

/// Pause after the system had no descriptor or memory for a connection: trying at once would only
/// burn the processor until some session ends.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Log lines per minute about clients turned away.
const TURNED_AWAY_LINES: u32 = 20;

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A port below 1024 without the right to it.
    #[error(
        "cannot listen on {0}: permission denied; give the program CAP_NET_BIND_SERVICE or use \
         another port"
    )]
    Denied(SocketAddr),
    /// Another program has the port.
    #[error("cannot listen on {0}: another program listens there already")]
    InUse(SocketAddr),
    /// Not an address of this machine.
    #[error("cannot listen on {0}: this machine does not have this address")]
    NoSuchAddress(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Opens the port; must be called within a tokio runtime.
///
/// # Errors
/// [`BindError`] says why not.
pub fn open(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        // Connections inherit it. Replies are gathered before they are sent, so waiting for more
        // would only delay them.
        socket.set_nodelay(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| {
        let kind = source.kind();
        if kind == io::ErrorKind::PermissionDenied {
            BindError::Denied(address)
        } else if kind == io::ErrorKind::AddrInUse {
            BindError::InUse(address)
        } else if kind == io::ErrorKind::AddrNotAvailable {
            BindError::NoSuchAddress(address)
        } else {
            BindError::Other { address, source }
        }
    })
}

/// Takes connections until `close`; the sessions themselves go on until `stop`.
pub(super) async fn accept(
    socket: TcpListener,
    listener: Listener,
    shared: Arc<Shared>,
    close: CancellationToken,
    stop: CancellationToken,
) {
    let mut lines = Rate::default();
    let mut closed = pin!(close.cancelled());
    loop {
        let accepted = tokio::select! {
            biased;
            () = closed.as_mut() => return,
            accepted = socket.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_clients_fault(&error) => continue,
            Err(error) => {
                if lines.take(TURNED_AWAY_LINES, Instant::now().into_std()) {
                    tracing::error!(%error, "cannot take a connection in");
                }
                sleep(EXHAUSTED_PAUSE).await;
                continue;
            }
        };
        let client = peer.ip().to_canonical();
        match admit(&shared, client) {
            Ok(slot) => {
                let session = connection::serve(stream, slot, listener.clone(), stop.clone());
                shared.sessions.spawn(session);
            }
            Err(line) => {
                if lines.take(TURNED_AWAY_LINES, Instant::now().into_std()) {
                    tracing::warn!(%client, reply = line, "turned away");
                }
                turn_away(&stream, &listener, line);
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, client: IpAddr) -> Result<Slot, &'static str> {
    let config = Arc::clone(&shared.config.borrow());
    if !config.smtp.allow.iter().any(|network| network.contains(&client)) {
        return Err(reply::NOT_ALLOWED);
    }
    shared.clients.connect(client, &config.smtp, Instant::now().into_std())?;
    Ok(Slot { shared: Arc::clone(shared), client })
}

/// Says why, if it costs nothing: no task, no waiting, and nothing at all where TLS is expected.
fn turn_away(stream: &TcpStream, listener: &Listener, line: &str) {
    if listener.tls != ListenerTls::Implicit {
        let line = format!("{line}\r\n");
        let flags = rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL;
        if let Err(error) = rustix::net::send(stream, line.as_bytes(), flags) {
            tracing::debug!(%error, "could not say why");
        }
    }
}

/// Whether the connection broke before it was taken in, which says nothing about the next one.
fn is_clients_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
