//! The configuration as it was before each change, for an undo: the newest fifty files, by the time at
//! which another took their place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::private;

/// Earlier files that are kept.
const MOST_KEPT: usize = 50;

/// The files.
#[derive(Debug, Clone)]
pub struct Earlier {
    folder: PathBuf,
}

impl Earlier {
    /// Those of the administration that keeps its files in `folder` (`web` in the store).
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.join("configuration") }
    }

    /// Keeps a text, and forgets the oldest if there are too many.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, text: &str) -> io::Result<()> {
        if let Some(above) = self.folder.parent() {
            private::have_folder(above)?;
        }
        private::have_folder(&self.folder)?;
        let name = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ.toml").to_string();
        private::write(&self.folder.join(name), text)?;
        for old in self.names().iter().skip(MOST_KEPT) {
            fs::remove_file(self.folder.join(old))?;
        }
        Ok(())
    }

    /// Their names, the newest first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
        names.sort_unstable_by(|left, right| right.cmp(left));
        names
    }

    /// What one of them says, if there is one of this name.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok().filter(|_| is_name(name))
    }

    /// When a file of this name was replaced.
    #[must_use]
    pub fn replaced_at(name: &str) -> Option<Timestamp> {
        let part = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
        let (date, clock) =
            ((part(0..4), part(4..6), part(6..8)), (part(9..11), part(11..13), part(13..15)));
        let text = format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2);
        text.parse().ok()
    }
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".toml");
    stem.is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_read_by_their_names_alone() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = Earlier::in_folder(&folder.path().join("web"));
        assert_eq!(earlier.names(), Vec::<String>::new());
        earlier.keep("first").unwrap();
        let name = earlier.names().remove(0);
        assert_eq!(earlier.read(&name).as_deref(), Some("first"));
        assert!(Earlier::replaced_at(&name).is_some() && Earlier::replaced_at("x.toml").is_none());
        fs::write(folder.path().join("web/secret.toml"), "x").unwrap();
        for wrong in ["../secret.toml", "none.toml", ""] {
            assert_eq!(earlier.read(wrong), None, "{wrong}");
        }
        for number in 0..MOST_KEPT + 3 {
            let file = format!("20200101T0000{:02}000Z.toml", number % 60);
            fs::write(folder.path().join("web/configuration").join(file), "old").unwrap();
        }
        earlier.keep("newest").unwrap();
        assert_eq!(earlier.names().len(), MOST_KEPT);
        assert_eq!(earlier.read(&earlier.names().remove(0)).as_deref(), Some("newest"));
    }
}
