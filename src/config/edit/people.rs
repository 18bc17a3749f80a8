//! `[[person]]`, or `person = [{ … }]`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use toml_edit::{Array, Document, InlineTable, Item, Table, TableLike, Value};

use super::settings::{document, put};
use super::{Change, EditError, PersonUpdate, place};
use crate::config::{GroupName, Person, PersonName};

const FORM: EditError = EditError::Form(Cow::Borrowed("person"));

/// Adds a person after the others, or at the end of the file.
pub(super) fn add(text: &str, person: &Person) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| FORM)?;
    let end = match parsed.get("person") {
        Some(Item::ArrayOfTables(tables)) => {
            let last = tables.iter().last().and_then(|table| place::of_table(text, table));
            last.map_or(text.len(), |lines| lines.end)
        }
        Some(Item::Value(_)) => return add_inline(text, person),
        Some(Item::Table(_)) => return Err(FORM),
        Some(Item::None) | None => text.len(),
    };
    let mut table = Table::new();
    fill(&mut table, person);
    Ok(place::insert(text, end, &format!("[[person]]\n{table}")))
}

fn add_inline(text: &str, person: &Person) -> Result<String, EditError> {
    let mut document = document(text, "person")?;
    let people = document.get_mut("person").and_then(Item::as_array_mut).ok_or(FORM)?;
    let mut table = InlineTable::new();
    fill(&mut table, person);
    push_item(people, table.into());
    Ok(document.to_string())
}

/// Sets values, and takes out those to be cleared.
pub(super) fn update(
    text: &str,
    name: &PersonName,
    update: &PersonUpdate,
) -> Result<String, EditError> {
    let mut document = document(text, "person")?;
    let table = person_mut(document.get_mut("person"), name).ok_or(FORM)?;
    let groups = match &update.groups {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(groups) => Change::Set(group_list(groups.iter())),
    };
    let changes = [
        ("mail", as_value(&update.mail, |mail| mail.as_str().into())),
        ("phone", as_value(&update.phone, |phone| phone.as_str().into())),
        ("extension", as_value(&update.extension, |extension| extension.as_str().into())),
        ("language", as_value(&update.language, |language| language.as_str().into())),
        ("voice", as_value(&update.voice, |voice| voice.as_str().into())),
        ("groups", groups),
    ];
    let mut cleared = Vec::new();
    for (key, change) in changes {
        match change {
            Change::Keep => {}
            Change::Set(value) => put(table, key, value),
            Change::Clear => cleared.push(key),
        }
    }
    cleared.into_iter().try_fold(document.to_string(), |text, key| clear(&text, name, key))
}

/// Puts these people, and nobody else, into a group.
pub(super) fn set_group<'a>(
    text: &str,
    mut people: impl Iterator<Item = &'a Person>,
    group: &GroupName,
    members: &BTreeSet<PersonName>,
) -> Result<String, EditError> {
    people.try_fold(text.to_owned(), |text, person| {
        let mut groups = person.groups.clone();
        let changes = if members.contains(&person.name) {
            groups.insert(group.clone())
        } else {
            groups.remove(group)
        };
        if !changes {
            return Ok(text);
        }
        let groups = if groups.is_empty() { Change::Clear } else { Change::Set(groups) };
        let change = PersonUpdate { groups, ..PersonUpdate::default() };
        update(&text, &person.name, &change)
    })
}

/// Takes out one person with the comments that are about her.
pub(super) fn remove(text: &str, name: &PersonName) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| FORM)?;
    if let Some(Item::ArrayOfTables(tables)) = parsed.get("person") {
        let table = tables.iter().find(|table| is_named(*table, name)).ok_or(FORM)?;
        let lines = place::of_table(text, table).ok_or(FORM)?;
        return Ok(place::cut(text, &lines));
    }
    let mut document = document(text, "person")?;
    let people = document.get_mut("person").and_then(Item::as_array_mut).ok_or(FORM)?;
    let is_she = |value: &Value| value.as_inline_table().is_some_and(|one| is_named(one, name));
    let index = people.iter().position(is_she).ok_or(FORM)?;
    remove_item(people, index);
    Ok(document.to_string())
}

