//! Between the file and a form: what a section says now, and which change what was typed is. What is
//! wrong is left to the reader of the file, who says so of the key, and thus of the field.

use std::collections::BTreeMap;

use super::{Field, Kind, Section, Shape};
use crate::config::edit::{self, Change, Edit, Setting, TableChange, TablePath};

/// Which table of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Item {
    /// The only one.
    Only,
    /// This one of `[[…]]`, from 0; one past the last is a new one.
    Nth(usize),
    /// The one of this name.
    Named(String),
}

/// What a field says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct Value {
    /// Never that of a secret.
    pub(in crate::web) text: String,
    pub(in crate::web) is_set: bool,
}

/// What was typed into a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct Typed {
    pub(in crate::web) text: String,
    /// The secret is to be taken out.
    pub(in crate::web) forget: bool,
}

/// Where a table of a section stands.
pub(in crate::web) fn path(section: &Section, item: &Item) -> TablePath {
    let keys = section.path.iter().map(|key| (*key).to_owned());
    match item {
        Item::Only => TablePath { keys: keys.collect(), nth: None },
        Item::Nth(nth) => TablePath { keys: keys.collect(), nth: Some(*nth) },
        Item::Named(name) => TablePath { keys: keys.chain([name.clone()]).collect(), nth: None },
    }
}

/// The tables of a section, each with the words by which a person knows it.
pub(in crate::web) fn items(text: &str, section: &Section) -> Vec<(Item, String)> {
    let keys: Vec<String> = section.path.iter().map(|key| (*key).to_owned()).collect();
    match section.shape {
        Shape::One | Shape::Optional => vec![(Item::Only, String::new())],
        Shape::Listed => {
            let count = edit::count(text, &keys).unwrap_or(0);
            (0..count).map(|nth| (Item::Nth(nth), words_of(text, section, nth))).collect()
        }
        Shape::Named => {
            let all = edit::values(text, &TablePath { keys, nth: None });
            let all = all.ok().flatten().unwrap_or_default();
            let mut names: Vec<String> =
                all.into_keys().filter_map(|keys| keys.into_iter().next()).collect();
            names.dedup();
            names.into_iter().map(|name| (Item::Named(name.clone()), name)).collect()
        }
    }
}

/// Its first values.
fn words_of(text: &str, section: &Section, nth: usize) -> String {
    let values = current(text, section, &Item::Nth(nth)).unwrap_or_default();
    let first = values.into_iter().take(2).map(|value| value.text);
    first.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What each field says now; `None` if there is no such table.
pub(in crate::web) fn current(text: &str, section: &Section, item: &Item) -> Option<Vec<Value>> {
    let found = edit::values(text, &path(section, item)).ok().flatten()?;
    Some(section.fields.iter().map(|field| value_of(field, &found)).collect())
}

fn value_of(field: &Field, found: &BTreeMap<Vec<String>, Setting>) -> Value {
    let keys = field.keys();
    let text = match field.kind {
        Kind::Secret => String::new(),
        Kind::Pairs | Kind::Lists => {
            let pairs = pairs_below(&keys, found);
            let line = |(key, value): (&str, &Setting)| format!("{key} = {}", shown(value, ", "));
            pairs.map(line).collect::<Vec<_>>().join("\n")
        }
        Kind::Text
        | Kind::Number
        | Kind::YesNo
        | Kind::Choice(_)
        | Kind::Lines
        | Kind::Numbers
        | Kind::Template => found.get(&keys).map_or_else(String::new, |value| shown(value, "\n")),
    };
    let is_set = found.keys().any(|key| key.starts_with(&keys));
    Value { text, is_set }
}

fn pairs_below<'a>(
    keys: &'a [String],
    found: &'a BTreeMap<Vec<String>, Setting>,
) -> impl Iterator<Item = (&'a str, &'a Setting)> {
    found.iter().filter_map(|(key, value)| match key.strip_prefix(keys)? {
        [last] => Some((last.as_str(), value)),
        [] | [_, _, ..] => None,
    })
}

