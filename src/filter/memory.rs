//! The memory of what was told: bounded, and able to take back what was not committed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use super::identity::{News, Word};
use crate::alert::{AlertId, Severity};
use crate::config::PersonName;

/// What is remembered of a piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Who was told, by what, when.
    pub(super) told: BTreeMap<PersonName, Told>,
    /// How grave it was said to be.
    pub(super) severity: Option<Severity>,
    /// Its place among all that was told; grows with time.
    turn: u64,
}

/// The alert that told somebody, and when it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) alert: AlertId,
    pub(super) at: Instant,
}

/// Subject matter and what was said about it. A matter has one of `Raised` and `Cleared` at a
/// time.
type Key = (String, Word);

#[derive(Debug, Default)]
pub(super) struct Memory {
    known: HashMap<Key, Known>,
    /// The keys in the order they were told.
    order: BTreeMap<u64, Key>,
    next: u64,
    /// What changed since the last commit, and what was there before.
    undo: Vec<(Key, Option<Known>)>,
}

impl Memory {
    pub(super) fn get(&self, news: &News) -> Option<&Known> {
        self.known.get(&(news.matter.clone(), news.word))
    }

    /// Remembers; the oldest news that is not waiting makes room. `false` if all of them wait.
    pub(super) fn insert(
        &mut self,
        news: &News,
        people: &BTreeSet<PersonName>,
        told: Told,
        capacity: usize,
        waiting: &dyn Fn(AlertId) -> bool,
    ) -> bool {
        let opposite = match news.word {
            Word::Raised => Some(Word::Cleared),
            Word::Cleared => Some(Word::Raised),
            Word::Said(_) => None,
        };
        if let Some(word) = opposite {
            self.set((news.matter.clone(), word), None);
        }
        let key = (news.matter.clone(), news.word);
        while self.known.len() >= capacity.max(1) && !self.known.contains_key(&key) {
            let idle = |key: &&Key| {
                let known = self.known.get(*key);
                known.is_none_or(|known| !known.told.values().any(|told| waiting(told.alert)))
            };
            let Some(oldest) = self.order.values().find(idle).cloned() else { return false };
            self.set(oldest, None);
        }
        let mut everybody =
            self.known.get(&key).map(|known| known.told.clone()).unwrap_or_default();
        everybody.extend(people.iter().map(|person| (person.clone(), told)));
        let turn = self.next;
        self.next += 1;
        self.set(key, Some(Known { told: everybody, severity: news.severity, turn }));
        true
    }

    pub(super) fn clear(&mut self) {
        for key in self.order.values().cloned().collect::<Vec<_>>() {
            self.set(key, None);
        }
    }

    pub(super) fn commit(&mut self) {
        self.undo.clear();
    }

    pub(super) fn roll_back(&mut self) {
        self.roll_back_to(0);
    }

    /// How much has changed since the last commit.
    pub(super) fn changes(&self) -> usize {
        self.undo.len()
    }

    /// Takes back all but the first changes since the last commit.
    pub(super) fn roll_back_to(&mut self, changes: usize) {
        while self.undo.len() > changes
            && let Some((key, before)) = self.undo.pop()
        {
            self.put(&key, before);
        }
    }

    fn set(&mut self, key: Key, value: Option<Known>) {
        let before = self.put(&key, value);
        self.undo.push((key, before));
    }

    /// Keeps `known` and `order` in step.
    fn put(&mut self, key: &Key, value: Option<Known>) -> Option<Known> {
        let before = match value {
            Some(known) => {
                self.order.insert(known.turn, key.clone());
                self.known.insert(key.clone(), known)
            }
            None => self.known.remove(key),
        };
        if let Some(before) = &before
            && self.known.get(key).is_none_or(|known| known.turn != before.turn)
        {
            self.order.remove(&before.turn);
        }
        before
    }
}
