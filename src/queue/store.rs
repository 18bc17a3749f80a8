//! The store on disk: an append-only log of our own, in a folder.
//!
//! All numbers are little-endian.
//!
//! | file | what it is |
//! |---|---|
//! | `00000001.log`, … | segments of 8 MiB (`segment`, `log`): a header, then frames; only the newest grows |
//! | `00000001.index`, … | what a closed segment holds (`contents`), so that a start need not read it; can be made again |
//! | `lock` | locked by who has the store open; begins with a header too, for its key |
//!
//! | header | octets | |
//! |---|---|---|
//! | magic | 8 | `SMTPAPPQ` |
//! | version | 4 | of this layout; a newer one is refused |
//! | key | 4 | random, the same in all files of a store |
//! | newest | 8 | newest id when the file was made |
//! | CRC-32 | 4 | of the octets before |
//!
//! | frame | octets | |
//! |---|---|---|
//! | kind | 1 | see below |
//! | id | 8 | of the alert |
//! | length | 4 | of the body |
//! | CRC-32 | 4 | of the body |
//! | CRC-32 with key | 4 | of the octets before |
//! | body | length | |
//!
//! | kind | body |
//! |---|---|
//! | 1 alert on the queue, 2 alert in the history | length of the record (4 octets), [`Record`] as JSON, the mail |
//! | 3 some deliveries, 4 all deliveries | [`Delivery`]s as JSON; the latest of a person and channel counts |
//! | 5 finish, 6 reopen, 7 forget | none |
//!
//! The newest segment may end in zeros, room made ready for frames to come.
//!
//! A group of changes is one write and one `fdatasync`. What is where is kept in memory (`index`)
//! and learnt at the start (`open`); it changes after the sync, so that nobody sees what is not on
//! the disk. What counts no more is taken away by `cleaning`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use tokio::time::Instant;

use super::arrivals;
use super::batch::Batch;
use super::cleaning::Moves;
use super::damage::{Aside, Damage};
use super::flush::Meter;
use super::index::{Entry, Index};
use super::log::{Log, SEGMENT};
use super::open::{OpenError, Opened, open};
use super::reader::{Reader, parts};
use super::record::{Delivery, Record};
use super::segment::Folder;
use super::{QueueError, Read};
use crate::alert::AlertId;

/// How often a place is looked up again that was moved meanwhile.
const LOOKS: u32 = 3;

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the store: {0}")]
pub struct ReadError(String);

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The open store. One task writes; reading is free for all.
#[derive(Debug)]
pub(super) struct Store {
    /// Whoever opens the store must get this lock.
    _lock: File,
    key: u32,
    writing: Mutex<(Log, Moves)>,
    index: RwLock<Index>,
    pub(super) reader: Reader,
    pub(super) flushes: Meter,
    pub(super) arrivals: arrivals::Meter,
    folder: Folder,
    /// Damage found since it was opened.
    damage: Mutex<Option<Aside>>,
}

