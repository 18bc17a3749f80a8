//! The plan: which attempt is next. Pure: time is an argument.
//!
//! Every person is told by every channel she can be reached by; the channels work side by side,
//! so a dead relay holds no SMS back. Within a channel the gravest alert goes first, then the
//! oldest: a failed delivery waits aside and blocks nobody. Calls are the exception: a person takes
//! one at a time, and their kinds take turns for each alert.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::alert::{Alert, AlertId, Kind, Severity};
use crate::config::{ChannelName, PersonName};

/// Most alerts told by one message.
const MOST_IN_DIGEST: usize = 100;

/// How soon an alert must be told; greater is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Urgency(u8);

impl Urgency {
    /// A problem by its severity (one whose severity nobody knows as an error); all other news
    /// after every problem.
    pub(super) fn of(alert: &Alert) -> Self {
        let problems = alert.events.iter().filter(|event| event.kind == Kind::Problem);
        let grade = problems.map(|event| match event.severity {
            Some(Severity::Critical) => 4,
            Some(Severity::Error) | None => 3,
            Some(Severity::Warning) => 2,
            Some(Severity::Info) => 1,
        });
        Self(grade.max().unwrap_or(0))
    }

    /// Whether somebody should get up for it.
    pub(super) const fn is_critical(self) -> bool {
        self.0 >= 4
    }
}

/// One person to be told of one alert by one channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) alert: AlertId,
    pub(super) channel: ChannelName,
    pub(super) person: PersonName,
}

/// A key's place in line: the first is next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    urgency: std::cmp::Reverse<Urgency>,
    alert: AlertId,
    person: PersonName,
}

/// How a channel takes its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner<'a> {
    /// One attempt reaches everybody an alert is for.
    pub(super) reaches_many: bool,
    /// From this many waiting alerts for one person on, one message tells them all; 0 for never.
    pub(super) digest_from: usize,
    /// All kinds of call in their order, if it is one of them.
    pub(super) calls: &'a [ChannelName],
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    alerts: BTreeMap<AlertId, Entry>,
    /// Ready to be tried, per channel.
    ready: BTreeMap<ChannelName, BTreeSet<Turn>>,
    /// To be tried again later.
    resting: BTreeSet<(Instant, Key)>,
    /// People who are being called.
    called: BTreeSet<PersonName>,
}

#[derive(Debug)]
struct Entry {
    urgency: Urgency,
    /// Deliveries that are neither told nor failed.
    open: usize,
}

impl Plan {
    /// Whether this alert is in the plan.
    pub(super) fn knows(&self, alert: AlertId) -> bool {
        self.alerts.contains_key(&alert)
    }

    /// Adds an alert and its deliveries that are still to be tried, all at once.
    pub(super) fn add(&mut self, alert: AlertId, urgency: Urgency, deliveries: Vec<Key>) {
        self.alerts.insert(alert, Entry { urgency, open: deliveries.len() });
        for key in deliveries {
            self.line_up(key);
        }
    }

    /// The next attempt of a channel: the deliveries it serves, all of them in flight from now on
    /// until [`Plan::settle`] or [`Plan::rest`].
    pub(super) fn next(&mut self, channel: ChannelName, manner: Manner<'_>) -> Vec<Key> {
        let Some(ready) = self.ready.get(&channel) else { return Vec::new() };
        let mut allowed = ready.iter().filter(|turn| self.has_turn(channel, turn, manner.calls));
        let Some(first) = allowed.next().cloned() else { return Vec::new() };
        let turns: Vec<Turn> = if manner.reaches_many {
            ready.iter().take_while(|turn| turn.alert == first.alert).cloned().collect()
        } else {
            let rest = std::iter::once(&first).chain(allowed);
            let same_person = rest.filter(|turn| turn.person == first.person);
            let all: Vec<Turn> = same_person.take(MOST_IN_DIGEST).cloned().collect();
            let digest = manner.digest_from > 0 && all.len() >= manner.digest_from;
            if digest { all } else { vec![first] }
        };
        for turn in &turns {
            self.ready.entry(channel).or_default().remove(turn);
        }
        if !manner.calls.is_empty() {
            self.called.extend(turns.first().map(|turn| turn.person.clone()));
        }
        let keys = turns.into_iter();
        keys.map(|turn| Key { alert: turn.alert, channel, person: turn.person }).collect()
    }

    /// Whether this may be tried now. Always, but for calls: she must not be on the phone, and a
    /// kind that comes before has tried this alert already, or rests.
    fn has_turn(&self, channel: ChannelName, turn: &Turn, calls: &[ChannelName]) -> bool {
        let before = calls.iter().take_while(|kind| **kind != channel);
        let mut ready = before.filter_map(|kind| self.ready.get(kind));
        calls.is_empty() || !self.called.contains(&turn.person) && !ready.any(|r| r.contains(turn))
    }

