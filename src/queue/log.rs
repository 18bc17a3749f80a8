//! The log: frames go to the end of its newest segment.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::batch::Batch;
use super::contents::Contents;
use super::frame::{HEADER, Header};
use super::segment::{Folder, keep_room};
use crate::alert::AlertId;

/// Length of a segment.
pub(super) const SEGMENT: u64 = 8 * 1024 * 1024;

/// Room kept in the newest segment that no alert may take: how attempts ended can be written even
/// when others fill the disk.
const RESERVE: u64 = 1024 * 1024;

/// Zeros that are written ahead of the frames. Where a sync only brings octets to places that were
/// written before, the disk is written to once; where the file grows, the file system's journal too.
static BLANK: [u8; 256 * 1024] = [0; 256 * 1024];

/// All segments, if the newest is closed too.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) folder: Folder,
    pub(super) key: u32,
    pub(super) segment_size: u64,
    /// Their lengths.
    pub(super) lengths: BTreeMap<u32, u64>,
}

/// The segments, the newest of them open.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) folder: Folder,
    pub(super) key: u32,
    /// Length at which a segment is closed and the next begun. One batch may exceed it.
    pub(super) segment_size: u64,
    /// Lengths of the closed ones.
    closed: BTreeMap<u32, u64>,
    head: Head,
}

/// The newest segment.
#[derive(Debug)]
struct Head {
    number: u32,
    file: File,
    contents: Contents,
    /// Up to here it is on the disk for certain.
    synced: u64,
    /// Up to here the disk has room.
    room: u64,
    /// Up to here the file was written to: frames, then zeros.
    blank: u64,
    /// A sync failed: what the system then believes to be on the disk may not be there.
    suspect: bool,
}

impl Head {
    fn create(folder: &Folder, number: u32, header: &Header, room: u64) -> io::Result<Self> {
        let file = folder.create(number, header, room)?;
        let length = HEADER as u64;
        let contents = Contents { length, frames: Vec::new() };
        Ok(Self { number, file, contents, synced: length, room, blank: length, suspect: false })
    }

    /// Makes sure of room up to `wanted`, better still for a whole segment.
    fn make_room(&mut self, wanted: u64, segment_size: u64) -> io::Result<()> {
        if wanted <= self.room {
            return Ok(());
        }
        let better = wanted.max(segment_size + RESERVE);
        self.room = match keep_room(&self.file, better) {
            Ok(()) => better,
            Err(_) => keep_room(&self.file, wanted).map(|()| wanted)?,
        };
        Ok(())
    }

    /// Writes at the end of the frames, and zeros ahead when there are none left.
    fn write(&mut self, bytes: &[u8], segment_size: u64) -> io::Result<()> {
        let start = self.contents.length;
        self.file.write_all_at(bytes, start)?;
        let end = start + bytes.len() as u64;
        if end > self.blank {
            let most = self.room.min(segment_size).saturating_sub(end);
            let ahead = usize::try_from(most).unwrap_or(usize::MAX);
            let zeros = BLANK.get(..ahead).unwrap_or(&BLANK);
            // Without them the next syncs only take longer.
            self.file.write_all_at(zeros, end).ok();
            self.blank = end + zeros.len() as u64;
        }
        Ok(())
    }

    /// Takes back what was written beyond `length`.
    fn cut(&mut self, length: u64) {
        if let Err(error) = self.file.set_len(length) {
            tracing::error!(%error, "a write that failed cannot be taken back");
            self.suspect = true;
        }
        // The room beyond may be gone with it.
        self.room = length;
        self.blank = length;
        self.contents.length = length;
        self.contents.frames.retain(|frame| frame.end() <= length);
    }
}

impl Closed {
    /// Goes on in the newest segment, whose contents are known, after all these.
    pub(super) fn resume(self, number: u32, contents: Contents) -> io::Result<Log> {
        let file = self.folder.open(number)?;
        let length = contents.length;
        let (synced, room, blank) = (length, length, length);
        let mut head = Head { number, file, contents, synced, room, blank, suspect: false };
        if let Err(error) = head.make_room(length + RESERVE, self.segment_size) {
            tracing::warn!(%error, "no room for new alerts in the store");
        }
        Ok(self.with(head))
    }

    /// Begins a new segment.
    pub(super) fn begin(self, newest: AlertId) -> io::Result<Log> {
        let number = self.lengths.last_key_value().map_or(1, |(last, _)| last + 1);
        let header = Header::new(self.key, newest);
        let head = Head::create(&self.folder, number, &header, self.segment_size + RESERVE)?;
        Ok(self.with(head))
    }

    fn with(self, head: Head) -> Log {
        let Self { folder, key, segment_size, lengths } = self;
        Log { folder, key, segment_size, closed: lengths, head }
    }
}