/// Adds an item to a list written on one line or one below the other, and keeps it so.
pub(super) fn push_item(list: &mut Array, mut item: Value) {
    let alone = list.len() == 1;
    if let Some(last) = list.len().checked_sub(1).and_then(|last| list.get_mut(last)) {
        *item.decor_mut() = last.decor().clone();
        last.decor_mut().set_suffix("");
        let lined = last.decor().prefix().and_then(|text| text.as_str());
        if alone && !lined.is_some_and(|text| text.contains('\n')) {
            item.decor_mut().set_prefix(" ");
        }
    }
    list.push_formatted(item);
}

/// Takes an item out of such a list.
pub(super) fn remove_item(list: &mut Array, index: usize) {
    let removed = list.remove(index);
    let (prefix, suffix) = (removed.decor().prefix(), removed.decor().suffix());
    if let (0, Some(prefix), Some(first)) = (index, prefix, list.get_mut(0)) {
        first.decor_mut().set_prefix(prefix.clone());
    }
    let end = list.len();
    let before = end.checked_sub(1).and_then(|before| list.get_mut(before));
    if let (Some(suffix), Some(before)) = (suffix.filter(|_| index == end), before) {
        before.decor_mut().set_suffix(suffix.clone());
    }
}

fn clear(text: &str, name: &PersonName, key: &str) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| FORM)?;
    if let Some(Item::ArrayOfTables(tables)) = parsed.get("person") {
        let table = tables.iter().find(|table| is_named(*table, name)).ok_or(FORM)?;
        let lines = place::of_key(text, table, key);
        return Ok(lines.map_or_else(|| text.to_owned(), |lines| place::cut(text, &lines)));
    }
    let mut document = document(text, "person")?;
    let table = person_mut(document.get_mut("person"), name).ok_or(FORM)?;
    let removed = table.remove(key);
    // The blank before the closing brace stood behind the last value.
    let suffix = removed.as_ref().and_then(Item::as_value).and_then(|old| old.decor().suffix());
    let last = table.iter_mut().last().and_then(|(_, item)| item.as_value_mut());
    let bare = |last: &&mut Value| {
        last.decor().suffix().is_none_or(|suffix| suffix.as_str().is_some_and(str::is_empty))
    };
    if let (Some(suffix), Some(last)) = (suffix, last.filter(bare)) {
        last.decor_mut().set_suffix(suffix.clone());
    }
    Ok(document.to_string())
}

fn person_mut<'a>(item: Option<&'a mut Item>, name: &PersonName) -> Option<&'a mut dyn TableLike> {
    match item? {
        Item::ArrayOfTables(tables) => tables
            .iter_mut()
            .find(|table| is_named(*table, name))
            .map(|table| -> &mut dyn TableLike { table }),
        Item::Value(value) => value
            .as_array_mut()?
            .iter_mut()
            .filter_map(Value::as_inline_table_mut)
            .find(|table| is_named(*table, name))
            .map(|table| -> &mut dyn TableLike { table }),
        Item::Table(_) | Item::None => None,
    }
}

fn is_named(table: &dyn TableLike, name: &PersonName) -> bool {
    let own = table.get("name").and_then(Item::as_str);
    own.is_some_and(|own| own.parse().is_ok_and(|own: PersonName| own == *name))
}

fn fill(table: &mut dyn TableLike, person: &Person) {
    put(table, "name", person.name.as_str().into());
    if let Some(mail) = &person.mail {
        put(table, "mail", mail.as_str().into());
    }
    if let Some(phone) = &person.phone {
        put(table, "phone", phone.as_str().into());
    }
    if let Some(extension) = &person.extension {
        put(table, "extension", extension.as_str().into());
    }
    if let Some(language) = &person.language {
        put(table, "language", language.as_str().into());
    }
    if let Some(voice) = &person.voice {
        put(table, "voice", voice.as_str().into());
    }
    if !person.groups.is_empty() {
        put(table, "groups", group_list(person.groups.iter()));
    }
}

fn group_list<'a>(groups: impl Iterator<Item = &'a GroupName>) -> Value {
    Value::Array(groups.map(GroupName::as_str).collect())
}

fn as_value<T>(change: &Change<T>, value: impl Fn(&T) -> Value) -> Change<Value> {
    match change {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(new) => Change::Set(value(new)),
    }
}
