//! The answering side. One task; it waits on connections and the stop. Each connection is served
//! beside it, a few at a time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::{Desk, Ours};
use super::{Answer, MAX_REQUEST, Request, socket_path};
use crate::channel::call::Progress;

/// Most conversations at a time.
const MOST_AT_ONCE: usize = 16;

/// How long a client may take to ask, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the socket cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the control socket {path}: {error}")]
pub struct BindError {
    path: PathBuf,
    error: std::io::Error,
}

/// The control socket with what it needs to answer.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    desk: Arc<Desk>,
}

impl Server {
    /// Makes the socket. One left behind by a dead process is replaced: the store's lock has
    /// already proved that no other appliance runs.
    ///
    /// # Errors
    /// [`BindError`] if the folder cannot be written.
    pub fn bind(store: &Path, desk: Arc<Desk>) -> Result<Self, BindError> {
        let path = socket_path(store);
        let bind = || {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let listener = UnixListener::bind(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = bind().map_err(|error| BindError { path: path.clone(), error })?;
        Ok(Self { listener, path, desk })
    }

    /// Answers until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
        let conversations = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "control socket");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let (desk, stop) = (Arc::clone(&self.desk), stop.clone());
            conversations.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    result = converse(stream, &desk) => if let Err(error) = result {
                        tracing::debug!(%error, "control socket");
                    }
                }
                drop(place);
            });
        }
        conversations.close();
        conversations.wait().await;
        drop(fs::remove_file(&self.path));
    }
}

async fn converse(stream: UnixStream, desk: &Desk) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(MAX_REQUEST));
    tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await??;
    let answer = match serde_json::from_str(&line) {
        Ok(Request::Call(call)) => {
            let calling = Request::Call(call.clone());
            let answering = desk.answer(calling);
            let happens = (desk.calls.subscribe(), desk.ours(&call));
            let told = tell_while(answering, happens, &mut write).await?;
            told.unwrap_or_else(|reason| Answer::Failed { reason })
        }
        Ok(request) => {
            desk.answer(request).await.unwrap_or_else(|reason| Answer::Failed { reason })
        }
        Err(error) => Answer::Failed { reason: format!("not understood: {error}") },
    };
    send(&answer, &mut write).await
}

async fn send(answer: &Answer, write: &mut OwnedWriteHalf) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, write.write_all(&line)).await?
}

/// Tells what happens in the call until it is answered for.
async fn tell_while(
    answering: impl Future<Output = Result<Answer, String>>,
    (mut happens, mut ours): (broadcast::Receiver<Progress>, Option<Ours>),
    write: &mut OwnedWriteHalf,
) -> std::io::Result<Result<Answer, String>> {
    tokio::pin!(answering);
    let mut is_ours = |progress: &Progress| ours.as_mut().is_some_and(|ours| ours.is(progress));
    loop {
        // What happened before the answer is told before it.
        tokio::select! {
            biased;
            Ok(progress) = happens.recv() => if is_ours(&progress) {
                send(&Answer::Calling(progress), write).await?;
            },
            answer = &mut answering => return Ok(answer),
        }
    }
}
