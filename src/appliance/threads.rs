//! Threads with a runtime of their own, apart from that of all others: the alert's way in, which nothing
//! else shall hold up, and the administration, which shall hold up nothing else.

use std::{io, thread};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Such a thread. What runs on it ends with it.
pub(super) struct Thread {
    runtime: Handle,
    _end: DropGuard,
}

impl Thread {
    /// Starts it, so much less urgent than this one (`setpriority(2)`): 10 leave it about a tenth of a
    /// processor that others want too. What its tasks have done aside (`spawn_blocking`) is as urgent.
    pub(super) fn start(name: &str, nicer_by: i32) -> io::Result<Self> {
        let priority = getpriority_process(None)? + nicer_by;
        let be_as_urgent = move || be_as_urgent_as(priority);
        let runtime =
            Builder::new_current_thread().on_thread_start(be_as_urgent).enable_all().build()?;
        let handle = runtime.handle().clone();
        let end = CancellationToken::new();
        let ended = end.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            be_as_urgent();
            runtime.block_on(ended.cancelled());
            runtime.shutdown_background();
        })?;
        Ok(Self { runtime: handle, _end: end.drop_guard() })
    }

    /// Where its tasks are spawned.
    pub(super) const fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

/// Of this thread alone: on Linux a process has no priority of its own.
fn be_as_urgent_as(priority: i32) {
    if let Err(error) = setpriority_process(None, priority) {
        tracing::debug!(%error, "a thread is as urgent as all others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_threads_are_as_urgent_as_was_said() {
        let before = getpriority_process(None).unwrap();
        let thread = Thread::start("test", 10).unwrap();
        let task = thread.runtime().spawn(async {
            let priority = || getpriority_process(None).unwrap();
            (priority(), tokio::task::spawn_blocking(priority).await.unwrap())
        });
        assert_eq!(task.await.unwrap(), (before + 10, before + 10));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
