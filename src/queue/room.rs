//! Sees to it that alerts leave free what the settings want free on the disk.

use std::path::Path;
use std::time::Duration;

use rustix::fs::statvfs;
use tokio::time::Instant;

use super::QueueError;

/// How long it is believed how much was free.
const FRESH: Duration = Duration::from_millis(100);

/// Space an alert takes besides its mail.
const BYTES_PER_ALERT: u64 = 16 * 1024;

/// What is free, as seen a moment ago.
#[derive(Debug, Default)]
pub(super) struct Room {
    seen: Option<Instant>,
    /// Unset if the file system cannot tell; it will say so when written to.
    free: Option<u64>,
}

impl Room {
    /// Takes room for an alert whose mail has this length.
    pub(super) fn take(
        &mut self,
        folder: &Path,
        length: u64,
        kept_free: u64,
    ) -> Result<(), QueueError> {
        let takes = length.saturating_mul(2).saturating_add(BYTES_PER_ALERT);
        let needed = kept_free.saturating_add(takes);
        let now = Instant::now();
        let is_fresh = self.seen.is_some_and(|seen| now.duration_since(seen) < FRESH);
        if !is_fresh || self.free.is_some_and(|free| free < needed) {
            self.seen = Some(now);
            let disk = statvfs(folder).ok();
            self.free = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        }
        match &mut self.free {
            Some(free) if *free < needed => Err(QueueError::DiskFull(needed)),
            Some(free) => {
                *free -= takes;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
