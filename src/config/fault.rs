//! What is wrong in a configuration file, said so that a person can put it right.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// One fault, or one warning, and where it stands.
///
/// Shown on one line:
/// `config.toml:12:15: smtp.max_message: found "4 Mb"; expected a size, such as "4 MiB"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Dotted path of the key or section; empty when the text is not TOML.
    pub key: String,
    /// What was found. Never a secret.
    pub problem: String,
    /// What would be right, as the end of the sentence; empty when the problem says it all.
    pub advice: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, key, problem, advice } = self;
        write!(out, "{file}:{line}:{column}: ")?;
        if !key.is_empty() {
            write!(out, "{key}: ")?;
        }
        out.write_str(problem)?;
        if advice.is_empty() { Ok(()) } else { write!(out, "; {advice}") }
    }
}

/// Every fault of a file, in the order of its lines; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            fault.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read at all.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{}: larger than {limit}, which no configuration is", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest that is read.
        limit: super::ByteSize,
    },
    /// The file was read, and is wrong.
    #[error(transparent)]
    Faulty(#[from] Faults),
}
