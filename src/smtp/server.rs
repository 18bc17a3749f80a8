//! The receiver as a whole: opens the ports the configuration names, follows its changes, and
//! stops in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clients::Clients;
use super::connection::GRACE;
use super::listener::{self, BindError};
use super::memory::Memory;
use super::tls::TlsSlot;
use crate::config::{Config, Listener};
use crate::intake::Door;

/// Bytes of messages that all sessions together may hold.
const MESSAGE_MEMORY: usize = 64 * 1024 * 1024;

/// How often certificate files are looked at, and ports that could not be opened are tried again.
const CHECK_EVERY: Duration = Duration::from_mins(1);

/// Descriptors for everything that is not an SMTP connection.
const OTHER_FILES: u64 = 256;

/// What listeners and sessions share.
pub(super) struct Shared {
    pub(super) config: watch::Receiver<Arc<Config>>,
    pub(super) door: Arc<dyn Door>,
    pub(super) clients: Clients,
    pub(super) memory: Arc<Memory>,
    pub(super) tls: TlsSlot,
    pub(super) sessions: TaskTracker,
}

/// The SMTP receiver.
pub struct Server {
    shared: Arc<Shared>,
    config: watch::Receiver<Arc<Config>>,
    bound: Vec<(Listener, TcpListener)>,
    /// How many ports are served.
    open: watch::Sender<usize>,
}

/// A port with the task that serves it.
struct Port {
    listener: Listener,
    close: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Opens every port of the configuration; clients wait in the kernel until [`Server::run`].
    /// Must be called within a tokio runtime.
    ///
    /// A certificate that cannot be read is told in the log and leaves the server without TLS: an
    /// alert in clear is better than none.
    ///
    /// # Errors
    /// [`BindError`] if one of the ports cannot be opened.
    pub fn bind(
        config: watch::Receiver<Arc<Config>>,
        door: Arc<dyn Door>,
    ) -> Result<Self, BindError> {
        let current = Arc::clone(&config.borrow());
        let mut bound = Vec::new();
        for listener in &current.smtp.listeners {
            bound.push((listener.clone(), listener::open(listener.address)?));
        }
        raise_file_limit(current.smtp.max_connections);
        let shared = Shared {
            config: config.clone(),
            door,
            clients: Clients::default(),
            memory: Memory::new(MESSAGE_MEMORY),
            tls: TlsSlot::default(),
            sessions: TaskTracker::new(),
        };
        shared.tls.refresh(&current);
        Ok(Self { shared: Arc::new(shared), config, bound, open: watch::Sender::default() })
    }

    /// The addresses of the open ports, in the order of the configuration.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.bound.iter().filter_map(|(_, socket)| socket.local_addr().ok()).collect()
    }

    /// Serves until `stop`. Then ports close and silent sessions end at once, while sessions in
    /// the middle of a message have ten seconds to finish it.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ports = Vec::new();
        for (listener, socket) in std::mem::take(&mut self.bound) {
            ports.push(self.serve(listener, socket, &stop));
        }
        self.open.send_replace(ports.len());
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.reset();
        let mut may_change = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.config.changed(), if may_change => may_change = changed.is_ok(),
                _ = check.tick() => {}
            }
            let config = Arc::clone(&self.config.borrow());
            self.shared.tls.refresh(&config);
            self.follow(&config, &mut ports, &stop).await;
            self.open.send_if_modified(|open| std::mem::replace(open, ports.len()) != ports.len());
        }
        self.open.send_replace(0);
        for port in ports {
            port.shut().await;
        }
        self.shared.sessions.close();
        // Sessions keep the time themselves; this is for one that cannot (a blocked intake).
        if timeout(GRACE * 2, self.shared.sessions.wait()).await.is_err() {
            tracing::warn!(sessions = self.shared.sessions.len(), "left behind on stopping");
        }
    }

    /// How many ports are served: none before [`Server::run`].
    #[must_use]
    pub fn open_ports(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }

    /// Closes ports the configuration no longer names, without their sessions, and opens new ones.
    async fn follow(&self, config: &Config, ports: &mut Vec<Port>, stop: &CancellationToken) {
        let wanted = &config.smtp.listeners;
        // A port whose task died is opened anew like one that is missing.
        let serves = |port: &Port| wanted.contains(&port.listener) && !port.task.is_finished();
        let (kept, gone): (Vec<_>, Vec<_>) = ports.drain(..).partition(serves);
        *ports = kept;
        for port in gone {
            tracing::info!(address = %port.listener.address, "port closed");
            port.shut().await;
        }
        for listener in wanted {
            if ports.iter().any(|port| port.listener == *listener) {
                continue;
            }
            match listener::open(listener.address) {
                Ok(socket) => {
                    tracing::info!(address = %listener.address, "port opened");
                    ports.push(self.serve(listener.clone(), socket, stop));
                }
                Err(error) => tracing::error!(%error, "port missing; trying again in a minute"),
            }
        }
    }

    fn serve(&self, listener: Listener, socket: TcpListener, stop: &CancellationToken) -> Port {
        let close = CancellationToken::new();
        let task = tokio::spawn(listener::accept(
            socket,
            listener.clone(),
            Arc::clone(&self.shared),
            close.clone(),
            stop.clone(),
        ));
        Port { listener, close, task }
    }
}

impl Port {
    async fn shut(self) {
        self.close.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "listener died");
        }
    }
}

/// Lets the process open as many files as there may be connections, as far as the system allows.
fn raise_file_limit(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    let limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.map_or(wanted, |maximum| wanted.min(maximum));
    if limit.current.is_some_and(|current| current < allowed) {
        let raised = Rlimit { current: Some(allowed), maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "cannot raise the number of open files");
        }
    }
    if allowed < wanted {
        tracing::warn!(allowed, wanted, "the system allows fewer open files than connections");
    }
}
