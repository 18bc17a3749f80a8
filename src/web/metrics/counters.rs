//! What was counted since the start. Pure: it is shown records as they become known, each perhaps
//! more than once, and counts what is new in them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::histogram::{self, Histogram};
use super::text::{Kind, Text};
use crate::alert::{AlertId, Severity};
use crate::channel::{Outcome, Reach};
use crate::queue::{Arrivals, Attempt, Delivery, Record};

/// Alerts of which it is remembered what was counted.
const MOST: usize = 4096;

/// The counts.
#[derive(Debug)]
pub(in crate::web) struct Counters {
    attempts: BTreeMap<(&'static str, &'static str), u64>,
    told: BTreeMap<&'static str, Histogram>,
    acknowledged: BTreeMap<&'static str, Histogram>,
    /// Mean opinion score of calls that could tell.
    mos: Histogram,
    missed: u64,
    /// Tries counted so far of each alert, by delivery.
    known: HashMap<AlertId, HashMap<String, Seen>>,
    order: VecDeque<AlertId>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            attempts: BTreeMap::new(),
            told: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            mos: Histogram::new(histogram::MOS),
            missed: 0,
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    last: Option<Timestamp>,
    told: bool,
    acknowledged: bool,
}

impl Counters {
    /// Counts what is new about an alert.
    pub(super) fn count(&mut self, record: &Record, deliveries: &[Delivery]) {
        let alert = &record.alert;
        if !self.known.contains_key(&alert.id) {
            self.remember(alert.id);
        }
        for delivery in deliveries {
            let key = format!("{} {}", delivery.channel, delivery.person);
            let known = self.known.entry(alert.id).or_default();
            let mut seen = known.get(&key).copied().unwrap_or_default();
            for attempt in &delivery.attempts {
                if seen.last.is_some_and(|last| attempt.at <= last) {
                    continue;
                }
                seen.last = Some(attempt.at);
                self.count_attempt(delivery.channel.as_str(), alert.received, attempt, &mut seen);
            }
            self.known.entry(alert.id).or_default().insert(key, seen);
        }
    }

    fn count_attempt(
        &mut self,
        channel: &'static str,
        received: Timestamp,
        attempt: &Attempt,
        seen: &mut Seen,
    ) {
        let outcome = match &attempt.outcome {
            Outcome::Told { reach: Reach::HandedOver, .. } => "handed-over",
            Outcome::Told { reach: Reach::Delivered, .. } => "delivered",
            Outcome::Told { reach: Reach::Answered, .. } => "answered",
            Outcome::Told { reach: Reach::Acknowledged, .. } => "acknowledged",
            Outcome::Retry(_) => "retry",
            Outcome::Refused(_) => "refused",
            Outcome::Spared(_) => "spared",
        };
        *self.attempts.entry((channel, outcome)).or_default() += 1;
        let after = Duration::try_from(attempt.at.duration_since(received)).unwrap_or_default();
        if let Outcome::Told { reach, .. } = attempt.outcome {
            if !std::mem::replace(&mut seen.told, true) {
                lasted(&mut self.told, channel, after);
            }
            let accepted = reach == Reach::Acknowledged;
            if accepted && !std::mem::replace(&mut seen.acknowledged, true) {
                lasted(&mut self.acknowledged, channel, after);
            }
        }
        if let Some(mos) = attempt.quality.as_ref().and_then(|known| known.mos_hundredths) {
            self.mos.observe(f64::from(mos) / 100.0);
        }
    }

