//! The keys of the configuration as a person writes them in a command: `mail.relay`,
//! `sip.account.0.domain`, `person.ana.phone`, `texts.es.sms`. What a key is and what may stand there
//! is what the forms know.
//!
//! A table of many (`[[person]]`) is named by its number from 0, by the first value of its own where no
//! other has the same, or by `+` for a new one.

use super::sections::{ALL, ELSEWHERE};
use super::typed::{pairs, single};
use super::{Field, Item, Kind, Section, Shape, Typed, Value, current, items, path};
use crate::config::edit::{Change, Edit, TableChange};

/// What stands for a table that is not there yet.
const NEW: &str = "+";

/// Names farther apart than this are never suggested.
const MAX_DISTANCE: usize = 3;

/// A key with what the file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// All keys that lead to it, with dots between.
    pub key: String,
    /// What the file says, a line for each item of a list; `None` if it says nothing. Never a secret.
    pub value: Option<String>,
    /// Whether it is a secret.
    pub is_secret: bool,
    /// What is in force without it, if that can be said.
    pub default: &'static str,
    /// What it is.
    pub help: String,
    /// The same with numbers in place of names.
    numbered: String,
}

impl Entry {
    /// The key with numbers in place of names.
    #[must_use]
    pub fn numbered(&self) -> &str {
        &self.numbered
    }
}

/// Why a key or a value makes no sense, before the file is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no key `{0}`; `smtp-appliance config get` shows all")]
    Unknown(String),
    /// Another one may be meant.
    #[error("there is no key `{0}`; did you mean `{1}`?")]
    Mistyped(String, String),
    /// A section, where a key is wanted.
    #[error("`{0}` is a section; name one of its keys: {1}")]
    Section(String, String),
    /// Several values for a key that takes one.
    #[error("`{0}` takes one value")]
    OneValue(String),
}

/// What a key leads to.
struct Found {
    section: &'static Section,
    item: Item,
    /// The field, and which of its names if it holds pairs; none: the whole table.
    field: Option<(&'static Field, Option<String>)>,
}

/// Every key there is, with those of tables that the file has, in the order of the forms; of one
/// section, table or key if that is named.
///
/// # Errors
/// [`KeyError`] if nothing has this name.
pub fn entries(text: &str, wanted: &str) -> Result<Vec<Entry>, KeyError> {
    let all = all(text);
    let is_wanted = |key: &str| {
        let rest = key.strip_prefix(wanted);
        wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let among = |entry: &&Entry| is_wanted(&entry.key) || is_wanted(&entry.numbered);
    let found: Vec<Entry> = all.iter().filter(among).cloned().collect();
    let is_section = || sections().any(|section| section.path.join(".") == wanted);
    if found.is_empty() && !is_section() {
        return Err(unknown(wanted, &all));
    }
    Ok(found)
}

/// The change that gives these keys these values. A key that is named several times is a list of all;
/// an empty value takes it out.
///
/// # Errors
/// [`KeyError`]; what is wrong with a value is told when the change is made.
pub fn set(text: &str, given: &[(String, String)]) -> Result<Edit, KeyError> {
    let mut wanted: Vec<(&str, Vec<&str>)> = Vec::new();
    for (key, value) in given {
        match wanted.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => values.push(value),
            None => wanted.push((key, vec![value])),
        }
    }
    let edits = wanted.into_iter().map(|(key, values)| set_one(text, key, &values));
    Ok(Edit::Several(edits.collect::<Result<_, _>>()?))
}

/// The change that takes keys, or whole tables and sections, out.
///
/// # Errors
/// [`KeyError`] if there is none of this name.
pub fn unset(text: &str, keys: &[String]) -> Result<Edit, KeyError> {
    // From behind: what is taken out moves those after it.
    let mut found = keys.iter().map(|key| find(text, key)).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|found| match found.item {
        Item::Nth(nth) => std::cmp::Reverse(nth),
        Item::Only | Item::Named(_) => std::cmp::Reverse(usize::MAX),
    });
    Ok(Edit::Several(found.iter().map(|found| take_out(text, found)).collect()))
}

/// Whether what stands there is a secret, which is for nobody's eyes.
///
/// # Errors
/// [`KeyError`] if there is no such key.
pub fn is_secret(text: &str, key: &str) -> Result<bool, KeyError> {
    let found = find(text, key)?;
    Ok(found.field.is_some_and(|(field, _)| field.kind == Kind::Secret))
}

