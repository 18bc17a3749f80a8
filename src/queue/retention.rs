//! Which alerts leave the history, and when.

use std::time::Duration;

use jiff::Timestamp;

/// Most alerts taken out at a time, so that no session waits long for its flush.
pub(super) const MOST_AT_ONCE: usize = 512;

/// How many of the oldest alerts are too many.
pub(super) fn excess(kept: u64, max_history: usize) -> u64 {
    kept.saturating_sub(max_history as u64)
}

/// Whether an alert received then is too old to keep. A clock that went backwards makes nothing
/// old.
pub(super) fn is_old(received: Timestamp, now: Timestamp, keep: Duration) -> bool {
    let age = now.duration_since(received);
    Duration::try_from(age).is_ok_and(|age| age > keep)
}
