//! Keeps the configuration in step with its file. It waits on: the next look at the file, SIGHUP,
//! a request to read it again, the stop.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, LoadError};

/// How often the file is looked at. Asking for its time costs microseconds and works on every
/// file system, over any way of replacing the file.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who wants the file read again, and is told how that went.
pub(super) type Reloads = mpsc::Receiver<oneshot::Sender<Result<(), String>>>;

/// The task that reads the file.
pub(super) struct Keeper {
    file: PathBuf,
    seen: Option<Fingerprint>,
    sender: watch::Sender<Arc<Config>>,
    reloads: Option<Reloads>,
    /// Why the file is not in force.
    wrong: watch::Sender<Option<String>>,
}

/// What changes when a file is replaced or written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Keeper {
    /// Reads the file for the first time.
    pub(super) fn load(file: &Path) -> Result<(Self, watch::Receiver<Arc<Config>>), LoadError> {
        let seen = fingerprint(file);
        let loaded = Config::load(file)?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        let (sender, receiver) = watch::channel(Arc::new(loaded.config));
        let wrong = watch::Sender::default();
        Ok((Self { file: file.to_owned(), seen, sender, reloads: None, wrong }, receiver))
    }

    /// Why the file is not in force; `None` while it is.
    pub(super) fn wrong(&self) -> watch::Receiver<Option<String>> {
        self.wrong.subscribe()
    }

    /// Also listens to requests.
    pub(super) fn obeying(mut self, reloads: Reloads) -> Self {
        self.reloads = Some(reloads);
        self
    }

    /// Follows the file until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(signal) => Some(signal),
            Err(error) => {
                tracing::warn!(%error, "SIGHUP is not heard");
                None
            }
        };
        let mut reloads = self.reloads.take();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {
                    if fingerprint(&self.file) != self.seen {
                        drop(self.reload());
                    }
                }
                Some(()) = received(hang_up.as_mut()) => drop(self.reload()),
                Some(answer) = requested(reloads.as_mut()) => drop(answer.send(self.reload())),
            }
        }
    }

    /// Reads the file; a wrong one changes nothing.
    fn reload(&mut self) -> Result<(), String> {
        self.seen = fingerprint(&self.file);
        match Config::load(&self.file) {
            Ok(loaded) => {
                for warning in &loaded.warnings {
                    tracing::warn!("{warning}");
                }
                self.sender.send_replace(Arc::new(loaded.config));
                self.wrong.send_replace(None);
                tracing::info!(file = %self.file.display(), "configuration taken up");
                Ok(())
            }
            Err(error) => {
                tracing::error!(
                    "the configuration is wrong; the one before stays in force:\n{error}"
                );
                self.wrong.send_replace(Some(in_short(&error)));
                Err(error.to_string())
            }
        }
    }
}

fn in_short(error: &LoadError) -> String {
    match error {
        LoadError::Read(..) => error.to_string(),
        LoadError::Wrong(file, faults) => {
            let first = faults.first().map(ToString::to_string).unwrap_or_default();
            let more = faults.len().saturating_sub(1);
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            format!("{} is wrong: {first}{more}", file.display())
        }
    }
}

fn fingerprint(file: &Path) -> Option<Fingerprint> {
    let metadata = fs::metadata(file).ok()?;
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    Some(Fingerprint { inode: metadata.ino(), size: metadata.size(), modified })
}

async fn received(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => None,
    }
}

async fn requested(reloads: Option<&mut Reloads>) -> Option<oneshot::Sender<Result<(), String>>> {
    match reloads {
        Some(reloads) => reloads.recv().await,
        None => None,
    }
}
