//! What was counted, bar by bar. An alert is counted in an hour, in six hours and in a day; bars that
//! nobody is shown any more are let go. So the memory is bounded whatever came: some 80 bars, each with
//! the most frequent names of its time. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Reached, Span, Statistics};
use crate::alert::{Alert, Severity};
use crate::channel::{Outcome, Reach};
use crate::config::ChannelName;
use crate::control::{AlertView, DeliveryView, State};
use crate::queue::{Fate, Progress};

/// Most names of a kind in one bar; the rarest make room.
const MOST_NAMES: usize = 300;

/// Longest name, in characters.
const LONGEST_NAME: usize = 80;

/// Most names that are shown.
const MOST_SHOWN: usize = 15;

/// All bars.
#[derive(Debug, Default)]
pub(super) struct Figures([BTreeMap<i64, Bar>; 3]);

/// What happened in one bar's time.
#[derive(Debug, Default)]
struct Bar {
    alerts: u64,
    dropped: u64,
    failed: u64,
    hosts: Names,
    sources: Names,
    clients: Names,
    severities: BTreeMap<Option<Severity>, u64>,
    channels: BTreeMap<ChannelName, Reached>,
    people: BTreeMap<String, Reached>,
}

/// How often each name came.
#[derive(Debug, Default)]
struct Names(BTreeMap<String, u64>);

impl Names {
    fn add(&mut self, name: &str) {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        if self.0.len() >= MOST_NAMES
            && !self.0.contains_key(&name)
            && let Some(rarest) = self.0.iter().min_by_key(|(_, count)| **count)
        {
            let rarest = rarest.0.clone();
            self.0.remove(&rarest);
        }
        *self.0.entry(name).or_default() += 1;
    }
}

/// Which bar a moment is in.
fn place(span: Span, at: Timestamp) -> i64 {
    at.as_second().div_euclid(span.step().as_secs())
}

/// The bars that are shown at `now`.
fn shown(span: Span, now: Timestamp) -> std::ops::RangeInclusive<i64> {
    let last = place(span, now);
    last - span.bars() + 1..=last
}

impl Figures {
    /// Whether an alert of then is in a bar at `now`.
    pub(super) fn is_counted(at: Timestamp, now: Timestamp) -> bool {
        Span::ALL.into_iter().any(|span| shown(span, now).contains(&place(span, at)))
    }

    /// The bars an alert of `at` is in.
    fn bars(&mut self, at: Timestamp, now: Timestamp) -> impl Iterator<Item = &mut Bar> {
        let rings = Span::ALL.into_iter().zip(&mut self.0);
        rings.filter_map(move |(span, ring)| {
            let (place, shown) = (place(span, at), shown(span, now));
            shown.contains(&place).then(|| {
                ring.retain(|place, _| shown.contains(place));
                ring.entry(place).or_default()
            })
        })
    }

    /// An alert came.
    pub(super) fn arrived(&mut self, alert: &Alert, fate: &Fate, now: Timestamp) {
        for bar in self.bars(alert.received, now) {
            bar.alerts += 1;
            bar.dropped += u64::from(matches!(fate, Fate::Dropped(_)));
            *bar.severities.entry(alert.severity()).or_default() += 1;
            bar.clients.add(&alert.origin.client);
            if let Some(event) = alert.events.first() {
                bar.sources.add(&event.source);
                if let Some(host) = &event.host {
                    bar.hosts.add(host);
                }
            }
        }
    }

    /// All is done about an alert that had come.
    pub(super) fn ended(&mut self, alert: &AlertView, now: Timestamp) {
        for bar in self.bars(alert.received, now) {
            bar.failed += u64::from(alert.state == State::Failed);
            for delivery in &alert.deliveries {
                add(bar.channels.entry(delivery.channel).or_default(), alert, delivery);
                let name = delivery.person.to_string();
                if bar.people.len() < MOST_NAMES || bar.people.contains_key(&name) {
                    add(bar.people.entry(name).or_default(), alert, delivery);
                }
            }
        }
    }

    /// What it comes to.
    pub(super) fn of(&self, span: Span, now: Timestamp) -> Statistics {
        let empty = BTreeMap::new();
        let rings = Span::ALL.into_iter().zip(&self.0);
        let ring = rings.filter(|(of, _)| *of == span).map(|(_, ring)| ring).next();
        let ring = ring.unwrap_or(&empty);
        let mut statistics = Statistics::default();
        let mut whole = Bar::default();
        let [mut hosts, mut sources, mut clients] = [const { BTreeMap::new() }; 3];
        for place in shown(span, now) {
            let begin = Timestamp::from_second(place * span.step().as_secs()).unwrap_or_default();
            let bar = ring.get(&place);
            statistics.bars.push((begin, bar.map_or(0, |bar| bar.alerts)));
            let Some(bar) = bar else { continue };
            whole.alerts += bar.alerts;
            whole.dropped += bar.dropped;
            whole.failed += bar.failed;
            sum(&mut hosts, &bar.hosts);
            sum(&mut sources, &bar.sources);
            sum(&mut clients, &bar.clients);
            for (severity, count) in &bar.severities {
                *whole.severities.entry(*severity).or_default() += count;
            }
            for (channel, reached) in &bar.channels {
                whole.channels.entry(*channel).or_default().add_all(reached);
            }
            for (person, reached) in &bar.people {
                whole.people.entry(person.clone()).or_default().add_all(reached);
            }
        }
        Statistics {
            alerts: whole.alerts,
            dropped: whole.dropped,
            failed: whole.failed,
            hosts: most_first(hosts),
            sources: most_first(sources),
            clients: most_first(clients),
            severities: whole.severities.into_iter().rev().collect(),
            channels: whole.channels.into_iter().collect(),
            people: whole.people.into_iter().collect(),
            ..statistics
        }
    }
}

