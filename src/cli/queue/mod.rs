//! `queue`: asked of the running appliance; without one, done on the store itself.

mod backup;
mod offline;
mod render;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use smtp_appliance::alert::{AlertId, Severity};
use smtp_appliance::control::{self, AlertView, Answer, ClientError, Request, State, Wanted};
use smtp_appliance::web::csv;

use super::{Context, output, unexpected};

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Show the alerts that wait to be told, the newest first.
    #[command(after_help = "Examples:
  smtp-appliance queue list
  smtp-appliance queue list --all --limit 20
  smtp-appliance queue list --search 'disk web-01' --state failed
  smtp-appliance queue list --all --limit 10000 --csv > alerts.csv
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
        /// For spreadsheets.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        #[command(flatten)]
        search: Search,
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
    /// Write everything, queue and history, to a file (tar).
    Backup {
        /// The new file; - is standard output.
        file: PathBuf,
    },
    /// Put a backup in the place of queue and history; the appliance must be stopped.
    #[command(after_help = "Example:
  systemctl stop smtp-appliance
  smtp-appliance queue restore history.tar
  systemctl start smtp-appliance")]
    Restore {
        /// The file; - is standard input.
        file: PathBuf,
        /// What waited in it is told: it may have been told since.
        #[arg(long)]
        tell_again: bool,
    },
}

pub(super) fn run(command: &Command, context: &mut Context) -> anyhow::Result<()> {
    let store = context.load()?.appliance.store;
    let (request, json) = match command.clone() {
        Command::List { all, limit, json, csv, search } => {
            let wanted = Wanted::from(search);
            let alerts = if wanted == Wanted::default() {
                list(&store, all, limit)?
            } else {
                find(&store, wanted, limit)?
            };
            return match (json, csv) {
                (true, _) => context.out.json(&alerts),
                (_, true) => context.out.bytes(csv::alerts(&alerts).as_bytes()),
                (_, _) if !alerts.is_empty() => {
                    context.out.bytes(render::list(&alerts, output::width()).as_bytes())
                }
                (_, _) if all => context.out.line("there are no alerts"),
                (_, _) => context.out.line("no alert waits; see --all for what was told"),
            };
        }
        Command::Backup { file } => return backup::backup(&store, &file, context),
        Command::Restore { file, tell_again } => {
            return backup::restore(&store, &file, tell_again, context);
        }
        Command::Show { id, json } => (Request::Show { id }, json),
        Command::Retry { id } => (Request::Retry { id }, false),
        Command::Ack { id, who } => (Request::Acknowledge { id, who }, false),
        Command::Drop { id } => (Request::Drop { id }, false),
    };
    let (answer, when) = ask(&store, &request)?;
    let out = &mut context.out;
    match answer {
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
        Answer::List { .. }
        | Answer::Found { .. }
        | Answer::Tested { .. }
        | Answer::Calling(_)
        | Answer::SipStatus { .. }
        | Answer::SipTested { .. }
        | Answer::Health { .. } => {
            anyhow::bail!("unexpected answer of the running appliance")
        }
    }
}

/// What is looked for; alerts of the history, too.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Search {
    /// Words that must all be in its mail, such as 'disk web-01'.
    #[arg(long = "search", value_name = "WORDS", default_value = "", hide_default_value = true)]
    words: String,
    /// How it stands.
    #[arg(long, value_parser = PossibleValuesParser::new(State::ALL.map(State::as_str)))]
    state: Option<String>,
    /// How grave it is.
    #[arg(long, value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)))]
    severity: Option<String>,
    /// What has sent it: zabbix, nagios, generic, ….
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A part of the host's name.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Only alerts of a lower number.
    #[arg(long, value_name = "ID")]
    before: Option<AlertId>,
}

impl From<Search> for Wanted {
    fn from(search: Search) -> Self {
        Self {
            q: search.words,
            state: search.state.unwrap_or_default(),
            severity: search.severity.unwrap_or_default(),
            source: search.source.unwrap_or_default(),
            host: search.host.unwrap_or_default(),
            before: search.before,
        }
    }
}

fn list(store: &Path, all: bool, limit: usize) -> anyhow::Result<Vec<AlertView>> {
    let (answer, _) = ask(store, &Request::List { all, limit })?;
    let Answer::List { alerts } = answer else { return Err(unexpected(answer)) };
    Ok(alerts)
}

/// Nobody waits long for one answer: a search goes on from where it came to.
fn find(store: &Path, mut wanted: Wanted, most: usize) -> anyhow::Result<Vec<AlertView>> {
    let mut found = Vec::new();
    loop {
        let limit = most - found.len();
        let (answer, _) = ask(store, &Request::Search { wanted: wanted.clone(), limit })?;
        let Answer::Found { alerts, next } = answer else { return Err(unexpected(answer)) };
        found.extend(alerts.into_iter().take(limit));
        match next {
            Some(next) if found.len() < most => wanted.before = Some(next),
            Some(_) | None => return Ok(found),
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
