//! `queue`: asked of the running appliance; without one, done on the store itself.

mod offline;
mod render;

use std::path::Path;

use clap::Subcommand;
use smtp_appliance::alert::AlertId;
use smtp_appliance::control::{self, Answer, ClientError, Request};

use super::{Context, output};

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Show the alerts that wait to be told, the newest first.
    #[command(after_help = "Examples:
  smtp-appliance queue list
  smtp-appliance queue list --all --limit 20
  smtp-appliance queue list --all --json | jq '.[].subject'")]
    List {
        /// Also those that were told, dropped or given up.
        #[arg(long)]
        all: bool,
        /// Most alerts to show.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Show one alert and every attempt to tell it.
    Show {
        /// Number of the alert.
        id: AlertId,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Try an alert again now; one that was given up begins anew.
    Retry {
        /// Number of the alert.
        id: AlertId,
    },
    /// Take an alert on: nobody is told of it any more.
    Ack {
        /// Number of the alert.
        id: AlertId,
        /// Who takes it on, for the history.
        #[arg(long, value_name = "NAME", env = "USER", default_value = "the command line")]
        who: String,
    },
    /// Do not try an alert any more; it stays in the history.
    Drop {
        /// Number of the alert.
        id: AlertId,
    },
}

pub(super) fn run(command: &Command, context: &mut Context) -> anyhow::Result<()> {
    let store = context.load()?.appliance.store;
    let (request, json) = match command.clone() {
        Command::List { all, limit, json } => (Request::List { all, limit }, json),
        Command::Show { id, json } => (Request::Show { id }, json),
        Command::Retry { id } => (Request::Retry { id }, false),
        Command::Ack { id, who } => (Request::Acknowledge { id, who }, false),
        Command::Drop { id } => (Request::Drop { id }, false),
    };
    let (answer, when) = ask(&store, &request)?;
    let out = &mut context.out;
    match answer {
        Answer::List { alerts } if json => out.json(&alerts),
        Answer::List { alerts } if alerts.is_empty() => out.line(match request {
            Request::List { all: true, .. } => "there are no alerts",
            Request::List { all: false, .. }
            | Request::Show { .. }
            | Request::Retry { .. }
            | Request::Acknowledge { .. }
            | Request::Drop { .. }
            | Request::SendTest { .. }
            | Request::Call(_)
            | Request::SipStatus
            | Request::SipTest { .. }
            | Request::Reload
            | Request::Health => "no alert waits; see --all for what was told",
        }),
        Answer::List { alerts } => out.bytes(render::list(&alerts, output::width()).as_bytes()),
        Answer::Show { alert } if json => out.json(&alert),
        Answer::Show { alert } => out.bytes(render::show(&alert).as_bytes()),
        Answer::Retried { deliveries: 0 } => out.line("everybody has been told; nothing to retry"),
        Answer::Retried { deliveries: 1 } => {
            out.line(format_args!("1 delivery is tried again {when}"))
        }
        Answer::Retried { deliveries } => {
            out.line(format_args!("{deliveries} deliveries are tried again {when}"))
        }
        Answer::Done => out.line("it is not tried any more"),
        Answer::Failed { reason } => anyhow::bail!("{reason}"),
        Answer::Tested { .. }
        | Answer::Calling(_)
        | Answer::SipStatus { .. }
        | Answer::SipTested { .. }
        | Answer::Health { .. } => {
            anyhow::bail!("unexpected answer of the running appliance")
        }
    }
}

/// The answer, and when what it promises is done.
fn ask(store: &Path, request: &Request) -> anyhow::Result<(Answer, &'static str)> {
    match control::ask(store, request) {
        Err(ClientError::NotRunning(_)) => {
            Ok((offline::answer(store, request)?, "when the appliance starts"))
        }
        answer => Ok((answer?, "now")),
    }
}