impl Reached {
    fn add_all(&mut self, other: &Self) {
        self.told += other.told;
        self.acknowledged += other.acknowledged;
        self.failed += other.failed;
        self.tries += other.tries;
        self.told_after.add_all(&other.told_after);
        self.acknowledged_after.add_all(&other.acknowledged_after);
    }
}

fn add(reached: &mut Reached, alert: &AlertView, delivery: &DeliveryView) {
    reached.tries += u64::from(delivery.tries);
    match delivery.progress {
        Progress::Told(_) => reached.told += 1,
        Progress::Failed => reached.failed += 1,
        Progress::Open | Progress::Spared => {}
    }
    let after = |wanted: fn(Reach) -> bool| {
        let attempt = delivery.attempts.iter().find(|attempt| match attempt.outcome {
            Outcome::Told { reach, .. } => wanted(reach),
            Outcome::Retry(_) | Outcome::Refused(_) | Outcome::Spared(_) => false,
        })?;
        Duration::try_from(attempt.at.duration_since(alert.received)).ok()
    };
    if let Some(after) = after(|_| true) {
        reached.told_after.add(after);
    }
    if let Some(after) = after(|reach| reach == Reach::Acknowledged) {
        reached.acknowledged += 1;
        reached.acknowledged_after.add(after);
    }
}

fn sum<'a>(counts: &mut BTreeMap<&'a str, u64>, names: &'a Names) {
    for (name, count) in &names.0 {
        *counts.entry(name).or_default() += count;
    }
}

fn most_first(counts: BTreeMap<&str, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MOST_SHOWN);
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{AlertId, MailText, Origin};
    use crate::queue::Attempt;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn arrived(client: &str, received: i64) -> Alert {
        Alert {
            id: AlertId(1),
            received: at(received),
            origin: Origin { client: client.to_owned(), ..Origin::default() },
            people: Vec::new(),
            text: MailText::default(),
            events: Vec::new(),
        }
    }

    fn ended(received: i64, told: Option<i64>) -> AlertView {
        let attempt = told.map(|told| {
            let detail = String::new();
            let outcome = Outcome::Told { reach: Reach::Acknowledged, detail, receipts: vec![] };
            Attempt::new(at(told), outcome)
        });
        let progress = told.map_or(Progress::Failed, |_| Progress::Told(Reach::Acknowledged));
        let delivery = DeliveryView {
            person: "ana".parse().unwrap(),
            channel: ChannelName::Gsm,
            progress,
            tries: 2,
            attempts: attempt.into_iter().collect(),
        };
        AlertView {
            id: AlertId(1),
            received: at(received),
            state: told.map_or(State::Failed, |_| State::Told),
            reason: None,
            subject: String::new(),
            from: String::new(),
            severity: Some(Severity::Error),
            people: Vec::new(),
            events: Vec::new(),
            deliveries: vec![delivery],
        }
    }

    #[test]
    fn figures_of_a_day() {
        // In the midst of an hour.
        let now = 1_000_000 * 3600 + 1800;
        let mut figures = Figures::default();
        for (received, told) in [
            (now - 100, Some(now - 92)),
            (now - 200, Some(now - 180)),
            (now - 300, None),
            (now - 90_000, Some(now)),
            (now - 40 * 86_400, Some(now)),
        ] {
            figures.arrived(&arrived("192.0.2.1", received), &Fate::Queued, at(now));
            figures.ended(&ended(received, told), at(now));
        }
        let day = figures.of(Span::Day, at(now));
        assert_eq!((day.alerts, day.failed, day.bars.len()), (3, 1, 24));
        assert_eq!(day.bars.last().unwrap(), &(at(now - 1800), 3));
        let (channel, gsm) = &day.channels[0];
        assert_eq!(*channel, ChannelName::Gsm);
        assert_eq!((gsm.told, gsm.acknowledged, gsm.failed, gsm.tries), (2, 2, 1, 6));
        assert_eq!(gsm.success(), Some(66));
        assert_eq!(gsm.told_median().unwrap().as_secs(), 8);
        assert_eq!(day.people[0].1, *gsm);
        assert_eq!(day.clients, [("192.0.2.1".to_owned(), 3)]);
        let week = figures.of(Span::Week, at(now));
        assert_eq!((week.alerts, week.bars.len()), (4, 28));
        assert_eq!(figures.of(Span::Month, at(now)).bars.len(), 30);
        // An hour later what was counted is an hour older.
        let later = figures.of(Span::Day, at(now + 3600));
        assert_eq!((later.alerts, later.bars.last().unwrap().1), (3, 0));
        assert_eq!(figures.of(Span::Day, at(now + 2 * 86_400)).alerts, 0);
    }

    #[test]
    fn memory_is_bounded_and_the_busiest_stay() {
        let mut figures = Figures::default();
        // Now and then an hour has many names.
        for hour in 0..800 {
            for name in 0..if hour % 50 == 0 { 400 } else { 4 } {
                let received = hour * 3600 + i64::from(name);
                for client in [name.to_string(), "busy".to_owned()] {
                    figures.arrived(&arrived(&client, received), &Fate::Queued, at(received));
                }
            }
        }
        let bars = figures.0.each_ref().map(BTreeMap::len);
        assert_eq!(bars, [24, 28, 30]);
        let all = figures.0.iter().flat_map(BTreeMap::values);
        assert_eq!(all.map(|bar| bar.clients.0.len()).max(), Some(MOST_NAMES));
        // Since hour 636, as bars of six hours begin.
        let week = figures.of(Span::Week, at(799 * 3600 + 400));
        assert_eq!(week.clients[0], ("busy".to_owned(), 161 * 4 + 3 * 400));
    }
}
