//! An update of the image: a signed bundle comes in, is kept on disk, and is handed to RAUC, which
//! checks it. Nothing else is ever run, and nothing where RAUC is not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::OwnedSemaphorePermit;

use super::facts::free_space;
use super::site::Site;

/// Where bundles are handed in by a page.
pub(super) const PATH: &str = "/update";

/// Where they are handed in at all.
pub(super) const PATHS: [&str; 2] = [PATH, "/api/v1/update"];

/// Longest way of a bundle to the disk.
pub(super) const LONGEST_UPLOAD: Duration = Duration::from_hours(1);

/// The program that installs bundles. The image has it; a package on another system has not.
const RAUC: &str = "/usr/bin/rauc";

/// Largest bundle, in bytes. The image's slots are not larger.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Most of what RAUC says that is kept, in bytes: its end tells.
const MOST_SAID: usize = 4096;

/// What became of the newest update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Update {
    /// There was none since the start.
    #[default]
    None,
    /// RAUC is at work.
    Installing,
    /// It has ended.
    Ended {
        at: Timestamp,
        installed: bool,
        /// What RAUC said last.
        said: String,
    },
}

/// Why a bundle was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("an update is under way")]
    Busy,
    #[error("the bundle is larger than {LARGEST} bytes, or than the disk has room for")]
    TooLarge,
    #[error("the bundle did not come to its end")]
    CutOff,
    #[error("the bundle cannot be kept: {0}")]
    Io(#[from] io::Error),
}

/// Whether this machine is updated by bundles.
pub(super) fn is_possible() -> bool {
    Path::new(RAUC).exists()
}

/// A bundle on its way to the disk. What is there of it goes when it is dropped.
pub(super) struct Incoming {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    most: u64,
    _only_one: Option<OwnedSemaphorePermit>,
}

impl Incoming {
    /// Begins to take one; one at a time.
    pub(super) async fn begin(site: &Site) -> Result<Self, Fault> {
        let only_one = Arc::clone(&site.updating).try_acquire_owned().map_err(|_| Fault::Busy)?;
        let config = site.config();
        // Mails go before updates.
        let kept = config.queue.min_free_space.0.saturating_mul(2);
        let room = free_space(&config).unwrap_or(u64::MAX).saturating_sub(kept);
        let path = site.folder.join("update.raucb");
        Self::create(path, LARGEST.min(room), Some(only_one)).await
    }

    async fn create(
        path: PathBuf,
        most: u64,
        only_one: Option<OwnedSemaphorePermit>,
    ) -> Result<Self, Fault> {
        match fs::remove_file(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Self { path, file: Some(file), length: 0, most, _only_one: only_one })
    }

    /// Keeps some more of it.
    pub(super) async fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        if self.length > self.most {
            return Err(Fault::TooLarge);
        }
        let file = self.file.as_mut().ok_or(Fault::CutOff)?;
        Ok(file.write_all(bytes).await?)
    }

    /// It is whole.
    async fn finish(&mut self) -> Result<(), Fault> {
        let file = self.file.take().filter(|_| self.length > 0).ok_or(Fault::CutOff)?;
        Ok(file.sync_all().await?)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "the bundle of the update cannot be removed");
        }
    }
}

/// Has a whole bundle installed, beside whoever asked.
pub(super) async fn install(site: &Arc<Site>, mut bundle: Incoming) -> Result<(), Fault> {
    bundle.finish().await?;
    set(site, Update::Installing);
    let ours = Arc::clone(site);
    site.tasks.spawn(async move {
        let (installed, said) = run(Path::new(RAUC), &bundle.path).await;
        if installed {
            tracing::warn!(
                "an update is installed; it is used from the next start of the machine on"
            );
        } else {
            tracing::error!(said, "an update was not installed");
        }
        set(&ours, Update::Ended { at: Timestamp::now(), installed, said });
        drop(bundle);
    });
    Ok(())
}

fn set(site: &Site, update: Update) {
    *site.update.lock().unwrap_or_else(PoisonError::into_inner) = update;
}

async fn run(rauc: &Path, bundle: &Path) -> (bool, String) {
    let running = Command::new(rauc).arg("install").arg(bundle).stdin(Stdio::null()).output();
    match running.await {
        Ok(Output { status, stdout, stderr }) => {
            let said = [stdout, stderr].concat();
            let end = said.get(said.len().saturating_sub(MOST_SAID)..).unwrap_or_default();
            (status.success(), String::from_utf8_lossy(end).trim().to_owned())
        }
        Err(error) => (false, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_bundle_is_kept_up_to_its_limit_and_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("update.raucb");
        let mut bundle = Incoming::create(path.clone(), 10, None).await.unwrap();
        bundle.take(b"12345").await.unwrap();
        bundle.take(b"67890").await.unwrap();
        assert!(matches!(bundle.take(b"1").await, Err(Fault::TooLarge)));
        drop(bundle);
        assert!(!path.exists());
        let mut empty = Incoming::create(path.clone(), 10, None).await.unwrap();
        assert!(matches!(empty.finish().await, Err(Fault::CutOff)));
    }

    #[tokio::test]
    async fn only_the_installer_decides() {
        let folder = tempfile::tempdir().unwrap();
        let rauc = folder.path().join("rauc");
        let bundle = folder.path().join("update.raucb");
        std::fs::write(&bundle, "signed").unwrap();
        let script = "#!/bin/sh\n[ \"$1\" = install ] || exit 2\ngrep -q signed \"$2\" || { echo bad signature >&2; exit 1; }\necho installed\n";
        std::fs::write(&rauc, script).unwrap();
        std::fs::set_permissions(&rauc, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(run(&rauc, &bundle).await, (true, "installed".to_owned()));
        std::fs::write(&bundle, "forged").unwrap();
        assert_eq!(run(&rauc, &bundle).await, (false, "bad signature".to_owned()));
        assert!(!run(&folder.path().join("none"), &bundle).await.0);
    }
}
