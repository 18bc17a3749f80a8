//! What is wrong with a configuration file, and where.

use std::fmt;
use std::path::PathBuf;

/// Most faults, and most warnings, told of one file.
const MAX_TOLD: usize = 200;

/// Longest key or message, in characters: a key may be as long as the file.
const MAX_TEXT: usize = 1000;

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
    /// Where each line but the first begins, in bytes.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1);
        Self { text, starts: starts.collect() }
    }

    pub(super) fn fault(&self, offset: usize, key: &str, message: &str) -> Fault {
        let lines_before = self.starts.partition_point(|start| *start <= offset);
        let start = lines_before.checked_sub(1).and_then(|line| self.starts.get(line));
        let before = self.text.get(start.copied().unwrap_or(0)..offset).unwrap_or_default();
        Fault {
            line: lines_before + 1,
            column: before.chars().count() + 1,
            key: printable(key),
            message: printable(message),
        }
    }
}

/// Quoted keys and values may hold anything; a terminal obeys control characters.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(MAX_TEXT).map(shown).collect()
}

/// Faults as they are found, of which the first in the file are kept.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<Found>,
    left_out: usize,
}

#[derive(Debug)]
struct Found {
    offset: usize,
    key: String,
    message: String,
}

impl Faults {
    /// Notes what is wrong at a byte offset.
    pub(super) fn push(&mut self, offset: usize, key: &str, message: String) {
        self.found.push(Found { offset, key: key.to_owned(), message });
        if self.found.len() >= 2 * MAX_TOLD {
            self.keep_first();
        }
    }

    /// How many were noted.
    pub(super) const fn count(&self) -> usize {
        self.found.len() + self.left_out
    }

    /// The faults in the order of the file; the last tells how many are not told.
    pub(super) fn told(mut self, lines: &Lines<'_>) -> Vec<Fault> {
        self.keep_first();
        let found = self.found.iter();
        let mut told: Vec<Fault> =
            found.map(|found| lines.fault(found.offset, &found.key, &found.message)).collect();
        if let (Some(last), 1..) = (told.last(), self.left_out) {
            let message = format!("and {} more", self.left_out);
            told.push(Fault { key: String::new(), message, ..last.clone() });
        }
        told
    }

    fn keep_first(&mut self) {
        self.found.sort_by_key(|found| found.offset);
        self.left_out += self.found.len().saturating_sub(MAX_TOLD);
        self.found.truncate(MAX_TOLD);
    }
}
