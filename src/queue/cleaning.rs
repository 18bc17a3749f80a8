//! Takes away what no longer counts, always from the oldest segment: what still counts of it goes
//! to the end of the log, then the file is deleted. So a frame that says an alert is forgotten
//! never goes before what it forgets.

use std::io;

use super::Store;
use super::batch::Batch;
use super::frame::Parts;
use super::log::Log;
use super::reader::parts;
use crate::alert::AlertId;

/// Bytes of old alerts that are moved with one batch, at least; as many as it has itself, at most.
/// Nobody waits long for it, and it keeps pace with what comes in.
const MOST_MOVED: usize = 256 * 1024;

/// Frames with deliveries of one alert after which it is written anew, in one.
const MOST_UPDATES: usize = 16;

/// What is to be written anew.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Alerts in the oldest segment.
    alerts: Vec<AlertId>,
    /// Alerts with too many frames of deliveries.
    crowded: Vec<AlertId>,
}

impl Moves {
    pub(super) fn clear(&mut self) {
        self.alerts.clear();
    }
}

/// Whether there is more that does not count than does.
fn is_due(log: &Log, live: u64) -> bool {
    log.bytes() > 2 * live + log.segment_size
}

impl Store {
    /// Adds to a batch what is to be written anew.
    pub(super) fn add_moves(&self, log: &Log, moves: &mut Moves, batch: &mut Batch) {
        if moves.alerts.is_empty()
            && let Some(oldest) = log.oldest()
            && is_due(log, self.index().live())
        {
            moves.alerts = self.index().at_home_in(oldest);
            moves.alerts.reverse();
        }
        // What changes at this moment is written anew another time.
        for id in moves.crowded.drain(..) {
            if !batch.touches(id) {
                self.add_deliveries(id, batch);
            }
        }
        let most = batch.bytes().len() + batch.bytes().len().max(MOST_MOVED);
        while batch.bytes().len() < most
            && let Some(id) = moves.alerts.pop()
        {
            if !batch.touches(id) {
                self.add_alert(id, batch);
            }
        }
    }

    /// Should a crash come between the two frames, the deliveries are still where they were.
    fn add_alert(&self, id: AlertId, batch: &mut Batch) {
        let alert = self.look(id, |entry| {
            let body = self.reader.body(entry.alert)?;
            let Parts { record, mail } = parts(&body)?;
            let deliveries = self.deliveries_of(entry)?;
            Ok((entry.clone(), body.slice_ref(record), body.slice_ref(mail), deliveries))
        });
        match alert {
            Ok(Some((entry, record, mail, deliveries))) => {
                batch.alert(id, entry.pending, &Parts { record: &record, mail: &mail });
                if !entry.updates.is_empty() {
                    batch.all_deliveries(id, &deliveries);
                }
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.give_up(id);
                batch.forget(id);
            }
            Err(error) => tracing::warn!(alert_id = %id, %error, "cannot be moved yet"),
        }
    }

    fn add_deliveries(&self, id: AlertId, batch: &mut Batch) {
        if let Ok(Some(all)) = self.look(id, |entry| self.deliveries_of(entry)) {
            batch.all_deliveries(id, &all);
        }
    }

    /// Sees whether what was written makes other things needless.
    pub(super) fn after(&self, log: &mut Log, moves: &mut Moves, batch: &Batch) {
        let index = self.index();
        let crowded =
            |id: &AlertId| index.get(*id).is_some_and(|entry| entry.updates.len() > MOST_UPDATES);
        moves.crowded.extend(batch.frames().iter().map(|frame| frame.id).filter(crowded));
        while let Some(oldest) = log.oldest().filter(|oldest| index.is_dead(*oldest)) {
            if let Err(error) = log.delete_oldest() {
                tracing::warn!(%error, "an old segment of the store cannot be deleted");
                break;
            }
            self.reader.close(oldest);
        }
    }
}
