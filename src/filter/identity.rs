//! What makes two mails the same news.
//!
//! A problem and its recovery are different news of one subject matter: each makes the other
//! worth telling again. Where the mail names its problem (an id, or a host and a check read by a
//! profile that knows the source), that name decides; else the exact subject does, as guessing
//! wrong there would drop an alert nobody has heard of.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::alert::{Alert, Event, Kind, Severity};

/// Profile that reads mails of unknown programs, by guessing.
const GUESSED: &str = "generic";

/// One piece of news, comparable with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// The problem or other matter it is about.
    pub(super) matter: String,
    /// What is said about it.
    pub(super) word: Word,
    /// How grave.
    pub(super) severity: Option<Severity>,
}

/// What is said about a matter. Saying `Raised` or `Cleared` makes the other one new again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Word {
    /// There is a problem.
    Raised,
    /// The problem is over.
    Cleared,
    /// Anything else; the number tells one thing said from another.
    Said(u64),
}

/// The news of an alert, one per event.
pub(super) fn news_of(alert: &Alert) -> Vec<News> {
    alert.events.iter().map(|event| news_of_event(event, alert)).collect()
}

fn news_of_event(event: &Event, alert: &Alert) -> News {
    let word = match event.kind {
        Kind::Problem => Word::Raised,
        Kind::Recovery => Word::Cleared,
        // Two comments on one problem differ in their text only.
        Kind::Update | Kind::Acknowledgement | Kind::Downtime | Kind::Flapping => {
            Word::Said(hash(&(event.kind, &alert.text.subject, &alert.text.body)))
        }
        Kind::Test | Kind::Report | Kind::Other => {
            Word::Said(hash(&(event.kind, &alert.text.subject)))
        }
    };
    let named = event.source != GUESSED
        && (event.problem_id.is_some() || (event.host.is_some() && event.check.is_some()));
    let matter = if named {
        event.identity.clone()
    } else if alert.text.subject.is_empty() {
        format!("{}\n{:x}", event.identity, hash(&alert.text.body))
    } else {
        format!("{}\n{}", event.identity, alert.text.subject)
    };
    News { matter, word, severity: event.severity }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
