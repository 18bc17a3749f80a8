//! Opens a store: takes its lock, learns what is in its segments, and finds out what is damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use super::contents::Contents;
use super::damage::{Aside, Damage, set_aside};
use super::frame::{self, HEADER, Header, VERSION};
use super::index::Index;
use super::log::{Closed, Log};
use super::segment::{Folder, read_what_can_be};
use crate::alert::AlertId;

/// Most missing segments in a row that are put in their place, so that they are told only once.
const MOST_MISSING: usize = 1000;

/// How often, and with what pause, the lock is asked for: the program before may be on its way
/// out, or a child of it not yet on its own.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or used.
    #[error("cannot use the store folder {folder}: {error}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process has it open.
    #[error("the store in {0} is in use by another process (is the appliance running?)")]
    InUse(PathBuf),
    /// It was written by a newer program.
    #[error(
        "the store in {folder} has version {found}, this program knows up to {VERSION}: use a newer program"
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Version found.
        found: u32,
    },
    /// It is damaged, and could not be set aside.
    #[error("the store in {folder} is damaged ({damage}) and cannot be set aside: {error}")]
    SetAside {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        damage: String,
        /// What the system said.
        error: io::Error,
    },
}

/// A store just opened.
pub(super) struct Opened {
    /// Nobody else may open the store as long as this is held.
    pub(super) lock: File,
    pub(super) log: Log,
    pub(super) index: Index,
    pub(super) damage: Option<Damage>,
}

/// Opens the store in a folder; what is damaged is set aside.
pub(super) fn open(path: &Path, segment_size: u64) -> Result<Opened, OpenError> {
    let failed = |error| OpenError::Folder { folder: path.to_owned(), error };
    fs::create_dir_all(path).map_err(failed)?;
    let folder = Folder::new(path.to_owned());
    let lock = lock(path)?;
    folder.give_to_owner(&lock);
    let segments = folder.segments().map_err(failed)?;
    let headers = headers(&folder, &lock, &segments);
    if let Some(newer) = headers.iter().find(|header| header.version > VERSION) {
        return Err(OpenError::Newer { folder: path.to_owned(), found: newer.version });
    }
    match headers.first() {
        None if !segments.is_empty() => {
            let damage = "none of its files can be read".to_owned();
            let set_aside = match set_aside(path) {
                Ok(place) => place,
                Err(error) => {
                    return Err(OpenError::SetAside { folder: path.to_owned(), damage, error });
                }
            };
            drop(lock);
            let opened = open(path, segment_size)?;
            Ok(Opened { damage: Some(Damage { reason: damage, set_aside }), ..opened })
        }
        None => {
            let key = RandomState::new().build_hasher().finish().to_le_bytes();
            let key = key.first_chunk().map_or(0, |key| u32::from_le_bytes(*key));
            let loader = Loader::new(folder, Header::new(key, AlertId(0)));
            loader.open(lock, &segments, segment_size).map_err(failed)
        }
        Some(header) => {
            let mut loader = Loader::new(folder, *header);
            for header in &headers {
                loader.index.saw(header.newest);
            }
            if segments.is_empty() {
                loader.aside.note("all segments are missing".to_owned());
            }
            loader.open(lock, &segments, segment_size).map_err(failed)
        }
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::Folder { folder: path.to_owned(), error };
    let mut file = File::options();
    let file = file.read(true).write(true).create(true).truncate(false);
    let file = file.open(path.join("lock")).map_err(failed)?;
    for _ in 0..LOCK_TRIES {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            Err(error) => return Err(failed(error.into())),
        }
    }
    Err(OpenError::InUse(path.to_owned()))
}

/// The headers that can be read: that of the lock file, and those of the segments.
fn headers(folder: &Folder, lock: &File, segments: &BTreeSet<u32>) -> Vec<Header> {
    let of = |file: &File| {
        let mut bytes = [0; HEADER];
        file.read_exact_at(&mut bytes, 0).ok().and_then(|()| Header::decode(&bytes))
    };
    let others = segments.iter().filter_map(|number| of(&File::open(folder.log(*number)).ok()?));
    of(lock).into_iter().chain(others).collect()
}

/// Learns what is in the segments, the oldest first.
struct Loader {
    folder: Folder,
    header: Header,
    index: Index,
    aside: Aside,
    closed: BTreeMap<u32, u64>,
}

impl Loader {
    fn new(folder: Folder, header: Header) -> Self {
        let aside = Aside::new(folder.path());
        Self { folder, header, index: Index::default(), aside, closed: BTreeMap::new() }
    }

