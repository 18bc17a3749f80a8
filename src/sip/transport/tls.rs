//! TLS: whom the exchange must prove to be (RFC 5922).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The system's CA certificates, which take long to read.
static SYSTEM_CAS: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();

/// Encrypts a connection, with the one named or with nobody.
pub(super) async fn handshake(
    socket: TcpStream,
    name: Option<&str>,
    ca: Option<&PathBuf>,
) -> Result<TlsStream<TcpStream>, String> {
    let name = name.unwrap_or_default().to_owned();
    let server = ServerName::try_from(name.clone())
        .map_err(|_| format!("no certificate can name \u{201c}{name}\u{201d}"))?;
    let config = match ca {
        Some(path) => trusting(&ca_file(path).await?)?,
        None => Arc::clone(SYSTEM_CAS.get_or_try_init(system_cas).await?),
    };
    TlsConnector::from(config).connect(server, socket).await.map_err(|error| fault(&error, &name))
}

fn fault(error: &io::Error, name: &str) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("the certificate of {name} is not accepted: {why}")
        }
        Some(other) => format!("TLS failed: {other}"),
        None => format!("TLS failed: {}", super::describe(error)),
    }
}

async fn system_cas() -> Result<Arc<ClientConfig>, String> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let mut roots = RootCertStore::empty();
    let loaded = loaded.map_err(|_| "the system's CA certificates cannot be read".to_owned())?;
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        return Err("the system has no CA certificates; name one as `ca`".to_owned());
    }
    trusting(&roots)
}

/// Read anew for each connection: it is small, and may have been replaced.
async fn ca_file(path: &PathBuf) -> Result<RootCertStore, String> {
    let fault = |reason: String| format!("the CA file {}: {reason}", path.display());
    let pem = tokio::fs::read(path).await.map_err(|error| fault(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault("expected PEM with a certificate".to_owned()));
    }
    Ok(roots)
}

fn trusting(roots: &RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    Ok(Arc::new(config))
}
