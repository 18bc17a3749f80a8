//! `[[person]]`, `[aliases]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::section::{Reader, Section};
use super::value::{parsed, text};
use crate::config::{Directory, GroupName, Person, PersonName};

pub(super) fn read<'a>(root: &mut Section<'a>, reader: &'a Reader<'a>) -> Directory {
    let mut directory = Directory::default();
    let mut places = BTreeMap::new();
    for section in root.sections("person") {
        let place = section.span();
        if let Some(name) = read_person(section, reader, &mut directory.people) {
            places.insert(name, place);
        }
    }
    check_names(&directory, reader, &places);
    let aliases = root.section("aliases");
    directory.aliases = read_aliases(&aliases, reader, &directory);
    directory
}

fn read_person<'a>(
    mut section: Section<'a>,
    reader: &'a Reader<'a>,
    people: &mut BTreeMap<PersonName, Person>,
) -> Option<PersonName> {
    let span = section.span();
    let name = section.require("name", parsed::<PersonName>);
    let mail = section.get("mail", parsed);
    let phone = section.get("phone", parsed);
    let extension = section.get("extension", text);
    let language = section.get("language", parsed);
    let groups: Vec<GroupName> = section.list("groups", parsed).unwrap_or_default();
    let path = section.path().to_owned();
    section.finish();
    let name = name?;
    let groups = groups.into_iter().collect();
    let person = Person { name: name.clone(), mail, phone, extension, language, groups };
    if people.insert(name.clone(), person).is_some() {
        reader.fault(&span, &path, format!("there are two people named \"{name}\""));
    }
    Some(name)
}

/// A name means one thing: a person or a group.
fn check_names(
    directory: &Directory,
    reader: &Reader<'_>,
    places: &BTreeMap<PersonName, Range<usize>>,
) {
    let groups = directory.groups();
    for (name, place) in places {
        if groups.keys().any(|group| group.as_str() == name.as_str()) {
            let message = format!("\"{name}\" is the name of a person and of a group");
            reader.fault(place, "person", message);
        }
    }
}

fn read_aliases<'a>(
    section: &Section<'a>,
    reader: &'a Reader<'a>,
    directory: &Directory,
) -> BTreeMap<String, BTreeSet<PersonName>> {
    let mut aliases = BTreeMap::new();
    for (alias, span, value) in section.entries() {
        let path = section.key(alias);
        let alias = alias.to_lowercase();
        check_alias(&alias, &span, &path, reader, directory);
        let members = section.items(&path, value, |item| {
            let name = item.as_str().ok_or("expected the name of a person or a group")?;
            members_of(&name.to_lowercase(), directory)
        });
        if value.get_ref().as_array().is_some_and(|names| names.is_empty()) {
            reader.fault(&value.span(), &path, "expected at least one person or group");
        }
        let members = members.unwrap_or_default().into_iter().flatten().collect();
        if aliases.insert(alias, members).is_some() {
            reader.fault(&span, &path, "this alias stands in the file twice");
        }
    }
    aliases
}

fn check_alias(
    alias: &str,
    span: &Range<usize>,
    path: &str,
    reader: &Reader<'_>,
    directory: &Directory,
) {
    if alias.is_empty() || alias.contains(char::is_whitespace) {
        reader.fault(
            span,
            path,
            "expected a mail address or a name, such as \"alerts@example.org\"",
        );
    }
    let person = directory.people.keys().any(|person| person.as_str() == alias);
    if person || !directory.members(alias).is_empty() {
        reader.fault(span, path, format!("\"{alias}\" is already the name of a person or a group"));
    }
}

fn members_of(name: &str, directory: &Directory) -> Result<BTreeSet<PersonName>, String> {
    if let Some(person) = directory.people.keys().find(|person| person.as_str() == name) {
        return Ok(BTreeSet::from([person.clone()]));
    }
    let members = directory.members(name);
    if members.is_empty() {
        return Err(format!("there is no person and no group named \"{name}\""));
    }
    Ok(members)
}
