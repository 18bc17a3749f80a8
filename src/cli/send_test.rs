//! `send-test`

use std::process::ExitCode;

use smtp_appliance::channel::{Outcome, Reach};
use smtp_appliance::config::{ChannelName, PersonName};
use smtp_appliance::control::{self, Answer, ClientError, Request};

use super::Context;
use super::output::tame;
use super::settings::channel_names;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance send-test ana                 by every channel that is on: her phone rings, too
  smtp-appliance send-test ana --channel sms

The running appliance sends it; the test does not go through the queue.")]
pub(super) struct Args {
    /// Short name of the person.
    person: PersonName,
    /// Only by this channel, even if it is switched off.
    #[arg(long, value_name = "NAME", value_parser = channel_names(|_| true))]
    channel: Option<ChannelName>,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let config = context.load()?;
    let request = Request::SendTest { person: args.person.clone(), channel: args.channel };
    let answer = match control::ask(&config.appliance.store, &request) {
        Err(ClientError::NotRunning(_)) => {
            anyhow::bail!("the appliance is not running; a test is sent by the running appliance")
        }
        answer => answer?,
    };
    let outcomes = match answer {
        Answer::Tested { outcomes } => outcomes,
        Answer::Failed { reason } => anyhow::bail!("{reason}"),
        answer @ (Answer::List { .. }
        | Answer::Found { .. }
        | Answer::Show { .. }
        | Answer::Retried { .. }
        | Answer::Calling(_)
        | Answer::SipStatus { .. }
        | Answer::SipTested { .. }
        | Answer::Health { .. }
        | Answer::Done) => anyhow::bail!("unexpected answer: {answer:?}"),
    };
    for (channel, outcome) in &outcomes {
        context.out.line(format_args!("{channel}: {}", describe(outcome)))?;
    }
    let all_told = outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Told { .. }));
    Ok(if all_told && !outcomes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How an attempt ended, in words.
pub(super) fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Told { reach, detail, .. } if detail.is_empty() => reach_word(*reach).to_owned(),
        Outcome::Told { reach, detail, .. } => format!("{}: {}", reach_word(*reach), tame(detail)),
        Outcome::Retry(reason) => format!("failed for now: {}", tame(reason)),
        Outcome::Refused(reason) => format!("failed for good: {}", tame(reason)),
        Outcome::Spared(reason) => format!("not needed any more: {}", tame(reason)),
    }
}

/// How far it came, in words.
pub(super) const fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::HandedOver => "handed over",
        Reach::Delivered => "delivered",
        Reach::Answered => "answered",
        Reach::Acknowledged => "acknowledged",
    }
}
