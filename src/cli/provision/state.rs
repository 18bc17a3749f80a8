//! What was taken in last, so that it is taken in once, and what is still to be done on the FAT
//! partition.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk;
use super::source::digest;

const VERSION: u32 = 1;

/// Written after everything of it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// Digest of the file as it was found.
    original: String,
    /// What is to stand there: the same without the secrets.
    pub(super) text: String,
    /// Files beside it that were taken in and held secrets.
    pub(super) leftover: Vec<String>,
    /// What its owner is told.
    pub(super) says: String,
    /// Whether all that is still to be done.
    pub(super) open: bool,
}

impl State {
    pub(super) const fn new(
        original: String,
        text: String,
        leftover: Vec<String>,
        says: String,
    ) -> Self {
        Self { version: VERSION, original, text, leftover, says, open: true }
    }

    /// The last one; none if there is none that makes sense: then the file is taken in anew.
    pub(super) fn load(config: &Path) -> Option<Self> {
        let text = std::fs::read(file(config)).ok()?;
        serde_json::from_slice(&text).ok().filter(|state: &Self| state.version == VERSION)
    }

    pub(super) fn save(&self, config: &Path) -> io::Result<()> {
        disk::put(&file(config), &serde_json::to_vec_pretty(self)?, 0o600)
    }

    /// Whether this is the file that was taken in, with its secrets or without.
    pub(super) fn is_of(&self, found: &str) -> bool {
        self.original == found || self.is_clean(found)
    }

    /// Whether this is the file without its secrets.
    pub(super) fn is_clean(&self, found: &str) -> bool {
        digest(self.text.as_bytes()) == found
    }
}

fn file(config: &Path) -> PathBuf {
    config.with_file_name("provisioned.json")
}
