//! Values of any table, as a form has them: `[mail]`, the second `[[sip.account]]`, `[texts.es]`.

use std::collections::BTreeMap;

use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use super::people::{push_item, remove_item};
use super::settings::{document, put};
use super::{Change, EditError, place};

/// A table of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePath {
    /// The keys that lead to it.
    pub keys: Vec<String>,
    /// Which one of `[[keys]]`, from 0; one past the last is a new one.
    pub nth: Option<usize>,
}

/// A plain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Switch(bool),
    /// A list.
    List(Vec<Setting>),
}

/// One value of a table, by the keys that lead to it from there, and what becomes of it.
pub type TableChange = (Vec<String>, Change<Setting>);

impl From<&Setting> for Value {
    fn from(setting: &Setting) -> Self {
        match setting {
            Setting::Text(text) => text.as_str().into(),
            Setting::Number(number) => (*number).into(),
            Setting::Switch(on) => (*on).into(),
            Setting::List(items) => Value::Array(items.iter().map(Value::from).collect()),
        }
    }
}

impl From<&Value> for Setting {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.value().clone()),
            Value::Integer(number) => Self::Number(*number.value()),
            Value::Boolean(on) => Self::Switch(*on.value()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Float(_) | Value::Datetime(_) | Value::InlineTable(_) => {
                Self::Text(value.to_string().trim().to_owned())
            }
        }
    }
}

impl TablePath {
    /// For a person: `sip.account`.
    pub(super) fn name(&self) -> String {
        self.keys.join(".")
    }

    fn form(&self) -> EditError {
        EditError::Form(self.name().into())
    }

    /// The table that `more` keys lead to from here.
    fn steps<'a>(&'a self, more: &'a [String]) -> Vec<Step<'a>> {
        let last = self.keys.len().saturating_sub(1);
        let own = self.keys.iter().enumerate();
        let own = own.map(|(at, key)| (key.as_str(), self.nth.filter(|_| at == last)));
        own.chain(more.iter().map(|key| (key.as_str(), None))).collect()
    }
}

/// A key, and which of the tables under it.
type Step<'a> = (&'a str, Option<usize>);

/// The values of a table by the keys that lead to them; `None` if the file has no such table. What is
/// neither text, number, switch nor list is shown as a text.
///
/// # Errors
/// [`EditError::Form`] if the text is no TOML.
pub fn values(
    text: &str,
    table: &TablePath,
) -> Result<Option<BTreeMap<Vec<String>, Setting>>, EditError> {
    let document = Document::parse(text).map_err(|_| table.form())?;
    let Some(found) = find(document.as_table(), &table.steps(&[])) else { return Ok(None) };
    let mut values = BTreeMap::new();
    collect(found, &[], &mut values);
    Ok(Some(values))
}

fn collect(table: &dyn TableLike, above: &[String], values: &mut BTreeMap<Vec<String>, Setting>) {
    for (key, item) in table.iter() {
        let keys: Vec<String> = above.iter().cloned().chain([key.to_owned()]).collect();
        if let Some(table) = item.as_table_like() {
            collect(table, &keys, values);
        } else if let Some(value) = item.as_value() {
            values.insert(keys, value.into());
        }
    }
}

/// How many `[[tables]]` there are.
///
/// # Errors
/// [`EditError::Form`] if the text is no TOML.
pub fn count(text: &str, keys: &[String]) -> Result<usize, EditError> {
    let path = TablePath { keys: keys.to_vec(), nth: None };
    let document = Document::parse(text).map_err(|_| path.form())?;
    let Some((last, before)) = keys.split_last() else { return Ok(0) };
    let steps: Vec<Step<'_>> = before.iter().map(|key| (key.as_str(), None)).collect();
    let item = find(document.as_table(), &steps).and_then(|table| table.get(last));
    Ok(match item {
        Some(Item::ArrayOfTables(tables)) => tables.len(),
        Some(Item::Value(Value::Array(items))) => items.len(),
        Some(Item::Value(_) | Item::Table(_) | Item::None) | None => 0,
    })
}

