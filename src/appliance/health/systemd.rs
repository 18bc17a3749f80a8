//! The service manager: ready when SMTP accepts, a line of status, and a watchdog that is fed only
//! while everything that matters answers. Without a manager nothing happens.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

use crate::health::{Part, State, Status};

/// How often the line may change: it is for people.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// What there is to tell the service manager.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Ready,
    Status(String),
    Watchdog,
}

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
        // `sd_watchdog_enabled(3)` advises half of the time.
        Self::feeding(sd_notify::watchdog_enabled().map(|limit| limit / 3))
    }

    const fn feeding(feed_every: Option<Duration>) -> Self {
        Self { ready: false, feed_every, fed: None, told: None, starving: false }
    }

    /// Tells what has changed, and feeds the watchdog if that is due and deserved.
    pub(super) fn tell(&mut self, status: &Status, answers: bool, now: Instant) {
        for word in self.words(status, answers, now) {
            match word {
                Word::Ready => notify(&NotifyState::Ready),
                Word::Status(line) => notify(&NotifyState::Status(&line)),
                Word::Watchdog => notify(&NotifyState::Watchdog),
            }
        }
    }

    fn words(&mut self, status: &Status, answers: bool, now: Instant) -> Vec<Word> {
        let mut words = Vec::new();
        let accepts = !matches!(status.of(Part::Receiver), State::Down(_));
        if accepts && !self.ready {
            self.ready = true;
            words.push(Word::Ready);
        }
        words.extend(self.status(status, now).map(Word::Status));
        if self.feeds(answers, now) {
            words.push(Word::Watchdog);
        }
        words
    }

    fn status(&mut self, status: &Status, now: Instant) -> Option<String> {
        let told = self.told.as_ref();
        let is_early =
            told.is_some_and(|(_, at)| now.saturating_duration_since(*at) < STATUS_EVERY);
        if is_early {
            return None;
        }
        let line = status.to_string().replace('\n', " ");
        if told.is_some_and(|(told, _)| *told == line) {
            return None;
        }
        self.told = Some((line.clone(), now));
        Some(line)
    }

    fn feeds(&mut self, answers: bool, now: Instant) -> bool {
        let Some(every) = self.feed_every else { return false };
        if self.fed.is_some_and(|fed| now.saturating_duration_since(fed) < every) {
            return false;
        }
        if !answers && !self.starving {
            tracing::error!(
                "the dispatcher or the queue's writer does not answer; the watchdog is not fed"
            );
        }
        self.starving = !answers;
        if answers {
            self.fed = Some(now);
        }
        answers
    }
}

/// Tells that the end has begun.
pub(super) fn stopping() {
    notify(&NotifyState::Stopping);
}

fn notify(state: &NotifyState<'_>) {
    match sd_notify::notify(std::slice::from_ref(state)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::debug!(%error, "the service manager does not listen"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Alert, Figures, Wakes};

    fn status(receiver: State) -> Status {
        Status {
            parts: [(Part::Receiver, receiver)].into(),
            wakes: Wakes::No("x".to_owned()),
            alert: Alert::Quiet,
            alarms: Vec::new(),
            silenced: Vec::new(),
            proven: false,
            figures: Figures::default(),
            last_failure: None,
        }
    }

    #[test]
    fn ready_once_and_fed_only_while_all_answer() {
        let begun = Instant::now();
        let mut manager = Manager::feeding(Some(Duration::from_secs(20)));
        let (down, well) = (status(State::Down("no port".to_owned())), status(State::Ok));
        let mut words = |seconds, status: &Status, answers| {
            let words = manager.words(status, answers, begun + Duration::from_secs(seconds));
            let short = words.into_iter().map(|word| match word {
                Word::Ready => "ready",
                Word::Status(_) => "status",
                Word::Watchdog => "fed",
            });
            short.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(0, &down, true), "status fed");
        assert_eq!(words(1, &well, true), "ready status");
        assert_eq!(words(2, &well, true), "");
        assert_eq!(words(20, &well, true), "fed");
        // A part hangs: the manager waits in vain, until the part comes back.
        for second in [40, 45, 60] {
            assert_eq!(words(second, &well, false), "");
        }
        assert_eq!(words(61, &well, true), "fed");
        // A port that closes does not make it less ready.
        assert_eq!(words(62, &down, true), "status");
        assert_eq!(words(64, &well, true), "status");
    }
}
