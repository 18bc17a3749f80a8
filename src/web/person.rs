//! A person as a form has her: texts, read into a person or into what is wrong with each. Pure.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::config::edit::{Change, Edit, PersonUpdate};
use crate::config::{GroupName, NameError, Person};

/// What was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) name: String,
    pub(super) mail: String,
    pub(super) phone: String,
    pub(super) extension: String,
    pub(super) language: String,
    pub(super) voice: String,
    /// Between blanks or commas.
    pub(super) groups: String,
}

/// Which fields are wrong, and what was expected there.
pub(super) type Faults = Vec<(&'static str, String)>;

impl From<&Person> for Form {
    fn from(person: &Person) -> Self {
        let text = |value: Option<String>| value.unwrap_or_default();
        let groups: Vec<&str> = person.groups.iter().map(GroupName::as_str).collect();
        Self {
            name: person.name.to_string(),
            mail: text(person.mail.as_ref().map(ToString::to_string)),
            phone: text(person.phone.as_ref().map(ToString::to_string)),
            extension: text(person.extension.as_ref().map(ToString::to_string)),
            language: text(person.language.as_ref().map(ToString::to_string)),
            voice: text(person.voice.as_ref().map(ToString::to_string)),
            groups: groups.join(", "),
        }
    }
}

impl Form {
    /// The person, or every fault.
    pub(super) fn read(&self) -> Result<Person, Faults> {
        let mut faults = Faults::new();
        let name = self.name.trim().parse().map_err(|error: NameError| {
            faults.push(("name", error.to_string()));
        });
        let mail = optional("mail", &self.mail, &mut faults);
        let phone = optional("phone", &self.phone, &mut faults);
        let extension = optional("extension", &self.extension, &mut faults);
        let language = optional("language", &self.language, &mut faults);
        let voice = optional("voice", &self.voice, &mut faults);
        let mut groups = BTreeSet::new();
        let words = self.groups.split([',', ' ', ';']).map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            match word.parse::<GroupName>() {
                Ok(group) => drop(groups.insert(group)),
                Err(error) => faults.push(("groups", error.to_string())),
            }
        }
        match name {
            Ok(name) if faults.is_empty() => {
                Ok(Person { name, mail, phone, extension, language, voice, groups })
            }
            Ok(_) | Err(()) => Err(faults),
        }
    }
}

fn optional<T: FromStr<Err = NameError>>(
    field: &'static str,
    text: &str,
    faults: &mut Faults,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    text.parse().map_err(|error: NameError| faults.push((field, error.to_string()))).ok()
}

/// The change that makes the configuration say so.
pub(super) fn edit(person: Person, exists: bool) -> Edit {
    if !exists {
        return Edit::AddPerson(Box::new(person));
    }
    let update = PersonUpdate {
        mail: to_change(person.mail),
        phone: to_change(person.phone),
        extension: to_change(person.extension),
        language: to_change(person.language),
        voice: to_change(person.voice),
        groups: Change::Set(person.groups),
    };
    Edit::UpdatePerson(person.name, Box::new(update))
}

fn to_change<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Clear, Change::Set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_of_each_field() {
        let form = Form {
            name: "a b".into(),
            mail: "nobody".into(),
            phone: "12".into(),
            groups: "oncall, <b>".into(),
            ..Form::default()
        };
        let fields: Vec<_> = form.read().unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "mail", "phone", "groups"]);
    }

    #[test]
    fn a_form_and_its_person_are_the_same() {
        let form = Form {
            name: "ana".into(),
            mail: "ana@example.org".into(),
            phone: "+34600000001".into(),
            extension: "101".into(),
            language: "es-GT".into(),
            groups: "night, oncall".into(),
            ..Form::default()
        };
        let person = form.read().unwrap();
        assert_eq!(Form::from(&person), form);
        assert!(matches!(edit(person.clone(), false), Edit::AddPerson(_)));
        assert!(matches!(edit(person, true), Edit::UpdatePerson(..)));
    }
}