impl Store {
    /// Opens the store, setting aside what is damaged.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<Damage>), OpenError> {
        Self::with_segments_of(folder, SEGMENT)
    }

    pub(super) fn with_segments_of(
        folder: &Path,
        segment_size: u64,
    ) -> Result<(Self, Option<Damage>), OpenError> {
        let Opened { lock, log, index, damage } = open(folder, segment_size)?;
        let store = Self {
            _lock: lock,
            key: log.key,
            reader: Reader::new(log.folder.clone(), log.key),
            flushes: Meter::default(),
            arrivals: arrivals::Meter::default(),
            folder: log.folder.clone(),
            writing: Mutex::new((log, Moves::default())),
            index: RwLock::new(index),
            damage: Mutex::new(None),
        };
        Ok((store, damage))
    }

    /// Folder the store lies in.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An empty batch.
    pub(super) const fn batch(&self) -> Batch {
        Batch::new(self.key)
    }

    /// Writes a batch. If it is to be `durable`, it and all before it are on the disk when this
    /// returns; else that comes with the next one. After an error nothing of it is there.
    pub(super) fn commit(&self, mut batch: Batch, durable: bool) -> Result<(), QueueError> {
        let wanted = batch.frames().len();
        if wanted == 0 {
            return Ok(());
        }
        let mut writing = self.writing();
        let (log, moves) = &mut *writing;
        if durable {
            self.add_moves(log, moves, &mut batch);
        }
        let newest = self.newest();
        let begun = Instant::now();
        let mut written = log.append(&batch, durable, newest);
        if written.is_err() {
            moves.clear();
            if batch.frames().len() > wanted {
                // Moving can wait.
                batch.truncate(wanted);
                written = log.append(&batch, durable, newest);
            }
        }
        let took = begun.elapsed();
        let size = batch.bytes().len() as u64;
        let (segment, start) = written.map_err(|error| write_error(&error, size))?;
        {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            let frames = batch.frames().iter();
            frames.for_each(|frame| index.apply(&frame.after(start), segment));
        }
        if durable {
            self.flushes.count(took);
            self.after(log, moves, &batch);
        }
        Ok(())
    }

    /// Brings to the disk what was written without waiting for it.
    pub(super) fn sync(&self) -> Result<(), QueueError> {
        self.writing().0.sync().map_err(|error| write_error(&error, 0))
    }

    /// Whether an alert is kept.
    pub(super) fn has(&self, id: AlertId) -> bool {
        self.index().get(id).is_some()
    }

    /// The highest number an alert ever had, 0 if there was none.
    pub(super) fn newest(&self) -> AlertId {
        self.index().newest()
    }

    /// How many alerts are kept.
    pub(super) fn kept(&self) -> usize {
        self.index().len()
    }

    /// Ids of up to `limit` kept alerts after `after`, oldest first.
    pub(super) fn ids(&self, after: AlertId, limit: usize) -> Vec<AlertId> {
        self.index().after(after).map(|(id, _)| id).take(limit).collect()
    }

    /// Pending alerts of which it is written how a delivery stands.
    pub(super) fn pending_with_deliveries(&self) -> Vec<AlertId> {
        let index = self.index();
        let tried = |id: &AlertId| index.get(*id).is_some_and(|entry| !entry.updates.is_empty());
        index.pending_after(AlertId(0)).filter(tried).collect()
    }

    /// The newest records as long as `wanted`, up to `limit`, the newest first. What cannot be
    /// read is passed over.
    pub(super) fn newest_while(
        &self,
        limit: usize,
        wanted: impl Fn(&Record) -> bool,
    ) -> Vec<Record> {
        let ids = self.ids_before(AlertId(u64::MAX), limit);
        let records = ids.into_iter().filter_map(|id| self.record(id).ok().flatten());
        records.take_while(wanted).collect()
    }

    fn ids_before(&self, before: AlertId, limit: usize) -> Vec<AlertId> {
        self.index().before(before).map(|(id, _)| id).take(limit).collect()
    }

    /// Damage that was found since the store was opened, told once.
    pub(super) fn take_damage(&self) -> Option<Damage> {
        self.found_damage().take()?.damage()
    }

    /// Sets the segment aside of an alert that cannot be read and is in the way.
    pub(super) fn give_up(&self, id: AlertId) {
        let Some(segment) = self.index().get(id).map(|entry| entry.alert.segment) else { return };
        let mut damage = self.found_damage();
        let aside = damage.get_or_insert_with(|| Aside::new(self.folder()));
        aside.keep(&self.folder.log(segment), &format!("alert {id} cannot be read"));
    }

    /// Finds an alert and reads of it; once more if it was moved in between.
    pub(super) fn look<T>(
        &self,
        id: AlertId,
        read: impl Fn(&Entry) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let mut looks = 0;
        loop {
            let Some(entry) = self.index().get(id).cloned() else { return Ok(None) };
            looks += 1;
            match read(&entry) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && looks < LOOKS => {}
                result => return result.map(Some),
            }
        }
    }

    /// How the deliveries of an alert stand. What makes no sense is passed over.
    pub(super) fn deliveries_of(&self, entry: &Entry) -> io::Result<Vec<Delivery>> {
        let mut found = BTreeMap::new();
        let mut take_up =
            |json: &[u8]| match serde_json::from_slice::<Vec<Delivery>>(json) {
                Ok(deliveries) => found.extend(deliveries.into_iter().map(|delivery| {
                    ((delivery.channel.as_str(), delivery.person.clone()), delivery)
                })),
                Err(error) => tracing::error!(%error, "a delivery's record makes no sense"),
            };
        for place in &entry.updates {
            match self.reader.body(*place) {
                Ok(body) => take_up(&body),
                // It was told already that the place cannot be read.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.into_values().collect())
    }

    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, (Log, Moves)> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found_damage(&self) -> MutexGuard<'_, Option<Aside>> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Store {
    fn record(&self, id: AlertId) -> Result<Option<Record>, ReadError> {
        let record = self.look(id, |entry| {
            let body = self.reader.body(entry.alert)?;
            Ok(serde_json::from_slice(parts(&body)?.record)?)
        });
        Ok(record?)
    }

    fn raw(&self, id: AlertId) -> Result<Bytes, ReadError> {
        let raw = self.look(id, |entry| {
            let body = self.reader.body(entry.alert)?;
            Ok(body.slice_ref(parts(&body)?.mail))
        });
        Ok(raw?.unwrap_or_default())
    }

    fn deliveries(&self, id: AlertId) -> Result<Vec<Delivery>, ReadError> {
        Ok(self.look(id, |entry| self.deliveries_of(entry))?.unwrap_or_default())
    }

    fn pending(&self, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError> {
        let index = self.index();
        Ok(index.pending_after(after).take(limit).collect())
    }

    fn history(&self, before: AlertId, limit: usize) -> Result<Vec<Record>, ReadError> {
        let ids = self.ids_before(before, limit).into_iter();
        Ok(ids.filter_map(|id| self.record(id).ok().flatten()).collect())
    }
}

fn write_error(error: &io::Error, size: u64) -> QueueError {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        QueueError::DiskFull(size)
    } else {
        QueueError::Store(error.to_string())
    }
}
