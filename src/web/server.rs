//! The edge: one port, TLS, the command line's socket, and a task for each connection. It waits on: a
//! connection, a change of the configuration, the next look at the certificate, the stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use super::account::{AccountFile, SetupToken};
use super::guard::{Encrypted, Peer};
use super::local::{self, Local};
use super::metrics;
use super::routes;
use super::site::{Parts, Site};
use super::statistics;
use super::update;
use crate::config::{Config, Web};
use crate::smtp::{TlsSlot, open_port};

/// How long a client may take for its TLS handshake, and for the header of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may last without an end: streams of events begin anew.
const LONGEST: Duration = Duration::from_hours(12);

/// Longest header of a request, in bytes.
const MAX_HEADER: usize = 32 * 1024;

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long a request may take until its answer begins, its body included: a test message may wait
/// for a relay and a modem.
const LONGEST_REQUEST: Duration = Duration::from_mins(3);

/// Pause after the system had no descriptor or memory for a connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How often certificate files are looked at, and a port that is missing is tried again.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How long requests under way may take when the appliance stops.
const GRACE: Duration = Duration::from_secs(5);

/// The administration, ready to run.
pub struct Server {
    parts: Parts,
    port: Port,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
enum Client {
    /// A browser or a program, and whether it speaks HTTPS.
    Far(SocketAddr, bool),
    /// The command line of this machine.
    Local,
}

/// How to speak with a client.
enum Speech {
    Http,
    Https(Arc<ServerConfig>),
}

/// The port, in step with the configuration.
struct Port {
    settings: watch::Receiver<Arc<Config>>,
    tls: TlsSlot,
    open: Option<(Web, TcpListener)>,
}

impl Server {
    /// Opens the port. That it cannot be opened is told in the log and tried again: an appliance that
    /// wakes people is worth more than its pages.
    #[must_use]
    pub fn bind(parts: Parts) -> Self {
        let settings = parts.settings.clone();
        let mut port = Port { settings, tls: TlsSlot::default(), open: None };
        port.follow();
        Self { parts, port }
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.port.local_addr()
    }

    /// The token that is wanted before anybody can log in, if nobody can yet.
    #[must_use]
    pub fn setup_token(&self) -> Option<String> {
        let config = Arc::clone(&self.parts.settings.borrow());
        let folder = config.web.enabled.then(|| config.appliance.store.join("web"))?;
        let nobody = AccountFile::in_folder(&folder).ok()?.read().ok()?.users.is_empty();
        let token = nobody.then(|| SetupToken::have(&folder).ok()).flatten()?;
        Some(token.reveal().to_owned())
    }

    /// Serves until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let Self { parts, mut port } = self;
        let mut settings = parts.settings.clone();
        // What is switched off makes no folder and no token.
        while !settings.borrow_and_update().web.enabled {
            tokio::select! {
                () = stop.cancelled() => return,
                Ok(()) = settings.changed() => port.follow(),
            }
        }
        let places = Arc::new(Semaphore::new(settings.borrow().web.max_connections));
        let connections = TaskTracker::new();
        let site = match Site::open(parts, stop.clone()) {
            Ok(site) => Arc::new(site),
            Err(error) => {
                tracing::error!(%error, "no administration in the browser");
                return stop.cancelled().await;
            }
        };
        introduce(&site, &port);
        connections.spawn(Arc::clone(&site).follow_calls());
        connections.spawn(metrics::follow(Arc::clone(&site)));
        connections.spawn(statistics::follow(Arc::clone(&site)));
        let routes = routes::all(&site);
        let store = site.config().appliance.store.clone();
        drop(site);
        let local = local::bind(&store);
        if let Err(error) = &local {
            tracing::warn!(%error, "no API for the command line");
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                (stream, peer) = port.accept() => {
                    let Some(speech) = port.admit(peer) else { continue };
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                        tracing::debug!(%peer, "too many connections to the administration");
                        continue;
                    };
                    let serving = serve(stream, peer, speech, routes.clone(), stop.clone());
                    connections.spawn(async move {
                        if tokio::time::timeout(LONGEST, serving).await.is_err() {
                            tracing::debug!(%peer, "a connection lasted too long");
                        }
                        drop(place);
                    });
                }
                stream = accept_local(local.as_ref().ok()) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                    let serving = converse(stream, Client::Local, routes.clone(), stop.clone());
                    connections.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Ok(()) = settings.changed() => port.follow(),
                () = tokio::time::sleep(LOOK_EVERY) => port.follow(),
            }
        }
        drop((port, routes, local));
        local::unbind(&store);
        connections.close();
        if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
            tracing::debug!("requests to the administration did not end in time");
        }
    }
}

