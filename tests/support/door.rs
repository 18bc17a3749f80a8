//! An intake that keeps what it is handed, and answers as it is told.

use std::sync::{Mutex, MutexGuard};

use futures_util::future::BoxFuture;
use smtp_appliance::alert::AlertId;
use smtp_appliance::intake::{Accepted, Door, Rejected, Submission};
use tokio::sync::{Semaphore, watch};

pub(crate) struct RecordingDoor {
    submissions: watch::Sender<Vec<Submission>>,
    reject: Mutex<Option<Rejected>>,
    /// Answers that may be given; as many as wanted unless [`RecordingDoor::hold`] took them.
    answers: Semaphore,
}

impl Default for RecordingDoor {
    fn default() -> Self {
        Self {
            submissions: watch::Sender::default(),
            reject: Mutex::default(),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }
}

impl RecordingDoor {
    /// All that came so far.
    pub(crate) fn submissions(&self) -> Vec<Submission> {
        self.submissions.borrow().clone()
    }

    /// Resolves when `count` have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        let mut submissions = self.submissions.subscribe();
        submissions.wait_for(|all| all.len() >= count).await.unwrap();
    }

    /// Answers with this from now on.
    pub(crate) fn reject(&self, with: Option<Rejected>) {
        *self.rejection() = with;
    }

    /// Gives no answer until [`RecordingDoor::release`].
    pub(crate) fn hold(&self) {
        self.answers.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Gives the answers held back.
    pub(crate) fn release(&self) {
        self.answers.add_permits(Semaphore::MAX_PERMITS);
    }

    fn rejection(&self) -> MutexGuard<'_, Option<Rejected>> {
        self.reject.lock().unwrap()
    }

    pub(crate) fn answer(&self, submission: Submission) -> Result<Accepted, Rejected> {
        if let Some(rejected) = self.rejection().clone() {
            return Err(rejected);
        }
        let mut count = 0;
        self.submissions.send_modify(|all| {
            all.push(submission);
            count = all.len();
        });
        Ok(Accepted { id: AlertId(count as u64) })
    }
}

impl Door for RecordingDoor {
    fn submit(&self, submission: Submission) -> BoxFuture<'_, Result<Accepted, Rejected>> {
        Box::pin(async move {
            let answer = self.answer(submission);
            let _turn = self.answers.acquire().await.unwrap();
            answer
        })
    }
}
