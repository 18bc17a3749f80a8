//! The files of a folder as one stream (tar, POSIX.1-1988 "ustar"), read while they are sent, and back.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use tokio::sync::mpsc;

use super::private;

/// Length of a header, and what contents are filled up to, in bytes.
const BLOCK: usize = 512;

/// What is read at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// Pieces on their way.
const PIECES: usize = 4;

/// Most files.
const MOST: usize = 100_000;

type Piece = io::Result<Bytes>;

/// The files of this folder, under its name. They are opened at once, so that one that is taken away
/// meanwhile is still in it; what is added to one later is not.
pub(super) async fn of(folder: PathBuf) -> io::Result<Body> {
    let opened = tokio::task::spawn_blocking(move || open(&folder)).await;
    let files = opened.map_err(io::Error::other)??;
    let (sender, receiver) = mpsc::channel::<Piece>(PIECES);
    // Whoever listens has gone when nobody takes it.
    tokio::task::spawn_blocking(move || {
        send(files, |piece| {
            sender.blocking_send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
        })
    });
    let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Ok(Body::from_stream(stream))
}

/// Each file with its name and its length.
fn open(folder: &Path) -> io::Result<Vec<(String, u64, File)>> {
    let above = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST) {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort_unstable();
    let mut files = Vec::new();
    for name in names {
        let file = match File::open(folder.join(&name)) {
            // Cleaning took it away; what counts of it stands in a later one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        files.push((format!("{above}/{name}"), file.metadata()?.len(), file));
    }
    Ok(files)
}

/// Hands all of them over, piece by piece.
fn send(
    files: Vec<(String, u64, File)>,
    mut take: impl FnMut(Piece) -> io::Result<()>,
) -> io::Result<()> {
    for (name, length, file) in files {
        take(Ok(header(&name, length).into()))?;
        let mut rest = length;
        let mut file = file.take(length);
        while rest > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(rest).unwrap_or(PIECE))];
            // A file that became shorter is filled up: its length was told already.
            let read = match file.read(&mut piece) {
                Ok(0) => piece.len(),
                Ok(read) => read,
                Err(error) => return take(Err(error)),
            };
            piece.truncate(read);
            rest = rest.saturating_sub(read as u64);
            take(Ok(piece.into()))?;
        }
        take(Ok(vec![0; padding(length)].into()))?;
    }
    take(Ok(vec![0; 2 * BLOCK].into()))
}

/// What follows contents of this length up to the next block.
fn padding(length: u64) -> usize {
    let over = usize::try_from(length % BLOCK as u64).unwrap_or(0);
    if over > 0 { BLOCK - over } else { 0 }
}

/// Writes the files of this folder, under its name, as one archive.
///
/// # Errors
/// If something cannot be read or written.
pub fn pack(folder: &Path, out: &mut impl Write) -> io::Result<()> {
    send(open(folder)?, |piece| out.write_all(&piece?))
}

/// Puts the files of an archive into a new folder, whatever folder they came from: plain files only,
/// which no other can read.
///
/// # Errors
/// If something cannot be read or written, or the archive is none of a history; the folder may then
/// hold some of it.
pub fn unpack(archive: &mut impl Read, into: &Path) -> io::Result<()> {
    private::have_folder(into)?;
    let mut block = [0; BLOCK];
    for _ in 0..MOST {
        archive.read_exact(&mut block).map_err(cut_off)?;
        if block.iter().all(|byte| *byte == 0) {
            return File::open(into)?.sync_all();
        }
        let entry = read_header(&block)?;
        if let Some(name) = entry.name {
            let mut file = private::create(&into.join(name))?;
            let copied = io::copy(&mut archive.by_ref().take(entry.length), &mut file)?;
            if copied < entry.length {
                return Err(cut_off(io::ErrorKind::UnexpectedEof.into()));
            }
            file.sync_all()?;
        }
        let padding = padding(entry.length);
        archive.read_exact(block.get_mut(..padding).unwrap_or_default()).map_err(cut_off)?;
    }
    Err(foreign("it holds too many files"))
}

/// A file of an archive; without a name a folder.
struct Entry {
    name: Option<String>,
    length: u64,
}

