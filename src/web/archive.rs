//! The files of a folder as one stream (tar, POSIX.1-1988 "ustar"), read while they are sent.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;

use axum::body::{Body, Bytes};
use tokio::sync::mpsc;

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
    tokio::task::spawn_blocking(move || send(files, &sender));
    let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Ok(Body::from_stream(stream))
}

/// Each file with its name and its length.
fn open(folder: &std::path::Path) -> io::Result<Vec<(String, u64, File)>> {
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

/// Sends all of them; whoever listens has gone when nobody takes it.
fn send(files: Vec<(String, u64, File)>, to: &mpsc::Sender<Piece>) -> Option<()> {
    for (name, length, file) in files {
        to.blocking_send(Ok(header(&name, length).into())).ok()?;
        let mut rest = length;
        let mut file = file.take(length);
        while rest > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(rest).unwrap_or(PIECE))];
            // A file that became shorter is filled up: its length was told already.
            let read = match file.read(&mut piece) {
                Ok(0) => piece.len(),
                Ok(read) => read,
                Err(error) => {
                    drop(to.blocking_send(Err(error)));
                    return None;
                }
            };
            piece.truncate(read);
            rest = rest.saturating_sub(read as u64);
            to.blocking_send(Ok(piece.into())).ok()?;
        }
        let over = usize::try_from(length % BLOCK as u64).unwrap_or(0);
        if over > 0 {
            to.blocking_send(Ok(vec![0; BLOCK - over].into())).ok()?;
        }
    }
    to.blocking_send(Ok(vec![0; 2 * BLOCK].into())).ok()
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
    }
}
