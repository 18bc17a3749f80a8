//! `[web]`: the administration in a browser.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::ByteSize;

/// `[web]`: pages, API and metrics. Who may log in does not stand in the configuration: see
/// `docs/web.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Whether it is served at all.
    pub enabled: bool,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Whether it speaks HTTPS; plain HTTP when not.
    pub https: bool,
    /// PEM files of certificate chain and private key; those of `[smtp]` when unset.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Networks whose clients may connect.
    pub allow: Vec<IpNet>,
    /// Most connections at a time.
    pub max_connections: usize,
    /// Largest file that may be uploaded.
    pub max_upload: ByteSize,
    /// After this long without a request a session ends.
    pub session_idle: Duration,
    /// Longest life of a session.
    pub session_length: Duration,
    /// Whether `/metrics` answers without a token.
    pub open_metrics: bool,
}
