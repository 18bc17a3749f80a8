//! Passwords and PINs: in the file, or in a file of their own.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::section::Section;
use super::value::{path, secret};
use crate::config::Secret;

/// Longest secret, in bytes.
const MAX_SECRET: u64 = 4096;

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What a section says of a secret.
pub(super) enum Found {
    /// Nothing.
    Absent,
    /// Something wrong, which is noted.
    Wrong,
    /// A file that is not there now, which is noted as a warning.
    Elsewhere,
    /// The secret.
    Secret(Secret),
}

impl Found {
    pub(super) fn secret(self) -> Option<Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Absent | Self::Wrong | Self::Elsewhere => None,
        }
    }
}

/// The secret under `key`, or in the file named by `file_key` (a trailing newline is cut; a path
/// that is not absolute is looked up in systemd's credentials, which only the service itself
/// sees). `without` says what comes of it when it cannot be read.
pub(super) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
    without: &str,
) -> Found {
    if section.has(key) {
        section.secret(key);
    }
    let (direct, file) = (section.get(key, secret), section.get(file_key, path));
    if section.has(key) && section.has(file_key) {
        section.fault_of(key, format!("expected either `{key}` or `{file_key}`, not both"));
        return Found::Wrong;
    }
    match (direct, file) {
        (Some(secret), _) => Found::Secret(secret),
        (None, Some(path)) => read_named(section, file_key, &path, without),
        (None, None) if section.has(key) || section.has(file_key) => Found::Wrong,
        (None, None) => Found::Absent,
    }
}

fn read_named(section: &Section<'_>, file_key: &str, path: &Path, without: &str) -> Found {
    let credentials = std::env::var_os(CREDENTIALS).map(PathBuf::from);
    let full = credentials.map_or_else(|| path.to_owned(), |folder| folder.join(path));
    match read_file(&full) {
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => section.fault_of(file_key, format!("{} is empty", full.display())),
            secret => return Found::Secret(Secret::new(secret.to_owned())),
        },
        Err(error) => {
            let message = format!("cannot read the secret in {}: {error}", full.display());
            if path.is_relative() {
                section.warn_of(file_key, format!("{message}; {without}"));
                return Found::Elsewhere;
            }
            section.fault_of(file_key, message);
        }
    }
    Found::Wrong
}

fn read_file(path: &Path) -> io::Result<String> {
    // A pipe would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SECRET {
        return Err(io::Error::other("it is too long for a secret"));
    }
    Ok(text)
}
