//! Passwords and PINs: in the file, or in a file of their own.

use std::fs;
use std::path::PathBuf;

use super::section::{Reader, Section};
use super::value::{path, secret};
use crate::config::Secret;

/// Longest secret, in bytes.
const MAX_SECRET: u64 = 4096;

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The secret under `key`, or in the file named by `file_key` (a trailing newline is cut; a path
/// that is not absolute is looked up in systemd's credentials).
pub(super) fn read(
    section: &mut Section<'_>,
    reader: &Reader<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Option<Secret> {
    let direct = section.get_spanned(key, secret);
    let from_file = section.get_spanned(file_key, path);
    match (direct, from_file) {
        (Some((_, span)), Some(_)) => {
            let message = format!("expected either `{key}` or `{file_key}`, not both");
            reader.fault(&span, &section.key(key), message);
            None
        }
        (Some((secret, _)), None) => Some(secret),
        (None, Some((path, span))) => match read_file(path) {
            Ok(secret) => Some(secret),
            Err(message) => {
                reader.fault(&span, &section.key(file_key), message);
                None
            }
        },
        (None, None) => None,
    }
}

fn read_file(path: PathBuf) -> Result<Secret, String> {
    let path = match std::env::var_os(CREDENTIALS) {
        Some(folder) if path.is_relative() => PathBuf::from(folder).join(path),
        Some(_) | None => path,
    };
    let size = fs::metadata(&path).map(|metadata| metadata.len());
    if size.is_ok_and(|size| size > MAX_SECRET) {
        return Err(format!("{} is too long for a secret", path.display()));
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read the secret in {}: {error}", path.display()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Secret::new(secret.to_owned()))
}
