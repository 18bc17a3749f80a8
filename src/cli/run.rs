//! `run`: one runtime, the parts, and the signals.

use anyhow::Context as _;
use smtp_appliance::appliance::Appliance;
use smtp_appliance::log;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Context;

/// Threads for tasks: the boards it runs on have few cores, and no task computes for long.
const THREADS: usize = 2;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smtp-appliance run --config ./config.toml

It logs to the terminal, or to the journal under systemd; RUST_LOG=debug says more.
SIGTERM or Ctrl-C ends it in order; a second one at once.")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, context: &Context) -> anyhow::Result<()> {
    log::begin();
    until_stopped(async |stop| {
        let appliance = Appliance::build(&context.config)?;
        for address in appliance.smtp_addresses() {
            tracing::info!(%address, "receiving mail");
        }
        Ok(appliance.run(stop).await?)
    })
}

/// Runs something until it ends by itself or a signal stops it; a second signal does not wait.
pub(super) fn until_stopped(
    work: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
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
