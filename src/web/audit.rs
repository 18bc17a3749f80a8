//! Who changed what: a file to which lines are only added, and which nobody can change from a page.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::private;

/// From this length on, in bytes, a new file is begun; one old file is kept.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Longest text of one entry, in characters.
const MOST_DETAIL: usize = 4000;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Wall clock.
    pub at: Timestamp,
    /// The user, the token (`token NAME`), or nobody.
    pub who: String,
    /// From which address.
    pub from: String,
    /// What: `login`, `people.change`, ….
    pub what: String,
    /// To whom or what, and the difference where there is one. Never a secret.
    pub detail: String,
}

/// The file.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    turn: Mutex<()>,
}

impl Audit {
    /// In this folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("audit.jsonl"), turn: Mutex::default() }
    }

    /// Adds an entry. That it could not be written is told in the log: what was done is done.
    pub fn note(&self, who: &str, from: &str, what: &str, detail: &str) {
        tracing::info!(who, what, "administration");
        let detail = detail.chars().take(MOST_DETAIL).collect();
        let (who, from, what) = (who.to_owned(), from.to_owned(), what.to_owned());
        let entry = Entry { at: Timestamp::now(), who, from, what, detail };
        if let Err(error) = self.write(&entry) {
            tracing::error!(%error, "cannot write the audit log");
        }
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::metadata(&self.path).is_ok_and(|file| file.len() > LONGEST) {
            fs::rename(&self.path, self.before())?;
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        private::append(&self.path, &line)
    }

    /// The newest entries, the newest first. Lines that cannot be read are passed over.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Vec<Entry> {
        let mut newest = VecDeque::new();
        for path in [&self.before(), &self.path] {
            let Ok(file) = File::open(path) else { continue };
            for line in BufReader::new(file).lines().map_while(Result::ok) {
                let Ok(entry) = serde_json::from_str::<Entry>(&line) else { continue };
                newest.push_front(entry);
                newest.truncate(limit);
            }
        }
        newest.into()
    }

    fn before(&self) -> PathBuf {
        self.path.with_extension("1.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_kept_in_order_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::in_folder(folder.path());
        let long = "<script>".repeat(10_000);
        for number in 0..200 {
            audit.note("ana", "192.0.2.1", "test", &format!("{number} {long}"));
        }
        let newest = audit.newest(150);
        assert_eq!(newest.len(), 150);
        assert!(newest[0].detail.starts_with("199 ") && newest[149].detail.starts_with("50 "));
        assert_eq!(newest[0].detail.chars().count(), MOST_DETAIL);
        fs::write(folder.path().join("audit.jsonl"), vec![b'x'; 5 << 20]).unwrap();
        audit.note("ben", "", "after", "");
        assert_eq!(audit.newest(10)[0].who, "ben");
        assert!(folder.path().join("audit.1.jsonl").exists());
    }
}
