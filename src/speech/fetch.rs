//! A file from a web server, as a stream of bytes. Only `voice install URL` uses it: the appliance
//! by itself downloads nothing.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long a server may take for each step, in the middle of the file too.
const PATIENCE: Duration = Duration::from_mins(1);

/// Most forwardings from one address to another.
const MAX_REDIRECTS: u32 = 5;

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No `http://` or `https://` address.
    #[error("{0:?} is no address of a web server (https://…)")]
    Address(String),
    /// The server has no such file, or does not give it.
    #[error("{address}: the server answered {status}")]
    Status {
        /// What was asked for.
        address: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The server was not reached, or its certificate is not trusted.
    #[error("{address}: {error}")]
    Failed {
        /// What was asked for.
        address: String,
        /// Why.
        error: Box<ureq::Error>,
    },
}

/// A file on its way.
pub(super) struct Download {
    /// Its bytes; an error when the connection ends early or nothing comes for a minute.
    pub(super) bytes: Box<dyn Read>,
    /// How many there are, when the server says.
    pub(super) total: Option<u64>,
}

/// Whether a text is meant as an address, and not as a file.
pub(super) fn is_address(source: &str) -> bool {
    source.contains("://")
}

/// Asks for a file of at most `most` bytes.
pub(super) fn fetch(address: &str, most: u64) -> Result<Download, FetchError> {
    let secure = address.starts_with("https://");
    if !secure && !address.starts_with("http://") {
        return Err(FetchError::Address(address.to_owned()));
    }
    let failed = |error| {
        let address = address.to_owned();
        if let ureq::Error::StatusCode(status) = error {
            return FetchError::Status { address, status };
        }
        FetchError::Failed { address, error: Box::new(error) }
    };
    // What begins safely is not forwarded to where anybody can change it.
    let config = ureq::Agent::config_builder()
        .https_only(secure)
        .max_redirects(MAX_REDIRECTS)
        .user_agent(concat!("smtp-appliance/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_send_request(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .tls_config(tls())
        .build();
    let response = config.new_agent().get(address).call().map_err(failed)?;
    let body = response.into_body();
    let total = body.content_length();
    let bytes = body.into_with_config().limit(most.saturating_add(1)).reader();
    let bytes: Box<dyn Read> = match total {
        Some(total) => Box::new(Whole { bytes, missing: total }),
        None => Box::new(bytes),
    };
    Ok(Download { bytes, total })
}

/// The certificates this machine trusts.
fn tls() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<_> =
        trusted.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::from(trusted.into_iter()))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

/// Bytes that end too early are an error, not a shorter file.
struct Whole<R> {
    bytes: R,
    missing: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        if count == 0 && self.missing > 0 && !buffer.is_empty() {
            let message = "the connection ended in the middle of the file";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.missing = self.missing.saturating_sub(count as u64);
        Ok(count)
    }
}
