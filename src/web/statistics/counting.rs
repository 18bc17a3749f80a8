//! Goes through the history, the newest first, and then counts what comes. An alert is counted when it
//! comes, and what became of it when all is done.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;

use super::figures::Figures;
use super::{Span, Statistics};
use crate::alert::AlertId;
use crate::control::complete;
use crate::queue::{Read, ReadError, Record, aside};
use crate::web::site::Site;

/// Alerts that are read at a time.
const BLOCK: usize = 250;

/// Pause between two blocks: nobody waits for the history of yesterday, and in a storm of alerts what
/// takes and tells them goes first.
const BREATH: Duration = Duration::from_millis(200);

/// Pause before what came is counted, as more may come; who looks counts at once.
const PAUSE: Duration = Duration::from_secs(2);

/// What was counted, and how far.
#[derive(Debug, Default)]
pub(in crate::web) struct Counting {
    figures: Figures,
    /// The oldest and the newest alert that is counted.
    counted: Option<(AlertId, AlertId)>,
    /// Whether nothing older counts.
    is_whole: bool,
    /// Counted alerts that are still being told.
    open: BTreeSet<AlertId>,
}

impl Counting {
    /// Counts some of what is not counted yet; whether that was all.
    fn step(&mut self, reader: &dyn Read, now: Timestamp) -> Result<bool, ReadError> {
        let Some(top) = reader.history(AlertId(u64::MAX), 1)?.pop() else { return Ok(true) };
        let top = top.alert.id;
        let (oldest, newest) = *self.counted.get_or_insert((AlertId(top.0 + 1), top));
        // Read after `top`, so that each alert up to there is in it if it waits.
        let pending: BTreeSet<_> = reader.pending(AlertId(0), usize::MAX)?.into_iter().collect();
        let is_counted = |id: &&AlertId| (oldest..=newest).contains(id);
        if pending.iter().filter(is_counted).any(|id| !self.open.contains(id)) {
            // Somebody has it told again: what became of it before is counted no more.
            *self = Self::default();
            return self.step(reader, now);
        }
        let done: Vec<_> = self.open.difference(&pending).copied().collect();
        for id in done {
            self.open.remove(&id);
            // What cannot be read is told by the store, and passed over here.
            if let Ok(Some(record)) = reader.record(id) {
                self.end(reader, record, now);
            }
        }
        let up_to = AlertId(top.0.min(newest.0 + BLOCK as u64));
        for id in newest.0 + 1..=up_to.0 {
            if let Ok(Some(record)) = reader.record(AlertId(id)) {
                self.count(reader, record, &pending, now);
            }
        }
        self.counted = Some((oldest, up_to));
        if !self.is_whole {
            let records = reader.history(oldest, BLOCK)?;
            let down_to = records.last().map_or(oldest, |record| record.alert.id);
            // The clock may have jumped: one old alert does not say that all before it are.
            let is_old = |record: &Record| !Figures::is_counted(record.alert.received, now);
            // A short block may be one of which some cannot be read.
            self.is_whole = records.iter().all(is_old)
                || (records.len() < BLOCK && reader.history(down_to, BLOCK)?.is_empty());
            for record in records {
                self.count(reader, record, &pending, now);
            }
            self.counted = Some((down_to, up_to));
        }
        Ok(self.is_whole && up_to == top)
    }

    fn count(
        &mut self,
        reader: &dyn Read,
        record: Record,
        pending: &BTreeSet<AlertId>,
        now: Timestamp,
    ) {
        let id = record.alert.id;
        self.figures.arrived(&record.alert, &record.fate, now);
        if pending.contains(&id) {
            self.open.insert(id);
        } else {
            self.end(reader, record, now);
        }
    }

    fn end(&mut self, reader: &dyn Read, record: Record, now: Timestamp) {
        if let Ok(view) = complete(reader, record) {
            self.figures.ended(&view, now);
        }
    }
}

/// Counts what is new, beside the tasks; and whether that was all.
async fn step<T: Send + 'static>(
    site: &Arc<Site>,
    then: impl FnOnce(&Counting, Timestamp) -> T + Send + 'static,
) -> Result<(bool, T), ReadError> {
    let site = Arc::clone(site);
    let counting = move || {
        let now = Timestamp::now();
        let mut counting = site.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = counting.step(site.parts.queue.reader(), now)?;
        Ok((whole, then(&counting, now)))
    };
    aside(counting).await
}

/// The figures of a time, and whether all of its alerts are counted.
pub(in crate::web) async fn figures(
    site: &Arc<Site>,
    span: Span,
) -> Result<(Statistics, bool), ReadError> {
    let (whole, figures) = step(site, move |counting, now| counting.figures.of(span, now)).await?;
    Ok((figures, whole))
}

