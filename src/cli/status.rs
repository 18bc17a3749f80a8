//! `status`: would it wake somebody now? What the first page of the administration says.

use std::process::ExitCode;

use clap::Args as ClapArgs;
use smtp_appliance::control::{self, Answer, Request};
use smtp_appliance::health::{State, Status, Wakes};

use super::{Context, output, table, unexpected};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit codes: 0 it would wake somebody, 1 it would not, or does not run.")]
pub(super) struct Args {
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let store = context.load()?.appliance.store;
    let answer = control::ask(&store, &Request::Health)?;
    let Answer::Health { status } = answer else { return Err(unexpected(answer)) };
    if args.json {
        context.out.json(&status)?;
    } else {
        show(&status, context)?;
    }
    match status.wakes {
        Wakes::Yes(_) => Ok(ExitCode::SUCCESS),
        Wakes::Hardly(_) | Wakes::No(_) => Ok(ExitCode::FAILURE),
    }
}

fn show(status: &Status, context: &mut Context) -> anyhow::Result<()> {
    context.out.line(&status.wakes)?;
    context.out.line(format_args!("{} alerts wait\n", status.figures.waiting))?;
    let row = |(part, state): (&smtp_appliance::health::Part, &State)| {
        let word = match state {
            State::Off => "off",
            State::Ok => "works",
            State::Degraded(_) => "degraded",
            State::Down(_) => "down",
        };
        vec![part.as_str().to_owned(), word.to_owned(), output::tame(state.why().unwrap_or(""))]
    };
    let rows: Vec<_> = status.parts.iter().map(row).collect();
    let text = table::render(&["PART", "STATE", "WHY"], &rows, output::width());
    context.out.bytes(text.as_bytes())
}
