//! The accounts on disk: one file, written whole or not at all, read again when it changes, as the
//! command line changes it too.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{AccountError, Accounts};
use crate::web::private;

/// Longest file: 100 users and 100 tokens take a tenth of it.
const LONGEST: u64 = 1024 * 1024;

/// Why accounts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or its folder.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// It says nothing that can be understood.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, serde_json::Error),
    /// The change makes no sense.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// The file, and what it said when it was read last.
#[derive(Debug)]
pub struct AccountFile {
    path: PathBuf,
    seen: Mutex<Option<(Stamp, Arc<Accounts>)>>,
}

/// By which a file shows that it is another: inode, length, time in ns.
type Stamp = (u64, u64, i64, i64);

impl AccountFile {
    /// In this folder, which is made if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self, FileError> {
        private::have_folder(folder).map_err(|error| FileError::Io(folder.to_owned(), error))?;
        Ok(Self { path: folder.join("accounts.json"), seen: Mutex::default() })
    }

    /// The accounts as they are now; none if there is no file.
    ///
    /// # Errors
    /// If the file cannot be read or understood: better nobody may log in than anybody.
    pub fn read(&self) -> Result<Arc<Accounts>, FileError> {
        let Some(stamp) = stamp(&self.path) else { return Ok(Arc::default()) };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, accounts)) = seen.as_ref()
            && *known == stamp
        {
            return Ok(Arc::clone(accounts));
        }
        let accounts = Arc::new(self.parse()?);
        *seen = Some((stamp, Arc::clone(&accounts)));
        Ok(accounts)
    }

    /// Changes the accounts, one at a time, whoever else does.
    ///
    /// # Errors
    /// [`FileError`]; the file is then as it was.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, AccountError>,
    ) -> Result<T, FileError> {
        let fault = |error| FileError::Io(self.path.clone(), error);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let lock = File::open(folder).map_err(fault)?;
        lock.lock().map_err(fault)?;
        let mut accounts = if self.path.exists() { self.parse()? } else { Accounts::default() };
        let answer = change(&mut accounts)?;
        let text = serde_json::to_string_pretty(&accounts)
            .map_err(|error| FileError::Unreadable(self.path.clone(), error))?;
        private::write(&self.path, &text).map_err(fault)?;
        Ok(answer)
    }

    fn parse(&self) -> Result<Accounts, FileError> {
        let fault = |error| FileError::Io(self.path.clone(), error);
        let length = fs::metadata(&self.path).map_err(fault)?.len();
        if length > LONGEST {
            return Err(fault(io::Error::other("longer than 1 MiB")));
        }
        let text = fs::read(&self.path).map_err(fault)?;
        serde_json::from_slice(&text)
            .map_err(|error| FileError::Unreadable(self.path.clone(), error))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::Role;
    use super::*;

    #[test]
    fn a_change_is_kept_private_and_seen_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("web");
        let (ours, theirs) =
            (AccountFile::in_folder(&folder).unwrap(), AccountFile::in_folder(&folder).unwrap());
        assert_eq!(ours.read().unwrap().users.len(), 0);
        let ana = || "ana".parse().unwrap();
        theirs.change(|accounts| accounts.add(ana(), Role::Admin, "hash".into())).unwrap();
        assert_eq!(ours.read().unwrap().users.len(), 1);
        let again = theirs.change(|accounts| accounts.add(ana(), Role::Admin, "hash".into()));
        assert!(matches!(again, Err(FileError::Account(_))));
        let mode = fs::metadata(folder.join("accounts.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.join("accounts.json"), "{").unwrap();
        assert!(matches!(ours.read(), Err(FileError::Unreadable(..))));
        assert!(theirs.change(|_| Ok(())).is_err());
    }
}
