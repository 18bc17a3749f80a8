//! `[aliases]`, when somebody leaves.

use std::borrow::Cow;
use std::collections::BTreeSet;

use toml_edit::{Document, Item, Value};

use super::people::remove_item;
use super::settings::document;
use super::{EditError, place};
use crate::config::{Directory, Person};

const FORM: EditError = EditError::Form(Cow::Borrowed("aliases"));

/// Takes a person, and the groups that have nobody without her, out of every alias. An alias that
/// means nobody any more is taken out itself.
pub(super) fn forget(
    text: &str,
    person: &Person,
    directory: &Directory,
    notes: &mut Vec<String>,
) -> Result<String, EditError> {
    let only_hers = |group: &&str| directory.members(group).len() == 1;
    let groups = person.groups.iter().map(crate::config::GroupName::as_str).filter(only_hers);
    let gone: BTreeSet<&str> = groups.chain([person.name.as_str()]).collect();

    let mut document = document(text, "aliases")?;
    let Some(item) = document.get_mut("aliases") else { return Ok(text.to_owned()) };
    let inline = item.is_inline_table();
    let table = item.as_table_like_mut().ok_or(FORM)?;
    let mut emptied = Vec::new();
    for (alias, item) in table.iter_mut() {
        let Some(names) = item.as_array_mut() else { continue };
        let is_gone = |name: &Value| {
            name.as_str().is_some_and(|name| gone.contains(name.to_lowercase().as_str()))
        };
        let before = names.len();
        for index in (0..before).rev() {
            if names.get(index).is_some_and(is_gone) {
                remove_item(names, index);
            }
        }
        if before == names.len() {
            continue;
        }
        let alias = alias.get().to_owned();
        if names.is_empty() {
            notes.push(format!("the alias \"{alias}\" meant nobody else and is removed too"));
            emptied.push(alias);
        } else {
            notes.push(format!("the alias \"{alias}\" no longer means \"{}\"", person.name));
        }
    }
    if inline {
        for alias in &emptied {
            table.remove(alias);
        }
        return Ok(document.to_string());
    }
    emptied.iter().try_fold(document.to_string(), |text, alias| cut_alias(&text, alias))
}

fn cut_alias(text: &str, alias: &str) -> Result<String, EditError> {
    let parsed = Document::parse(text).map_err(|_| FORM)?;
    let table = parsed.get("aliases").and_then(Item::as_table).ok_or(FORM)?;
    let lines = place::of_key(text, table, alias).ok_or(FORM)?;
    Ok(place::cut(text, &lines))
}
