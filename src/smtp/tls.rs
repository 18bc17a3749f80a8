//! The certificate: from the files the configuration names, else self-signed and kept in the store
//! folder; read again when it changes.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{Config, ListenerTls};

/// File names of the self-signed pair in the store folder.
const OWN_CERTIFICATE: &str = "smtp-cert.pem";
const OWN_KEY: &str = "smtp-key.pem";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or may not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not in PEM format.
    #[error("{} is not a PEM file: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: pem::Error,
    },
    /// A PEM file holds something else.
    #[error("{} holds no {expected}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// "certificate" or "private key".
        expected: &'static str,
    },
    /// Certificate and key cannot be used together.
    #[error("{} and {} do not go together: {source}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
    /// A self-signed certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// Reads the certificate that the configuration names, or the self-signed one, which is made if
/// it is not there or damaged.
///
/// # Errors
/// [`TlsError`] with the file it is about.
pub fn load(config: &Config) -> Result<Arc<ServerConfig>, TlsError> {
    load_pair(config.smtp.certificate.as_ref(), config)
}

/// As [`load`], with other files than those of `[smtp]`.
fn load_pair(
    pair: Option<&(PathBuf, PathBuf)>,
    config: &Config,
) -> Result<Arc<ServerConfig>, TlsError> {
    let files = Files::of(pair, config);
    match files.read() {
        Err(error) if pair.is_none() => {
            if files.certificate.exists() || files.key.exists() {
                tracing::warn!(%error, "making a new self-signed certificate");
            }
            files.make(&config.appliance.name)
        }
        result => result,
    }
}

/// The server's TLS as it is now; nothing when no listener needs it or it cannot be had.
#[derive(Default)]
pub struct TlsSlot {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<ServerConfig>>,
    /// Of which files, as they were when `current` was read.
    stamp: Option<Stamp>,
}

/// Files, and when each was written and how long it was.
type Stamp = (Files, [Option<(SystemTime, u64)>; 2]);

impl TlsSlot {
    /// What serves now.
    pub fn current(&self) -> Option<Arc<ServerConfig>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).current.is_some()
    }

    /// Reads the certificate again if it changed. One that cannot be read leaves the old one in
    /// use.
    pub(super) fn refresh(&self, config: &Config) {
        let needed = config.smtp.listeners.iter().any(|port| port.tls != ListenerTls::Off);
        self.refresh_pair(needed, config.smtp.certificate.as_ref(), config);
    }

    /// As for the SMTP ports, with these files, or the self-signed pair without any.
    pub fn refresh_pair(&self, needed: bool, pair: Option<&(PathBuf, PathBuf)>, config: &Config) {
        let files = Files::of(pair, config);
        let stamp = files.stamp();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.stamp.as_ref() == Some(&stamp);
        let there = stamp.1.iter().all(Option::is_some);
        if !needed || (known && there) {
            return;
        }
        match load_pair(pair, config) {
            Ok(tls) => {
                tracing::info!(certificate = %files.certificate.display(), "certificate read");
                state.current = Some(tls);
            }
            Err(error) if state.current.is_some() => {
                tracing::error!(%error, "the certificate in use stays");
            }
            Err(error) => tracing::error!(%error, "no TLS"),
        }
        // As they are now: a self-signed pair may just have been written.
        state.stamp = Some(files.stamp());
    }
}

/// Where certificate chain and private key are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(pair: Option<&(PathBuf, PathBuf)>, config: &Config) -> Self {
        let store = &config.appliance.store;
        let own = || (store.join(OWN_CERTIFICATE), store.join(OWN_KEY));
        let (certificate, key) = pair.cloned().unwrap_or_else(own);
        Self { certificate, key }
    }

    fn stamp(&self) -> Stamp {
        let stamp = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        (self.clone(), [stamp(&self.certificate), stamp(&self.key)])
    }

    fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
        };
        self.parse(&read(&self.certificate)?, &read(&self.key)?)
    }

    /// Makes a self-signed pair that never expires: the board may not know the time, and clients
    /// that check certificates do not trust this one anyway. Where it cannot be written, it serves
    /// until the next start.
    fn make(&self, host: &str) -> Result<Arc<ServerConfig>, TlsError> {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([host.to_owned(), "localhost".to_owned()])?;
        let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
        for (path, text) in [(&self.key, &key), (&self.certificate, &certificate)] {
            if let Err(error) = write_private(path, text) {
                tracing::warn!(%error, path = %path.display(), "cannot keep the certificate");
            }
        }
        self.parse(certificate.as_bytes(), key.as_bytes())
    }

    fn parse(&self, certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
        let bad = |path: &Path, expected, source| {
            let path = path.to_owned();
            if matches!(source, pem::Error::NoItemsFound) {
                TlsError::Missing { path, expected }
            } else {
                TlsError::Pem { path, source }
            }
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .and_then(
                |chain: Vec<_>| {
                    if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) }
                },
            )
            .map_err(|source| bad(&self.certificate, "certificate", source))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|source| bad(&self.key, "private key", source))?;
        let unusable = |source| TlsError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source,
        };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        Ok(Arc::new(config))
    }
}

/// Writes a file that only we may read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("new");
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
