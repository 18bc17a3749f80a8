//! `demo`

use std::path::PathBuf;

use smtp_appliance::demo::{self, Options};
use smtp_appliance::log;

use super::run::until_stopped;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance demo
  smtp-appliance demo --once --out /tmp/demo

It listens on the loopback address only and touches no configuration. Send it a mail of your own:
  swaks --server 127.0.0.1:2525 --to ana@smtp.appliance --header 'Subject: Disk full'")]
pub(super) struct Args {
    /// Tell the sample alert and end.
    #[arg(long)]
    once: bool,
    /// Folder in which the mails and SMS that went out are left; a temporary one if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// SMTP port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 2525)]
    port: u16,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    log::begin();
    let Args { once, out, port } = args;
    until_stopped(async |stop| Ok(demo::run(Options { once, out, port }, stop).await?))
}
