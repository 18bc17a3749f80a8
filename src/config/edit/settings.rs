//! One key of one section.

use std::borrow::Cow;

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::EditError;

/// Sets `section.key`; the section is made if it is missing.
pub(super) fn set(
    text: &str,
    section: &'static str,
    key: &str,
    value: impl Into<Value>,
) -> Result<String, EditError> {
    let mut document = document(text, section)?;
    let item = document.entry(section).or_insert_with(|| Item::Table(Table::new()));
    let table = item.as_table_like_mut().ok_or(EditError::Form(section.into()))?;
    put(table, key, value.into());
    Ok(document.to_string())
}

/// Sets a key in a table; the comment behind an old value stays.
pub(super) fn put(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(Item::Value(old)) = table.get_mut(key) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

/// The text as something that can be changed; `concerning` is what the fault is about.
pub(super) fn document(
    text: &str,
    concerning: impl Into<Cow<'static, str>>,
) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::Form(concerning.into()))
}