/// Keeps the figures near to what happens, until the stop.
pub(in crate::web) async fn follow(site: Arc<Site>) {
    let mut arriving = site.parts.queue.arriving();
    let mut changes = site.parts.queue.changes();
    loop {
        let pause = match step(&site, |_, _| ()).await {
            Ok((false, ())) => BREATH,
            Ok((true, ())) => {
                tokio::select! {
                    () = site.stop.cancelled() => return,
                    Ok(()) = arriving.changed() => PAUSE,
                    change = changes.recv() => match change {
                        Ok(_) | Err(RecvError::Lagged(_)) => PAUSE,
                        Err(RecvError::Closed) => return,
                    },
                }
            }
            Err(error) => {
                tracing::error!(%error, "statistics");
                PAUSE
            }
        };
        tokio::select! {
            () = site.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {
                arriving.mark_unchanged();
                changes = changes.resubscribe();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::alert::{Alert, MailText, Origin};
    use crate::channel::{Outcome, Reach};
    use crate::config::ChannelName;
    use crate::queue::{Attempt, Delivery, Fate, Progress};
    use bytes::Bytes;

    /// A store in memory.
    #[derive(Default)]
    struct Kept {
        alerts: BTreeMap<AlertId, (Record, Vec<Delivery>)>,
        pending: BTreeSet<AlertId>,
    }

    impl Kept {
        fn take(&mut self, id: u64) {
            let alert = Alert {
                id: AlertId(id),
                received: Timestamp::from_second(1_000_000).unwrap(),
                origin: Origin::default(),
                people: Vec::new(),
                text: MailText::default(),
                events: Vec::new(),
            };
            let record = Record { version: 1, alert, fate: Fate::Queued };
            self.alerts.insert(AlertId(id), (record, Vec::new()));
            self.pending.insert(AlertId(id));
        }

        fn end(&mut self, id: u64, told: bool) {
            let mut delivery = Delivery::new("ana".parse().unwrap(), ChannelName::Sms);
            delivery.progress = Progress::Failed;
            if told {
                delivery.progress = Progress::Told(Reach::HandedOver);
                let (reach, detail) = (Reach::HandedOver, String::new());
                let outcome = Outcome::Told { reach, detail, receipts: vec![] };
                delivery.push(Attempt::new(Timestamp::from_second(1_000_009).unwrap(), outcome));
            }
            self.alerts.get_mut(&AlertId(id)).unwrap().1 = vec![delivery];
            self.pending.remove(&AlertId(id));
        }
    }

    impl Read for Kept {
        fn record(&self, id: AlertId) -> Result<Option<Record>, ReadError> {
            Ok(self.alerts.get(&id).map(|(record, _)| record.clone()))
        }

        fn raw(&self, _: AlertId) -> Result<Bytes, ReadError> {
            Ok(Bytes::new())
        }

        fn deliveries(&self, id: AlertId) -> Result<Vec<Delivery>, ReadError> {
            Ok(self.alerts.get(&id).map(|(_, deliveries)| deliveries.clone()).unwrap_or_default())
        }

        fn pending(&self, after: AlertId, limit: usize) -> Result<Vec<AlertId>, ReadError> {
            let pending = self.pending.iter().filter(|id| **id > after);
            Ok(pending.take(limit).copied().collect())
        }

        fn history(&self, before: AlertId, limit: usize) -> Result<Vec<Record>, ReadError> {
            let records = self.alerts.range(..before).rev().map(|(_, (record, _))| record.clone());
            Ok(records.take(limit).collect())
        }
    }

    /// Alerts, told, failed.
    fn counted(counting: &mut Counting, kept: &Kept) -> (u64, u64, u64) {
        let now = Timestamp::from_second(1_000_100).unwrap();
        let mut steps = 0;
        while !counting.step(kept, now).unwrap() {
            steps += 1;
            assert!(steps < 20, "it never ends");
        }
        let day = counting.figures.of(Span::Day, now);
        let told = day.channels.iter().map(|(_, reached)| reached.told).sum();
        (day.alerts, told, day.failed)
    }

    #[test]
    fn each_alert_is_counted_once_whenever_it_comes_and_ends() {
        let (mut kept, mut counting) = (Kept::default(), Counting::default());
        assert_eq!(counted(&mut counting, &kept), (0, 0, 0));
        for id in 1..=1000 {
            kept.take(id);
            kept.end(id, true);
        }
        kept.take(1001);
        assert_eq!(counted(&mut counting, &kept), (1001, 1000, 0));
        kept.take(1002);
        kept.end(1001, true);
        assert_eq!(counted(&mut counting, &kept), (1002, 1001, 0));
        assert_eq!(counted(&mut counting, &kept), (1002, 1001, 0));
        kept.end(1002, false);
        assert_eq!(counted(&mut counting, &kept), (1002, 1001, 1));
        // More at once than a block, some forgotten.
        for id in (1003..=2000).filter(|id| id % 2 == 0) {
            kept.take(id);
            kept.end(id, true);
        }
        assert_eq!(counted(&mut counting, &kept), (1501, 1500, 1));
    }

    #[test]
    fn what_is_told_again_counts_as_it_ends_at_last() {
        let (mut kept, mut counting) = (Kept::default(), Counting::default());
        kept.take(1);
        kept.end(1, false);
        assert_eq!(counted(&mut counting, &kept), (1, 0, 1));
        kept.pending.insert(AlertId(1));
        assert_eq!(counted(&mut counting, &kept), (1, 0, 0));
        kept.end(1, true);
        assert_eq!(counted(&mut counting, &kept), (1, 1, 0));
    }
}
