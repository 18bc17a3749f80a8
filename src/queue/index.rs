//! Where everything is: what the frames of the log come to, in the order they were written.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{Frame, Kind};
use crate::alert::AlertId;

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// One kept alert. There may be a hundred thousand, so this is small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pending: bool,
    /// The frame with the alert itself.
    pub(super) alert: Place,
    /// Frames with deliveries, in their order.
    pub(super) updates: Box<[Place]>,
}

impl Entry {
    fn bytes(&self) -> u64 {
        let updates = self.updates.iter().map(|place| u64::from(place.length));
        u64::from(self.alert.length) + updates.sum::<u64>()
    }

    /// The oldest segment that holds some of it.
    fn home(&self) -> u32 {
        let updates = self.updates.iter().map(|place| place.segment);
        updates.fold(self.alert.segment, u32::min)
    }
}

/// All kept alerts.
#[derive(Debug, Default)]
pub(super) struct Index {
    alerts: BTreeMap<AlertId, Entry>,
    /// Those on the queue: few of many, and asked for often.
    pending: BTreeSet<AlertId>,
    newest: AlertId,
    /// Bytes of all frames that still count.
    live: u64,
    /// Of how many alerts a segment is the oldest that holds some.
    at_home: BTreeMap<u32, usize>,
}

impl Index {
    /// Takes up one frame of a segment.
    pub(super) fn apply(&mut self, frame: &Frame, segment: u32) {
        let place = Place { segment, offset: frame.offset, length: frame.length };
        self.saw(frame.id);
        match frame.kind {
            Kind::Pending | Kind::Told => {
                // One that is there already is written anew; its deliveries follow, or did.
                let updates = self.remove(frame.id).map(|old| old.updates).unwrap_or_default();
                let pending = frame.kind == Kind::Pending;
                self.insert(frame.id, Entry { pending, alert: place, updates });
            }
            Kind::Deliveries | Kind::AllDeliveries => {
                if let Some(mut entry) = self.remove(frame.id) {
                    let mut updates = entry.updates.into_vec();
                    if frame.kind == Kind::AllDeliveries {
                        updates.clear();
                    }
                    updates.push(place);
                    entry.updates = updates.into_boxed_slice();
                    self.insert(frame.id, entry);
                }
            }
            Kind::Finish => self.set_pending(frame.id, false),
            Kind::Reopen => self.set_pending(frame.id, true),
            Kind::Forget => drop(self.remove(frame.id)),
        }
    }

    /// An alert of this number was here once.
    pub(super) fn saw(&mut self, id: AlertId) {
        self.newest = self.newest.max(id);
    }

    fn set_pending(&mut self, id: AlertId, pending: bool) {
        if let Some(entry) = self.alerts.get_mut(&id) {
            entry.pending = pending;
            self.note_pending(id, pending);
        }
    }

    fn note_pending(&mut self, id: AlertId, pending: bool) {
        if pending {
            self.pending.insert(id);
        } else {
            self.pending.remove(&id);
        }
    }

    fn insert(&mut self, id: AlertId, entry: Entry) {
        self.live += entry.bytes();
        *self.at_home.entry(entry.home()).or_default() += 1;
        self.note_pending(id, entry.pending);
        self.alerts.insert(id, entry);
    }

    fn remove(&mut self, id: AlertId) -> Option<Entry> {
        let old = self.alerts.remove(&id)?;
        self.pending.remove(&id);
        self.live -= old.bytes();
        if let Some(count) = self.at_home.get_mut(&old.home()) {
            *count -= 1;
            if *count == 0 {
                self.at_home.remove(&old.home());
            }
        }
        Some(old)
    }

    /// The highest number ever given.
    pub(super) const fn newest(&self) -> AlertId {
        self.newest
    }

    pub(super) fn len(&self) -> usize {
        self.alerts.len()
    }

    pub(super) const fn live(&self) -> u64 {
        self.live
    }

    pub(super) fn get(&self, id: AlertId) -> Option<&Entry> {
        self.alerts.get(&id)
    }

