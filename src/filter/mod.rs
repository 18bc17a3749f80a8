//! What is dropped: ignored subjects and repeats. Pure: time is an argument.

mod identity;
mod ignore;
mod memory;

use std::collections::BTreeSet;
use std::time::Instant;

use crate::alert::{Alert, AlertId};
use crate::config::{self, PersonName};

use identity::{News, news_of};
use memory::{Memory, Told};

/// What the filter says about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be told to these people; to the others it is a repeat. (Many monitors send one
    /// mail per person.)
    Pass(BTreeSet<PersonName>),
    /// Its subject is on the ignore list, by this entry.
    Ignored(String),
    /// All it says was said by this alert.
    Repeat(AlertId),
    /// The memory is full of alerts nobody has been told yet.
    Full,
}

/// The filter with its memory of what was told.
#[derive(Debug, Default)]
pub struct Filter {
    memory: Memory,
    last_mail: Option<Instant>,
}

impl Filter {
    /// Decides on an alert that arrived at `now`. `waiting` tells of an earlier alert whether
    /// nobody has been told of it yet: such an alert is repeated however old it is, and is not
    /// forgotten.
    pub fn judge(
        &mut self,
        alert: &Alert,
        now: Instant,
        settings: &config::Filter,
        waiting: &dyn Fn(AlertId) -> bool,
    ) -> Verdict {
        if self.last_mail.is_some_and(|last| now.duration_since(last) >= settings.forget_after) {
            self.memory.clear();
        }
        self.last_mail = Some(now);
        if let Some(entry) = ignore::matching(&alert.text.subject, &settings.ignore) {
            return Verdict::Ignored(entry);
        }
        let everybody = || alert.people.iter().cloned().collect();
        if settings.repeat_window.is_zero() {
            return Verdict::Pass(everybody());
        }
        let news = news_of(alert);
        let repeated = |item: &News, person: &PersonName| -> Option<AlertId> {
            let known = self.memory.get(item).filter(|known| item.severity <= known.severity)?;
            let told = known.told.get(person)?;
            let fresh = now.duration_since(told.at) < settings.repeat_window;
            (fresh || waiting(told.alert)).then_some(told.alert)
        };
        let mut people: BTreeSet<PersonName> = everybody();
        let mut of = AlertId(0);
        people.retain(|person| {
            let repeats: Option<Vec<_>> = news.iter().map(|item| repeated(item, person)).collect();
            match repeats.and_then(|repeats| repeats.into_iter().max()) {
                Some(earlier) => {
                    of = of.max(earlier);
                    false
                }
                None => true,
            }
        });
        if people.is_empty() {
            return Verdict::Repeat(of);
        }
        let told = Told { alert: alert.id, at: now };
        let before = self.memory.changes();
        if news
            .iter()
            .all(|item| self.memory.insert(item, &people, told, settings.capacity, waiting))
        {
            Verdict::Pass(people)
        } else {
            // Nobody is told of what did find room, so it must not be remembered as told.
            self.memory.roll_back_to(before);
            Verdict::Full
        }
    }

    /// Keeps what was decided since the last call.
    pub fn commit(&mut self) {
        self.memory.commit();
    }

    /// Takes back what was decided since the last `commit`.
    pub fn roll_back(&mut self) {
        self.memory.roll_back();
    }

    /// Learns of an alert an earlier run told at `at`.
    pub fn recall(&mut self, alert: &Alert, at: Instant, settings: &config::Filter) {
        let people = alert.people.iter().cloned().collect();
        for item in news_of(alert) {
            let told = Told { alert: alert.id, at };
            self.memory.insert(&item, &people, told, settings.capacity, &|_| false);
        }
        self.memory.commit();
        self.last_mail = self.last_mail.max(Some(at));
    }
}

#[cfg(test)]
mod tests;
