//! What became of the alerts of a time: by hour and day, by host, severity and source; how long
//! until somebody was told. Pure: records in, figures out.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::alert::Severity;
use crate::channel::{Outcome, Reach};
use crate::config::ChannelName;
use crate::control::{AlertView, State};

/// Which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Week,
    Month,
}

impl Span {
    pub(super) const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub(super) const fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        })
    }

    /// The width of one bar.
    pub(super) const fn step(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Day => 1,
            Self::Week => 6,
            Self::Month => 24,
        })
    }
}

/// The figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Statistics {
    /// Begin of each bar, and how many alerts came in it.
    pub(super) bars: Vec<(Timestamp, u64)>,
    pub(super) alerts: u64,
    pub(super) dropped: u64,
    pub(super) failed: u64,
    /// The most first.
    pub(super) hosts: Vec<(String, u64)>,
    pub(super) sources: Vec<(String, u64)>,
    pub(super) clients: Vec<(String, u64)>,
    /// The gravest first; `None`: the mail does not tell.
    pub(super) severities: Vec<(Option<Severity>, u64)>,
    pub(super) channels: Vec<(ChannelName, Reached)>,
    pub(super) people: Vec<(String, Reached)>,
}

/// How well somebody is reached, or by something.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Reached {
    pub(super) told: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    pub(super) tries: u64,
    /// From the mail to the first telling, each.
    told_after: Vec<Duration>,
    acknowledged_after: Vec<Duration>,
}

impl Reached {
    /// The middle one.
    pub(super) fn told_median(&self) -> Option<Duration> {
        median(&self.told_after)
    }

    pub(super) fn acknowledged_median(&self) -> Option<Duration> {
        median(&self.acknowledged_after)
    }

    /// Told of told and failed, in percent.
    pub(super) fn success(&self) -> Option<u64> {
        (self.told * 100).checked_div(self.told + self.failed)
    }
}

fn median(values: &[Duration]) -> Option<Duration> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// An alert with the address it came from.
pub(super) type Seen = (AlertView, String);

impl Statistics {
    /// Of the alerts that came within `span` before `now`.
    pub(super) fn of(alerts: &[Seen], span: Span, now: Timestamp) -> Self {
        let begin = now.checked_sub(span.length()).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut bars = Vec::new();
        let mut at = begin;
        while at < now {
            bars.push((at, 0));
            let Ok(next) = at.checked_add(span.step()) else { break };
            at = next;
        }
        let mut statistics = Self { bars, ..Self::default() };
        let (mut hosts, mut sources, mut clients) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut severities: BTreeMap<_, u64> = BTreeMap::new();
        let mut channels: BTreeMap<ChannelName, Reached> = BTreeMap::new();
        let mut people: BTreeMap<String, Reached> = BTreeMap::new();
        for (alert, client) in alerts.iter().filter(|(alert, _)| alert.received >= begin) {
            statistics.alerts += 1;
            statistics.dropped += u64::from(alert.state == State::Dropped);
            statistics.failed += u64::from(alert.state == State::Failed);
            let bar = statistics.bars.iter_mut().rev().find(|(at, _)| *at <= alert.received);
            if let Some((_, count)) = bar {
                *count += 1;
            }
            *severities.entry(alert.severity).or_default() += 1;
            *clients.entry(client.clone()).or_default() += 1;
            if let Some(event) = alert.events.first() {
                *sources.entry(event.source.clone()).or_default() += 1;
                if let Some(host) = &event.host {
                    *hosts.entry(host.clone()).or_default() += 1;
                }
            }
            for delivery in &alert.deliveries {
                let person = people.entry(delivery.person.to_string()).or_default();
                add(person, alert, delivery);
                add(channels.entry(delivery.channel).or_default(), alert, delivery);
            }
        }
        statistics.hosts = most_first(hosts);
        statistics.sources = most_first(sources);
        statistics.clients = most_first(clients);
        statistics.severities = severities.into_iter().rev().collect();
        statistics.channels = channels.into_iter().collect();
        statistics.people = people.into_iter().collect();
        statistics
    }
}

fn add(reached: &mut Reached, alert: &AlertView, delivery: &crate::control::DeliveryView) {
    use crate::queue::Progress;
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
    reached.told_after.extend(after(|_| true));
    let accepted = after(|reach| reach == Reach::Acknowledged);
    reached.acknowledged += u64::from(accepted.is_some());
    reached.acknowledged_after.extend(accepted);
}

fn most_first(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(15);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::AlertId;
    use crate::control::DeliveryView;
    use crate::queue::{Attempt, Progress};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(received: i64, told: Option<i64>) -> Seen {
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
        let view = AlertView {
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
        };
        (view, "192.0.2.1".to_owned())
    }

    #[test]
    fn figures_of_a_day() {
        let now = 1_000_000;
        let alerts = [
            seen(now - 100, Some(now - 90)),
            seen(now - 200, Some(now - 180)),
            seen(now - 300, None),
            seen(now - 90_000, Some(now)),
        ];
        let day = Statistics::of(&alerts, Span::Day, at(now));
        assert_eq!((day.alerts, day.failed, day.bars.len()), (3, 1, 24));
        assert_eq!(day.bars.last().unwrap().1, 3);
        let (channel, gsm) = &day.channels[0];
        assert_eq!(*channel, ChannelName::Gsm);
        assert_eq!((gsm.told, gsm.acknowledged, gsm.failed, gsm.tries), (2, 2, 1, 6));
        assert_eq!(gsm.success(), Some(66));
        assert_eq!(gsm.told_median(), Some(Duration::from_secs(10)));
        assert_eq!(day.clients, [("192.0.2.1".to_owned(), 3)]);
        let week = Statistics::of(&alerts, Span::Week, at(now));
        assert_eq!((week.alerts, week.bars.len()), (4, 28));
        assert_eq!(Statistics::of(&[], Span::Month, at(now)).bars.len(), 30);
    }
}