    /// This delivery in flight is told or failed. Returns whether its alert is done with.
    pub(super) fn settle(&mut self, key: &Key) -> bool {
        self.land(key);
        let Some(entry) = self.alerts.get_mut(&key.alert) else { return false };
        entry.open = entry.open.saturating_sub(1);
        self.finish_if_done(key.alert)
    }

    /// This delivery in flight is to be tried again at `due`, unless its alert was taken out.
    pub(super) fn rest(&mut self, key: Key, due: Instant) {
        self.land(&key);
        if self.knows(key.alert) {
            self.resting.insert((due, key));
        }
    }

    /// She is off the phone, if this delivery in flight was a call.
    fn land(&mut self, key: &Key) {
        if key.channel.is_call() {
            self.called.remove(&key.person);
        }
    }

    /// Takes out what is not in flight of an alert's deliveries to a person by channels that
    /// `needless` names. Returns them.
    pub(super) fn spare(
        &mut self,
        alert: AlertId,
        person: &PersonName,
        needless: impl Fn(ChannelName) -> bool,
    ) -> Vec<Key> {
        let key = |channel| Key { alert, channel, person: person.clone() };
        let mut spared = Vec::new();
        for (channel, ready) in &mut self.ready {
            let before = ready.len();
            if needless(*channel) {
                ready.retain(|turn| turn.alert != alert || turn.person != *person);
            }
            spared.extend((ready.len() < before).then(|| key(*channel)));
        }
        self.resting.retain(|(_, resting)| {
            let hers = resting.alert == alert && resting.person == *person;
            let goes = hers && needless(resting.channel);
            spared.extend(goes.then(|| resting.clone()));
            !goes
        });
        if let Some(entry) = self.alerts.get_mut(&alert) {
            entry.open = entry.open.saturating_sub(spared.len());
        }
        spared
    }

    /// The alerts in the plan.
    pub(super) fn alerts(&self) -> Vec<AlertId> {
        self.alerts.keys().copied().collect()
    }

    /// Makes `wanted` the deliveries of this alert that are still to be tried. Those that wait or
    /// are in flight go on as they do; in flight, they end even if nobody wants them any more.
    pub(super) fn replan(&mut self, alert: AlertId, wanted: &[Key], in_flight: &BTreeSet<Key>) {
        for (channel, ready) in &mut self.ready {
            ready.retain(|turn| turn.alert != alert || is_wanted(wanted, *channel, &turn.person));
        }
        self.resting.retain(|(_, key)| key.alert != alert || wanted.contains(key));
        let resting = |key: &Key| self.resting.iter().any(|(_, other)| other == key);
        let new: Vec<Key> = wanted
            .iter()
            .filter(|key| !in_flight.contains(*key) && !resting(key))
            .cloned()
            .collect();
        let flying = in_flight.iter().filter(|key| key.alert == alert).count();
        let resting = self.resting.iter().filter(|(_, key)| key.alert == alert).count();
        if let Some(entry) = self.alerts.get_mut(&alert) {
            entry.open = flying + resting + new.len();
        }
        // Those that are ready already keep their place.
        for key in new {
            self.line_up(key);
        }
    }

    /// Takes the alert out if nothing is left to do for it. Returns whether it did.
    pub(super) fn finish_if_done(&mut self, alert: AlertId) -> bool {
        let done = self.alerts.get(&alert).is_some_and(|entry| entry.open == 0);
        if done {
            self.alerts.remove(&alert);
        }
        done
    }

    /// Takes an alert out, whatever is left to do. Deliveries in flight stay in flight.
    pub(super) fn remove(&mut self, alert: AlertId) {
        self.alerts.remove(&alert);
        for ready in self.ready.values_mut() {
            ready.retain(|turn| turn.alert != alert);
        }
        self.resting.retain(|(_, key)| key.alert != alert);
    }

    /// Makes every resting delivery of this alert ready now. Returns how many there were.
    pub(super) fn hasten(&mut self, alert: AlertId) -> usize {
        let hastened: Vec<_> =
            self.resting.iter().filter(|(_, key)| key.alert == alert).cloned().collect();
        for item in &hastened {
            self.resting.remove(item);
            self.line_up(item.1.clone());
        }
        hastened.len()
    }

    /// When the next resting delivery is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.resting.first().map(|(due, _)| *due)
    }

    /// Makes ready what is due.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            if let Some((_, key)) = self.resting.pop_first() {
                self.line_up(key);
            }
        }
    }

    fn line_up(&mut self, key: Key) {
        let Some(entry) = self.alerts.get(&key.alert) else { return };
        let urgency = std::cmp::Reverse(entry.urgency);
        let turn = Turn { urgency, alert: key.alert, person: key.person };
        self.ready.entry(key.channel).or_default().insert(turn);
    }
}

fn is_wanted(wanted: &[Key], channel: ChannelName, person: &PersonName) -> bool {
    wanted.iter().any(|key| key.channel == channel && key.person == *person)
}

#[cfg(test)]
mod tests;
