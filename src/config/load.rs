//! The file itself: read, checked, and whether its secrets are safe.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::fault::{Fault, LoadError};
use super::read;
use super::section::Config;

/// A configuration that can be used, and what is odd about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is allowed, and probably not meant.
    pub warnings: Vec<Fault>,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`LoadError`] with every fault of the file.
    pub fn load(file: &Path) -> Result<Loaded, LoadError> {
        let text = fs::read(file).map_err(|error| LoadError::Read(file.to_owned(), error))?;
        let wrong = |faults| LoadError::Wrong(file.to_owned(), faults);
        let text = String::from_utf8(text).map_err(|error| {
            let message = "the file is not UTF-8 text".to_owned();
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..valid).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            wrong(vec![Fault { line, column: 1, key: String::new(), message }])
        })?;
        let mut loaded = Self::parse(&text).map_err(wrong)?;
        if has_secret(&loaded.config) && is_readable_by_all(file) {
            let message = "the file holds a password and everybody on this machine can read it: \
                           chmod 600"
                .to_owned();
            loaded.warnings.push(Fault { line: 1, column: 1, key: String::new(), message });
        }
        Ok(loaded)
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// Every fault, in the order of the text.
    pub fn parse(text: &str) -> Result<Loaded, Vec<Fault>> {
        let outcome = read::read(text);
        outcome.config.map(|config| Loaded { config, warnings: outcome.warnings })
    }
}

/// Every key the program asked for when it read this text. A text with every section asks for
/// every key there is.
#[must_use]
pub fn known_keys(text: &str) -> BTreeSet<String> {
    read::read(text).known
}

fn has_secret(config: &Config) -> bool {
    config.mail.password.is_some()
        || !config.smtp.users.is_empty()
        || config.modem.as_ref().is_some_and(|modem| modem.pin.is_some())
}

fn is_readable_by_all(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}
