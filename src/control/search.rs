//! Finds alerts in the history. The history may be long: a search looks at a part of it and says how
//! far it came.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::view::{AlertView, State, complete};
use crate::alert::{AlertId, Severity};
use crate::queue::{Fate, Queue, Read, ReadError, Record, aside};

/// Most records one search looks at, if it wants fewer.
const MOST_READ: usize = 20_000;

/// How long it looks, as somebody waits: she can have it go on from where it came to.
const PATIENCE: Duration = Duration::from_millis(30);

/// Records read at a time.
const BLOCK: usize = 250;

/// What is looked for. What is empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Words that must all be somewhere.
    pub q: String,
    /// One of [`State::ALL`], by its word.
    pub state: String,
    /// One of [`Severity::ALL`], by its word.
    pub severity: String,
    /// What has sent it: `zabbix`, `nagios`, ….
    pub source: String,
    /// A part of the host's name.
    pub host: String,
    /// Only alerts before this one.
    pub before: Option<AlertId>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest first.
    pub alerts: Vec<AlertView>,
    /// Where to go on, if there may be more.
    pub next: Option<AlertId>,
}

impl Wanted {
    /// Whether everything is.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self { before: self.before, ..Self::default() }
    }

    /// The same, as the query of an address.
    #[must_use]
    pub fn query(&self, before: Option<AlertId>) -> String {
        let mut pairs = vec![
            ("q", self.q.clone()),
            ("state", self.state.clone()),
            ("severity", self.severity.clone()),
            ("source", self.source.clone()),
            ("host", self.host.clone()),
            ("before", before.map_or_else(String::new, |id| id.to_string())),
        ];
        pairs.retain(|(_, value)| !value.is_empty());
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    /// Looks, beside the tasks, for `limit` alerts at most.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot be read.
    pub async fn find(self, queue: &Queue, limit: usize) -> Result<Found, ReadError> {
        let queue = queue.clone();
        aside(move || self.look(queue.reader(), limit)).await
    }

    /// The same on this thread.
    ///
    /// # Errors
    /// [`ReadError`] if the store cannot be read.
    pub fn look(&self, reader: &dyn Read, limit: usize) -> Result<Found, ReadError> {
        let wanted = Pattern::new(self);
        let mut found = Found::default();
        let mut before = self.before.unwrap_or(AlertId(u64::MAX));
        let mut looked_at = 0;
        let begun = Instant::now();
        while looked_at < limit || (looked_at < MOST_READ && begun.elapsed() < PATIENCE) {
            let block = BLOCK.min(limit.max(20));
            let records = reader.history(before, block)?;
            let whole = records.len() == block;
            for record in records {
                looked_at += 1;
                before = record.alert.id;
                if !wanted.fits(&record) {
                    continue;
                }
                let view = complete(reader, record)?;
                if wanted.fits_state(view.state) {
                    found.alerts.push(view);
                }
                if found.alerts.len() >= limit {
                    found.next = Some(before);
                    return Ok(found);
                }
            }
            if !whole {
                return Ok(found);
            }
        }
        found.next = Some(before);
        Ok(found)
    }
}

/// What is wanted, ready to compare.
struct Pattern {
    words: Vec<String>,
    state: Option<State>,
    severity: Option<Severity>,
    source: String,
    host: String,
}

impl Pattern {
    fn new(wanted: &Wanted) -> Self {
        let severities = Severity::ALL.into_iter();
        Self {
            words: wanted.q.split_whitespace().take(10).map(str::to_lowercase).collect(),
            state: { State::ALL.into_iter() }.find(|known| known.as_str() == wanted.state),
            severity: { severities }.find(|known| known.as_str() == wanted.severity),
            source: wanted.source.trim().to_lowercase(),
            host: wanted.host.trim().to_lowercase(),
        }
    }

    fn fits(&self, record: &Record) -> bool {
        let alert = &record.alert;
        let dropped = matches!(record.fate, Fate::Dropped(_));
        if self.state.is_some_and(|state| (state == State::Dropped) != dropped) {
            return false;
        }
        if self.severity.is_some() && alert.severity() != self.severity {
            return false;
        }
        let any = |of: &dyn Fn(&crate::alert::Event) -> bool| alert.events.iter().any(of);
        let source = |event: &crate::alert::Event| event.source == self.source;
        let host = |event: &crate::alert::Event| {
            event.host.as_ref().is_some_and(|host| host.to_lowercase().contains(&self.host))
        };
        (self.source.is_empty() || any(&source))
            && (self.host.is_empty() || any(&host))
            && self.words.iter().all(|word| mentions(record, word))
    }

    fn fits_state(&self, state: State) -> bool {
        self.state.is_none_or(|wanted| wanted == state)
    }
}

fn mentions(record: &Record, word: &str) -> bool {
    let alert = &record.alert;
    let has = |text: &str| text.to_lowercase().contains(word);
    has(&alert.text.subject)
        || has(&alert.text.from)
        || alert.people.iter().any(|person| has(person.as_str()))
        || alert.events.iter().any(|event| {
            event.host.as_deref().is_some_and(has) || event.check.as_deref().is_some_and(has)
        })
        || has(&alert.text.body)
}
