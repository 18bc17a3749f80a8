//! `modem-simulator`

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use smtp_appliance::log;
use smtp_appliance::modem::simulator::{self, Options, Order};

use super::run::until_stopped;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance modem-simulator --link /tmp/modem --sms /tmp/sms.jsonl
  smtp-appliance modem-simulator --pin 1234 --order 'signal 7' --order 'network roaming'
  smtp-appliance modem-simulator --link /tmp/modem --order 'cms 38 2'    two SMS fail

Then set in the configuration: [modem] device = \"/tmp/modem\"
Orders are also read from standard input, one a line: signal, network, sim, cms, silence, garbage,
cut, delay, phase2+, reboot, unplug, plug, ring, sms, say.")]
pub(super) struct Args {
    /// Symbolic link to the pseudo-terminal, made at the start and removed at the end.
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// File to which each SMS that arrives is appended, as one line of JSON.
    #[arg(long, value_name = "FILE")]
    sms: Option<PathBuf>,
    /// Fixed line speed; any, and without delay, if it is not given.
    #[arg(long, value_name = "BAUD")]
    baud: Option<u32>,
    /// PIN of its SIM card; without, the card is not locked.
    #[arg(long, value_name = "DIGITS")]
    pin: Option<String>,
    /// How long the network takes to accept an SMS, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u64,
    /// How long after that the delivery is reported, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    report_delay: u64,
    /// What is otherwise from the start; may be given more than once.
    #[arg(long, value_name = "ORDER")]
    order: Vec<Order>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    log::begin();
    let options = Options {
        link: args.link,
        sms: args.sms,
        baud: args.baud,
        delay: Duration::from_millis(args.delay),
        report_delay: Duration::from_millis(args.report_delay),
        pin: args.pin,
        orders: args.order,
    };
    until_stopped(async |stop| {
        simulator::run(options, stop).await.context("cannot simulate a modem")
    })
}
