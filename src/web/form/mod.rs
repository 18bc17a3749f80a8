//! The configuration as forms. A section's fields are data (`sections`): the one page that shows
//! them, and the one reader of what was typed (`typed`), know no section by name. Pure.

mod beside;
pub mod keys;
mod sections;
mod typed;

use super::words::Words;
pub(super) use beside::{Beside, beside};
pub(super) use typed::{Item, Typed, Value, current, items, path, wanted};

/// A text in English and in Spanish.
pub(super) type Said = (&'static str, &'static str);

/// One section of the file, or tables of one kind.
#[derive(Debug)]
pub(super) struct Section {
    /// Its word in addresses.
    pub(super) slug: &'static str,
    /// The keys that lead to it.
    pub(super) path: &'static [&'static str],
    pub(super) shape: Shape,
    pub(super) chapter: Chapter,
    pub(super) title: Said,
    pub(super) help: Said,
    pub(super) fields: &'static [Field],
    /// What can be tried of it.
    pub(super) trial: Option<Trial>,
}

/// How often it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Once; all of it has defaults.
    One,
    /// Once or not at all, and what it is about is there or not.
    Optional,
    /// Many tables in an order, `[[…]]`.
    Listed,
    /// Many tables, each with a name that somebody has chosen.
    Named,
}

/// Which sections stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chapter {
    /// Who is told by what.
    Telling,
    /// What it calls and writes with.
    Telephones,
    /// What is said.
    Saying,
    /// How mail comes in, and what is kept.
    Receiving,
    /// The machine and the program.
    Machine,
}

impl Chapter {
    pub(super) const ALL: [Self; 5] =
        [Self::Telling, Self::Telephones, Self::Saying, Self::Receiving, Self::Machine];
}

/// What can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// The relay is greeted.
    Relay,
    /// The module is asked for its network.
    Modem,
    /// Somebody is called by SIP.
    Sip,
    /// Texts are filled in and spoken.
    Texts,
    /// Voices are heard.
    Voices,
}

/// One key.
#[derive(Debug)]
pub(super) struct Field {
    /// The keys that lead to it from its section, with dots between; none for the whole section.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    /// What is in force when it is empty, if that can be said.
    pub(super) default: &'static str,
    pub(super) label: Said,
    pub(super) help: Said,
}

/// What can be typed into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line of text.
    Text,
    /// Digits are a number; anything else is a text, such as an amount with its unit.
    Number,
    /// On or off.
    YesNo,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One item in each line.
    Lines,
    /// The same, of numbers.
    Numbers,
    /// `name = value` in each line.
    Pairs,
    /// `name = value, value` in each line.
    Lists,
    /// A text of several lines, with placeholders.
    Template,
    /// It is never shown: whether it is there is all that can be seen.
    Secret,
}

/// A text in the language of the page.
pub(super) fn said(said: Said, words: &Words) -> &'static str {
    if words.tag == "es" { said.1 } else { said.0 }
}

/// The section of this word.
pub(super) fn section(slug: &str) -> Option<&'static Section> {
    sections::ALL.iter().copied().find(|section| section.slug == slug)
}

/// The sections of a chapter.
pub(super) fn sections_of(chapter: Chapter) -> impl Iterator<Item = &'static Section> {
    sections::ALL.iter().copied().filter(move |section| section.chapter == chapter)
}

impl Field {
    /// The keys that lead to it from its section.
    pub(super) fn keys(&self) -> Vec<String> {
        self.key.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect()
    }

    /// Its name in a page; the key alone could be that of something else.
    pub(super) fn id(&self) -> String {
        if self.key.is_empty() { "all".to_owned() } else { self.key.replace('.', "-") }
    }
}
