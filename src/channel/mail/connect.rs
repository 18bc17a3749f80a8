//! A connection to the relay: TCP, TLS, EHLO, login.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Starttls;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{Fault, Step};
use super::stream::RelayStream;
use crate::config::{Mail, RelayTls};

/// Opens connections. Keeps the system's CA certificates, which take long to read.
#[derive(Debug, Default)]
pub(super) struct Connector {
    system_cas: OnceCell<Arc<ClientConfig>>,
}

impl Connector {
    /// Connects to `relay` and logs in, ready for MAIL. Each step may take `mail.timeout`.
    pub(super) async fn open(
        &self,
        relay: &str,
        mail: &Mail,
        appliance: &str,
    ) -> Result<AsyncSmtpConnection, Fault> {
        let hello = ClientId::Domain(appliance.to_owned());
        let socket = tcp(relay, mail.port, mail.timeout).await?;
        let mut connection = match mail.tls {
            RelayTls::Off => greet(RelayStream::plain(socket), &hello, mail.timeout).await?,
            RelayTls::Implicit => {
                let stream = self.tls(socket, relay, mail).await?;
                greet(RelayStream::implicit_tls(stream), &hello, mail.timeout).await?
            }
            RelayTls::Starttls => {
                let socket = starttls(socket, &hello, mail.timeout).await?;
                let stream = self.tls(socket, relay, mail).await?;
                greet(RelayStream::after_starttls(stream), &hello, mail.timeout).await?
            }
        };
        if let Some(user) = &mail.user {
            let password = mail.password.as_ref().map_or("", |password| password.reveal());
            let credentials = Credentials::new(user.clone(), password.to_owned());
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            step(Step::Login, mail.timeout, login).await?;
        }
        Ok(connection)
    }

    async fn tls(
        &self,
        socket: TcpStream,
        relay: &str,
        mail: &Mail,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let name = ServerName::try_from(relay.to_owned()).map_err(|_| Fault::RelayName)?;
        let config = match &mail.ca {
            Some(path) => trusting(&ca_file(path.clone()).await?)?,
            None => Arc::clone(self.system_cas.get_or_try_init(system_cas).await?),
        };
        timeout(mail.timeout, TlsConnector::from(config).connect(name, socket))
            .await
            .map_err(|_| Fault::Silent { step: Step::Tls, waited: mail.timeout })?
            .map_err(Fault::Tls)
    }
}

/// Waits for one step of lettre's.
pub(super) async fn step<T>(
    step: Step,
    limit: Duration,
    future: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Fault> {
    match timeout(limit, future).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Fault::at(step, &error)),
        Err(_) => Err(Fault::Silent { step, waited: limit }),
    }
}

/// Tries the relay's addresses in turn; together they have `limit`, so that one that swallows
/// packets leaves time for the next.
async fn tcp(relay: &str, port: u16, limit: Duration) -> Result<TcpStream, Fault> {
    let silent = Fault::Silent { step: Step::Connect, waited: limit };
    let found = timeout(limit, tokio::net::lookup_host((relay, port))).await;
    let addresses: Vec<_> = match found {
        Ok(found) => found.map_err(Fault::Unreachable)?.collect(),
        Err(_) => return Err(silent),
    };
    let share = limit / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut last = silent;
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                // A command is a packet of its own: Nagle would hold back each second one.
                socket.set_nodelay(true).map_err(Fault::Unreachable)?;
                return Ok(socket);
            }
            Ok(Err(error)) => last = Fault::Unreachable(error),
            Err(_) => {}
        }
    }
    Err(last)
}

async fn greet(
    stream: RelayStream,
    hello: &ClientId,
    limit: Duration,
) -> Result<AsyncSmtpConnection, Fault> {
    let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello);
    step(Step::Hello, limit, greeted).await
}

/// Asks for TLS and gives the socket back for the handshake. lettre's own upgrade would keep what
/// it read ahead: words injected before the handshake would count as the relay's, said under TLS.
async fn starttls(
    socket: TcpStream,
    hello: &ClientId,
    limit: Duration,
) -> Result<TcpStream, Fault> {
    let (socket, twin) = twins(socket).map_err(Fault::Unreachable)?;
    let mut plain = greet(RelayStream::plain(twin), hello, limit).await?;
    if !plain.can_starttls() {
        return Err(Fault::NoStarttls);
    }
    step(Step::Tls, limit, plain.command(Starttls)).await?;
    Ok(socket)
}

/// Two handles on one connection; it closes with the last.
fn twins(socket: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let socket = socket.into_std()?;
    let twin = socket.try_clone()?;
    Ok((TcpStream::from_std(socket)?, TcpStream::from_std(twin)?))
}

async fn system_cas() -> Result<Arc<ClientConfig>, Fault> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.map_err(|_| Fault::NoSystemCas)?.certs);
    if roots.is_empty() { Err(Fault::NoSystemCas) } else { trusting(&roots) }
}

/// Read anew for each connection: it is small, and may have been replaced.
async fn ca_file(path: PathBuf) -> Result<RootCertStore, Fault> {
    let pem = tokio::fs::read(&path).await;
    let pem = pem.map_err(|error| ca_fault(&path, error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| ca_fault(&path, error.to_string()))?;
        roots.add(certificate).map_err(|error| ca_fault(&path, error.to_string()))?;
    }
    let empty = || ca_fault(&path, "expected PEM with a certificate".to_owned());
    if roots.is_empty() { Err(empty()) } else { Ok(roots) }
}

fn ca_fault(path: &Path, reason: String) -> Fault {
    Fault::CaFile { path: path.to_owned(), reason }
}

fn trusting(roots: &RootCertStore) -> Result<Arc<ClientConfig>, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::Tls(io::Error::other(error)))?
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    Ok(Arc::new(config))
}
