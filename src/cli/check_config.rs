//! `check-config`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use smtp_appliance::config::{Config, LoadError};

use super::{Context, output};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  smtp-appliance check-config
  smtp-appliance check-config new.toml && mv new.toml /etc/smtp-appliance/config.toml

Each fault is one line: FILE: line L, column C: KEY: what was expected.
What is allowed but probably not meant is a warning; warnings do not fail.")]
pub(super) struct Args {
    /// The file to check, if it is not the one named by --config.
    file: Option<PathBuf>,
}

pub(super) fn run(args: Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let file = args.file.unwrap_or_else(|| context.config.clone());
    match Config::load(&file) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                output::complain(&format!("{}: warning: {warning}", file.display()));
            }
            context.out.line(describe(&file, &loaded.config))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(LoadError::Wrong(_, faults)) => {
            for fault in &faults {
                context.out.line(format_args!("{}: {fault}", file.display()))?;
            }
            let faults = faults.len();
            let noun = if faults == 1 { "fault" } else { "faults" };
            output::complain(&format!("{} has {faults} {noun}", file.display()));
            Ok(ExitCode::FAILURE)
        }
        Err(error @ LoadError::Read(..)) => Err(error.into()),
    }
}

fn describe(file: &Path, config: &Config) -> String {
    let channels: Vec<&str> =
        config.channels.enabled.iter().map(|channel| channel.as_str()).collect();
    let channels = if channels.is_empty() {
        "no channels".to_owned()
    } else {
        format!("channels {}", channels.join(", "))
    };
    let people = match config.directory.people.len() {
        1 => "1 person".to_owned(),
        people => format!("{people} people"),
    };
    let groups = match config.directory.groups().len() {
        1 => "1 group".to_owned(),
        groups => format!("{groups} groups"),
    };
    format!("{} is right: {people}, {groups}, {channels}", file.display())
}