    fn remember(&mut self, id: AlertId) {
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id);
        self.known.insert(id, HashMap::new());
    }

    /// So many changes came too fast to be looked at.
    pub(super) const fn miss(&mut self, count: u64) {
        self.missed = self.missed.saturating_add(count);
    }

    #[expect(clippy::cast_precision_loss, reason = "the format has floats")]
    pub(super) fn write(&self, text: &mut Text) {
        text.family("attempts_total", Kind::Counter, "Attempts to tell somebody, by their end.");
        for ((channel, outcome), count) in &self.attempts {
            let labels = [("channel", *channel), ("outcome", *outcome)];
            text.sample("attempts_total", &labels, *count as f64);
        }
        for (name, help, histograms) in [
            ("told_seconds", "From the mail to its first telling.", &self.told),
            ("acknowledged_seconds", "From the mail to the key.", &self.acknowledged),
        ] {
            text.family(name, Kind::Histogram, help);
            for (channel, histogram) in histograms {
                histogram.write(text, name, &[("channel", channel)]);
            }
        }
        let help = "Estimated mean opinion score of calls by SIP.";
        self.mos.write_family(text, "call_mos", help);
        let help = "Changes that came too fast to be counted.";
        text.family("metrics_missed_total", Kind::Counter, help);
        text.sample("metrics_missed_total", &[], self.missed as f64);
    }
}

/// The alerts that came.
#[expect(clippy::cast_precision_loss, reason = "the format has floats")]
pub(super) fn arrivals(arrivals: &Arrivals, text: &mut Text) {
    text.family("alerts_total", Kind::Counter, "Alerts taken in, by what the filter said.");
    for ((fate, severity), count) in arrivals {
        let severity = severity.map_or("unknown", Severity::as_str);
        text.sample("alerts_total", &[("fate", fate), ("severity", severity)], *count as f64);
    }
}

fn lasted(
    histograms: &mut BTreeMap<&'static str, Histogram>,
    channel: &'static str,
    after: Duration,
) {
    let histogram = histograms.entry(channel);
    let histogram = histogram.or_insert_with(|| Histogram::new(histogram::PATIENCE));
    histogram.observe(after.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alert, MailText, Origin};
    use crate::config::ChannelName;
    use crate::queue::{Fate, Progress};

    fn record(id: u64) -> Record {
        let alert = Alert {
            id: AlertId(id),
            received: Timestamp::UNIX_EPOCH,
            origin: Origin::default(),
            people: Vec::new(),
            text: MailText::default(),
            events: Vec::new(),
        };
        Record { version: 1, alert, fate: Fate::Queued }
    }

    #[test]
    fn what_is_shown_twice_is_counted_once() {
        let mut counters = Counters::default();
        let mut delivery = Delivery::new("ana".parse().unwrap(), ChannelName::Gsm);
        let at = |second| Timestamp::from_second(second).unwrap();
        counters.count(&record(1), &[]);
        delivery.push(Attempt::new(at(3), Outcome::Retry("busy".into())));
        counters.count(&record(1), std::slice::from_ref(&delivery));
        counters.count(&record(1), std::slice::from_ref(&delivery));
        let told =
            Outcome::Told { reach: Reach::Acknowledged, detail: String::new(), receipts: vec![] };
        delivery.push(Attempt::new(at(40), told));
        delivery.progress = Progress::Told(Reach::Acknowledged);
        counters.count(&record(1), std::slice::from_ref(&delivery));
        let mut text = Text::default();
        arrivals(&Arrivals::from([(("queued", None), 1)]), &mut text);
        counters.write(&mut text);
        let text = text.finish();
        for line in [
            "alerts_total{fate=\"queued\",severity=\"unknown\"} 1",
            "attempts_total{channel=\"gsm\",outcome=\"retry\"} 1",
            "attempts_total{channel=\"gsm\",outcome=\"acknowledged\"} 1",
            "told_seconds_bucket{channel=\"gsm\",le=\"30\"} 0",
            "told_seconds_bucket{channel=\"gsm\",le=\"60\"} 1",
            "acknowledged_seconds_sum{channel=\"gsm\"} 40",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut counters = Counters::default();
        (0..10_000).for_each(|id| counters.count(&record(id), &[]));
        assert_eq!(counters.known.len(), MOST);
    }
}
