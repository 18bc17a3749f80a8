//! `run`

use smtp_appliance::appliance::Appliance;
use smtp_appliance::log;

use super::{Context, session};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  smtp-appliance run --config ./config.toml

It logs to the terminal, or to the journal under systemd; RUST_LOG=debug says more.
SIGTERM or Ctrl-C ends it in order; a second one at once. SIGHUP reads the configuration again
(a changed file is noticed within a second anyway).")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, context: &Context) -> anyhow::Result<()> {
    log::begin();
    session::run(async |stop| {
        let appliance = Appliance::build(&context.config)?;
        for address in appliance.smtp_addresses() {
            tracing::info!(%address, "receiving mail");
        }
        Ok(appliance.run(stop).await?)
    })
}
