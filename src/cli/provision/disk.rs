//! Files that are there as a whole or not at all, whenever the power fails.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, symlink,
};
use std::path::{Path, PathBuf};

/// Zeros written at a time over what is to be forgotten.
const ZEROS: [u8; 4096] = [0; 4096];

/// Makes a folder with the owner of the one above it, if it is not there.
pub(super) fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(above)?;
    DirBuilder::new().mode(mode).create(path)?;
    own_like(&File::open(path)?, above)?;
    sync_folder(above)
}

/// Puts a file in its place: written beside, synced, renamed. It gets the owner of its folder.
pub(super) fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let new = beside(path);
    remove_if_there(&new)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let folder = folder_of(path);
    let written = own_like(&file, folder)
        .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)).or_else(unless_fat))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| sync_folder(folder));
    written.inspect_err(|_| drop(fs::remove_file(&new)))
}

/// Puts a file in its place if it does not hold this already.
pub(super) fn put_if_other(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if fs::read(path).is_ok_and(|held| held == bytes) { Ok(()) } else { put(path, bytes, mode) }
}

/// Puts a symbolic link in its place.
pub(super) fn put_link(path: &Path, to: &str) -> io::Result<()> {
    let new = beside(path);
    remove_if_there(&new)?;
    symlink(to, &new)?;
    fs::rename(&new, path)?;
    sync_folder(folder_of(path))
}

/// Takes a file away.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    remove_if_there(path)?;
    sync_folder(folder_of(path))
}

/// Replaces a file that held secrets, and writes over what it held: a new file takes other blocks of
/// the disk, and the old ones keep what is in them.
pub(super) fn replace_and_wipe(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = OpenOptions::new().write(true).open(path)?;
    put(path, bytes, 0o600)?;
    wipe(old)
}

/// Writes over a file that held secrets, and takes it away.
pub(super) fn wipe_and_remove(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => wipe(file)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    remove(path)
}

fn wipe(mut file: File) -> io::Result<()> {
    let mut left = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    while left > 0 {
        let length = left.min(ZEROS.len() as u64);
        let zeros = usize::try_from(length).ok().and_then(|length| ZEROS.get(..length));
        file.write_all(zeros.unwrap_or_default())?;
        left -= length;
    }
    file.sync_all()
}

fn own_like(file: &File, folder: &Path) -> io::Result<()> {
    let (wanted, has) = (fs::metadata(folder)?, file.metadata()?);
    if (has.uid(), has.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    // Who is not root cannot give files away, and on FAT nobody can.
    fchown(file, Some(wanted.uid()), Some(wanted.gid())).or_else(unless_fat)
}

/// FAT knows neither owners nor modes.
fn unless_fat(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::PermissionDenied { Ok(()) } else { Err(error) }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

/// `.config.toml.new`: a rename works only within one file system.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_its_old_blocks_hold_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "secret".repeat(2000)).unwrap();
        // Another name for the old blocks.
        fs::hard_link(&path, &other).unwrap();
        replace_and_wipe(&path, b"harmless").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"harmless");
        let old = fs::read(&other).unwrap();
        assert_eq!(old.len(), 12_000);
        assert!(old.iter().all(|byte| *byte == 0));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::hard_link(&path, folder.path().join("c")).unwrap();
        wipe_and_remove(&path).unwrap();
        assert_eq!(fs::read(folder.path().join("c")).unwrap(), [0; 8]);
        assert!(!path.exists());
        wipe_and_remove(&path).unwrap();
    }

    #[test]
    fn what_a_power_cut_left_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(folder.path().join(".config.toml.new"), "half").unwrap();
        put(&path, b"whole", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        put_link(&folder.path().join("localtime"), "/usr/share/zoneinfo/UTC").unwrap();
        put_link(&folder.path().join("localtime"), "/usr/share/zoneinfo/CET").unwrap();
        let link = fs::read_link(folder.path().join("localtime")).unwrap();
        assert_eq!(link, Path::new("/usr/share/zoneinfo/CET"));
        remove(&folder.path().join("localtime")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