    fn open(
        mut self,
        lock: File,
        segments: &BTreeSet<u32>,
        segment_size: u64,
    ) -> io::Result<Opened> {
        let mut head = None;
        for number in segments {
            self.fill_gap(*number)?;
            let is_newest = segments.last() == Some(number);
            let (contents, is_whole) = self.load(*number, is_newest)?;
            contents.frames.iter().for_each(|frame| self.index.apply(frame, *number));
            if is_newest && is_whole {
                head = Some((*number, contents));
            } else {
                self.closed.insert(*number, contents.length);
            }
        }
        let key = self.header.key;
        let closed = Closed { folder: self.folder, key, segment_size, lengths: self.closed };
        let log = match head {
            Some((number, contents)) => closed.resume(number, contents)?,
            None => closed.begin(self.index.newest())?,
        };
        keep_key(&lock, key);
        Ok(Opened { lock, log, index: self.index, damage: self.aside.damage() })
    }

    /// Puts empty segments where some are missing before this one.
    fn fill_gap(&mut self, number: u32) -> io::Result<()> {
        let Some((last, _)) = self.closed.last_key_value() else { return Ok(()) };
        for missing in (last + 1..number).take(MOST_MISSING) {
            self.is_missing(missing)?;
            self.closed.insert(missing, HEADER as u64);
        }
        Ok(())
    }

    fn is_missing(&mut self, number: u32) -> io::Result<()> {
        self.aside.note(format!("segment {number} is missing"));
        self.folder.create(number, &self.header, HEADER as u64).map(drop)
    }

    /// What a segment holds, and whether it is whole. The newest is always read, the others if
    /// what is beside them does not say.
    fn load(&mut self, number: u32, is_newest: bool) -> io::Result<(Contents, bool)> {
        let (path, key) = (self.folder.log(number), self.header.key);
        let told = self.folder.read_index(number, key);
        let length = match fs::metadata(&path) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.is_missing(number)?;
                return Ok((Contents { length: HEADER as u64, frames: Vec::new() }, true));
            }
            Err(error) => return Err(error),
        };
        let told_length = told.as_ref().map_or(0, |told| told.length);
        if let Some(told) = told.filter(|told| !is_newest && told.length == length) {
            return Ok((told, true));
        }
        let bytes = read_what_can_be(&path)?;
        let mut found = frame::scan(&bytes, key);
        let mut length = length;
        if let Some(blank) = found.gaps.pop_if(|gap| is_blank(&bytes, gap)) {
            // Made ready for frames that never came.
            length = blank.start as u64;
            self.folder.open(number)?.set_len(length)?;
        }
        let mut contents = Contents { length, frames: found.frames };
        let fault = if Header::decode(&bytes).is_none() {
            Some("its head cannot be read".to_owned())
        } else if told_length > length {
            Some(format!("it lost {} bytes", told_length - length))
        } else if let Some(end) = torn_at(&found.gaps, length).filter(|_| is_newest) {
            // It was being written when the power went: nobody was promised anything.
            tracing::info!(number, bytes = length - end, "the last write was not finished");
            contents.length = end;
            self.folder.open(number)?.set_len(end)?;
            None
        } else {
            unreadable(&found.gaps)
        };
        if let Some(fault) = &fault {
            self.aside.keep(&path, fault);
        }
        if fault.is_some() || !is_newest {
            self.folder.write_index(number, &contents, key);
        }
        Ok((contents, fault.is_none()))
    }
}

/// Where a write was cut off, if nothing else is wrong.
fn torn_at(gaps: &[Range<usize>], length: u64) -> Option<u64> {
    match gaps {
        [gap] if gap.end as u64 == length => u64::try_from(gap.start).ok(),
        _ => None,
    }
}

/// Whether this is the end of a segment, and all zeros.
fn is_blank(bytes: &[u8], gap: &Range<usize>) -> bool {
    let blank = bytes.get(gap.clone()).unwrap_or_default();
    gap.end == bytes.len() && blank.iter().all(|byte| *byte == 0)
}

fn unreadable(gaps: &[Range<usize>]) -> Option<String> {
    let bytes: usize = gaps.iter().map(Range::len).sum();
    let first = gaps.first()?.start;
    Some(format!("{bytes} bytes in {} places, the first at {first}", gaps.len()))
}

/// The key is in every segment; here too, should all their heads be damaged.
fn keep_key(lock: &File, key: u32) {
    let bytes = Header::new(key, AlertId(0)).encode();
    let mut found = [0; HEADER];
    let is_there = lock.read_exact_at(&mut found, 0).is_ok() && found.as_slice() == bytes;
    if !is_there && let Err(error) = lock.write_all_at(&bytes, 0).and_then(|()| lock.sync_all()) {
        tracing::debug!(%error, "the lock file does not take the key");
    }
}
