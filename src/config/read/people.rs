//! `[[person]]`, `[aliases]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::section::{Reader, Section};
use super::value::{parsed, text};
use crate::config::{Directory, GroupName, Person, PersonName};

pub(super) fn read<'a>(root: &mut Section<'a>, reader: &'a Reader<'a>) -> Directory {
    let mut directory = Directory::default();
    for section in root.sections("person") {
        read_person(section, reader, &mut directory.people);
    }
    check_names(&directory, reader, root);
    let aliases = root.section("aliases");
    directory.aliases = read_aliases(&aliases, reader, &directory);
    directory
}

fn read_person<'a>(
    mut section: Section<'a>,
    reader: &'a Reader<'a>,
    people: &mut BTreeMap<PersonName, Person>,
) {
    let span = section.span();
    let name = section.require("name", parsed::<PersonName>);
    let mail = section.get("mail", parsed);
    let phone = section.get("phone", parsed);
    let extension = section.get("extension", text);
    let language = section.get("language", parsed);
    let groups: Vec<GroupName> = section.list("groups", parsed).unwrap_or_default();
    let path = section.path().to_owned();
    section.finish();
    let Some(name) = name else { return };
    let groups = groups.into_iter().collect();
    let person = Person { name: name.clone(), mail, phone, extension, language, groups };
    if people.insert(name.clone(), person).is_some() {
        reader.fault(&span, &path, format!("there are two people named \"{name}\""));
    }
}

/// A name means one thing: a person or a group.
fn check_names(directory: &Directory, reader: &Reader<'_>, root: &Section<'_>) {
    for group in directory.groups().keys() {
        if directory.people.keys().any(|person| person.as_str() == group.as_str()) {
            let message = format!("\"{group}\" is the name of a person and of a group");
            reader.fault(&root.span(), "person", message);
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
        let members = members.unwrap_or_default().into_iter().flatten().collect();
        aliases.insert(alias, members);
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
