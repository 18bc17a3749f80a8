//! Reads a table key by key: every fault is noted and reading goes on; keys nobody asked for are
//! faults too.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Lines};

/// One slip of the finger in as many letters is taken for a misspelling.
const LETTERS_PER_SLIP: usize = 3;

/// Most faults of one file that are told: nobody reads more, and finding the column of each in one
/// long line takes its time.
pub(super) const MOST_FAULTS: usize = 1000;

/// What all sections of one file share.
pub(super) struct Reader<'a> {
    lines: Lines<'a>,
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
    known: RefCell<BTreeSet<String>>,
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
        }
    }

    pub(super) fn fault(&self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MOST_FAULTS {
            faults.push(self.lines.fault(span.start, key, message));
        }
    }

    pub(super) fn warn(&self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        self.warnings.borrow_mut().push(self.lines.fault(span.start, key, message));
    }

    pub(super) fn root(&'a self, table: &'a Spanned<DeTable<'a>>) -> Section<'a> {
        let (path, taken) = (String::new(), BTreeSet::new());
        Section { reader: self, table: Some(table.get_ref()), path, span: table.span(), taken }
    }

    /// Faults and warnings in the order of the file, and every key that was asked for.
    pub(super) fn finish(self) -> (Vec<Fault>, Vec<Fault>, BTreeSet<String>) {
        let sorted = |faults: RefCell<Vec<Fault>>| {
            let mut faults = faults.into_inner();
            faults.sort_by_key(|fault| (fault.line, fault.column));
            faults
        };
        (sorted(self.faults), sorted(self.warnings), self.known.into_inner())
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
        let value = self.take(key)?;
        self.items(&self.key(key), value, parse)
    }

    /// The items of one list value.
    pub(super) fn items<T>(
        &self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Some(items) = value.get_ref().as_array() else {
            self.reader.fault(&value.span(), path, "expected a list, such as [\"a\", \"b\"]");
            return None;
        };
        let mut list = Vec::new();
        for item in items {
            match parse(item.get_ref()) {
                Ok(item) => list.push(item),
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

    /// Whether the section stands in the file.
    pub(super) const fn exists(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of the section as a whole.
    pub(super) fn fault(&self, message: impl Into<String>) {
        self.reader.fault(&self.span, &self.path, message);
    }

    /// Whether a key stands in the file, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Notes a fault of the value of a key.
    pub(super) fn fault_of(&self, key: &str, message: impl Into<String>) {
        let value = self.table.and_then(|table| table.get(key));
        let span = value.map_or_else(|| self.span.clone(), Spanned::span);
        self.reader.fault(&span, &self.key(key), message);
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
            let distance = |known: &str| strsim::osa_distance(known, name);
            let slips = (name.len() / LETTERS_PER_SLIP).max(1);
            let hint = match self.taken.iter().min_by_key(|known| distance(known)) {
                Some(near) if distance(near) <= slips => {
                    format!("unknown key; did you mean `{near}`?")
                }
                Some(_) => {
                    let known: Vec<&str> = self.taken.iter().copied().collect();
                    format!("unknown key; expected one of: {}", known.join(", "))
                }
                None => "unknown key".to_owned(),
            };
            let span = if key.span().is_empty() { value.span() } else { key.span() };
            self.reader.fault(&span, &self.key(name), hint);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.taken.insert(key);
        self.reader.known.borrow_mut().insert(self.key(key));
        self.table?.get(key)
    }
}