impl Log {
    /// Writes a batch, and returns in which segment and from where. If it is to be `durable`, it
    /// and all before it are on the disk then; a crash keeps all of each frame or nothing of it.
    ///
    /// After an error nothing of the batch is there, and the next one may succeed.
    pub(super) fn append(
        &mut self,
        batch: &Batch,
        durable: bool,
        newest: AlertId,
    ) -> io::Result<(u32, u32)> {
        let bytes = batch.bytes();
        let reserve = if batch.has_alerts() { RESERVE } else { 0 };
        let wanted = bytes.len() as u64 + reserve;
        self.find_room(bytes.len() as u64, wanted, batch.has_alerts(), newest)?;
        let head = &mut self.head;
        let start = head.contents.length;
        let end = start + bytes.len() as u64;
        let offset = u32::try_from(start).map_err(io::Error::other)?;
        u32::try_from(end).map_err(io::Error::other)?;
        if let Err(error) = head.write(bytes, self.segment_size) {
            head.cut(start);
            return Err(error);
        }
        if durable && let Err(error) = head.file.sync_data() {
            head.suspect = true;
            head.cut(head.synced);
            return Err(error);
        }
        head.contents.length = end;
        head.contents.frames.extend(batch.frames().iter().map(|frame| frame.after(offset)));
        if durable {
            head.synced = end;
        }
        Ok((head.number, offset))
    }

    /// Brings everything written to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.head.synced < self.head.contents.length {
            self.head.file.sync_data()?;
            self.head.synced = self.head.contents.length;
        }
        Ok(())
    }

    /// Sees to it that the head takes `length` bytes more; for alerts there must be room for `wanted`
    /// bytes, for outcomes there is what was kept.
    fn find_room(
        &mut self,
        length: u64,
        wanted: u64,
        alerts: bool,
        newest: AlertId,
    ) -> io::Result<()> {
        let used = self.head.contents.length;
        let is_full = used > HEADER as u64 && used + length > self.segment_size;
        if is_full || self.head.suspect {
            match self.begin_next(wanted, newest) {
                // A segment may be longer than it should.
                Err(error) if !alerts && !self.head.suspect => {
                    tracing::debug!(%error, "goes on in a full segment");
                }
                result => return result,
            }
        }
        if alerts { self.head.make_room(used + wanted, self.segment_size) } else { Ok(()) }
    }

    fn begin_next(&mut self, wanted: u64, newest: AlertId) -> io::Result<()> {
        // Only the end of the newest segment may be unfinished.
        if let Err(error) = self.sync() {
            tracing::error!(%error, "the end of a segment is lost");
            self.head.suspect = true;
            self.head.cut(self.head.synced);
        }
        let header = Header::new(self.key, newest);
        let (number, least) = (self.head.number + 1, HEADER as u64 + wanted);
        let next =
            Head::create(&self.folder, number, &header, least.max(self.segment_size + RESERVE))
                .or_else(|_| Head::create(&self.folder, number, &header, least))?;
        let mut old = std::mem::replace(&mut self.head, next);
        // Gives the room back that was kept for it.
        old.cut(old.contents.length);
        self.folder.write_index(old.number, &old.contents, self.key);
        self.closed.insert(old.number, old.contents.length);
        Ok(())
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.head.contents.length + self.closed.values().sum::<u64>()
    }

    /// The oldest closed segment.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.closed.first_key_value().map(|(number, _)| *number)
    }

    /// Deletes the oldest closed segment.
    pub(super) fn delete_oldest(&mut self) -> io::Result<()> {
        let Some(number) = self.oldest() else { return Ok(()) };
        self.folder.remove(number)?;
        self.closed.remove(&number);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::open::{Opened, open};

    #[test]
    fn after_a_sync_that_failed_a_new_segment_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let Opened { lock, mut log, .. } = open(folder.path(), SEGMENT).unwrap();
        let batch = |id| {
            let mut batch = Batch::new(log.key);
            batch.finish(AlertId(id));
            batch
        };
        let (first, second, third) = (batch(1), batch(2), batch(3));
        assert_eq!(log.append(&first, true, AlertId(1)).unwrap(), (1, 28));
        log.append(&second, false, AlertId(1)).unwrap();
        log.head.suspect = true;
        log.head.cut(log.head.synced);
        assert_eq!(log.append(&third, true, AlertId(2)).unwrap(), (2, 28));
        drop((lock, log));
        let opened = open(folder.path(), SEGMENT).unwrap();
        assert_eq!(opened.damage, None);
        assert_eq!(opened.index.newest(), AlertId(3));
        assert_eq!(opened.log.closed, BTreeMap::from([(1, 28 + first.bytes().len() as u64)]));
    }

    #[test]
    fn a_batch_longer_than_a_segment_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path(), 100).unwrap().log;
        let mut batch = Batch::new(log.key);
        (1..=50).for_each(|id| batch.finish(AlertId(id)));
        assert_eq!(log.append(&batch, true, AlertId(1)).unwrap(), (1, 28));
        assert_eq!(log.append(&batch, true, AlertId(1)).unwrap(), (2, 28));
        assert_eq!(log.bytes(), 2 * (28 + batch.bytes().len() as u64));
    }
}
