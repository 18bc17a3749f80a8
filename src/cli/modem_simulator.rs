//! `modem-simulator`

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance modem-simulator --link /tmp/modem
  smtp-appliance modem-simulator --link /tmp/modem --pin 1234 --model sim800

Then set in the configuration: [modem] device = \"/tmp/modem\"
Each SMS that goes out is shown as one line.")]
pub(super) struct Args {
    /// Symbolic link to the pseudo-terminal, made at the start and removed at the end.
    #[arg(long, value_name = "PATH")]
    pub(super) link: Option<PathBuf>,
    /// Which module it is.
    #[arg(long, value_enum, default_value_t = Model::Sim900)]
    pub(super) model: Model,
    /// PIN of its SIM card; without, the card is not locked.
    #[arg(long, value_name = "DIGITS")]
    pub(super) pin: Option<String>,
    /// Report the delivery of each SMS after this many milliseconds; never, if not given.
    #[arg(long, value_name = "MS")]
    pub(super) report_after: Option<u64>,
    /// Refuse this many SMS before taking one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) refuse: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Model {
    Sim900,
    Sim800,
    Sim7600,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    anyhow::bail!("modem-simulator is not built yet ({args:?})")
}
