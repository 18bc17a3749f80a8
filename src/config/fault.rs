//! What is wrong with a configuration file, and where.

use std::fmt;
use std::path::PathBuf;

/// One fault, or one warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key, as a path: `smtp.max_line`; empty for a fault of the file's syntax.
    pub key: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, key, message } = self;
        if key.is_empty() {
            write!(out, "line {line}, column {column}: {message}")
        } else {
            write!(out, "line {line}, column {column}: {key}: {message}")
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// It is not right.
    #[error("{}", describe(.0, .1))]
    Wrong(PathBuf, Vec<Fault>),
}

fn describe(file: &std::path::Path, faults: &[Fault]) -> String {
    let lines: Vec<String> =
        faults.iter().map(|fault| format!("{}: {fault}", file.display())).collect();
    lines.join("\n")
}

/// Turns a byte offset into line and column.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(newlines.map(|newline| newline + 1)).collect();
        Self { text, starts }
    }

    pub(super) fn fault(&self, offset: usize, key: &str, message: impl Into<String>) -> Fault {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied();
        let before = self.text.get(start.unwrap_or(0)..offset).unwrap_or_default();
        Fault {
            line,
            column: before.chars().count() + 1,
            key: key.to_owned(),
            message: message.into(),
        }
    }
}