fn read_header(block: &[u8; BLOCK]) -> io::Result<Entry> {
    let field = |range: std::ops::Range<usize>| {
        let bytes = block.get(range).unwrap_or_default();
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text).map(str::trim).unwrap_or_default()
    };
    let octal = |range| u64::from_str_radix(field(range), 8).map_err(|_| foreign("it is no tar"));
    let blank = block.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u64::from(b' '),
        _ => u64::from(*byte),
    });
    if octal(148..156)? != blank.sum::<u64>() {
        return Err(foreign("it is no tar, or damaged"));
    }
    let length = octal(124..136)?;
    let name = field(0..100).rsplit('/').next().unwrap_or_default();
    match field(156..157) {
        "" | "0" if is_plain(name) => Ok(Entry { name: Some(name.to_owned()), length }),
        "5" => Ok(Entry { name: None, length: 0 }),
        _ => Err(foreign("it holds other things than the files of a history")),
    }
}

/// Whether a name is one that the store gives.
fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn cut_off(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return foreign("it breaks off, or is no tar");
    }
    error
}

fn foreign(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Name, mode, owner, length, time, sum, kind: numbers in octal digits.
fn header(name: &str, length: u64) -> Vec<u8> {
    let mut fields = [
        padded(name, 100),
        padded("0000600", 8),
        padded("0000000", 8),
        padded("0000000", 8),
        padded(&format!("{length:011o}"), 12),
        padded("00000000000", 12),
        b"        0".to_vec(),
        padded("", 100),
        b"ustar\x0000".to_vec(),
    ]
    .concat();
    fields.resize(BLOCK, 0);
    let sum: u32 = fields.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    fields.splice(148..156, sum.into_bytes());
    fields
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut field = text.as_bytes().to_vec();
    field.resize(length, 0);
    field
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn tar_unpacks_it() {
        let folder = tempfile::tempdir().unwrap();
        let queue = folder.path().join("queue");
        fs::create_dir_all(queue.join("below")).unwrap();
        let contents = [("00000001.log", 200_000), ("empty", 0), ("even", 1024), ("lock", 24)];
        for (name, length) in contents {
            fs::write(queue.join(name), vec![b'x'; length]).unwrap();
        }
        let body = of(queue).await.unwrap();
        let bytes = axum::body::to_bytes(body, 10_000_000).await.unwrap();
        assert_eq!(bytes.len() % BLOCK, 0);
        let archive = folder.path().join("a.tar");
        let there = folder.path().join("there");
        fs::create_dir(&there).unwrap();
        fs::write(&archive, &bytes).unwrap();
        let tar = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(&there).status();
        assert!(tar.unwrap().success());
        for (name, length) in contents {
            assert_eq!(fs::read(there.join("queue").join(name)).unwrap().len(), length, "{name}");
        }
        assert!(of(folder.path().join("nothing")).await.is_err());
        // And back, by ourselves.
        let back = folder.path().join("back");
        unpack(&mut bytes.as_ref(), &back).unwrap();
        for (name, length) in contents {
            assert_eq!(fs::read(back.join(name)).unwrap().len(), length, "{name}");
        }
    }

    #[test]
    fn what_tar_packed_is_taken_and_what_leads_elsewhere_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let queue = folder.path().join("queue");
        fs::create_dir(&queue).unwrap();
        fs::write(queue.join("00000001.log"), "frames").unwrap();
        let tar = |arguments: &[&str]| {
            let made = Command::new("tar").arg("c").args(arguments).current_dir(&folder).output();
            made.unwrap().stdout
        };
        let unpacked = |archive: &[u8], into: &str| {
            let into = folder.path().join(into);
            unpack(&mut &archive[..], &into).map(|()| into)
        };
        let into = unpacked(&tar(&["queue"]), "good").unwrap();
        assert_eq!(fs::read(into.join("00000001.log")).unwrap(), b"frames");
        std::os::unix::fs::symlink("/etc/passwd", queue.join("link")).unwrap();
        fs::write(folder.path().join(".hidden"), "x").unwrap();
        let whole = tar(&["queue/00000001.log"]);
        let mut turned = whole.clone();
        turned[0] ^= 1;
        for (number, bad) in [
            tar(&["queue"]),
            tar(&[".hidden"]),
            whole[..600].to_vec(),
            turned,
            b"no archive".repeat(100),
            Vec::new(),
        ]
        .iter()
        .enumerate()
        {
            assert!(unpacked(bad, &format!("bad{number}")).is_err(), "{number}");
        }
    }
}
