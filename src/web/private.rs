//! Files that only the appliance may read, whoever of the machine writes them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Makes a folder if it is missing.
pub(super) fn have_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    belongs_to_the_store(&File::open(folder)?, folder)
}

/// Writes a file, whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}

/// A new file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    belongs_to_the_store(&file, folder)?;
    Ok(file)
}

/// Adds to the end of a file.
pub(super) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    belongs_to_the_store(&file, folder)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// What root makes by the command line belongs to whom the folder above belongs to, else the
/// appliance could not read it.
fn belongs_to_the_store(file: &File, folder: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(folder.parent().unwrap_or(folder))?;
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}
