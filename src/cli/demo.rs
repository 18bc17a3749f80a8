//! `demo`

use std::path::PathBuf;

use smtp_appliance::{demo, log};

use super::session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance demo
  smtp-appliance demo --once --out /tmp/demo

It listens on the loopback address only and touches no configuration. Send it a mail of your own:
  swaks --server 127.0.0.1:2525 --to ana@smtp.appliance --header 'Subject: Disk full'")]
pub(super) struct Args {
    /// End when the sample alert was told on every channel.
    #[arg(long)]
    once: bool,
    /// Folder for what went out: `mail/*.eml` as the relay got them, `sms.jsonl` with a line per
    /// SMS, `call/*.wav` as the phone heard them, `calls.jsonl` with a line per call; a temporary
    /// one if not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of Piper voices; without one espeak-ng speaks.
    #[arg(long, value_name = "DIR")]
    voices: Option<PathBuf>,
    /// SMTP port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 2525)]
    port: u16,
    /// Port of the pages for the browser; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    web_port: u16,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    // What goes wrong is said; the way of the alert is shown by the demo itself.
    log::begin_with("warn");
    let Args { once, out, voices, port, web_port } = args;
    // Who waits for the end looks at no pages.
    let web_port = (!once).then_some(web_port);
    let options = demo::Options { once, out, voices, port, web_port };
    session::run(async |stop| Ok(demo::run(options, stop).await?))
}
