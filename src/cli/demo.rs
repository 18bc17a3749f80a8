//! `demo`

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance demo
  smtp-appliance demo --once --out /tmp/demo

It listens on the loopback address only and touches no configuration. Send it a mail of your own:
  swaks --server 127.0.0.1:2525 --to ana@smtp.appliance --header 'Subject: Disk full'")]
pub(super) struct Args {
    /// Tell the sample alert and end.
    #[arg(long)]
    pub(super) once: bool,
    /// Folder for the mails and SMS that went out, and for the store; a new one if not given.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// SMTP port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 2525)]
    pub(super) port: u16,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    anyhow::bail!(
        "demo is not built yet (once: {}, out: {:?}, port: {})",
        args.once,
        args.out,
        args.port
    )
}
