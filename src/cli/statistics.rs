//! `statistics`: how many alerts came, and how well they were told.

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::{Context, api, output, table};

/// Rows of one kind that are shown.
const MOST_ROWS: usize = 10;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Which time up to now.
    #[arg(long, value_parser = ["day", "week", "month"], default_value = "week")]
    span: String,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
    /// For spreadsheets.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Debug, Deserialize)]
struct Figures {
    whole: bool,
    alerts: u64,
    suppressed: u64,
    failed: u64,
    hosts: Vec<Count>,
    sources: Vec<Count>,
    clients: Vec<Count>,
    severities: Vec<Count>,
    channels: Vec<Telling>,
    people: Vec<Telling>,
}

#[derive(Debug, Deserialize)]
struct Count {
    name: String,
    alerts: u64,
}

#[derive(Debug, Deserialize)]
struct Telling {
    name: String,
    told: u64,
    acknowledged: u64,
    failed: u64,
    told_after: Option<f64>,
    acknowledged_after: Option<f64>,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<()> {
    let csv = if args.csv { ".csv" } else { "" };
    let path = format!("/statistics{csv}?span={}", args.span);
    if args.csv {
        return context.out.bytes(&api::get(context, &path)?);
    }
    if args.json {
        let figures: serde_json::Value = api::read(context, &path)?;
        return context.out.json(&figures);
    }
    let figures: Figures = api::read(context, &path)?;
    let Figures { alerts, suppressed, failed, .. } = figures;
    context.out.line(format_args!(
        "{alerts} alerts in a {}; {suppressed} ignored or repeats; {failed} told to nobody",
        args.span
    ))?;
    if !figures.whole {
        context.out.line("older alerts are still being counted")?;
    }
    for (heading, tellings) in [("CHANNEL", &figures.channels), ("PERSON", &figures.people)] {
        let after = |seconds: Option<f64>| {
            seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s"))
        };
        let row = |one: &Telling| {
            let counts = [one.told, one.failed, one.acknowledged].map(|count| count.to_string());
            let name = output::tame(&one.name);
            let after = [after(one.told_after), after(one.acknowledged_after)];
            [vec![name], counts.to_vec(), after.to_vec()].concat()
        };
        let rows: Vec<_> = tellings.iter().map(row).collect();
        let headings =
            [heading, "TOLD", "FAILED", "ACKNOWLEDGED", "TOLD AFTER", "ACKNOWLEDGED AFTER"];
        let text = table::render(&headings, &rows, None);
        context.out.line(format_args!("\n{}", text.trim_end()))?;
    }
    for (heading, counts) in [
        ("HOST", &figures.hosts),
        ("SOURCE", &figures.sources),
        ("SEVERITY", &figures.severities),
        ("CLIENT", &figures.clients),
    ] {
        let row = |one: &Count| vec![output::tame(&one.name), one.alerts.to_string()];
        let rows: Vec<_> = counts.iter().take(MOST_ROWS).map(row).collect();
        let text = table::render(&[heading, "ALERTS"], &rows, None);
        context.out.line(format_args!("\n{}", text.trim_end()))?;
    }
    Ok(())
}
