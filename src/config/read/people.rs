//! `[[person]]`, `[aliases]`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::section::{Reader, Section};
use super::value::parsed;
use crate::config::{ChannelName, Directory, GroupName, MailAddress, Person, PersonName};

/// Most people named by all aliases together, each as often as she is named: groups in aliases
/// are resolved, so few lines can name a great many.
const MAX_ALIASED: usize = 100_000;

type Members = BTreeSet<PersonName>;

/// Everybody, and where each stands in the file.
pub(super) struct Read {
    pub(super) directory: Directory,
    pub(super) places: BTreeMap<PersonName, Range<usize>>,
}

pub(super) fn read<'a>(root: &mut Section<'a>, reader: &'a Reader<'a>) -> Read {
    let faults_before = reader.faults();
    let mut people = People::default();
    for section in root.sections("person") {
        people.read(section, reader);
    }
    people.check_names(reader);
    let People { by_name, places, .. } = people;
    let mut directory = Directory { people: by_name, ..Directory::default() };
    let names = Names {
        groups: directory.groups(),
        people: &directory.people,
        complete: reader.faults() == faults_before,
        aliased: Cell::default(),
    };
    let aliases = names.read_aliases(&root.section("aliases"), reader);
    directory.aliases = aliases;
    Read { directory, places }
}

/// Who is not told, though she stands in the file.
pub(super) fn warn(
    directory: &Directory,
    places: &BTreeMap<PersonName, Range<usize>>,
    enabled: &[ChannelName],
    reader: &Reader<'_>,
) {
    if directory.people.is_empty() {
        let message = "there is nobody to tell: every mail will be refused; add a [[person]]";
        reader.warn(&(0..0), "person", message);
    }
    for person in directory.people.values() {
        if !enabled.iter().any(|channel| person.is_reachable_by(*channel)) {
            let place = places.get(&person.name).cloned().unwrap_or_default();
            let message = format!("no enabled channel reaches \"{}\"", person.name);
            reader.warn(&place, "person", message);
        }
    }
}

#[derive(Default)]
struct People {
    by_name: BTreeMap<PersonName, Person>,
    places: BTreeMap<PersonName, Range<usize>>,
    /// Each group, where it is first named.
    groups: BTreeMap<GroupName, Range<usize>>,
}

impl People {
    fn read<'a>(&mut self, mut section: Section<'a>, reader: &'a Reader<'a>) {
        let name = section.require("name", parsed::<PersonName>);
        let mail = section.get("mail", parsed);
        let phone = section.get("phone", parsed);
        let extension = section.get("extension", parsed);
        let language = section.get("language", parsed);
        let voice = section.get("voice", parsed);
        let named = section.list_spanned("groups", parsed::<GroupName>).unwrap_or_default();
        let (place, key, span) = (section.place("name"), section.key("name"), section.span());
        section.finish();
        let groups = named.iter().map(|(group, _)| group.clone()).collect();
        for (group, place) in named {
            self.groups.entry(group).or_insert(place);
        }
        let Some(name) = name else { return };
        self.places.insert(name.clone(), span);
        let person = Person { name: name.clone(), mail, phone, extension, language, voice, groups };
        if self.by_name.insert(name.clone(), person).is_some() {
            reader.fault(&place, &key, format!("there are two people named \"{name}\""));
        }
    }

    /// A name means one thing: a person or a group.
    fn check_names(&self, reader: &Reader<'_>) {
        for (group, place) in &self.groups {
            if self.by_name.contains_key(group.as_str()) {
                let message = format!("\"{group}\" is the name of a person and of a group");
                reader.fault(place, "person.groups", message);
            }
        }
    }
}

/// What an alias can stand for.
struct Names<'d> {
    people: &'d BTreeMap<PersonName, Person>,
    groups: BTreeMap<GroupName, Members>,
    /// Whether all people could be read; else a name nobody has may be one of theirs.
    complete: bool,
    /// People named by aliases so far.
    aliased: Cell<usize>,
}

impl Names<'_> {
    fn read_aliases<'a>(
        &self,
        section: &Section<'a>,
        reader: &'a Reader<'a>,
    ) -> BTreeMap<String, Members> {
        let mut aliases = BTreeMap::new();
        for (alias, span, value) in section.entries() {
            let path = section.key(alias);
            let alias = alias.to_lowercase();
            if let Err(message) = self.check_alias(&alias) {
                reader.fault(&span, &path, message);
            }
            let members = section.items(&path, value, |item| {
                let name = item.as_str().ok_or("expected the name of a person or a group")?;
                self.members_of(&name.to_lowercase())
            });
            if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
                reader.fault(&value.span(), &path, "expected at least one person or group");
            }
            let members: Members =
                members.unwrap_or_default().into_iter().flat_map(|(names, _)| names).collect();
            if aliases.insert(alias.clone(), members).is_some() {
                let message = format!("\"{alias}\" stands twice; capitals make no difference");
                reader.fault(&span, &path, message);
            }
        }
        aliases
    }

    fn check_alias(&self, alias: &str) -> Result<(), String> {
        // A local part is right if it makes an address.
        let whole = if alias.contains('@') { alias.to_owned() } else { format!("{alias}@host") };
        if whole.parse::<MailAddress>().is_err() {
            let expected = "expected a mail address or a name, such as \"alerts@example.org\"";
            return Err(expected.to_owned());
        }
        if self.people.contains_key(alias) || self.groups.contains_key(alias) {
            return Err(format!("\"{alias}\" is already the name of a person or a group"));
        }
        Ok(())
    }

    fn members_of(&self, name: &str) -> Result<Members, String> {
        if let Some((name, _)) = self.people.get_key_value(name) {
            return Ok(BTreeSet::from([name.clone()]));
        }
        match self.groups.get(name) {
            Some(members) => {
                let aliased = self.aliased.get() + members.len();
                if aliased > MAX_ALIASED {
                    return Err(format!("expected aliases for {MAX_ALIASED} people at most"));
                }
                self.aliased.set(aliased);
                Ok(members.clone())
            }
            None if self.complete => {
                Err(format!("there is no person and no group named \"{name}\""))
            }
            None => Ok(Members::new()),
        }
    }
}
