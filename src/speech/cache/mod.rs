//! What was said once is kept: the same text in the same voice is never made twice.
//!
//! Files are named by what they say (a hash of engine, voice, rate and text), written aside, flushed
//! and renamed; a power cut leaves a whole file or none, and what was damaged is noticed by its sum.

mod file;
mod recent;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::audio::Pcm;
pub(super) use recent::Recent;

/// Changes when the engines make another sound of the same text.
const VERSION: &str = "1";

/// A half-written file of this age belongs to nobody any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// The time of use of a file is written down at most this often: flash wears out.
const TOUCH: Duration = Duration::from_hours(1);

/// Most files that are looked at; the size limit comes first.
const MAX_FILES: usize = 100_000;

/// Names a sound by everything it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of parts; each counts, and so do the borders between them.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new().chain_update(VERSION);
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    fn file_name(&self) -> String {
        let hex = self.0.iter().take(16).map(|byte| format!("{byte:02x}"));
        hex.chain([".wav".to_owned()]).collect()
    }
}

/// The files in one folder.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    index: Mutex<Option<Index>>,
    /// The last file could not be written; it was said.
    troubled: AtomicBool,
    written: AtomicU64,
}

/// Names and sizes by use.
#[derive(Debug, Default)]
struct Index {
    files: HashMap<String, (u64, u64)>,
    /// Turn of the last use → name.
    order: BTreeMap<u64, String>,
    turn: u64,
    bytes: u64,
}

impl Index {
    fn forget(&mut self, name: &str) {
        if let Some((bytes, turn)) = self.files.remove(name) {
            self.bytes -= bytes;
            self.order.remove(&turn);
        }
    }

    fn note(&mut self, name: &str, bytes: u64) {
        self.forget(name);
        self.turn += 1;
        self.files.insert(name.to_owned(), (bytes, self.turn));
        self.order.insert(self.turn, name.to_owned());
        self.bytes += bytes;
    }
}

impl Cache {
    /// A cache in `folder`, which is made when something is to be kept.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            index: Mutex::new(None),
            troubled: AtomicBool::new(false),
            written: AtomicU64::new(0),
        }
    }

    /// The kept sound. A damaged file is deleted.
    pub(super) fn read(&self, key: &Key) -> Option<Pcm> {
        let name = key.file_name();
        let path = self.folder.join(&name);
        let mut file = File::open(&path).ok()?;
        let about = file.metadata().ok()?;
        let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(file::MAX_FILE)).ok()?);
        (&mut file).take(file::MAX_FILE).read_to_end(&mut bytes).ok()?;
        let Some(pcm) = file::decode(&bytes) else {
            tracing::warn!(file = %path.display(), "a kept speech file is damaged: deleted");
            self.index(|index| index.forget(&name));
            drop(fs::remove_file(&path));
            return None;
        };
        self.index(|index| index.note(&name, about.len()));
        let now = now();
        let old = about.modified().map_or(TOUCH, |time| now.duration_since(time).unwrap_or(TOUCH));
        if old >= TOUCH {
            // Only the order in which files make room suffers from it.
            drop(file.set_modified(now));
        }
        Some(pcm)
    }

    /// Keeps a sound, and lets the least recently used ones go until all have at most `most` bytes.
    /// A disk that is full or closed is told once; speech goes on without.
    pub(super) fn write(&self, key: &Key, pcm: &Pcm, most: u64) {
        let bytes = file::encode(pcm);
        let length = bytes.len() as u64;
        if length > most.min(file::MAX_FILE) {
            return;
        }
        let name = key.file_name();
        self.make_room(most - length);
        match self.write_file(&name, &bytes) {
            Ok(()) => {
                self.troubled.store(false, Ordering::Relaxed);
                self.index(|index| index.note(&name, length));
            }
            Err(error) if !self.troubled.swap(true, Ordering::Relaxed) => tracing::warn!(
                folder = %self.folder.display(),
                "speech cannot be kept for its next use, and is made anew each time: {error}"
            ),
            Err(error) => tracing::debug!("speech cannot be kept: {error}"),
        }
    }

    /// Lets the least recently used files go until the others have at most `most` bytes.
    fn make_room(&self, most: u64) {
        self.index(|index| {
            while index.bytes > most
                && let Some(name) = index.order.values().next().cloned()
            {
                index.forget(&name);
                drop(fs::remove_file(self.folder.join(&name)));
            }
        });
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = self.folder.join(format!("{}-{number}.part", std::process::id()));
        let written = File::create(&aside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&aside, self.folder.join(name))
        });
        if written.is_err() {
            drop(fs::remove_file(&aside));
        }
        written
    }

    /// Works on the index; the folder is read at the first use.
    fn index<R>(&self, work: impl FnOnce(&mut Index) -> R) -> R {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        work(index.get_or_insert_with(|| scan(&self.folder)))
    }
}

