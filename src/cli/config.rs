//! `config`: any key of the file, as the forms in the browser have them, and the way back.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use smtp_appliance::config::edit::{self, ApplyError, Edit};
use smtp_appliance::config::{Config, LoadError, mask};
use smtp_appliance::web::Earlier;
use smtp_appliance::web::keys::{self, Entry};

use super::{Context, change, output, table};

/// Longest value from standard input, in bytes: the whole file may not be longer.
const LONGEST: u64 = 1024 * 1024;

/// Longest value in a list, in cells; `config get KEY` has it whole.
const VALUE: usize = 32;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the file, its secrets hidden.
    Show {
        /// With its secrets: a backup.
        #[arg(long)]
        with_secrets: bool,
    },
    /// Show what the file says of a key, a section, or all there is, and the defaults.
    #[command(after_help = "Examples:
  smtp-appliance config get                    every key there is
  smtp-appliance config get mail
  smtp-appliance config get mail.relay
  smtp-appliance config get sip.account.0.domain
  smtp-appliance config get person.ana.phone")]
    Get {
        /// Key or section; all, if not given.
        #[arg(default_value = "", hide_default_value = true)]
        key: String,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Give keys other values; the running appliance takes them up.
    #[command(after_help = "Examples:
  smtp-appliance config set mail.relay=smtp.example.org mail.from=alerts@example.org
  smtp-appliance config set smtp.domains=example.org smtp.domains=example.net   a list
  smtp-appliance config set person.ana.phone='+34 600 000 001' --dry-run
  smtp-appliance config set sip.account.+.domain=pbx.example.org sip.account.+.extension=200 \\
                            sip.account.+.password_file=/etc/smtp-appliance/sip-password
  smtp-appliance config set mail.password < file                a secret, or a text of several lines

All of them are changed, or none: a file with a fault is never written. A table of many is named by its
number from 0, by its first value (a person's name), or by + for a new one.")]
    Set {
        /// KEY=VALUE; of a KEY alone the value is read from standard input. Nothing behind the = takes
        /// it out; a key given several times is a list.
        #[arg(required = true, value_name = "KEY=VALUE")]
        values: Vec<String>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Take keys, tables or sections out: their defaults count.
    #[command(after_help = "Examples:
  smtp-appliance config unset mail.port
  smtp-appliance config unset sip.account.1 person.ben")]
    Unset {
        /// Which.
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Put a whole file in its place, if it is right: the way back from a backup.
    Replace {
        /// The file; - is standard input. Marks of `config show` stand for the secrets as they are.
        file: PathBuf,
        #[command(flatten)]
        trial: Trial,
    },
    /// Show the files before each change, the newest first, or what going back to one would change.
    History {
        /// Which.
        name: Option<String>,
    },
    /// Go back to the file before the newest change, or to any before.
    Undo {
        /// Which, as `config history` names it.
        name: Option<String>,
        #[command(flatten)]
        trial: Trial,
    },
}

#[derive(Debug, Args)]
pub(super) struct Trial {
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(command: Command, context: &mut Context) -> anyhow::Result<()> {
    match command {
        Command::Show { with_secrets } => {
            let text = read(&context.config)?;
            let shown = if with_secrets { text } else { mask::masked(&text) };
            context.out.bytes(shown.as_bytes())
        }
        Command::Get { key, json } => get(&key, json, context),
        Command::Set { values, trial } => {
            let text = read(&context.config)?;
            let given = given(&text, values)?;
            make(&text, &keys::set(&text, &given)?, &trial, context)
        }
        Command::Unset { keys, trial } => {
            let text = read(&context.config)?;
            make(&text, &keys::unset(&text, &keys)?, &trial, context)
        }
        Command::Replace { file, trial } => {
            let text = read(&context.config)?;
            let new = if file == Path::new("-") { from_input()? } else { read(&file)? };
            replace(&text, &mask::unmasked(&new, &text), &trial, context)
        }
        Command::History { name: None } => history(context),
        Command::History { name: Some(name) } => {
            let (text, old) = (read(&context.config)?, read_earlier(&earlier(context)?, &name)?);
            show_difference(&text, &old, context)
        }
        Command::Undo { name, trial } => {
            let (text, earlier) = (read(&context.config)?, earlier(context)?);
            let name = name.or_else(|| earlier.names().into_iter().next());
            let name = name.context("no earlier file is kept")?;
            replace(&text, &read_earlier(&earlier, &name)?, &trial, context)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn from_input() -> anyhow::Result<String> {
    let mut text = String::new();
    let read = io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text);
    read.context("cannot read standard input")?;
    if text.len() as u64 > LONGEST {
        bail!("standard input is longer than {LONGEST} bytes");
    }
    Ok(text)
}

/// The keys with their values. What others would see in the list of processes is no secret.
fn given(text: &str, values: Vec<String>) -> anyhow::Result<Vec<(String, String)>> {
    let mut input = None;
    let mut given = Vec::new();
    for value in values {
        if let Some((key, value)) = value.split_once('=') {
            if keys::is_secret(text, key)? && !value.is_empty() {
                bail!(
                    "`{key}` is a secret, and others can see the arguments of a command: \
                     give the key alone, and the value on standard input"
                );
            }
            given.push((key.to_owned(), value.to_owned()));
        } else {
            // An unknown key is told before anybody waits for input.
            keys::is_secret(text, &value)?;
            if input.replace(value.clone()).is_some() {
                bail!("only one value can be read from standard input");
            }
            let read = from_input()?;
            given.push((value, read.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    Ok(given)
}

fn make(text: &str, edit: &Edit, trial: &Trial, context: &mut Context) -> anyhow::Result<()> {
    if trial.dry_run {
        let edited = edit::apply(text, edit).map_err(|error| match error {
            ApplyError::Wrong(faults) => LoadError::Wrong(context.config.clone(), faults).into(),
            ApplyError::Edit(error) => anyhow::Error::new(error),
        })?;
        show_difference(text, &edited.text, context)?;
        return change::tell(&edited, context);
    }
    let edited = edit::edit(&context.config, edit)?;
    let done = change::difference(&edited.before, &edited.text);
    change::finish(&edited, &done, context)
}

fn replace(text: &str, new: &str, trial: &Trial, context: &mut Context) -> anyhow::Result<()> {
    if trial.dry_run {
        Config::parse(new).map_err(edit::EditError::Refused)?;
        return show_difference(text, new, context);
    }
    let edited = edit::replace(&context.config, text, new)?;
    let done = change::difference(text, new);
    change::finish(&edited, &done, context)
}

fn show_difference(before: &str, after: &str, context: &mut Context) -> anyhow::Result<()> {
    match change::difference(before, after).as_str() {
        "" => context.out.line("nothing would change"),
        difference => context.out.line(difference),
    }
}

fn earlier(context: &Context) -> anyhow::Result<Earlier> {
    Ok(Earlier::in_folder(&context.load()?.appliance.store.join("web")))
}

fn read_earlier(earlier: &Earlier, name: &str) -> anyhow::Result<String> {
    let missing =
        || format!("no earlier file is kept as {name}; see: smtp-appliance config history");
    earlier.read(name).with_context(missing)
}

fn history(context: &mut Context) -> anyhow::Result<()> {
    let names = earlier(context)?.names();
    if names.is_empty() {
        return context.out.line("no earlier file is kept");
    }
    let row = |name: &String| {
        let at = Earlier::replaced_at(name).map_or_else(String::new, output::time);
        vec![name.clone(), at]
    };
    let rows: Vec<_> = names.iter().map(row).collect();
    context.out.bytes(table::render(&["NAME", "REPLACED"], &rows, None).as_bytes())
}

/// A key as JSON.
#[derive(Serialize)]
struct KeyView<'a> {
    key: &'a str,
    /// Never that of a secret.
    value: Option<&'a str>,
    is_set: bool,
    default: &'a str,
    help: &'a str,
}

impl<'a> From<&'a Entry> for KeyView<'a> {
    fn from(entry: &'a Entry) -> Self {
        let value = entry.value.as_deref().filter(|_| !entry.is_secret);
        let (key, default, help) = (&entry.key, entry.default, &entry.help);
        Self { key, value, is_set: entry.value.is_some(), default, help }
    }
}

fn get(key: &str, json: bool, context: &mut Context) -> anyhow::Result<()> {
    let entries = keys::entries(&read(&context.config)?, key)?;
    if json {
        return context.out.json(&entries.iter().map(KeyView::from).collect::<Vec<_>>());
    }
    if let [only] = entries.as_slice()
        && (only.key == key || only.numbered() == key)
    {
        return match (&only.value, only.default) {
            (Some(_), _) if only.is_secret => context.out.line("(set, and not shown)"),
            (Some(value), _) => context.out.line(value),
            (None, "") => bail!("`{key}` is not set"),
            (None, default) => bail!("`{key}` is not set; its default is {default}"),
        };
    }
    let row = |entry: &Entry| {
        let value = match &entry.value {
            Some(_) if entry.is_secret => "(set, and not shown)".to_owned(),
            Some(value) => output::tame(value),
            None if entry.default.is_empty() => "-".to_owned(),
            None => format!("({})", entry.default),
        };
        vec![entry.key.clone(), table::cut(&value, VALUE), entry.help.clone()]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    let heading = ["KEY", "VALUE (DEFAULT)", "MEANING"];
    context.out.bytes(table::render(&heading, &rows, output::width()).as_bytes())
}
