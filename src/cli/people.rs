//! `people`, `groups`

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand};
use serde::Serialize;
use smtp_appliance::config::edit::{Change, Edit, PersonUpdate};
use smtp_appliance::config::{
    Config, Extension, GroupName, Language, MailAddress, Person, PersonName, PhoneNumber, VoiceName,
};

use super::{Context, change, output, table};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show everybody.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Add a person.
    #[command(after_help = "Examples:
  smtp-appliance people add ana --phone '+34 600 000 001' --mail ana@example.org
  smtp-appliance people add ben --mail ben@example.org --group oncall --group dba --language es")]
    Add {
        /// Short name: alerts sent to NAME@this-machine are for this person.
        name: PersonName,
        #[command(flatten)]
        values: Values,
    },
    /// Change a person. What is not named stays; an empty text takes a value out.
    #[command(after_help = "Examples:
  smtp-appliance people update ana --phone '+34 600 000 002'
  smtp-appliance people update ana --extension ''          no extension any more
  smtp-appliance people update ana --group oncall          in this group and no other")]
    Update {
        /// Short name of the person.
        name: PersonName,
        #[command(flatten)]
        values: Values,
    },
    /// Remove a person, from the aliases too.
    Remove {
        /// Short name of the person.
        name: PersonName,
    },
}

/// What is known of a person.
#[derive(Debug, Args)]
pub(super) struct Values {
    /// Mail address.
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<Given<MailAddress>>,
    /// Telephone number, for SMS and calls.
    #[arg(long, value_name = "NUMBER")]
    phone: Option<Given<PhoneNumber>>,
    /// Extension on the company's telephone exchange, or a SIP URI.
    #[arg(long, value_name = "EXTENSION")]
    extension: Option<Given<Extension>>,
    /// Language, by its tag: en, es, es-GT.
    #[arg(long, value_name = "TAG")]
    language: Option<Given<Language>>,
    /// Voice of calls, as `voice list` names it.
    #[arg(long, value_name = "NAME")]
    voice: Option<Given<VoiceName>>,
    /// A group this person belongs to; may be given more than once.
    #[arg(long, value_name = "GROUP")]
    group: Vec<Given<GroupName>>,
}

/// A value, or the empty text.
#[derive(Debug, Clone)]
struct Given<T>(Option<T>);

impl<T: std::str::FromStr> std::str::FromStr for Given<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

impl<T> Given<T> {
    fn into_change(given: Option<Self>) -> Change<T> {
        match given {
            None => Change::Keep,
            Some(Self(None)) => Change::Clear,
            Some(Self(Some(value))) => Change::Set(value),
        }
    }
}

impl Values {
    fn into_person(self, name: PersonName) -> Person {
        Person {
            name,
            mail: self.mail.and_then(|given| given.0),
            phone: self.phone.and_then(|given| given.0),
            extension: self.extension.and_then(|given| given.0),
            language: self.language.and_then(|given| given.0),
            voice: self.voice.and_then(|given| given.0),
            groups: self.group.into_iter().filter_map(|given| given.0).collect(),
        }
    }

    fn into_update(self) -> PersonUpdate {
        let given = !self.group.is_empty();
        let groups: BTreeSet<GroupName> =
            self.group.into_iter().filter_map(|given| given.0).collect();
        PersonUpdate {
            mail: Given::into_change(self.mail),
            phone: Given::into_change(self.phone),
            extension: Given::into_change(self.extension),
            language: Given::into_change(self.language),
            voice: Given::into_change(self.voice),
            groups: match (given, groups.is_empty()) {
                (false, _) => Change::Keep,
                (true, true) => Change::Clear,
                (true, false) => Change::Set(groups),
            },
        }
    }
}

pub(super) fn run(command: Command, context: &mut Context) -> anyhow::Result<()> {
    match command {
        Command::List { json } => list(&context.load()?, json, context),
        Command::Add { name, values } => {
            let done = format!("{name} is added");
            change::make(&Edit::AddPerson(Box::new(values.into_person(name))), &done, context)
        }
        Command::Update { name, values } => {
            let update = values.into_update();
            if update == PersonUpdate::default() {
                anyhow::bail!(
                    "nothing to change is named; see: smtp-appliance people update --help"
                );
            }
            let done = format!("{name} is changed");
            change::make(&Edit::UpdatePerson(name, Box::new(update)), &done, context)
        }
        Command::Remove { name } => {
            let done = format!("{name} is removed");
            change::make(&Edit::RemovePerson(name), &done, context)
        }
    }
}

/// A person as JSON.
#[derive(Serialize)]
struct PersonView<'a> {
    name: &'a PersonName,
    mail: Option<&'a MailAddress>,
    phone: Option<&'a PhoneNumber>,
    extension: Option<&'a Extension>,
    language: Option<&'a Language>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<&'a VoiceName>,
    groups: &'a BTreeSet<GroupName>,
}

fn list<'a>(config: &'a Config, json: bool, context: &mut Context) -> anyhow::Result<()> {
    let people = config.directory.people.values();
    if json {
        let view = |person: &'a Person| -> PersonView<'a> {
            let Person { name, mail, phone, extension, language, voice, groups } = person;
            let (mail, phone, language) = (mail.as_ref(), phone.as_ref(), language.as_ref());
            let (extension, voice) = (extension.as_ref(), voice.as_ref());
            PersonView { name, mail, phone, extension, language, voice, groups }
        };
        return context.out.json(&people.map(view).collect::<Vec<_>>());
    }
    if people.len() == 0 {
        return context.out.line("there is nobody; see: smtp-appliance people add --help");
    }
    let row = |person: &Person| {
        let text = |value: Option<&str>| output::tame(value.unwrap_or("-"));
        vec![
            person.name.to_string(),
            text(person.mail.as_ref().map(MailAddress::as_str)),
            text(person.phone.as_ref().map(PhoneNumber::as_str)),
            text(person.extension.as_ref().map(Extension::as_str)),
            text(person.language.as_ref().map(Language::as_str)),
            join(person.groups.iter()),
        ]
    };
    let heading = ["NAME", "MAIL", "PHONE", "EXTENSION", "LANGUAGE", "GROUPS"];
    let rows: Vec<_> = people.map(row).collect();
    context.out.bytes(table::render(&heading, &rows, None).as_bytes())
}

#[derive(Debug, Args)]
pub(super) struct GroupsArgs {
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn groups(args: &GroupsArgs, context: &mut Context) -> anyhow::Result<()> {
    let groups: BTreeMap<GroupName, BTreeSet<PersonName>> = context.load()?.directory.groups();
    if args.json {
        return context.out.json(&groups);
    }
    if groups.is_empty() {
        return context.out.line("there are no groups; people have them: --group");
    }
    let rows: Vec<_> =
        groups.iter().map(|(name, people)| vec![name.to_string(), join(people.iter())]).collect();
    context.out.bytes(table::render(&["GROUP", "PEOPLE"], &rows, None).as_bytes())
}

fn join<T: ToString>(names: impl ExactSizeIterator<Item = T>) -> String {
    if names.len() == 0 {
        return "-".to_owned();
    }
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}