impl Port {
    fn local_addr(&self) -> Option<SocketAddr> {
        self.open.as_ref().and_then(|(_, port)| port.local_addr().ok())
    }

    /// Opens, closes or moves the port as the configuration says.
    fn follow(&mut self) {
        let config = Arc::clone(&self.settings.borrow());
        let web = &config.web;
        let pair = web.certificate.as_ref().or(config.smtp.certificate.as_ref());
        self.tls.refresh_pair(web.enabled && web.https, pair, &config);
        if let Some((open, _)) = &mut self.open
            && web.enabled
            && open.listen == web.listen
        {
            open.clone_from(web);
            return;
        }
        self.open = None;
        if !web.enabled {
            return;
        }
        match open_port(web.listen) {
            Ok(port) => self.open = Some((web.clone(), port)),
            Err(error) => {
                tracing::error!(%error, "no administration in the browser; trying again in a minute");
            }
        }
    }

    /// The next connection; never, while there is no port.
    async fn accept(&self) -> (TcpStream, SocketAddr) {
        let Some((_, port)) = &self.open else { return std::future::pending().await };
        loop {
            match port.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection to the administration");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    /// How to speak with a client, if it may come.
    fn admit(&self, peer: SocketAddr) -> Option<Speech> {
        let (web, _) = self.open.as_ref()?;
        let client = peer.ip().to_canonical();
        if !web.allow.iter().any(|network| network.contains(&client)) {
            tracing::debug!(%client, "turned away from the administration");
            return None;
        }
        if web.https { self.tls.current().map(Speech::Https) } else { Some(Speech::Http) }
    }
}

/// The next connection of the command line; never, without a socket.
async fn accept_local(socket: Option<&UnixListener>) -> UnixStream {
    let Some(socket) = socket else { return std::future::pending().await };
    loop {
        match socket.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection of the command line");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

/// Says where it is, and how to set it up.
fn introduce(site: &Site, port: &Port) {
    let Some(address) = port.local_addr() else { return };
    let scheme = if site.config().web.https { "https" } else { "http" };
    tracing::info!("administration: {scheme}://{address}/");
    if let Some(token) = site.setup() {
        let token = token.reveal();
        tracing::warn!("nobody can log in yet; the set-up token is {token}");
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    speech: Speech,
    routes: Router,
    stop: CancellationToken,
) {
    // Answers are small and somebody waits.
    drop(stream.set_nodelay(true));
    let tls = match speech {
        Speech::Http => return converse(stream, Client::Far(peer, false), routes, stop).await,
        Speech::Https(tls) => tls,
    };
    let handshake = TlsAcceptor::from(tls).accept(stream);
    match tokio::time::timeout(PATIENCE, handshake).await {
        Ok(Ok(stream)) => converse(stream, Client::Far(peer, true), routes, stop).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS of the administration"),
        Err(_) => tracing::debug!(%peer, "TLS of the administration: too slow"),
    }
}

async fn converse<S>(stream: S, client: Client, routes: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        let known = request.extensions_mut();
        match client {
            Client::Far(peer, encrypted) => {
                known.insert(Peer(peer.ip().to_canonical()));
                known.insert(Encrypted(encrypted));
            }
            Client::Local => drop(known.insert(Local)),
        }
        let mut routes = routes.clone();
        let is_upload = update::PATHS.contains(&request.uri().path());
        let longest = if is_upload { update::LONGEST_UPLOAD } else { LONGEST_REQUEST };
        async move {
            let answer = tokio::time::timeout(longest, routes.call(request)).await;
            answer.unwrap_or_else(|_| Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(MAX_HEADER)
        .max_headers(MAX_HEADERS)
        .half_close(false);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(?client, %error, "a connection to the administration");
    }
}
