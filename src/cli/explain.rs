//! `explain`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use smtp_appliance::alert::explain::explain;
use smtp_appliance::config::{Config, Language, LoadError, Templates};

use super::Context;

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
    let (language, templates) = texts(context)?;
    let language = args.language.as_ref().unwrap_or(&language);
    let explanation = explain(&raw, language, &templates);
    if args.json {
        context.out.json(&explanation)?;
    } else {
        context.out.bytes(explanation.to_table().as_bytes())?;
    }
    Ok(())
}

/// Language and templates of the configuration. Without one the built-in texts are shown: a mail
/// can be explained before anything is set up.
fn texts(context: &Context) -> anyhow::Result<(Language, Templates)> {
    match Config::load(&context.config) {
        Ok(loaded) => Ok((loaded.config.appliance.language, loaded.config.texts)),
        Err(LoadError::Read(_, error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok((Language::english(), Templates::default()))
        }
        Err(error) => Err(error.into()),
    }
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
