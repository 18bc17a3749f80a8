//! `explain`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use smtp_appliance::alert::explain;
use smtp_appliance::config::{Config, Language};
use smtp_appliance::speech::script;

use super::Context;
use super::output::tame;

/// Largest mail that is read, in bytes: what the receiver takes at most.
const MAX_MAIL: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance explain alert.eml
  smtp-appliance explain --language es - < alert.eml
  smtp-appliance explain alert.eml --json | jq '.alerts[].severity'")]
pub(super) struct Args {
    /// A mail as it was received, with its headers; - reads standard input.
    file: PathBuf,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
    /// Language of the texts: en, es, es-GT; the configured one if it is not given.
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<()> {
    let raw = read(&args.file)?;
    // A mail can be explained before there is a configuration.
    let config = context.load_or_default()?;
    let language = args.language.as_ref().unwrap_or(&config.appliance.language);
    let explanation = explain::explain(&raw, language, &config.texts);
    if args.json {
        return context.out.json(&explanation);
    }
    let table = explanation.to_table();
    table.lines().try_for_each(|line| context.out.line(tame(line)))?;
    let Some(alert) = explanation.alerts.first() else { return Ok(()) };
    let spoken = spoken(&alert.texts.call, language, &config);
    context.out.line("spoken")?;
    spoken.iter().try_for_each(|sentence| context.out.line(tame(&format!("| {sentence}"))))
}

/// The text of a call as it is said, sentence by sentence.
fn spoken(text: &str, language: &Language, config: &Config) -> Vec<String> {
    script::words(text, language, &script::own_words(config, language))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut raw = Vec::new();
    let cannot = || format!("cannot read {}", file.display());
    let size = if file == Path::new("-") {
        io::stdin().lock().take(MAX_MAIL + 1).read_to_end(&mut raw).with_context(cannot)?
    } else {
        let file = File::open(file).with_context(cannot)?;
        file.take(MAX_MAIL + 1).read_to_end(&mut raw).with_context(cannot)?
    };
    anyhow::ensure!(size as u64 <= MAX_MAIL, "{} is longer than 64 MiB", file.display());
    Ok(raw)
}
