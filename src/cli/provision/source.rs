//! The file on the FAT partition, as any computer may have written it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use encoding_rs::{Encoding, UTF_8};
use sha2::{Digest, Sha256};

/// Longest file that is looked at, in bytes: more than a configuration may have, in UTF-16.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// Where it was found.
    pub(super) path: PathBuf,
    /// What it says, without byte order mark.
    pub(super) text: String,
    /// SHA-256 of its bytes.
    pub(super) digest: String,
}

/// Reads the file, or the one that Windows hides behind its name: `appliance.toml.txt`.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Source>> {
    let mut hidden = path.as_os_str().to_owned();
    hidden.push(".txt");
    for path in [path.to_owned(), PathBuf::from(hidden)] {
        match read_whole(&path, MAX_FILE) {
            Ok(bytes) => {
                let digest = digest(&bytes);
                let text = decode(&bytes).with_context(|| path.display().to_string())?;
                return Ok(Some(Source { path, text, digest }));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        }
    }
    Ok(None)
}

/// The bytes of a regular file, `most` of them at most.
pub(super) fn read_whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// In hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// UTF-8, or UTF-16 that says so (as Notepad's "Unicode").
fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let bytes = bytes.get(mark..).unwrap_or_default();
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text
        .with_context(|| format!("the file is not {} text: save it as UTF-8", encoding.name()))?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_computer_writes_text_in_its_own_way() {
        let text = "[modem]\r\nname = \"ñ\"\r\n";
        let utf16 = |big: bool| {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            let bytes =
                units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            bytes.collect::<Vec<u8>>()
        };
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes().to_vec(), marked, utf16(true), utf16(false)] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        let latin = b"name = \"\xf1\"";
        assert!(decode(latin).unwrap_err().to_string().contains("save it as UTF-8"));
        assert!(decode(b"\xff\xfe\x00\xd8").is_err());
    }

    #[test]
    fn the_name_windows_makes_of_it_is_found_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("appliance.toml");
        assert_eq!(read(&file).unwrap(), None);
        fs::write(folder.path().join("appliance.toml.txt"), "x = 1").unwrap();
        assert_eq!(read(&file).unwrap().unwrap().text, "x = 1");
        fs::write(&file, "y = 1").unwrap();
        assert_eq!(read(&file).unwrap().unwrap().text, "y = 1");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(read(&file).is_err());
    }
}