/// What is in the folder, by the time of its last use. What was left half-written goes.
fn scan(folder: &Path) -> Index {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_FILES) {
        let Ok(about) = entry.metadata() else { continue };
        let Ok(name) = entry.file_name().into_string() else { continue };
        let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let age = now().duration_since(modified).unwrap_or_default();
        match name.rsplit_once('.') {
            Some((_, "wav")) => found.push((modified, name, about.len())),
            Some((_, "part")) if age > ABANDONED => drop(fs::remove_file(entry.path())),
            _ => {}
        }
    }
    found.sort();
    let mut index = Index::default();
    for (_, name, bytes) in found {
        index.note(&name, bytes);
    }
    index
}

fn now() -> SystemTime {
    let since = Duration::try_from(jiff::Timestamp::now().as_duration());
    // A clock before 1970 is as good as none.
    SystemTime::UNIX_EPOCH + since.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn sound(sample: i16) -> Pcm {
        Pcm { rate: 8000, samples: vec![sample; 1000] }
    }

    fn key(name: &str) -> Key {
        Key::of(&[name])
    }

    /// Bytes of a file of [`sound`].
    const ONE: u64 = 44 + 2000 + 24;

    #[test]
    fn every_part_and_border_makes_another_key() {
        let keys = [&["a", "b"][..], &["ab"], &["ab", ""], &["", "ab"], &["a", "B"]];
        let different: std::collections::BTreeSet<Key> = keys.map(Key::of).into_iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("speech");
        Cache::new(path.clone()).write(&key("a"), &sound(1), 10 * ONE);
        let again = Cache::new(path);
        assert_eq!(again.read(&key("a")), Some(sound(1)));
        assert_eq!(again.read(&key("b")), None);
    }

    #[test]
    fn the_least_used_makes_room() {
        let folder = TempDir::new().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
            cache.write(&key(name), &sound(i16::try_from(number).unwrap()), 3 * ONE);
        }
        assert!(cache.read(&key("a")).is_some());
        cache.write(&key("d"), &sound(9), 3 * ONE);
        let kept = ["a", "b", "c", "d"].map(|name| cache.read(&key(name)).is_some());
        assert_eq!(kept, [true, false, true, true]);
        cache.write(&key("e"), &sound(9), ONE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        cache.write(&key("f"), &sound(9), ONE - 1);
        assert!(cache.read(&key("e")).is_some() && cache.read(&key("f")).is_none());
    }

    #[test]
    fn the_order_of_use_and_the_limit_outlive_a_restart() {
        let folder = TempDir::new().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let old = now() - Duration::from_hours(48);
        for (age, name) in ["c", "b", "a"].into_iter().enumerate() {
            cache.write(&key(name), &sound(1), 9 * ONE);
            let file = File::open(folder.path().join(key(name).file_name())).unwrap();
            file.set_modified(old - Duration::from_secs(age as u64)).unwrap();
        }
        // Reading it says that it was used today.
        assert!(Cache::new(folder.path().to_owned()).read(&key("a")).is_some());
        let cache = Cache::new(folder.path().to_owned());
        cache.write(&key("d"), &sound(1), 3 * ONE);
        let kept = ["a", "b", "c", "d"].map(|name| cache.read(&key(name)).is_some());
        assert_eq!(kept, [true, false, true, true]);
    }

    #[test]
    fn a_damaged_file_is_not_played_and_goes() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(key("a").file_name());
        for damage in [&b""[..], b"RIFF", &file::encode(&sound(1))[..500]] {
            fs::write(&path, damage).unwrap();
            assert_eq!(Cache::new(folder.path().to_owned()).read(&key("a")), None);
            assert!(!path.exists());
        }
    }

    #[test]
    fn what_was_left_half_written_goes_when_it_is_old() {
        let folder = TempDir::new().unwrap();
        let [old, new] = ["1-0.part", "2-0.part"].map(|name| folder.path().join(name));
        fs::write(&new, "x").unwrap();
        File::create(&old).unwrap().set_modified(now() - Duration::from_hours(1)).unwrap();
        Cache::new(folder.path().to_owned()).write(&key("a"), &sound(1), ONE);
        assert!(new.exists() && !old.exists());
    }
}