fn sections() -> impl Iterator<Item = &'static Section> {
    ELSEWHERE.iter().chain(ALL).copied()
}

fn all(text: &str) -> Vec<Entry> {
    let tables = sections().flat_map(|section| {
        let known = items(text, section);
        let labels = labels(text, section, &known);
        known.into_iter().zip(labels).map(move |((item, _), label)| (section, item, label))
    });
    tables.flat_map(|(section, item, label)| of_table(text, section, &item, &label)).collect()
}

/// The entries of a table that is named so.
fn of_table(text: &str, section: &'static Section, item: &Item, label: &str) -> Vec<Entry> {
    let base = section.path.join(".");
    let join = |keys: [&str; 3]| {
        keys.into_iter().filter(|key| !key.is_empty()).collect::<Vec<_>>().join(".")
    };
    let number = match item {
        Item::Nth(nth) => nth.to_string(),
        Item::Only | Item::Named(_) => label.to_owned(),
    };
    let values = current(text, section, item).unwrap_or_default();
    let mut entries = Vec::new();
    for (place, field) in section.fields.iter().enumerate() {
        let value = values.get(place).cloned().unwrap_or_default();
        let help = [field.label.0, field.help.0].into_iter().filter(|text| !text.is_empty());
        let entry = Entry {
            key: join([&base, label, field.key]),
            value: value.is_set.then_some(value.text),
            is_secret: field.kind == Kind::Secret,
            default: field.default,
            help: help.collect::<Vec<_>>().join(": "),
            numbered: join([&base, &number, field.key]),
        };
        match (&entry.value, field.kind) {
            (Some(pairs), Kind::Pairs | Kind::Lists) => {
                entries.extend(pairs.lines().filter_map(|line| {
                    let (name, value) = line.split_once(" = ")?;
                    let key = join([&entry.key, name, ""]);
                    let numbered = join([&entry.numbered, name, ""]);
                    Some(Entry { key, numbered, value: Some(value.to_owned()), ..entry.clone() })
                }));
            }
            (_, _) => entries.push(entry),
        }
    }
    entries
}

/// The word for each table in a key.
fn labels(text: &str, section: &Section, known: &[(Item, String)]) -> Vec<String> {
    let first = |item: &Item| {
        let values = current(text, section, item)?;
        values.into_iter().next().map(|value| value.text).filter(|text| !text.is_empty())
    };
    let words: Vec<Option<String>> = match section.shape {
        Shape::Listed => known.iter().map(|(item, _)| first(item)).collect(),
        Shape::One | Shape::Optional | Shape::Named => Vec::new(),
    };
    let is_only = |word: &String| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        !is_number && words.iter().filter(|other| other.as_ref() == Some(word)).count() == 1
    };
    let label = |(place, (item, name)): (usize, &(Item, String))| match item {
        Item::Only => String::new(),
        Item::Named(_) => name.clone(),
        Item::Nth(nth) => {
            let word = words.get(place).cloned().flatten().filter(is_only);
            word.unwrap_or_else(|| nth.to_string())
        }
    };
    known.iter().enumerate().map(label).collect()
}

fn find(text: &str, key: &str) -> Result<Found, KeyError> {
    let mut known: Vec<&'static Section> = sections().collect();
    // `sip.account` before `sip`.
    known.sort_by_key(|section| std::cmp::Reverse(section.path.len()));
    let found = known.into_iter().find_map(|section| {
        let rest = after(key, &section.path.join("."))?;
        let (item, rest) = table_of(text, section, rest)?;
        let field = match rest {
            "" => None,
            rest => Some(section.fields.iter().find_map(|field| field_of(field, rest))?),
        };
        Some(Found { section, item, field })
    });
    found.ok_or_else(|| unknown(key, &all(text)))
}

/// What follows a part of a key: nothing, or what stands behind its dot.
fn after<'a>(key: &'a str, part: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(part)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }
}

