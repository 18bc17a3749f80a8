//! What somebody must notice of the dispatcher's work: alerts of which everything failed, grave ones
//! that nobody acknowledges, and how each channel fared last.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::plan::Urgency;
use crate::alert::AlertId;
use crate::channel::{Outcome, Reach};
use crate::config::ChannelName;
use crate::health::{LastOutcome, Telling};
use crate::queue::Progress;

/// Longest reason that is kept, in characters: it is shown on one line.
const MOST_CHARACTERS: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Attention {
    alerts: BTreeMap<AlertId, Open>,
    /// Critical ones that nobody has acknowledged, by when they came.
    critical: BTreeSet<(Instant, AlertId)>,
    untold: Option<AlertId>,
    outcomes: BTreeMap<ChannelName, LastOutcome>,
}

/// An alert of the plan.
#[derive(Debug)]
struct Open {
    since: Instant,
    is_told: bool,
}

impl Attention {
    /// An alert comes into the plan; `tried` is how its deliveries stand.
    pub(super) fn begin(
        &mut self,
        alert: AlertId,
        urgency: Urgency,
        tried: impl IntoIterator<Item = Progress>,
        now: Instant,
    ) {
        // Tried again by hand.
        self.untold = self.untold.filter(|untold| *untold != alert);
        self.alerts.insert(alert, Open { since: now, is_told: false });
        if urgency.is_critical() {
            self.critical.insert((now, alert));
        }
        for progress in tried {
            self.note(alert, progress);
        }
    }

    /// A delivery is settled.
    pub(super) fn note(&mut self, alert: AlertId, progress: Progress) {
        let Some(open) = self.alerts.get_mut(&alert) else { return };
        match progress {
            Progress::Told(reach) => {
                open.is_told = true;
                if matches!(reach, Reach::Answered | Reach::Acknowledged) {
                    self.critical.remove(&(open.since, alert));
                }
            }
            Progress::Spared => open.is_told = true,
            Progress::Open | Progress::Failed => {}
        }
    }

    /// An attempt by this channel ended so for those it was made for.
    pub(super) fn ended(&mut self, channel: ChannelName, outcomes: &[Outcome], at: Timestamp) {
        if let Some(last) = last_of(outcomes, at) {
            self.outcomes.insert(channel, last);
        }
    }

    /// An alert leaves the plan, all its deliveries settled.
    pub(super) fn finish(&mut self, alert: AlertId) {
        if self.remove(alert).is_some_and(|open| !open.is_told) {
            self.untold = self.untold.max(Some(alert));
        }
    }

    /// A person has decided that an alert is not tried any more.
    pub(super) fn forget(&mut self, alert: AlertId) {
        self.remove(alert);
    }

    fn remove(&mut self, alert: AlertId) -> Option<Open> {
        let open = self.alerts.remove(&alert)?;
        self.critical.remove(&(open.since, alert));
        Some(open)
    }

    /// Brings what is told of all that up to date; false if it was. An unacknowledged alert counts
    /// from `patience` on; when the next one will is told besides.
    pub(super) fn tell(
        &self,
        told: &mut Telling,
        in_flight: usize,
        patience: Duration,
        now: Instant,
    ) -> (bool, Option<Instant>) {
        let is_late = |since: Instant| now.saturating_duration_since(since) >= patience;
        let late = self.critical.first().filter(|(since, _)| is_late(*since)).map(|(_, id)| *id);
        let next = self.critical.iter().map(|(since, _)| *since).find(|since| !is_late(*since));
        let was = (told.open, told.in_flight, told.untold, told.unacknowledged);
        let is = (self.alerts.len(), in_flight, self.untold, late);
        // There may be thousands of alerts in a storm, so this is asked often and changes little.
        let changed = was != is || told.outcomes != self.outcomes;
        if changed {
            (told.open, told.in_flight, told.untold, told.unacknowledged) = is;
            told.outcomes.clone_from(&self.outcomes);
        }
        (changed, next.map(|since| since + patience))
    }
}

