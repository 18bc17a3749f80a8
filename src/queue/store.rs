//! The store on disk: one sled tree. No other file knows sled.
//!
//! | key | value |
//! |---|---|
//! | `a` id | [`Record`] as JSON |
//! | `m` id | the mail's bytes |
//! | `p` id | empty: the alert is on the queue |
//! | `d` id channel NUL person | [`Delivery`] as JSON |
//! | `kept` | how many alerts are kept, `u64`: counting them would read them all into memory |
//! | `version` | version of this layout, `u32` |
//!
//! Ids are big-endian, so that keys sort as alerts came in.
//!
//! What sled 0.34 needs: a torn `snap.*.generating` file makes `open` fail, so it is deleted
//! before; after an I/O error (disk full) a database answers nothing but that error, so it is
//! opened anew; damaged files can make it panic, so every call is guarded; its flush is not
//! durable, so `disk` follows it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::disk::Disk;
use super::record::{Delivery, Record, VERSION};
use super::{QueueError, Read};
use crate::alert::AlertId;

/// Memory sled may use for pages, in bytes.
const CACHE: u64 = 4 * 1024 * 1024;

/// How often, and after which wait, a lock that is still held is tried again.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// How long closing a database may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

const ALERT: u8 = b'a';
const MAIL: u8 = b'm';
const PENDING: u8 = b'p';
const DELIVERY: u8 = b'd';
const VERSION_KEY: &[u8] = b"version";
const KEPT_KEY: &[u8] = b"kept";

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or used.
    #[error("cannot use the store folder {folder}: {error}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: std::io::Error,
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
        error: std::io::Error,
    },
}

/// A store that could not be read and was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What was wrong.
    pub reason: String,
    /// Where it lies now.
    pub set_aside: PathBuf,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the store: {0}")]
pub struct ReadError(String);

/// The open store.
pub(super) struct Store {
    folder: PathBuf,
    /// `None` only while it is opened anew.
    database: RwLock<Option<sled::Db>>,
    disk: Mutex<Disk>,
    /// The newest alert that is on the disk with all that belongs to it; younger ones are hidden
    /// from those who look for work.
    whole_up_to: AtomicU64,
    damage: Mutex<Option<Damage>>,
    /// The old handle hangs, and with it the lock on the files.
    stuck: AtomicBool,
}

/// Changes that are written in this order. A crash keeps the first so many of them, so each kind
/// of change has its order: an alert's record comes after all that belongs to it, and goes last.
///
/// sled has batches of its own; they keep all or nothing, at the price of two more writes to the
/// disk each, all of which wake seven threads.
#[derive(Default)]
pub(super) struct Batch {
    changes: Vec<(sled::IVec, Option<sled::IVec>)>,
    /// The newest alert among them.
    newest: AlertId,
}

impl Store {
    /// Opens the store, setting a damaged one aside.
    pub(super) fn open(folder: PathBuf) -> Result<(Self, Option<Damage>), OpenError> {
        let (database, damage) = open_or_set_aside(&folder)?;
        let disk = open_disk(&folder)?;
        let store = Self {
            folder,
            database: RwLock::new(Some(database)),
            disk: Mutex::new(disk),
            whole_up_to: AtomicU64::new(0),
            damage: Mutex::new(None),
            stuck: AtomicBool::new(false),
        };
        if let Err(error) = store.forget_torn() {
            tracing::error!(%error, "cannot take out what a crash left");
            store.whole_up_to.store(u64::MAX, Ordering::Release);
        }
        Ok((store, damage))
    }

