//! Changes to the file in place: what is not changed stays to the byte, comments too.
//!
//! The new text is checked as a whole before the file is touched. Nobody ever sees half a file:
//! the new one is written beside the old one and takes its name.

mod aliases;
mod file;
mod people;
mod place;
mod settings;
mod table;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fault::{Fault, LoadError};
use super::{
    ChannelName, Config, Extension, GroupName, Language, Loaded, MailAddress, Person, PersonName,
    PhoneNumber, VoiceName,
};

pub use table::{Setting, TableChange, TablePath, count, values};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new `[[person]]`, after the others.
    AddPerson(Box<Person>),
    /// Other values for one person.
    UpdatePerson(PersonName, Box<PersonUpdate>),
    /// One person less, in `[aliases]` too.
    RemovePerson(PersonName),
    /// A channel on or off.
    SwitchChannel(ChannelName, bool),
    /// Which channel is tried first.
    OrderChannels(Vec<ChannelName>),
    /// The appliance's language.
    SetLanguage(Language),
    /// All parts of an SMS, or the first only.
    SetFullText(bool),
    /// Who is in a group. It is gone when nobody is.
    SetGroup(GroupName, BTreeSet<PersonName>),
    /// Values of a table, which is made if it is missing. What is not named stays.
    SetTable(TablePath, Vec<TableChange>),
    /// A table less, with those below it.
    RemoveTable(TablePath),
    /// One after the other; the text is checked when all are made.
    Several(Vec<Edit>),
}

/// What becomes of the values of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonUpdate {
    /// Mail address.
    pub mail: Change<MailAddress>,
    /// Telephone number.
    pub phone: Change<PhoneNumber>,
    /// Extension.
    pub extension: Change<Extension>,
    /// Language.
    pub language: Change<Language>,
    /// Voice of calls.
    pub voice: Change<VoiceName>,
    /// All groups.
    pub groups: Change<BTreeSet<GroupName>>,
}

/// What becomes of one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken out.
    Clear,
    /// This takes its place.
    Set(T),
}

/// A text with a change made to it.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The old text.
    pub before: String,
    /// The new text, checked.
    pub text: String,
    /// What it says, and what is odd about it.
    pub loaded: Loaded,
    /// Whether it differs from the old one.
    pub changed: bool,
    /// What had to change along with it, for a person to read.
    pub notes: Vec<String>,
}

/// Why a change was not made. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It could not be read, or was wrong before the change.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The change would make it wrong.
    #[error("this would make the file wrong, so it was left as it is:\n{}", describe(.0))]
    Refused(Vec<Fault>),
    /// Nobody has that name.
    #[error("there is no person named \"{0}\"")]
    UnknownPerson(PersonName),
    /// Somebody has that name.
    #[error("there is already a person named \"{0}\"")]
    PersonExists(PersonName),
    /// The text has a form that cannot be changed in place.
    #[error("`{0}` stands in the file in a form that only an editor can change")]
    Form(Cow<'static, str>),
    /// Somebody else has been changing the file all the time.
    #[error("somebody else is changing {0}; try again")]
    Busy(PathBuf),
    /// Somebody else has changed the file meanwhile.
    #[error("{0} was changed by somebody else meanwhile; try again")]
    ChangedMeanwhile(PathBuf),
    /// The new file cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, std::io::Error),
}

/// Changes a file. A symbolic link is followed; owner and mode stay.
///
/// # Errors
/// [`EditError`]; the file is then as it was.
pub fn edit(path: &Path, edit: &Edit) -> Result<Edited, EditError> {
    let file = file::Locked::open(path)?;
    let edited = apply(&file.text, edit).map_err(|error| match error {
        ApplyError::Wrong(faults) => LoadError::Wrong(path.to_owned(), faults).into(),
        ApplyError::Edit(error) => error,
    })?;
    if edited.changed {
        file.replace(&edited.text)?;
    }
    Ok(edited)
}