fn table_of<'a>(text: &str, section: &Section, rest: &'a str) -> Option<(Item, &'a str)> {
    let (word, behind) = rest.split_once('.').unwrap_or((rest, ""));
    match section.shape {
        Shape::One | Shape::Optional => Some((Item::Only, rest)),
        Shape::Named if word.is_empty() => None,
        Shape::Named => Some((Item::Named(word.to_owned()), behind)),
        Shape::Listed => {
            let known = items(text, section);
            if word == NEW {
                return Some((Item::Nth(known.len()), behind));
            }
            let labels = labels(text, section, &known);
            let labelled = known
                .iter()
                .zip(&labels)
                .find_map(|((item, _), label)| Some((item.clone(), after(rest, label)?)));
            let numbered = || {
                let nth = word.parse().ok().filter(|nth| *nth < known.len())?;
                Some((Item::Nth(nth), behind))
            };
            labelled.or_else(numbered)
        }
    }
}

fn field_of(field: &'static Field, rest: &str) -> Option<(&'static Field, Option<String>)> {
    let name = if field.key.is_empty() { rest } else { after(rest, field.key)? };
    match field.kind {
        Kind::Pairs | Kind::Lists => {
            Some((field, Some(name.to_owned()).filter(|name| !name.is_empty())))
        }
        Kind::Text
        | Kind::Number
        | Kind::YesNo
        | Kind::Choice(_)
        | Kind::Lines
        | Kind::Numbers
        | Kind::Template
        | Kind::Secret => name.is_empty().then_some((field, None)),
    }
}

fn set_one(text: &str, key: &str, values: &[&str]) -> Result<Edit, KeyError> {
    let found = find(text, key)?;
    let whole = || {
        let fields = found.section.fields.iter().map(|field| field.key);
        let names: Vec<&str> = fields.filter(|name| !name.is_empty()).collect();
        KeyError::Section(key.to_owned(), names.join(", "))
    };
    let (field, name) = found.field.as_ref().ok_or_else(whole)?;
    let lists = matches!(field.kind, Kind::Lines | Kind::Numbers | Kind::Lists);
    if values.len() > 1 && !lists {
        return Err(KeyError::OneValue(key.to_owned()));
    }
    let changes = match (field.kind, name) {
        (Kind::Pairs | Kind::Lists, None) => return Err(whole()),
        (Kind::Pairs | Kind::Lists, Some(name)) if values.concat().is_empty() => {
            vec![cleared(field, Some(name))]
        }
        (Kind::Pairs | Kind::Lists, Some(name)) => {
            pairs(field, "", &format!("{name} = {}", values.join(", ")))
        }
        (_, _) => {
            let typed = Typed { text: values.join("\n"), forget: values.concat().is_empty() };
            let now = value_now(text, &found, field);
            let change = single(field, &now, &typed);
            change.map(|change| (field.keys(), change)).into_iter().collect()
        }
    };
    Ok(Edit::SetTable(path(found.section, &found.item), changes))
}

fn value_now(text: &str, found: &Found, field: &Field) -> Value {
    let values = current(text, found.section, &found.item).unwrap_or_default();
    let place = found.section.fields.iter().position(|known| known.key == field.key);
    place.and_then(|place| values.get(place).cloned()).unwrap_or_default()
}

fn take_out(text: &str, found: &Found) -> Edit {
    let table = path(found.section, &found.item);
    let first = found.section.fields.first().map(|field| value_now(text, found, field).text);
    match &found.field {
        // She may stand in `[aliases]`, too.
        None if found.section.slug == "person" => match first.unwrap_or_default().parse() {
            Ok(name) => Edit::RemovePerson(name),
            Err(_) => Edit::RemoveTable(table),
        },
        None => Edit::RemoveTable(table),
        Some((field, None)) if matches!(field.kind, Kind::Pairs | Kind::Lists) => {
            let now = value_now(text, found, field);
            Edit::SetTable(table, pairs(field, &now.text, ""))
        }
        Some((field, name)) => Edit::SetTable(table, vec![cleared(field, name.as_deref())]),
    }
}

fn cleared(field: &Field, name: Option<&str>) -> TableChange {
    let name = name.map(str::to_owned);
    (field.keys().into_iter().chain(name).collect(), Change::Clear)
}

/// It is told which one may be meant.
fn unknown(key: &str, all: &[Entry]) -> KeyError {
    let near = all.iter().map(|entry| (strsim::osa_distance(&entry.key, key), &entry.key));
    match near.filter(|(distance, _)| *distance <= MAX_DISTANCE).min() {
        Some((_, near)) => KeyError::Mistyped(key.to_owned(), near.clone()),
        None => KeyError::Unknown(key.to_owned()),
    }
}

#[cfg(test)]
mod tests;