    /// Folder the store lies in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty batch.
    #[expect(
        clippy::unused_self,
        reason = "batches belong to a store; callers need not name sled's type"
    )]
    pub(super) fn batch(&self) -> Batch {
        Batch::default()
    }

    /// Writes a batch and flushes it to disk. After an error the database is opened anew.
    pub(super) fn commit(&self, batch: Batch) -> Result<(), QueueError> {
        let newest = batch.newest;
        self.write(|database| {
            for (key, value) in batch.changes {
                match value {
                    Some(value) => drop(database.insert(key, value)?),
                    None => drop(database.remove(key)?),
                }
            }
            self.flush(database)
        })?;
        self.whole_up_to.fetch_max(newest.0, Ordering::Release);
        Ok(())
    }

    /// Takes alerts off the queue; it comes to the disk with the next flush.
    pub(super) fn finish(&self, ids: &[AlertId]) -> Result<(), QueueError> {
        self.write(|database| {
            ids.iter().try_for_each(|id| database.remove(key(PENDING, *id)).map(drop))
        })
    }

    /// Takes out what a crash left of an alert whose record was not written: nobody got a 250 for
    /// it, and its number will be given again.
    pub(super) fn forget_torn(&self) -> Result<(), ReadError> {
        let newest = self.newest()?;
        for id in self.list(PENDING, newest, usize::MAX)? {
            self.read(|database| {
                database.remove(key(PENDING, id))?;
                database.remove(key(MAIL, id)).map(drop)
            })?;
        }
        self.whole_up_to.store(newest.0, Ordering::Release);
        Ok(())
    }

    /// Brings to the disk what [`Store::finish`] left.
    pub(super) fn flush_all(&self) -> Result<(), QueueError> {
        self.write(|database| self.flush(database))
    }

    fn flush(&self, database: &sled::Db) -> sled::Result<()> {
        database.flush()?;
        Ok(self.disk.lock().unwrap_or_else(PoisonError::into_inner).sync()?)
    }

    fn write(&self, write: impl FnOnce(&sled::Db) -> sled::Result<()>) -> Result<(), QueueError> {
        self.with(write).map_err(|error| {
            if let Err(reopen) = self.reopen() {
                return QueueError::Store(format!("{error}; then: {reopen}"));
            }
            QueueError::Store(error)
        })
    }

    /// Opens the database if it could not be opened anew after an error.
    pub(super) fn revive(&self) {
        let open = self.database.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if !open && let Err(error) = self.reopen() {
            tracing::error!(%error, "the store stays closed");
        }
    }

    /// Whether the store can be used again by a new process only.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    /// Whether an alert is kept. `true` if that cannot be told.
    pub(super) fn has(&self, id: AlertId) -> bool {
        self.read(|database| database.contains_key(key(ALERT, id))).unwrap_or(true)
    }

    /// Damage found when the database was opened anew, told once.
    pub(super) fn take_damage(&self) -> Option<Damage> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Id of the newest alert, 0 if there is none.
    pub(super) fn newest(&self) -> Result<AlertId, ReadError> {
        self.read(|database| {
            let newest = database.scan_prefix([ALERT]).keys().next_back().transpose()?;
            Ok(newest.and_then(|key| id_of(&key)).unwrap_or_default())
        })
    }

    /// Ids of up to `limit` kept alerts after `after`, oldest first.
    pub(super) fn ids(&self, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError> {
        self.list(ALERT, after, limit)
    }

    /// How many alerts are kept, as the newest batch says.
    pub(super) fn kept(&self) -> Result<u64, ReadError> {
        self.read(|database| {
            let kept = database.get(KEPT_KEY)?.and_then(|bytes| <[u8; 8]>::try_from(&*bytes).ok());
            Ok(match kept {
                Some(kept) => u64::from_be_bytes(kept),
                None => database.scan_prefix([ALERT]).keys().count() as u64,
            })
        })
    }

    /// The newest records as long as `wanted`, up to `limit`, the newest first. What cannot be
    /// read is passed over.
    pub(super) fn newest_while(
        &self,
        limit: usize,
        wanted: impl Fn(&Record) -> bool,
    ) -> Result<Vec<Record>, ReadError> {
        self.read(|database| {
            let mut records = Vec::new();
            for value in database.scan_prefix([ALERT]).values().rev().take(limit) {
                let Ok(record) = parse(&value?) else { continue };
                if !wanted(&record) {
                    break;
                }
                records.push(record);
            }
            Ok(records)
        })
    }

    /// Adds to `batch` all that takes an alert out of the store.
    pub(super) fn forget(&self, batch: &mut Batch, id: AlertId) -> Result<(), ReadError> {
        self.read(|database| {
            for delivery in database.scan_prefix(key(DELIVERY, id)).keys() {
                batch.changes.push((delivery?, None));
            }
            Ok(())
        })?;
        for prefix in [MAIL, PENDING, ALERT] {
            batch.remove(prefix, id);
        }
        Ok(())
    }

    fn list(&self, prefix: u8, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError> {
        self.read(|database| {
            let from = key(prefix, AlertId(after.0.saturating_add(1)));
            let to = [prefix + 1];
            let keys = database.range(from.as_slice()..to.as_slice()).keys().take(limit);
            keys.map(|key| key.map(|key| id_of(&key).unwrap_or_default())).collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, ReadError> {
        self.with(read).map_err(ReadError)
    }

    /// Runs one call on the database; its errors and panics become text.
    fn with<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, String> {
        let guard = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = guard.as_ref().ok_or("the store is being opened anew")?;
        match catch_unwind(AssertUnwindSafe(|| call(database))) {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("the store is damaged".to_owned()),
        }
    }

    fn reopen(&self) -> Result<(), OpenError> {
        let mut guard = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The lock on the files is free only when the old handle is gone.
        if let Some(old) = guard.take()
            && !dropped_in_time(old)
        {
            self.stuck.store(true, Ordering::Relaxed);
        }
        if self.is_stuck() {
            return Err(OpenError::InUse(self.folder.clone()));
        }
        let mut tries = 0;
        let (database, damage) = loop {
            match open_or_set_aside(&self.folder) {
                // sled's own threads may hold the old handle a moment longer.
                Err(OpenError::InUse(_)) if tries < LOCK_TRIES => {
                    tries += 1;
                    std::thread::sleep(LOCK_WAIT);
                }
                opened => break opened?,
            }
        };
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = open_disk(&self.folder)?;
        *guard = Some(database);
        if damage.is_some() {
            *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
        }
        Ok(())
    }
}

impl Read for Store {
    fn record(&self, id: AlertId) -> Result<Option<Record>, ReadError> {
        let found = self.read(|database| database.get(key(ALERT, id)))?;
        found.map(|bytes| parse(&bytes)).transpose()
    }

    fn raw(&self, id: AlertId) -> Result<Bytes, ReadError> {
        let found = self.read(|database| database.get(key(MAIL, id)))?;
        Ok(found.map(|bytes| Bytes::copy_from_slice(&bytes)).unwrap_or_default())
    }

    fn deliveries(&self, id: AlertId) -> Result<Vec<Delivery>, ReadError> {
        let found = self.read(|database| {
            database.scan_prefix(key(DELIVERY, id)).values().collect::<sled::Result<Vec<_>>>()
        })?;
        let read = found.iter().map(|bytes| {
            parse(bytes).inspect_err(|error| {
                tracing::error!(alert = %id, %error, "a delivery's record makes no sense");
            })
        });
        Ok(read.filter_map(Result::ok).collect())
    }

    fn pending(&self, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError> {
        let whole_up_to = self.whole_up_to.load(Ordering::Acquire);
        let mut ids = self.list(PENDING, after, limit)?;
        ids.retain(|id| id.0 <= whole_up_to);
        Ok(ids)
    }

    fn history(&self, before: AlertId, limit: usize) -> Result<Vec<Record>, ReadError> {
        let found = self.read(|database| {
            let to = key(ALERT, before);
            let newest = database.range([ALERT].as_slice()..to.as_slice()).values().rev();
            newest.take(limit).collect::<sled::Result<Vec<_>>>()
        })?;
        Ok(found.iter().filter_map(|bytes| parse(bytes).ok()).collect())
    }
}

impl Batch {
    /// A new alert with its mail; on the queue if `pending`.
    pub(super) fn admit(&mut self, record: &Record, raw: &[u8], pending: bool) {
        let id = record.alert.id;
        if pending {
            self.insert(&key(MAIL, id), raw);
            self.insert(&key(PENDING, id), b"".as_slice());
        }
        self.insert(&key(ALERT, id), json(record));
        self.newest = self.newest.max(id);
    }

    /// How deliveries stand.
    pub(super) fn deliveries(&mut self, id: AlertId, deliveries: &[Delivery]) {
        for delivery in deliveries {
            let mut key = key(DELIVERY, id).to_vec();
            key.extend_from_slice(delivery.channel.as_str().as_bytes());
            key.push(0);
            key.extend_from_slice(delivery.person.as_str().as_bytes());
            self.insert(&key, json(delivery));
        }
    }

    /// How many alerts are kept once this batch is written; a crash may leave it a batch behind.
    pub(super) fn kept(&mut self, kept: u64) {
        self.insert(KEPT_KEY, kept.to_be_bytes().as_slice());
    }

    /// The alert is off the queue.
    pub(super) fn finish(&mut self, id: AlertId) {
        self.remove(PENDING, id);
    }

    /// The alert is on the queue again.
    pub(super) fn reopen(&mut self, id: AlertId) {
        self.insert(&key(PENDING, id), b"".as_slice());
    }

    fn insert(&mut self, key: &[u8], value: impl Into<sled::IVec>) {
        self.changes.push((key.into(), Some(value.into())));
    }

    fn remove(&mut self, prefix: u8, id: AlertId) {
        self.changes.push((key(prefix, id).as_slice().into(), None));
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Drops a database on a thread of its own: after some errors its last flush never ends.
fn dropped_in_time(database: sled::Db) -> bool {
    let (done, is_done) = std::sync::mpsc::sync_channel(1);
    let dropping = std::thread::Builder::new().name("queue-closer".to_owned()).spawn(move || {
        drop(catch_unwind(AssertUnwindSafe(|| drop(database))));
        // Nobody waits for it any more if it took too long.
        done.send(()).ok();
    });
    dropping.is_ok() && is_done.recv_timeout(CLOSE_PATIENCE).is_ok()
}

fn open_or_set_aside(folder: &Path) -> Result<(sled::Db, Option<Damage>), OpenError> {
    let folder_error = |error| OpenError::Folder { folder: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(folder_error)?;
    let reason = match try_open(folder) {
        Ok(database) => return Ok((database, None)),
        Err(Failure::Final(error)) => return Err(error),
        Err(Failure::Damaged(reason)) => reason,
    };
    let set_aside = free_name(folder);
    fs::rename(folder, &set_aside).map_err(|error| OpenError::SetAside {
        folder: folder.to_owned(),
        damage: reason.clone(),
        error,
    })?;
    fs::create_dir_all(folder).map_err(folder_error)?;
    match try_open(folder) {
        Ok(database) => Ok((database, Some(Damage { reason, set_aside }))),
        Err(Failure::Final(error)) => Err(error),
        Err(Failure::Damaged(reason)) => Err(folder_error(std::io::Error::other(reason))),
    }
}

fn open_disk(folder: &Path) -> Result<Disk, OpenError> {
    Disk::open(folder).map_err(|error| OpenError::Folder { folder: folder.to_owned(), error })
}

enum Failure {
    Final(OpenError),
    Damaged(String),
}

fn try_open(folder: &Path) -> Result<sled::Db, Failure> {
    // A snapshot that another process is writing is not torn.
    if is_locked(folder) {
        return Err(Failure::Final(OpenError::InUse(folder.to_owned())));
    }
    delete_torn_snapshots(folder)
        .map_err(|error| Failure::Final(OpenError::Folder { folder: folder.to_owned(), error }))?;
    let config = sled::Config::new()
        .path(folder)
        .cache_capacity(CACHE)
        .mode(sled::Mode::HighThroughput)
        .flush_every_ms(None);
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let database = config.open()?;
        let version = database.get(VERSION_KEY)?;
        // A walk over the newest keys finds most damage now, not when an alert waits.
        for item in database.scan_prefix([PENDING]).keys() {
            item?;
        }
        Ok::<_, sled::Error>((database, version))
    }));
    let (database, version) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(sled::Error::Io(error))) if is_in_use(&error) => {
            return Err(Failure::Final(OpenError::InUse(folder.to_owned())));
        }
        Ok(Err(sled::Error::Io(error))) if !is_damage(&error) => {
            return Err(Failure::Final(OpenError::Folder { folder: folder.to_owned(), error }));
        }
        Ok(Err(error)) => return Err(Failure::Damaged(error.to_string())),
        Err(_) => return Err(Failure::Damaged("its files contradict each other".to_owned())),
    };
    match version.map(|bytes| <[u8; 4]>::try_from(&*bytes).map(u32::from_be_bytes)) {
        Some(Ok(found)) if found > VERSION => {
            Err(Failure::Final(OpenError::Newer { folder: folder.to_owned(), found }))
        }
        Some(Ok(_)) => Ok(database),
        Some(Err(_)) => Err(Failure::Damaged("its version is unreadable".to_owned())),
        None if database.is_empty() => {
            let marked = database.insert(VERSION_KEY, &VERSION.to_be_bytes());
            marked.and_then(|_| database.flush()).map_err(|error| {
                let error = std::io::Error::other(error);
                Failure::Final(OpenError::Folder { folder: folder.to_owned(), error })
            })?;
            Ok(database)
        }
        None => Err(Failure::Damaged("its version is missing".to_owned())),
    }
}

/// Whether another process has the lock sled takes on its file.
fn is_locked(folder: &Path) -> bool {
    let Ok(file) = fs::File::open(folder.join("db")) else { return false };
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .is_err_and(|error| error == rustix::io::Errno::WOULDBLOCK)
}

/// sled says "could not acquire lock" with the kind of the system's error.
fn is_in_use(error: &std::io::Error) -> bool {
    error.to_string().contains("lock")
}

/// Whether an I/O error speaks of the files' content rather than of the disk or of permissions.
fn is_damage(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::InvalidData
            | std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::InvalidInput
            | std::io::ErrorKind::Other
    )
}

fn delete_torn_snapshots(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
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

fn key(prefix: u8, id: AlertId) -> [u8; 9] {
    let mut key = [prefix; 9];
    if let Some(rest) = key.get_mut(1..) {
        rest.copy_from_slice(&id.0.to_be_bytes());
    }
    key
}

fn id_of(key: &[u8]) -> Option<AlertId> {
    let bytes = key.get(1..9)?;
    Some(AlertId(u64::from_be_bytes(bytes.try_into().ok()?)))
}

/// Our own records always have a JSON form: their map keys are text.
fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(bytes).map_err(|error| ReadError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_of_an_alert_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let (torn, folder) = (AlertId(1), folder.path().join("queue"));
        {
            let (store, _) = Store::open(folder.clone()).unwrap();
            let mut batch = store.batch();
            batch.insert(&key(MAIL, torn), b"Subject: x".as_slice());
            batch.insert(&key(PENDING, torn), b"".as_slice());
            store.commit(batch).unwrap();
            // Nobody is to begin with it before its record is there.
            assert_eq!(store.pending(AlertId(0), 9), Ok(vec![]));
        }
        let (store, damage) = Store::open(folder).unwrap();
        assert_eq!((damage, store.newest()), (None, Ok(AlertId(0))));
        assert_eq!(store.list(PENDING, AlertId(0), 9), Ok(vec![]));
        assert_eq!(store.raw(torn), Ok(Bytes::new()));
    }
}
