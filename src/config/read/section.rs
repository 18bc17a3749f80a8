//! Reads a table key by key: every fault is noted and reading goes on; keys nobody asked for are
//! faults too.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Faults, Lines};

/// Names farther apart than this are never suggested.
const MAX_DISTANCE: usize = 3;

/// What all sections of one file share.
pub(super) struct Reader<'a> {
    lines: Lines<'a>,
    faults: RefCell<Faults>,
    warnings: RefCell<Faults>,
    known: RefCell<BTreeSet<String>>,
    /// Place and key of the first secret that stands in the file itself.
    secret: RefCell<Option<(usize, String)>>,
}

/// What came out of the reading, in the order of the file.
pub(super) struct Findings {
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    /// The warning due if everybody may read the file.
    pub(super) exposed: Option<Fault>,
    /// Every key that was asked for.
    pub(super) known: BTreeSet<String>,
}

/// One table of the file, or the lack of it.
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    table: Option<&'a DeTable<'a>>,
    path: String,
    /// Where it begins, for faults that concern it as a whole.
    span: Range<usize>,
    taken: BTreeSet<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lines: Lines::new(text),
            faults: RefCell::default(),
            warnings: RefCell::default(),
            known: RefCell::default(),
            secret: RefCell::default(),
        }
    }

    pub(super) fn fault(&self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        self.faults.borrow_mut().push(span.start, key, message.into());
    }

    pub(super) fn warn(&self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        self.warnings.borrow_mut().push(span.start, key, message.into());
    }

    /// How many faults were found so far.
    pub(super) fn faults(&self) -> usize {
        self.faults.borrow().count()
    }

    /// Notes that the file itself holds a secret.
    pub(super) fn secret(&self, span: &Range<usize>, key: String) {
        self.secret.borrow_mut().get_or_insert((span.start, key));
    }

    pub(super) fn root(&'a self, table: &'a Spanned<DeTable<'a>>) -> Section<'a> {
        let (path, taken) = (String::new(), BTreeSet::new());
        Section { reader: self, table: Some(table.get_ref()), path, span: table.span(), taken }
    }

    /// Puts what was found in the order of the file.
    pub(super) fn finish(self) -> Findings {
        let lines = &self.lines;
        let exposed = self.secret.into_inner().map(|(offset, key)| {
            let message = "the file holds a password and everybody on this machine can read it: \
                           chmod 600";
            lines.fault(offset, &key, message)
        });
        Findings {
            faults: self.faults.into_inner().told(lines),
            warnings: self.warnings.into_inner().told(lines),
            exposed,
            known: self.known.into_inner(),
        }
    }
}