/// Makes the table if it is missing, and changes its values.
pub(super) fn change(
    text: &str,
    table: &TablePath,
    changes: &[TableChange],
) -> Result<String, EditError> {
    let text = have(text, table, &table.steps(&[]))?;
    changes.iter().try_fold(text, |text, (keys, change)| {
        let Some((key, more)) = keys.split_last() else { return Ok(text) };
        let steps = table.steps(more);
        match change {
            Change::Keep => Ok(text),
            Change::Set(setting) => set(&have(&text, table, &steps)?, table, &steps, key, setting),
            Change::Clear => clear(&text, table, &steps, key),
        }
    })
}

/// Takes the table out, with what belongs to it.
pub(super) fn remove(text: &str, table: &TablePath) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| table.form())?;
    let steps = table.steps(&[]);
    let Some(found) = find(parsed.as_table(), &steps) else { return Ok(text.to_owned()) };
    let Some(headed) = block(parsed.as_table(), &steps) else {
        return remove_inline(text, table);
    };
    // Those below it first, as they may stand elsewhere.
    let below = found.iter().find(|(_, item)| item.as_table().is_some_and(|it| !it.is_dotted()));
    if let (Some((key, _)), None) = (below, table.nth) {
        let keys = table.keys.iter().cloned().chain([key.to_owned()]).collect();
        return remove(&remove(text, &TablePath { keys, nth: None })?, table);
    }
    let lines = place::of_table(text, headed).ok_or_else(|| table.form())?;
    Ok(place::cut(text, &lines))
}

fn remove_inline(text: &str, table: &TablePath) -> Result<String, EditError> {
    let mut document = document(text, table.name())?;
    let (last, before) = table.keys.split_last().ok_or_else(|| table.form())?;
    let steps: Vec<Step<'_>> = before.iter().map(|key| (key.as_str(), None)).collect();
    let parent = find_mut(document.as_table_mut(), &steps).ok_or_else(|| table.form())?;
    match table.nth {
        Some(nth) => {
            let items = parent.get_mut(last).and_then(Item::as_array_mut);
            remove_item(items.ok_or_else(|| table.form())?, nth);
        }
        None => drop(parent.remove(last)),
    }
    Ok(document.to_string())
}