/// The best of several: one recipient that is refused says little of the channel.
fn last_of(outcomes: &[Outcome], at: Timestamp) -> Option<LastOutcome> {
    let short = |reason: &String| reason.chars().take(MOST_CHARACTERS).collect();
    let grades = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Told { .. } => Some((2, LastOutcome::Told(at))),
        Outcome::Refused(reason) => Some((1, LastOutcome::Refused(at, short(reason)))),
        Outcome::Retry(reason) => Some((0, LastOutcome::Retry(at, short(reason)))),
        Outcome::Spared(_) => None,
    });
    grades.max_by_key(|(grade, _)| *grade).map(|(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alert, Origin, Severity, understand};

    const PATIENCE: Duration = Duration::from_mins(10);

    fn telling(attention: &Attention, now: Instant) -> Telling {
        let mut told = Telling::default();
        attention.tell(&mut told, 0, PATIENCE, now);
        assert!(!attention.tell(&mut told, 0, PATIENCE, now).0);
        told
    }

    fn urgency(subject: &str) -> Urgency {
        let raw = format!("Subject: {subject}\r\n\r\n");
        let (text, mut events) = understand(raw.as_bytes(), &Origin::default());
        let severity =
            if subject.contains("critical") { Severity::Critical } else { Severity::Error };
        for event in &mut events {
            (event.kind, event.severity) = (crate::alert::Kind::Problem, Some(severity));
        }
        let (id, origin, people) = (AlertId(1), Origin::default(), Vec::new());
        let received = Timestamp::UNIX_EPOCH;
        Urgency::of(&Alert { id, received, origin, people, text, events })
    }

    #[test]
    fn an_alert_of_which_everything_failed_is_untold() {
        let rows: [(&[Progress], bool); 5] = [
            (&[Progress::Failed], true),
            (&[], true),
            (&[Progress::Failed, Progress::Told(Reach::HandedOver)], false),
            (&[Progress::Told(Reach::Acknowledged), Progress::Spared], false),
            (&[Progress::Spared], false),
        ];
        let now = tokio::time::Instant::now().into_std();
        for (ends, untold) in rows {
            let mut attention = Attention::default();
            attention.begin(AlertId(4), urgency("x"), [], now);
            for end in ends {
                attention.note(AlertId(4), *end);
            }
            attention.finish(AlertId(4));
            assert_eq!(telling(&attention, now).untold, untold.then_some(AlertId(4)), "{ends:?}");
        }
        let mut attention = Attention::default();
        attention.begin(AlertId(4), urgency("x"), [], now);
        attention.forget(AlertId(4));
        assert_eq!(telling(&attention, now), Telling::default());
    }

    #[test]
    fn a_critical_one_that_nobody_acknowledges_is_told_after_a_while() {
        let begun = tokio::time::Instant::now().into_std();
        let late = begun + PATIENCE;
        let mut attention = Attention::default();
        attention.begin(AlertId(1), urgency("error"), [], begun);
        let mut told = Telling::default();
        assert_eq!(attention.tell(&mut told, 0, PATIENCE, begun), (true, None));
        attention.begin(AlertId(2), urgency("critical"), [Progress::Failed], begun);
        assert_eq!(attention.tell(&mut told, 1, PATIENCE, begun), (true, Some(late)));
        assert_eq!((told.open, told.in_flight, told.unacknowledged), (2, 1, None));
        assert_eq!(telling(&attention, late).unacknowledged, Some(AlertId(2)));
        // A mail that was sent wakes nobody.
        attention.note(AlertId(2), Progress::Told(Reach::HandedOver));
        assert_eq!(telling(&attention, late).unacknowledged, Some(AlertId(2)));
        attention.note(AlertId(2), Progress::Told(Reach::Acknowledged));
        assert_eq!(telling(&attention, late).unacknowledged, None);
    }

    #[test]
    fn one_refused_recipient_says_little_of_a_channel() {
        let at = Timestamp::UNIX_EPOCH;
        let told =
            Outcome::Told { reach: Reach::HandedOver, detail: String::new(), receipts: vec![] };
        let refused = || Outcome::Refused("no such user".to_owned());
        let retry = || Outcome::Retry("x".repeat(300));
        let mut attention = Attention::default();
        let mut last = |outcomes: &[Outcome]| {
            attention.ended(ChannelName::Mail, outcomes, at);
            attention.outcomes.get(&ChannelName::Mail).cloned()
        };
        assert_eq!(last(&[Outcome::Spared(String::new())]), None);
        assert_eq!(last(&[retry()]), Some(LastOutcome::Retry(at, "x".repeat(200))));
        let words = "no such user".to_owned();
        assert_eq!(last(&[retry(), refused()]), Some(LastOutcome::Refused(at, words)));
        assert_eq!(last(&[refused(), told]), Some(LastOutcome::Told(at)));
    }
}
