//! Makes what was written durable.
//!
//! sled's own flush only starts the writing of the log (`sync_file_range`): the file's new length
//! and the disk's cache are left to chance, and values too big for the log, which lie in files of
//! their own under `blobs`, are not synced at all. A power cut would take mails that got their
//! 250. So every flush is followed by this.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// The files of an open store.
#[derive(Debug)]
pub(super) struct Disk {
    log: File,
    blobs: PathBuf,
    /// When a blob was last made or removed, as far as synced.
    blobs_synced: (i64, i64),
}

impl Disk {
    /// The files in `folder`, which exist once the store was opened, their names on disk from now
    /// on.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        File::open(folder)?.sync_all()?;
        let log = File::open(folder.join("db"))?;
        Ok(Self { log, blobs: folder.join("blobs"), blobs_synced: (0, 0) })
    }

    /// Returns when all that was written is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let changed = fs::metadata(&self.blobs).map(|blobs| (blobs.mtime(), blobs.mtime_nsec()));
        match changed {
            Ok(changed) if changed != self.blobs_synced => {
                // Which of them are new is not told; mails of this size are rare.
                rustix::fs::syncfs(&self.log)?;
                // The kernel's clock for files is coarse: another may yet be made in this tick.
                if changed.0.abs_diff(Timestamp::now().as_second()) > 1 {
                    self.blobs_synced = changed;
                }
                Ok(())
            }
            Ok(_) | Err(_) => self.log.sync_data(),
        }
    }
}