fn find<'a>(root: &'a Table, steps: &[Step<'_>]) -> Option<&'a dyn TableLike> {
    let start: &dyn TableLike = root;
    steps.iter().try_fold(start, |table, (key, nth)| match (table.get(key)?, nth) {
        (item, None) => item.as_table_like(),
        (Item::ArrayOfTables(tables), Some(nth)) => {
            tables.get(*nth).map(|table| -> &dyn TableLike { table })
        }
        (item, Some(nth)) => {
            item.as_array()?.get(*nth)?.as_inline_table().map(|table| -> &dyn TableLike { table })
        }
    })
}

fn find_mut<'a>(root: &'a mut Table, steps: &[Step<'_>]) -> Option<&'a mut dyn TableLike> {
    let start: &mut dyn TableLike = root;
    steps.iter().try_fold(start, |table, (key, nth)| match (table.get_mut(key)?, nth) {
        (item, None) => item.as_table_like_mut(),
        (Item::ArrayOfTables(tables), Some(nth)) => {
            tables.get_mut(*nth).map(|table| -> &mut dyn TableLike { table })
        }
        (item, Some(nth)) => {
            let table = item.as_array_mut()?.get_mut(*nth)?.as_inline_table_mut();
            table.map(|table| -> &mut dyn TableLike { table })
        }
    })
}

/// The table, if it stands below a header of its own.
fn block<'a>(root: &'a Table, steps: &[Step<'_>]) -> Option<&'a Table> {
    let table = steps.iter().try_fold(root, |table, (key, nth)| match (table.get(key)?, nth) {
        (Item::Table(table), None) => Some(table),
        (Item::ArrayOfTables(tables), Some(nth)) => tables.get(*nth),
        (_, _) => None,
    })?;
    (!table.is_dotted() && !table.is_implicit()).then_some(table)
}

/// Whether a table stands within a value, or in keys with dots.
fn is_inline(root: &Table, steps: &[Step<'_>]) -> bool {
    let mut all = (1..=steps.len()).filter_map(|length| {
        let ((key, _), before) = steps.get(..length)?.split_last()?;
        find(root, before)?.get(key)
    });
    all.any(|item| item.is_value() || item.as_table().is_some_and(Table::is_dotted))
}

/// The text with this table in it.
fn have(text: &str, path: &TablePath, steps: &[Step<'_>]) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| path.form())?;
    let root = parsed.as_table();
    if find(root, steps).is_some() {
        return Ok(text.to_owned());
    }
    let Some(((key, nth), before)) = steps.split_last() else { return Ok(text.to_owned()) };
    let parent = find(root, before);
    let there = parent.and_then(|parent| parent.get(key));
    if is_inline(root, before) || there.is_some_and(Item::is_value) {
        return have_inline(text, path, before, key, *nth);
    }
    let brothers = match (there.and_then(Item::as_array_of_tables), parent) {
        (Some(all), _) => all.iter().last(),
        (None, Some(parent)) if !before.is_empty() && block(root, before).is_none() => {
            parent.iter().filter_map(|(_, item)| item.as_table()).last()
        }
        (None, _) => None,
    };
    let after = brothers.or_else(|| block(root, before).filter(|_| !before.is_empty()));
    let end = after.and_then(|table| place::of_table(text, table)).map(|lines| lines.end);
    let names: Vec<String> = steps.iter().map(|(key, _)| Key::new(*key).to_string()).collect();
    let (open, close) = if nth.is_some() { ("[[", "]]") } else { ("[", "]") };
    let header = format!("{open}{}{close}\n", names.join("."));
    Ok(place::insert(text, end.unwrap_or(text.len()), &header))
}

/// `mail = { … }` gets its new table in line, too.
fn have_inline(
    text: &str,
    path: &TablePath,
    before: &[Step<'_>],
    key: &str,
    nth: Option<usize>,
) -> Result<String, EditError> {
    let mut document = document(text, path.name())?;
    let parent = find_mut(document.as_table_mut(), before).ok_or_else(|| path.form())?;
    if nth.is_some() {
        let list = parent.entry(key).or_insert_with(|| Array::new().into());
        push_item(list.as_array_mut().ok_or_else(|| path.form())?, InlineTable::new().into());
    } else if parent.get(key).is_none() {
        parent.insert(key, InlineTable::new().into());
    } else {
        return Err(path.form());
    }
    Ok(document.to_string())
}

fn set(
    text: &str,
    path: &TablePath,
    steps: &[Step<'_>],
    key: &str,
    setting: &Setting,
) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| path.form())?;
    let block = block(parsed.as_table(), steps).filter(|block| !block.contains_key(key));
    if let Some(end) = block.and_then(|block| place::after_example(text, block, key)) {
        let mut line = Table::new();
        put(&mut line, key, setting.into());
        let (before, after) = text.split_at_checked(end).ok_or_else(|| path.form())?;
        return Ok(format!("{before}{line}{after}"));
    }
    let mut document: DocumentMut = document(text, path.name())?;
    let table = find_mut(document.as_table_mut(), steps).ok_or_else(|| path.form())?;
    put(table, key, setting.into());
    Ok(document.to_string())
}

fn clear(text: &str, path: &TablePath, steps: &[Step<'_>], key: &str) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| path.form())?;
    if let Some(block) = block(parsed.as_table(), steps) {
        let lines = place::of_key(text, block, key);
        return Ok(lines.map_or_else(|| text.to_owned(), |lines| place::cut(text, &lines)));
    }
    let mut document = document(text, path.name())?;
    if let Some(table) = find_mut(document.as_table_mut(), steps) {
        table.remove(key);
    }
    Ok(document.to_string())
}
