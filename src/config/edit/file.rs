//! The file on disk: one change at a time, each as a whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::EditError;
use crate::config::fault::LoadError;
use crate::config::load::read_text;

/// How often the lock is tried, and the wait between: 5 s in all. A change takes milliseconds.
const TRIES: u32 = 100;
const WAIT: Duration = Duration::from_millis(50);

/// A file nobody else changes through this door meanwhile.
pub(super) struct Locked {
    /// What it says.
    pub(super) text: String,
    path: PathBuf,
    folder: PathBuf,
    /// The folder, locked: it needs no file beside ours, and a new file cannot change its identity.
    lock: File,
}

impl Locked {
    pub(super) fn open(path: &Path) -> Result<Self, EditError> {
        let unreadable = |error| LoadError::Read(path.to_owned(), error);
        let real = fs::canonicalize(path).map_err(unreadable)?;
        let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
        let lock = File::open(&folder).map_err(unreadable)?;
        wait_for(&lock, &real)?;
        let text = read_text(&real)?;
        Ok(Self { text, path: real, folder, lock })
    }

    /// Puts a new text in its place.
    pub(super) fn replace(self, text: &str) -> Result<(), EditError> {
        let Self { text: old, path, folder, lock } = self;
        // An editor does not know our lock.
        if read_text(&path)? != old {
            return Err(EditError::ChangedMeanwhile(path));
        }
        let beside = beside(&path);
        let written = write_beside(&path, &beside, text)
            .and_then(|()| fs::rename(&beside, &path))
            .and_then(|()| File::open(&folder)?.sync_all());
        drop(lock);
        written.map_err(|error| {
            // Left over only if the rename was not reached; if it cannot go either, the next
            // change replaces it.
            drop(fs::remove_file(&beside));
            EditError::Write(path, error)
        })
    }
}

fn wait_for(lock: &File, path: &Path) -> Result<(), EditError> {
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(WAIT),
            Err(TryLockError::Error(error)) => {
                return Err(EditError::Write(path.to_owned(), error));
            }
        }
    }
    Err(EditError::Busy(path.to_owned()))
}

/// `.config.toml.new` beside `config.toml`: a rename works only within one file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

fn write_beside(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let old = fs::metadata(path)?;
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // Nobody reads a password from it before it has the old file's owner and mode.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(&file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
