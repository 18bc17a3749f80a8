//! The API for the command line of this machine: by a Unix socket in the store that the appliance's user
//! and root alone may open. Who can open it may do everything, as she can with the files beside it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};

use super::api;

/// By whom what is asked there is done, in the audit log.
pub(super) const WHO: &str = "the command line";

/// Marks a request that came by the socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Nobody listens there.
    #[error(
        "no appliance with an administration runs with the store {0}: is it started, and [web] enabled?"
    )]
    NotRunning(PathBuf),
    /// The socket may not be used by this user.
    #[error(
        "not allowed to speak with the running appliance ({0}): run this as its user or as root"
    )]
    NotAllowed(PathBuf),
    /// What is asked for is no path.
    #[error("expected a path of the API such as /status: {0}")]
    Path(#[from] axum::http::Error),
    /// The conversation broke off.
    #[error("the running appliance does not answer: {0}")]
    Io(#[from] io::Error),
    /// The conversation is not HTTP.
    #[error("the running appliance does not answer: {0}")]
    Http(#[from] hyper::Error),
}

/// Where the socket is.
fn path(store: &Path) -> PathBuf {
    store.join("web/api.sock")
}

/// Makes the socket. One left behind by a dead process is replaced: the store's lock has already proved
/// that no other appliance runs.
pub(super) fn bind(store: &Path) -> io::Result<UnixListener> {
    let path = path(store);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes the socket away.
pub(super) fn unbind(store: &Path) {
    drop(fs::remove_file(path(store)));
}

/// Asks the appliance whose store is in `store`. `what` is a path of the API without `/api/v1`, with its
/// query.
///
/// # Errors
/// [`LocalError`]; an answer that says "no" is none.
pub async fn ask(
    store: &Path,
    method: Method,
    what: &str,
    body: Body,
) -> Result<Response<Incoming>, LocalError> {
    let path = path(store);
    let stream = UnixStream::connect(&path).await.map_err(|error| {
        let kind = error.kind();
        if matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
            LocalError::NotRunning(store.to_owned())
        } else if kind == io::ErrorKind::PermissionDenied {
            LocalError::NotAllowed(path)
        } else {
            LocalError::Io(error)
        }
    })?;
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{what}", api::BASE))
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .body(body)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer's body; what goes wrong with it is told there.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}
