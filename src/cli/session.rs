//! A command that goes on until it is stopped: its runtime, and the signals that end it.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Threads for tasks: the boards it runs on have few cores, and no task computes for long.
const THREADS: usize = 2;

/// Runs what `work` makes of a stop token until it ends. SIGTERM and SIGINT cancel the token; a
/// second one ends at once.
pub(super) fn run<F>(work: impl FnOnce(CancellationToken) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("smtp-appliance")
        .enable_all()
        .build()
        .context("cannot start the threads")?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut signals = Signals::new().context("cannot listen to signals")?;
        let working = work(stop.clone());
        tokio::pin!(working);
        tokio::select! {
            ended = &mut working => return ended,
            name = signals.next() => tracing::info!("{name}: stopping"),
        }
        stop.cancel();
        tokio::select! {
            ended = &mut working => ended,
            name = signals.next() => anyhow::bail!("{name} again: stopped at once"),
        }
    });
    // What still runs after a second signal is not waited for.
    runtime.shutdown_background();
    ended
}

/// The signals that end a program.
struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