fn shown(setting: &Setting, between: &str) -> String {
    match setting {
        Setting::Text(text) => text.clone(),
        Setting::Number(number) => number.to_string(),
        Setting::Switch(on) => on.to_string(),
        Setting::List(items) => {
            items.iter().map(|item| shown(item, " ")).collect::<Vec<_>>().join(between)
        }
    }
}

/// The change that was typed, if it is one. `now` is what the table says; it is new without.
pub(in crate::web) fn wanted(
    section: &Section,
    item: &Item,
    now: Option<&[Value]>,
    typed: &[Typed],
) -> Option<Edit> {
    let nothing = Value::default();
    let mut changes: Vec<TableChange> = Vec::new();
    for (at, (field, typed)) in section.fields.iter().zip(typed).enumerate() {
        let now = now.and_then(|now| now.get(at)).unwrap_or(&nothing);
        if let Kind::Pairs | Kind::Lists = field.kind {
            changes.extend(pairs(field, &now.text, &typed.text));
        } else if let Some(change) = single(field, now, typed) {
            changes.push((field.keys(), change));
        }
    }
    let is_new = now.is_none() && matches!(section.shape, Shape::Listed | Shape::Named);
    (is_new || !changes.is_empty()).then(|| Edit::SetTable(path(section, item), changes))
}

pub(super) fn single(field: &Field, now: &Value, typed: &Typed) -> Option<Change<Setting>> {
    let text = match field.kind {
        Kind::Secret => &typed.text,
        Kind::Template => &tidy(&typed.text),
        Kind::Lines | Kind::Numbers => &lines(&typed.text).collect::<Vec<_>>().join("\n"),
        Kind::Text | Kind::Number | Kind::YesNo | Kind::Choice(_) | Kind::Pairs | Kind::Lists => {
            typed.text.trim()
        }
    };
    if field.kind == Kind::Secret {
        return match text {
            "" if typed.forget && now.is_set => Some(Change::Clear),
            "" => None,
            secret => Some(Change::Set(Setting::Text(secret.to_owned()))),
        };
    }
    if text == now.text {
        return None;
    }
    if text.is_empty() {
        return now.is_set.then_some(Change::Clear);
    }
    let number =
        |text: &str| text.parse().map_or_else(|_| Setting::Text(text.to_owned()), Setting::Number);
    Some(Change::Set(match field.kind {
        Kind::Number => number(text),
        Kind::YesNo => match text {
            "true" => Setting::Switch(true),
            "false" => Setting::Switch(false),
            other => Setting::Text(other.to_owned()),
        },
        Kind::Lines => Setting::List(lines(text).map(|line| Setting::Text(line.into())).collect()),
        Kind::Numbers => Setting::List(lines(text).map(number).collect()),
        Kind::Text
        | Kind::Choice(_)
        | Kind::Template
        | Kind::Secret
        | Kind::Pairs
        | Kind::Lists => Setting::Text(text.to_owned()),
    }))
}

/// Each name whose value is another, is new, or is gone.
pub(super) fn pairs(field: &Field, now: &str, typed: &str) -> Vec<TableChange> {
    let (now, typed) = (split(now), split(typed));
    let keys = |name: &str| field.keys().into_iter().chain([name.to_owned()]).collect();
    let gone = now.keys().filter(|name| !typed.contains_key(*name));
    let gone = gone.map(|name| (keys(name), Change::Clear));
    let new = typed.iter().filter(|(name, value)| now.get(*name) != Some(*value));
    let new = new.map(|(name, value)| {
        let setting = match (field.kind, value) {
            (Kind::Lists, Some(value)) => {
                let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
                Setting::List(items.map(|item| Setting::Text(item.to_owned())).collect())
            }
            // A line without a value is for the reader of the file to complain of.
            (_, value) => Setting::Text((*value).unwrap_or_default().to_owned()),
        };
        (keys(name), Change::Set(setting))
    });
    gone.chain(new).collect()
}

/// Names may hold `=`, as mail addresses may.
fn split(text: &str) -> BTreeMap<&str, Option<&str>> {
    let pair = |line| match str::split_once(line, " = ").or_else(|| line.split_once('=')) {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (line, None),
    };
    lines(text).map(pair).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// A browser sends CR LF.
fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

#[cfg(test)]
mod tests;