/// Puts a whole text in the place of the one that says `expected`: what an editor in a browser, or an
/// undo, wants.
///
/// # Errors
/// [`EditError`]; the file is then as it was.
pub fn replace(path: &Path, expected: &str, text: &str) -> Result<Edited, EditError> {
    let file = file::Locked::open(path)?;
    if file.text != expected {
        return Err(EditError::ChangedMeanwhile(path.to_owned()));
    }
    let loaded = Config::parse(text).map_err(EditError::Refused)?;
    let changed = text != expected;
    if changed {
        file.replace(text)?;
    }
    let (before, text) = (expected.to_owned(), text.to_owned());
    Ok(Edited { before, text, loaded, changed, notes: Vec::new() })
}

/// Why a text was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It was wrong before the change.
    #[error("the text is wrong already:\n{}", describe(.0))]
    Wrong(Vec<Fault>),
    /// As it says.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Changes a text.
///
/// # Errors
/// [`ApplyError`] if the text is wrong before or after the change, or the change makes no sense.
pub fn apply(text: &str, edit: &Edit) -> Result<Edited, ApplyError> {
    let before = Config::parse(text).map_err(ApplyError::Wrong)?.config;
    // toml_edit writes LF; a file from Windows gets its CRLF back.
    let crlf = text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
    let lines = if crlf { text.replace("\r\n", "\n") } else { text.to_owned() };
    let mut notes = Vec::new();
    let changed = change(&lines, edit, &before, &mut notes)?;
    let changed = if crlf { changed.replace('\n', "\r\n") } else { changed };
    let loaded = Config::parse(&changed).map_err(EditError::Refused)?;
    let before = text.to_owned();
    Ok(Edited { changed: changed != before, before, text: changed, loaded, notes })
}

fn change(
    text: &str,
    edit: &Edit,
    before: &Config,
    notes: &mut Vec<String>,
) -> Result<String, EditError> {
    let people = &before.directory.people;
    let known =
        |name: &PersonName| people.get(name).ok_or_else(|| EditError::UnknownPerson(name.clone()));
    match edit {
        Edit::AddPerson(person) if people.contains_key(&person.name) => {
            Err(EditError::PersonExists(person.name.clone()))
        }
        Edit::AddPerson(person) => people::add(text, person),
        Edit::UpdatePerson(name, update) => {
            known(name)?;
            people::update(text, name, update)
        }
        Edit::RemovePerson(name) => {
            let person = known(name)?;
            let text = aliases::forget(text, person, &before.directory, notes)?;
            people::remove(&text, name)
        }
        Edit::SwitchChannel(channel, on) => {
            if before.channels.enabled.contains(channel) == *on {
                return Ok(text.to_owned());
            }
            settings::set(text, channel.as_str(), "enabled", *on)
        }
        Edit::OrderChannels(order) => {
            let order: toml_edit::Array = order.iter().map(|channel| channel.as_str()).collect();
            settings::set(text, "channels", "order", order)
        }
        Edit::SetLanguage(language) => {
            if before.appliance.language == *language {
                return Ok(text.to_owned());
            }
            settings::set(text, "appliance", "language", language.as_str())
        }
        Edit::SetFullText(on) => {
            if before.sms.full_text == *on {
                return Ok(text.to_owned());
            }
            settings::set(text, "sms", "full_text", *on)
        }
        Edit::SetGroup(group, members) => {
            members.iter().try_for_each(|name| known(name).map(drop))?;
            people::set_group(text, people.values(), group, members)
        }
        Edit::SetTable(path, changes) => table::change(text, path, changes),
        Edit::RemoveTable(path) => table::remove(text, path),
        Edit::Several(edits) => {
            edits.iter().try_fold(text.to_owned(), |text, edit| change(&text, edit, before, notes))
        }
    }
}

/// Line and column are those of a text nobody will see.
fn describe(faults: &[Fault]) -> String {
    let line = |fault: &Fault| match fault.key.as_str() {
        "" => format!("  {}", fault.message),
        key => format!("  {key}: {}", fault.message),
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}
