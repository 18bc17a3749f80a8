//! The files of the log in their folder: `00000001.log`, `00000002.log`, …, and beside each closed
//! one its contents, `00000001.index`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::contents::Contents;
use super::frame::Header;

/// Octets that are read at a time where the disk has bad places.
const BLOCK: usize = 4096;

/// The folder of a store.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn log(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number:08}.log"))
    }

    fn index(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number:08}.index"))
    }

    /// Numbers of the segments there are, or were: a lone index tells of one that is missing.
    pub(super) fn segments(&self) -> io::Result<BTreeSet<u32>> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&self.0)? {
            let name = PathBuf::from(entry?.file_name());
            let known = name.extension().is_some_and(|end| end == "log" || end == "index");
            let number = name.file_stem().and_then(|stem| stem.to_str()).filter(|s| s.len() == 8);
            found.extend(number.filter(|_| known).and_then(|number| number.parse::<u32>().ok()));
        }
        Ok(found)
    }

    /// Makes a segment with room for this many bytes. After a crash it is there whole or not at all;
    /// what is `unfinished` the next one overwrites.
    pub(super) fn create(&self, number: u32, header: &Header, room: u64) -> io::Result<File> {
        let (path, unfinished) = (self.log(number), self.0.join("unfinished"));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&unfinished)?;
        let made = (|| {
            self.give_to_owner(&file);
            file.write_all_at(&header.encode(), 0)?;
            keep_room(&file, room)?;
            file.sync_all()?;
            self.forget_index(number)?;
            fs::rename(&unfinished, &path)?;
            self.sync()
        })();
        if made.is_err() {
            // What is left of it is in nobody's way, only in the disk's.
            drop(fs::remove_file(&unfinished));
        }
        made.map(|()| file)
    }

    pub(super) fn open(&self, number: u32) -> io::Result<File> {
        File::options().read(true).write(true).open(self.log(number))
    }

    /// Takes a segment away, for good when this returns.
    pub(super) fn remove(&self, number: u32) -> io::Result<()> {
        self.forget_index(number)?;
        fs::remove_file(self.log(number))?;
        self.sync()
    }

    pub(super) fn read_index(&self, number: u32, key: u32) -> Option<Contents> {
        Contents::decode(&fs::read(self.index(number)).ok()?, key)
    }

    /// Writes down what a segment holds. Nothing is lost where that fails: it is read again.
    pub(super) fn write_index(&self, number: u32, contents: &Contents, key: u32) {
        let Some(bytes) = contents.encode(key) else { return };
        let written = fs::write(self.index(number), bytes).and_then(|()| {
            self.give_to_owner(&File::open(self.index(number))?);
            Ok(())
        });
        if let Err(error) = written {
            tracing::debug!(number, %error, "the index of a segment is not written");
        }
    }

    /// Makes the next start look at every frame of a segment.
    pub(super) fn forget_index(&self, number: u32) -> io::Result<()> {
        match fs::remove_file(self.index(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Brings the names of the files to the disk.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// `root` may look into the store of an appliance that is not `root`, and must not lock it out.
    pub(super) fn give_to_owner(&self, file: &File) {
        if let Ok(folder) = fs::metadata(&self.0) {
            fchown(file, Some(folder.uid()), Some(folder.gid())).ok();
        }
    }
}

/// Makes the disk keep room for a file of this length, which stays as long as it is. Where the file
/// system cannot, that is as good as it gets.
pub(super) fn keep_room(file: &File, length: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, length) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT)) => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads a whole file; where the disk fails, there are zeros.
pub(super) fn read_what_can_be(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    if file.read_exact_at(&mut bytes, 0).is_err() {
        for (block, at) in bytes.chunks_mut(BLOCK).zip((0_u64..).step_by(BLOCK)) {
            if file.read_exact_at(block, at).is_err() {
                block.fill(0);
            }
        }
    }
    Ok(bytes)
}
