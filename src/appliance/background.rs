//! Threads for what must never keep an alert waiting, the administration: a runtime of its own, whose
//! threads leave the processor to all others.

use std::io;

use rustix::process::{getpriority_process, setpriority_process};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for tasks. What computes or waits for the disk goes to further ones of the same runtime.
const THREADS: usize = 1;

/// How much less urgent they are than the rest (`setpriority(2)`): where both want a processor they get
/// about a tenth of it.
const NICER_BY: i32 = 10;

/// That runtime. What runs on it ends with it.
pub(super) struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    /// Starts its threads.
    pub(super) fn start() -> io::Result<Self> {
        let priority = getpriority_process(None)? + NICER_BY;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("administration")
            .on_thread_start(move || yield_to_others(priority))
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where its tasks are spawned.
    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Of this thread alone: on Linux a process has no priority of its own.
fn yield_to_others(priority: i32) {
    if let Err(error) = setpriority_process(None, priority) {
        tracing::debug!(%error, "a thread of the administration is as urgent as all others");
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Whoever drops it may be a task, which must not wait for threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_threads_and_theirs_yield_to_others() {
        let before = getpriority_process(None).unwrap();
        let background = Background::start().unwrap();
        let task = background.handle().spawn(async {
            let thread = getpriority_process(None).unwrap();
            let aside = || getpriority_process(None).unwrap();
            (thread, tokio::task::spawn_blocking(aside).await.unwrap())
        });
        assert_eq!(task.await.unwrap(), (before + NICER_BY, before + NICER_BY));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
