//! Changes that are written at once, as the frames they become.

use super::frame::{self, Frame, Kind, Parts};
use super::record::{Delivery, Record};
use crate::alert::AlertId;

/// Changes in their order. A crash keeps the first so many of them.
#[derive(Debug)]
pub(super) struct Batch {
    key: u32,
    bytes: Vec<u8>,
    /// Their places, from the begin of the batch.
    frames: Vec<Frame>,
}

impl Batch {
    pub(super) const fn new(key: u32) -> Self {
        Self { key, bytes: Vec::new(), frames: Vec::new() }
    }

    /// A new alert with its mail; on the queue if `pending`.
    pub(super) fn admit(&mut self, record: &Record, mail: &[u8], pending: bool) {
        self.alert(record.alert.id, pending, &Parts { record: &json(record), mail });
    }

    /// An alert itself, anew.
    pub(super) fn alert(&mut self, id: AlertId, pending: bool, parts: &Parts<'_>) {
        let kind = if pending { Kind::Pending } else { Kind::Told };
        self.push(kind, id, |out| parts.encode(out));
    }

    /// How deliveries stand.
    pub(super) fn deliveries(&mut self, id: AlertId, deliveries: &[Delivery]) {
        if !deliveries.is_empty() {
            self.push(Kind::Deliveries, id, |out| out.extend(json(&deliveries)));
        }
    }

    /// How all deliveries stand that were ever tried; what was written of them before counts no more.
    pub(super) fn all_deliveries(&mut self, id: AlertId, deliveries: &[Delivery]) {
        self.push(Kind::AllDeliveries, id, |out| out.extend(json(&deliveries)));
    }

    /// The alert is off the queue.
    pub(super) fn finish(&mut self, id: AlertId) {
        self.push(Kind::Finish, id, |_| ());
    }

    /// The alert is on the queue again.
    pub(super) fn reopen(&mut self, id: AlertId) {
        self.push(Kind::Reopen, id, |_| ());
    }

    /// The alert leaves the history.
    pub(super) fn forget(&mut self, id: AlertId) {
        self.push(Kind::Forget, id, |_| ());
    }

    fn push(&mut self, kind: Kind, id: AlertId, body: impl FnOnce(&mut Vec<u8>)) {
        self.frames.push(frame::encode(&mut self.bytes, self.key, kind, id, body));
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether it says anything of this alert.
    pub(super) fn touches(&self, id: AlertId) -> bool {
        self.frames.iter().any(|frame| frame.id == id)
    }

    /// Whether it holds alerts, which need more room than outcomes.
    pub(super) fn has_alerts(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.kind, Kind::Pending | Kind::Told))
    }

    /// Leaves the first `frames` of it.
    pub(super) fn truncate(&mut self, frames: usize) {
        self.frames.truncate(frames);
        let length = self.frames.last().map_or(0, Frame::end);
        self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    }
}

/// Our own records always have a JSON form: their map keys are text.
fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
