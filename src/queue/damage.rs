//! What is done with what cannot be read: it is kept, beside the store, and told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Most faults that are told by name.
const MOST_TOLD: usize = 8;

/// Something in the store could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What was wrong.
    pub reason: String,
    /// Folder where the damaged files lie now.
    pub set_aside: PathBuf,
}

impl Damage {
    /// Says it where nobody can miss it.
    pub fn tell(&self) {
        let Self { reason, set_aside } = self;
        let set_aside = set_aside.display();
        tracing::error!(reason, %set_aside, "THE STORE IS DAMAGED; what cannot be read is not told");
    }
}

/// Collects damage and the files that have it.
#[derive(Debug)]
pub(super) struct Aside {
    folder: PathBuf,
    reasons: Vec<String>,
}

impl Aside {
    /// For the store in this folder.
    pub(super) fn new(store: &Path) -> Self {
        Self { folder: free_name(store), reasons: Vec::new() }
    }

    /// Notes damage where there is no file to keep.
    pub(super) fn note(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    /// Keeps the file as it is, beside the store, which goes on with what can be read of it.
    pub(super) fn keep(&mut self, file: &Path, reason: &str) {
        let name = Path::new(file.file_name().unwrap_or_default());
        let kept = self.folder.join(name);
        let linked = match fs::create_dir_all(&self.folder) {
            // A copy onto a link of the same file would empty both.
            Ok(()) if kept.exists() => Ok(()),
            Ok(()) => fs::hard_link(file, &kept).or_else(|_| fs::copy(file, &kept).map(drop)),
            Err(error) => Err(error),
        };
        if let Err(error) = linked {
            tracing::error!(%error, "a damaged file cannot be set aside");
        }
        self.note(format!("{}: {reason}", name.display()));
    }

    /// What there was, with a note of it beside the files.
    pub(super) fn damage(self) -> Option<Damage> {
        if self.reasons.is_empty() {
            return None;
        }
        let mut reason = self.reasons.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>();
        let more = self.reasons.len() - reason.len();
        reason.extend((more > 0).then(|| format!("{more} more")));
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(self.folder.join("damage.txt"), self.reasons.join("\n")));
        if let Err(error) = written {
            tracing::error!(%error, "what is damaged cannot be written down");
        }
        Some(Damage { reason: reason.join("; "), set_aside: self.folder })
    }
}

/// Sets the whole folder aside.
pub(super) fn set_aside(folder: &Path) -> io::Result<PathBuf> {
    let aside = free_name(folder);
    fs::rename(folder, &aside)?;
    Ok(aside)
}

/// A name beside `folder` that is free: `queue.damaged-20261123T201500Z`, then `…-2`, ….
fn free_name(folder: &Path) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let candidate = |suffix: &str| folder.with_file_name(format!("{name}.damaged-{time}{suffix}"));
    let more = (2..100).map(|n| candidate(&format!("-{n}")));
    let mut names = std::iter::once(candidate("")).chain(more);
    names.find(|path| !path.exists()).unwrap_or_else(|| candidate("-last"))
}