    /// Alerts after `after`, the oldest first.
    pub(super) fn after(&self, after: AlertId) -> impl Iterator<Item = (AlertId, &Entry)> {
        let from = AlertId(after.0.saturating_add(1));
        self.alerts.range(from..).map(|(id, entry)| (*id, entry))
    }

    /// Alerts on the queue after `after`, the oldest first.
    pub(super) fn pending_after(&self, after: AlertId) -> impl Iterator<Item = AlertId> {
        self.pending.range(AlertId(after.0.saturating_add(1))..).copied()
    }

    /// Alerts before `before`, the newest first.
    pub(super) fn before(&self, before: AlertId) -> impl Iterator<Item = (AlertId, &Entry)> {
        self.alerts.range(..before).rev().map(|(id, entry)| (*id, entry))
    }

    /// Whether nothing in the oldest segment counts any more.
    pub(super) fn is_dead(&self, oldest: u32) -> bool {
        !self.at_home.contains_key(&oldest)
    }

    /// Alerts of which something is in the oldest segment.
    pub(super) fn at_home_in(&self, oldest: u32) -> Vec<AlertId> {
        let here = self.alerts.iter().filter(|(_, entry)| entry.home() == oldest);
        here.map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(frames: &[(Kind, u64, u32)]) -> Index {
        let mut index = Index::default();
        for ((kind, id, segment), offset) in frames.iter().zip((0..).step_by(10)) {
            let frame = Frame { kind: *kind, id: AlertId(*id), offset, length: 10 };
            index.apply(&frame, *segment);
        }
        index
    }

    #[test]
    fn frames_come_to_what_they_say() {
        use Kind::{AllDeliveries, Deliveries, Finish, Forget, Pending, Reopen, Told};
        type Row<'a> = (&'a [(Kind, u64, u32)], &'a [(u64, bool, usize)], u64);
        let table: &[Row<'_>] = &[
            (&[(Pending, 1, 1), (Told, 2, 1)], &[(1, true, 0), (2, false, 0)], 20),
            (&[(Pending, 1, 1), (Deliveries, 1, 1), (Finish, 1, 1)], &[(1, false, 1)], 20),
            (&[(Told, 1, 1), (Reopen, 1, 1)], &[(1, true, 0)], 10),
            (&[(Pending, 1, 1), (Deliveries, 1, 1), (Told, 1, 2)], &[(1, false, 1)], 20),
            (
                &[(Told, 1, 1), (Deliveries, 1, 1), (Deliveries, 1, 1), (AllDeliveries, 1, 1)],
                &[(1, false, 1)],
                20,
            ),
            (&[(Pending, 1, 1), (Deliveries, 1, 1), (Forget, 1, 1)], &[], 0),
            (&[(Deliveries, 5, 1), (Finish, 5, 1), (Reopen, 5, 1), (Forget, 5, 1)], &[], 0),
        ];
        for (frames, wanted, live) in table {
            let index = index(frames);
            let found: Vec<_> = index.after(AlertId(0)).collect();
            let found: Vec<_> = found
                .iter()
                .map(|(id, entry)| (id.0, entry.pending, entry.updates.len()))
                .collect();
            assert_eq!((found.as_slice(), index.live()), (*wanted, *live), "{frames:?}");
            let pending: Vec<_> = index.pending_after(AlertId(0)).map(|id| id.0).collect();
            let marked = wanted.iter().filter(|(_, pending, _)| *pending).map(|(id, ..)| *id);
            assert_eq!(pending, marked.collect::<Vec<_>>(), "{frames:?}");
        }
    }

    #[test]
    fn a_number_is_known_when_its_alert_is_gone() {
        let index = index(&[(Kind::Told, 7, 1), (Kind::Told, 5, 2), (Kind::Forget, 7, 2)]);
        assert_eq!((index.newest(), index.len()), (AlertId(7), 1));
        assert!(index.is_dead(1) && !index.is_dead(2));
        assert_eq!(index.at_home_in(2), [AlertId(5)]);
    }
}
