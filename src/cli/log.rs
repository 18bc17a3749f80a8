//! `log`: the newest lines of the running appliance's log.

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::{Context, api, output};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The least important level.
    #[arg(long, value_parser = ["error", "warn", "info", "debug"], default_value = "info")]
    level: String,
    /// A part of the line.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    search: String,
    /// Most lines; the appliance keeps the newest 1000.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

#[derive(Debug, Deserialize)]
struct Line {
    at: String,
    level: String,
    text: String,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<()> {
    let limit = args.limit.to_string();
    let wanted = [("level", &args.level), ("q", &args.search), ("limit", &limit)];
    let path = format!("/log?{}", serde_urlencoded::to_string(wanted)?);
    let lines: Vec<Line> = api::read(context, &path)?;
    lines.iter().rev().try_for_each(|line| {
        let Line { at, level, text } = line;
        context.out.line(format_args!("{at} {level:<5} {}", output::tame(text)))
    })
}
