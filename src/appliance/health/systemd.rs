//! The service manager: ready when SMTP accepts, a line of status, and a watchdog that is fed only
//! while everything that matters answers. Without a manager nothing happens.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

use crate::health::{Part, State, Status};

/// How often the line may change: it is for people.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Tells the service manager. The socket it gives is asked for each time; without one it is quiet.
pub(super) struct Manager {
    ready: bool,
    /// How often the watchdog wants to be fed; `None` without one.
    feed_every: Option<Duration>,
    fed: Option<Instant>,
    told: Option<(String, Instant)>,
    starving: bool,
}

impl Manager {
    pub(super) fn new() -> Self {
        // Twice as often as is needed, as `sd_watchdog_enabled(3)` advises, and once more.
        let feed_every = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        Self { ready: false, feed_every, fed: None, told: None, starving: false }
    }

    /// Tells what has changed, and feeds the watchdog if that is due and deserved.
    pub(super) fn tell(&mut self, status: &Status, answers: bool, now: Instant) {
        let accepts = !matches!(status.of(Part::Receiver), State::Down(_));
        if accepts && !self.ready {
            self.ready = true;
            notify(&[NotifyState::Ready]);
        }
        self.tell_status(status, now);
        let Some(every) = self.feed_every else { return };
        let is_due = self.fed.is_none_or(|fed| now.saturating_duration_since(fed) >= every);
        if !is_due {
            return;
        }
        if answers {
            notify(&[NotifyState::Watchdog]);
            self.fed = Some(now);
        } else if !self.starving {
            tracing::error!(
                "the dispatcher or the queue's writer does not answer; the watchdog is not fed"
            );
        }
        self.starving = !answers;
    }

    fn tell_status(&mut self, status: &Status, now: Instant) {
        let is_early =
            |(_, at): &(String, Instant)| now.saturating_duration_since(*at) < STATUS_EVERY;
        if self.told.as_ref().is_some_and(is_early) {
            return;
        }
        let line = status.to_string().replace('\n', " ");
        if self.told.as_ref().is_none_or(|(told, _)| *told != line) {
            notify(&[NotifyState::Status(&line)]);
            self.told = Some((line, now));
        }
    }
}

/// Tells that the end has begun.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(state: &[NotifyState<'_>]) {
    match sd_notify::notify(state) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::debug!(%error, "the service manager does not listen"),
    }
}
