//! A mail relay on loopback: takes every mail, keeps it in a file, and can be told to fail. It
//! sends nothing anywhere.

mod fault;
mod session;

pub use fault::{Fault, Step, Trouble, Troubles};

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::session::{End, Session};
use crate::config::RelayTls;

/// Most connections at a time; more wait in the listener's queue.
const MAX_CONNECTIONS: usize = 64;

/// How a relay is to be.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens; port 0 takes any free one.
    pub address: SocketAddr,
    /// Whether and how TLS begins.
    pub tls: RelayTls,
    /// Host names and addresses its self-signed certificate is for.
    pub certificate_for: Vec<String>,
    /// User and password without which no mail is taken.
    pub login: Option<(String, String)>,
    /// Whether 8BITMIME is offered.
    pub eight_bit_mime: bool,
    /// Whether SMTPUTF8 is offered.
    pub smtputf8: bool,
    /// Folder where each mail becomes a file, `0001.eml` first.
    pub directory: Option<PathBuf>,
    /// Where each mail is told. The relay waits while the channel is full.
    pub mails: Option<mpsc::Sender<RelayedMail>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: RelayTls::Off,
            certificate_for: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            login: None,
            eight_bit_mime: true,
            smtputf8: true,
            directory: None,
            mails: None,
        }
    }
}

/// A mail as the relay got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedMail {
    /// Its number, from 1: the name of its file.
    pub number: u64,
    /// Which connection brought it, from 1.
    pub connection: u64,
    /// What the client called itself.
    pub hello: String,
    /// Whether it came under TLS.
    pub tls: bool,
    /// Who was logged in.
    pub user: Option<String>,
    /// MAIL's argument: `<a@b> BODY=8BITMIME`.
    pub from: String,
    /// RCPT's arguments: `<a@b>`.
    pub to: Vec<String>,
    /// DATA with dots unstuffed.
    pub data: Vec<u8>,
}

/// A relay at work; dropping it ends it, connections and all.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    certificate: String,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

/// What all sessions of a relay have in common.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    troubles: Troubles,
    connections: AtomicU64,
    mails: AtomicU64,
}

impl Relay {
    /// Starts one.
    ///
    /// # Errors
    /// The address cannot be listened on, or the folder cannot be made.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        if let Some(directory) = &settings.directory {
            tokio::fs::create_dir_all(directory).await?;
        }
        let listener = TcpListener::bind(settings.address).await?;
        let address = listener.local_addr()?;
        let (certificate, acceptor) = tls(&settings.certificate_for)?;
        let shared = Arc::new(Shared {
            settings,
            troubles: Troubles::default(),
            connections: AtomicU64::new(0),
            mails: AtomicU64::new(0),
        });
        let mut task = JoinSet::new();
        task.spawn(accept(listener, acceptor, Arc::clone(&shared)));
        Ok(Self { address, certificate, shared, _task: task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its certificate in PEM, for `mail.ca`.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The faults it is to commit.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.shared.troubles
    }

    /// How many connections were opened so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

fn tls(names: &[String]) -> io::Result<(String, TlsAcceptor)> {
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .map_err(io::Error::other)?;
    Ok((made.cert.pem(), TlsAcceptor::from(Arc::new(config))))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut sessions = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "relay cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        sessions.spawn(async move {
            let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
            if let Err(error) = serve(stream, &acceptor, &shared, number).await {
                tracing::debug!(connection = number, %error, "relay session broke off");
            }
            drop(slot);
        });
        while sessions.try_join_next().is_some() {}
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    shared: &Shared,
    number: u64,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match shared.settings.tls {
        RelayTls::Implicit => {
            let stream = acceptor.accept(stream).await?;
            Session::new(stream, shared, number, true).run(true).await.map(drop)
        }
        RelayTls::Off | RelayTls::Starttls => {
            match Session::new(stream, shared, number, false).run(true).await? {
                End::Closed => Ok(()),
                End::Starttls(stream) => {
                    let stream = acceptor.accept(stream).await?;
                    Session::new(stream, shared, number, true).run(false).await.map(drop)
                }
            }
        }
    }
}
