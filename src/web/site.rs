//! What all requests share.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::account::{
    AccountFile, FileError, Lives, Lockout, Passwords, Role, Sessions, SetupToken, Totp, UserName,
};
use super::audit::Audit;
use super::earlier::Earlier;
use super::live::MOST_STREAMS;
use super::metrics::Counters;
use super::preview::Previews;
use super::self_test::Report;
use super::statistics::Counting;
use super::update::Update;
use crate::channel::call::{Happening, Progress};
use crate::config::Config;
use crate::control::Desk;
use crate::intake::Door;
use crate::queue::{Queue, Read, ReadError, aside};
use crate::speech::Speaker;

/// Most of what happened in one call that is remembered while it lasts.
const MOST_HAPPENINGS: usize = 100;

/// What the appliance gives to its administration.
pub struct Parts {
    /// The settings of the moment.
    pub settings: watch::Receiver<Arc<Config>>,
    /// The file they come from.
    pub config_file: PathBuf,
    /// The alerts.
    pub queue: Queue,
    /// Where people's commands are carried out.
    pub desk: Arc<Desk>,
    /// Where alerts are handed in.
    pub door: Arc<dyn Door>,
    /// Speaks what a call would say.
    pub speaker: Speaker,
}

/// The administration, as every request sees it.
pub(super) struct Site {
    pub(super) parts: Parts,
    pub(super) accounts: AccountFile,
    pub(super) passwords: Passwords,
    pub(super) audit: Audit,
    pub(super) earlier: Earlier,
    /// Folder of what the administration keeps.
    pub(super) folder: PathBuf,
    /// Ends what lasts, such as streams of events.
    pub(super) stop: CancellationToken,
    pub(super) begun: Instant,
    pub(super) metrics: Mutex<Counters>,
    pub(super) previews: Mutex<Previews>,
    pub(super) statistics: Mutex<Counting>,
    /// Places for pages that are told what changes.
    pub(super) streams: Arc<Semaphore>,
    /// The place for a self-test.
    pub(super) self_testing: Semaphore,
    self_test: Mutex<Option<Arc<Report>>>,
    /// The place for an update.
    pub(super) updating: Arc<Semaphore>,
    pub(super) update: Mutex<Update>,
    /// What goes on when its page was answered.
    pub(super) tasks: TaskTracker,
    calls: Mutex<BTreeMap<u64, Vec<Progress>>>,
    sessions: Mutex<Sessions>,
    lockout: Mutex<Lockout>,
    codes: Mutex<HashMap<UserName, Totp>>,
    setup: Mutex<Option<SetupToken>>,
}

/// Why the administration cannot begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error(transparent)]
    Accounts(#[from] FileError),
    #[error("the set-up token: {0}")]
    Setup(io::Error),
}

impl Site {
    pub(super) fn open(parts: Parts, stop: CancellationToken) -> Result<Self, OpenError> {
        let folder = parts.settings.borrow().appliance.store.join("web");
        let accounts = AccountFile::in_folder(&folder)?;
        let nobody = accounts.read()?.users.is_empty();
        let setup =
            if nobody { Some(SetupToken::have(&folder).map_err(OpenError::Setup)?) } else { None };
        Ok(Self {
            parts,
            accounts,
            passwords: Passwords::default(),
            audit: Audit::in_folder(&folder),
            earlier: Earlier::in_folder(&folder),
            folder,
            stop,
            begun: now(),
            metrics: Mutex::default(),
            previews: Mutex::default(),
            statistics: Mutex::default(),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            self_testing: Semaphore::new(1),
            self_test: Mutex::default(),
            updating: Arc::new(Semaphore::new(1)),
            update: Mutex::default(),
            tasks: TaskTracker::new(),
            calls: Mutex::default(),
            sessions: Mutex::default(),
            lockout: Mutex::default(),
            codes: Mutex::default(),
            setup: Mutex::new(setup),
        })
    }

    /// The settings of the moment.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.parts.settings.borrow())
    }

    pub(super) fn lives(&self) -> Lives {
        let web = &self.parts.settings.borrow().web;
        Lives { idle: web.session_idle, length: web.session_length }
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lockout(&self) -> MutexGuard<'_, Lockout> {
        self.lockout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which codes of second factors were taken already.
    pub(super) fn codes(&self) -> MutexGuard<'_, HashMap<UserName, Totp>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token that is wanted before anybody can log in. The command line may have made the first
    /// user meanwhile.
    pub(super) fn setup(&self) -> Option<SetupToken> {
        let mut setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        if setup.is_some() && self.accounts.read().is_ok_and(|all| !all.users.is_empty()) {
            setup.take().inspect(SetupToken::forget);
        }
        setup.clone()
    }

    /// What the newest self-test found.
    pub(super) fn self_test(&self) -> Option<Arc<Report>> {
        self.self_test.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn keep_self_test(&self, report: Arc<Report>) {
        *self.self_test.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    }

    /// Follows the calls until the stop.
    pub(super) async fn follow_calls(self: Arc<Self>) {
        let mut happens = self.parts.desk.calls.subscribe();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                happened = happens.recv() => match happened {
                    Ok(progress) => self.note_call(progress),
                    // Which ended is not known any more.
                    Err(RecvError::Lagged(_)) => self.calls_mut().clear(),
                    Err(RecvError::Closed) => return self.stop.cancelled().await,
                },
            }
        }
    }

    fn note_call(&self, progress: Progress) {
        let mut calls = self.calls_mut();
        if matches!(progress.what, Happening::Ended(_)) {
            calls.remove(&progress.call);
        } else {
            let course = calls.entry(progress.call).or_default();
            if course.len() < MOST_HAPPENINGS {
                course.push(progress);
            }
        }
    }

    fn calls_mut(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<Progress>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened so far in the calls under way.
    pub(super) fn calls(&self) -> Vec<Progress> {
        self.calls_mut().values().flatten().cloned().collect()
    }

    /// The newest of it, of each call.
    pub(super) fn calls_now(&self) -> Vec<Progress> {
        self.calls_mut().values().filter_map(|course| course.last()).cloned().collect()
    }

    /// Reads in the store, beside the tasks.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Read) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let queue = self.parts.queue.clone();
        aside(move || read(queue.reader())).await
    }

    /// What a user may do now, if she may do anything.
    pub(super) fn role(&self, user: &UserName, generation: u64) -> Option<(Role, bool)> {
        let accounts =
            self.accounts.read().inspect_err(|error| tracing::error!(%error, "accounts"));
        let accounts = accounts.ok()?;
        let user = accounts.users.get(user)?;
        (user.generation == generation).then(|| (user.role, user.totp.is_some()))
    }
}

/// This moment, of the clock that tests can step.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Seconds since 1970.
pub(super) fn unix_now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
