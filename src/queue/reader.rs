//! Reads frames back, and believes none whose CRC is wrong.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::frame::{self, Parts};
use super::index::Place;
use super::segment::Folder;

/// Most segments that are held open, those read last.
const MOST_OPEN: usize = 8;

#[derive(Debug)]
pub(super) struct Reader {
    folder: Folder,
    key: u32,
    open: Mutex<Vec<(u32, Arc<File>)>>,
}

impl Reader {
    pub(super) const fn new(folder: Folder, key: u32) -> Self {
        Self { folder, key, open: Mutex::new(Vec::new()) }
    }

    /// The body of a frame. The error is `NotFound` if its segment was deleted, and `InvalidData`
    /// if the frame is damaged.
    pub(super) fn body(&self, place: Place) -> io::Result<Bytes> {
        let mut bytes = vec![0; place.length as usize];
        let read = self.file(place.segment)?.read_exact_at(&mut bytes, u64::from(place.offset));
        let bytes = Bytes::from(bytes);
        match frame::decode(&bytes, self.key) {
            Some((_, _, body)) if read.is_ok() => Ok(bytes.slice_ref(body)),
            Some(_) | None => {
                let Place { segment, offset, .. } = place;
                tracing::error!(segment, offset, "a place in the store cannot be read");
                // The next start looks for more damage there, and tells.
                self.folder.forget_index(segment)?;
                Err(io::Error::new(io::ErrorKind::InvalidData, "a damaged place"))
            }
        }
    }

    /// Lets go of a segment that is deleted.
    pub(super) fn close(&self, segment: u32) {
        self.open().retain(|(number, _)| *number != segment);
    }

    fn file(&self, segment: u32) -> io::Result<Arc<File>> {
        let mut open = self.open();
        if let Some(at) = open.iter().position(|(number, _)| *number == segment) {
            let found = open.remove(at);
            open.push(found);
        } else {
            let file = Arc::new(File::open(self.folder.log(segment))?);
            if open.len() >= MOST_OPEN {
                open.remove(0);
            }
            open.push((segment, file));
        }
        open.last().map(|(_, file)| Arc::clone(file)).ok_or(io::ErrorKind::NotFound.into())
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<(u32, Arc<File>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parts of a whole alert's frame.
pub(super) fn parts(body: &[u8]) -> io::Result<Parts<'_>> {
    Parts::decode(body).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no alert"))
}