impl<'a> Section<'a> {
    /// The value of a key, read by `parse`, which says what it expected; `None` if it is missing
    /// or wrong.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        self.get_spanned(key, parse).map(|(value, _)| value)
    }

    /// As [`Section::get`], with the place of the value.
    pub(super) fn get_spanned<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<(T, Range<usize>)> {
        let value = self.take(key)?;
        match parse(value.get_ref()) {
            Ok(parsed) => Some((parsed, value.span())),
            Err(message) => {
                self.reader.fault(&value.span(), &self.key(key), message);
                None
            }
        }
    }

    /// As [`Section::get`], for a key that must be there.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        if self.table.is_some_and(|table| !table.contains_key(key)) {
            self.reader.fault(&self.span, &self.path, format!("`{key}` is missing"));
        }
        self.get(key, parse)
    }

    /// Every item of a list, read by `parse`; wrong ones are noted and left out.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let list = self.list_spanned(key, parse)?;
        Some(list.into_iter().map(|(item, _)| item).collect())
    }

    /// As [`Section::list`], with the place of each item.
    pub(super) fn list_spanned<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<Vec<(T, Range<usize>)>> {
        let value = self.take(key)?;
        self.items(&self.key(key), value, parse)
    }

    /// The items of one list value.
    pub(super) fn items<T>(
        &self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<Vec<(T, Range<usize>)>> {
        let Some(items) = value.get_ref().as_array() else {
            self.reader.fault(&value.span(), path, "expected a list, such as [\"a\", \"b\"]");
            return None;
        };
        let mut list = Vec::new();
        for item in items {
            match parse(item.get_ref()) {
                Ok(parsed) => list.push((parsed, item.span())),
                Err(message) => self.reader.fault(&item.span(), path, message),
            }
        }
        Some(list)
    }

    /// The table under a key; an empty one if it is missing.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let path = self.key(key);
        let value = self.take(key);
        let table = value.and_then(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.reader.fault(&value.span(), &path, format!("expected a table: [{path}]"));
            }
            table
        });
        let span = value.map_or(0..0, Spanned::span);
        Section { reader: self.reader, table, path, span, taken: BTreeSet::new() }
    }

    /// The tables of an array of tables (`[[key]]`).
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.key(key);
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.reader.fault(&value.span(), &path, format!("expected tables: [[{path}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            let Some(table) = item.get_ref().as_table() else {
                self.reader.fault(&item.span(), &path, format!("expected a table: [[{path}]]"));
                continue;
            };
            sections.push(Section {
                reader: self.reader,
                table: Some(table),
                path: path.clone(),
                span: item.span(),
                taken: BTreeSet::new(),
            });
        }
        sections
    }

    /// All keys with their values, for tables whose keys the user chooses.
    pub(super) fn entries(&self) -> Vec<(&'a str, Range<usize>, &'a Spanned<DeValue<'a>>)> {
        let entries = self.table.into_iter().flat_map(DeTable::iter);
        entries.map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect()
    }

    /// The table that is the value of one of [`Section::entries`].
    pub(super) fn subsection(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Section<'a> {
        let path = self.key(key);
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.reader.fault(&value.span(), &path, format!("expected a table: [{path}]"));
        }
        Section { reader: self.reader, table, path, span: value.span(), taken: BTreeSet::new() }
    }

    /// Whether the file has it.
    pub(super) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Whether a key stands in the section, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Whether a key's value is a list without items.
    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        let value = self.table.and_then(|table| table.get(key));
        value.and_then(|value| value.get_ref().as_array()).is_some_and(|list| list.is_empty())
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The place of a key's value; of the section, if the key is missing.
    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.table.and_then(|table| table.get(key)).map_or_else(|| self.span(), Spanned::span)
    }

    pub(super) fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of the section as a whole.
    pub(super) fn fault(&self, message: impl Into<String>) {
        self.reader.fault(&self.span, &self.path, message);
    }

    /// Notes a fault of one key, at its value.
    pub(super) fn fault_of(&self, key: &str, message: impl Into<String>) {
        self.reader.fault(&self.place(key), &self.key(key), message);
    }

    /// Notes a warning about one key, at its value.
    pub(super) fn warn_of(&self, key: &str, message: impl Into<String>) {
        self.reader.warn(&self.place(key), &self.key(key), message);
    }

    /// Warns of a file that is named but cannot be found, or not by whoever asks.
    pub(super) fn warn_if_missing(&self, key: &str, file: Option<&Path>) {
        if let Some(Err(error)) = file.map(std::fs::metadata) {
            self.warn_of(key, format!("the file cannot be found: {error}"));
        }
    }

    /// Notes that the value of a key is a secret.
    pub(super) fn secret(&self, key: &str) {
        self.reader.secret(&self.place(key), self.key(key));
    }

    /// Notes a fault of one of [`Section::entries`].
    pub(super) fn fault_at(&self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        self.reader.fault(span, &self.key(key), message);
    }

    /// Ends the reading: keys nobody asked for are faults.
    pub(super) fn finish(self) {
        for (key, value) in self.table.into_iter().flat_map(DeTable::iter) {
            let name: &str = key.get_ref().as_ref();
            if self.taken.contains(name) {
                continue;
            }
            let hint = match self.nearest(name) {
                Some(near) => format!("unknown key; did you mean `{near}`?"),
                None if self.taken.is_empty() => "unknown key".to_owned(),
                None => {
                    let known: Vec<&str> = self.taken.iter().copied().collect();
                    format!("unknown key; expected one of: {}", known.join(", "))
                }
            };
            let span = if key.span().is_empty() { value.span() } else { key.span() };
            self.reader.fault(&span, &self.key(name), hint);
        }
    }

    /// The known key that may be meant by `name`: a third of it may be mistyped.
    fn nearest(&self, name: &str) -> Option<&'static str> {
        let limit = (name.len() / 3).clamp(1, MAX_DISTANCE);
        let close = self.taken.iter().filter(|known| known.len().abs_diff(name.len()) <= limit);
        let distances = close.map(|known| (strsim::osa_distance(known, name), *known));
        distances.filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.taken.insert(key);
        self.reader.known.borrow_mut().insert(self.key(key));
        self.table?.get(key)
    }
}
