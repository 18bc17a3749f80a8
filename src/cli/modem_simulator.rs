//! `modem-simulator`

use std::path::PathBuf;
use std::time::Duration;

use smtp_appliance::log;
use smtp_appliance::modem::simulator::{self, Order};

use super::session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance modem-simulator --link /tmp/modem --sms /tmp/sms.jsonl
  smtp-appliance modem-simulator --link /tmp/modem --pin 1234 --order 'signal 7'

Then set in the configuration: [modem] device = \"/tmp/modem\"
Orders, at the start or line by line on standard input:
  signal 7            signal strength, 0 to 31 or 99
  network denied      or home, roaming, searching, idle, unknown
  sim none            or ready, busy, failure
  cms 38 2            the next two SMS end in +CMS ERROR: 38; cms off
  delay 2s            how long the network takes to accept an SMS
  silence on          no answer to anything; silence sms: to no SMS; off
  garbage 200         so many bytes of noise, now
  cut on              unsolicited codes in the middle of answers
  say RDY             this line, unsolicited
  reboot, unplug, plug
  sms NUMBER TEXT     an SMS comes in
  ussd Saldo: 4.20 EUR
                      what the operator answers to AT+CUSD; \\n begins a line
  ussd-answers ucs2   or plain, question, nothing, unsupported, blocking, cme 30
  ussd-takes 3s       how long it takes to answer
Orders for calls:
  person answers 3s presses 4 10s
                      after it rang for 3 s; the key 10 s after the answer
  person answers 1s hangs-up 4s
  person never        or busy, rejects 2s, unreachable, voicemail 20s
  person NUMBER busy  only she
  press 4, hang-up    the person in the call, now; hang-up silently
  ring NUMBER         a call comes in
  cme 30 1            the next ATD ends in +CME ERROR: 30
  dialtone off        ATD ends in NO DIALTONE
  late-ok on          ATD is answered by OK when the telephone is
  connect 2s          how long the network takes until it rings
  no-answer 60s       how long the network lets it ring")]
pub(super) struct Args {
    /// Symbolic link to the pseudo-terminal, made at the start and removed at the end.
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// File to which each SMS the phone gets is added as a line of JSON: to, text, parts.
    #[arg(long, value_name = "FILE")]
    sms: Option<PathBuf>,
    /// Speed of the line, such as 19200; as fast as it goes, if not given.
    #[arg(long, value_name = "BAUD")]
    baud: Option<u32>,
    /// How long the network takes to accept an SMS, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u64,
    /// How long after that the delivery report comes, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    report_delay: u64,
    /// PIN of its SIM card; without, the card is not locked.
    #[arg(long, value_name = "DIGITS")]
    pin: Option<String>,
    /// An order from the start, see below; can be given several times.
    #[arg(long, value_name = "ORDER")]
    order: Vec<Order>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    log::begin();
    let options = simulator::Options {
        link: args.link,
        sms: args.sms,
        baud: args.baud,
        delay: Duration::from_millis(args.delay),
        report_delay: Duration::from_millis(args.report_delay),
        pin: args.pin,
        orders: args.order,
        ..simulator::Options::default()
    };
    session::run(async |stop| Ok(simulator::run(options, stop).await?))
}
