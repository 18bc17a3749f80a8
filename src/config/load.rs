//! The file itself: read, checked, and whether its secrets are safe.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
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
        let text = read_text(file)?;
        let read::Outcome { config, mut warnings, exposed, .. } = read::read(&text);
        let config = config.map_err(|faults| LoadError::Wrong(file.to_owned(), faults))?;
        warnings.extend(exposed.filter(|_| is_readable_by_all(file)));
        Ok(Loaded { config, warnings })
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

/// The text of a file; of one that is too long no more than shows it.
pub(super) fn read_text(file: &Path) -> Result<String, LoadError> {
    let unreadable = |error| LoadError::Read(file.to_owned(), error);
    let mut text = Vec::new();
    let limit = read::MAX_FILE as u64 + 1;
    let opened = fs::File::open(file).map_err(unreadable)?;
    opened.take(limit).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() > read::MAX_FILE {
        return Err(LoadError::Wrong(file.to_owned(), vec![read::too_long()]));
    }
    String::from_utf8(text).map_err(|error| {
        let message = "the file is not UTF-8 text".to_owned();
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        let column = String::from_utf8_lossy(in_line).chars().count() + 1;
        let fault = Fault { line, column, key: String::new(), message };
        LoadError::Wrong(file.to_owned(), vec![fault])
    })
}

/// Every key the program asked for when it read this text. A text with every section asks for
/// every key there is.
#[must_use]
pub fn known_keys(text: &str) -> BTreeSet<String> {
    read::read(text).known
}

fn is_readable_by_all(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}
