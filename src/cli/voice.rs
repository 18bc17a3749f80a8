//! `voice`

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use smtp_appliance::config::{Config, VoiceName};
use smtp_appliance::speech::install::{self, Progress, Sum, Wanted};
use smtp_appliance::speech::voices::{self, BrokenVoice, ESPEAK_NG, Installed, Voice};
use tokio::time::{Duration, Instant};

use super::output::{tame, width};
use super::{Context, table};

#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:
  smtp-appliance voice list
  smtp-appliance voice install ./es_ES-davefx-medium.onnx
  smtp-appliance voice install https://voices.example/en_US-joe-medium.onnx --sha256 58afce03…
  smtp-appliance voice remove en_US-joe-medium

A voice is two files of the Piper project, NAME.onnx and NAME.onnx.json. It is used from the next
sentence on: for its language if no other is configured ([speech.voice]), and for people who have it
as theirs.")]
pub(super) enum Command {
    /// Show the installed voices.
    List(ListArgs),
    /// Install voices from a file, a folder or a web server.
    Install(InstallArgs),
    /// Remove a voice.
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct Folder {
    /// The folder of voices, if not the configured one.
    #[arg(long = "voices", value_name = "FOLDER")]
    voices: Option<PathBuf>,
}

impl Folder {
    fn path(&self, config: &Config) -> PathBuf {
        self.voices.clone().unwrap_or_else(|| config.speech.voices.clone())
    }

    /// Makes it that of the configuration.
    pub(super) fn put_into(self, config: &mut Config) {
        config.speech.voices = self.path(config);
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    folder: Folder,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct InstallArgs {
    /// NAME.onnx with NAME.onnx.json beside it, a folder with some, or the https address of one.
    source: String,
    /// Its name here, if not that of the file.
    #[arg(long)]
    name: Option<VoiceName>,
    /// The SHA-256 that NAME.onnx must have.
    #[arg(long, value_name = "DIGITS")]
    sha256: Option<Sum>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// Its name.
    name: VoiceName,
    #[command(flatten)]
    folder: Folder,
}

pub(super) fn run(command: &Command, context: &mut Context) -> anyhow::Result<()> {
    let config = context.load_or_default()?;
    match command {
        Command::List(args) => list(args, &config, context),
        Command::Install(args) => install(args, &config, context),
        Command::Remove(args) => {
            voices::remove(&args.folder.path(&config), &args.name)?;
            context.out.line(format!("removed {}", args.name))
        }
    }
}

/// A voice as `--json` shows it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// Its language; none for espeak-ng, which speaks more than a hundred.
    language: Option<String>,
    quality: Option<String>,
    sample_rate: u32,
    bytes: u64,
    /// Languages it is configured for.
    configured_for: Vec<String>,
    /// Why it cannot be used.
    broken: Option<String>,
}

impl Row {
    fn new(name: &str, config: &Config) -> Self {
        let voices = config.speech.voice.iter().filter(|(_, voice)| voice.to_string() == name);
        Self {
            name: name.to_owned(),
            language: None,
            quality: None,
            sample_rate: 22_050,
            bytes: 0,
            configured_for: voices.map(|(language, _)| language.to_string()).collect(),
            broken: None,
        }
    }

    fn of(voice: &Voice, config: &Config) -> Self {
        Self {
            language: voice.language().map(|language| language.to_string()),
            quality: voice.config.quality.clone(),
            sample_rate: voice.config.sample_rate,
            bytes: voice.bytes,
            ..Self::new(&voice.name.to_string(), config)
        }
    }

    fn of_broken(voice: &BrokenVoice, config: &Config) -> Self {
        let broken = Some(voice.error.to_string());
        Self { broken, sample_rate: 0, ..Self::new(&voice.name.to_string(), config) }
    }

    fn cells(&self) -> Vec<String> {
        let size = |bytes| format!("{} MB", (bytes + 500_000) / 1_000_000);
        let note = match (&self.broken, self.configured_for.as_slice()) {
            (Some(fault), _) => format!("cannot be used: {}", tame(fault)),
            (None, []) => String::new(),
            (None, languages) => format!("configured for {}", languages.join(", ")),
        };
        let all = || if self.name == ESPEAK_NG { "all" } else { "?" }.to_owned();
        vec![
            self.name.clone(),
            self.language.clone().unwrap_or_else(all),
            self.quality.clone().unwrap_or_else(|| "-".to_owned()),
            if self.bytes == 0 { "-".to_owned() } else { size(self.bytes) },
            note,
        ]
    }
}

fn list(args: &ListArgs, config: &Config, context: &mut Context) -> anyhow::Result<()> {
    let folder = args.folder.path(config);
    let installed = Installed::scan(&folder).map_err(|error| {
        anyhow::anyhow!("cannot read the voices in {}: {error}", folder.display())
    })?;
    let mut rows: Vec<Row> = installed.voices.iter().map(|voice| Row::of(voice, config)).collect();
    rows.extend(installed.broken.iter().map(|voice| Row::of_broken(voice, config)));
    rows.push(Row::new(ESPEAK_NG, config));
    if args.json {
        return context.out.json(&rows);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let heading = ["VOICE", "LANGUAGE", "QUALITY", "SIZE", "NOTE"];
    context.out.bytes(table::render(&heading, &cells, width()).as_bytes())
}

fn install(args: &InstallArgs, config: &Config, context: &mut Context) -> anyhow::Result<()> {
    let name = args.name.clone();
    let wanted = Wanted { source: &args.source, name, sum: args.sha256.clone() };
    let mut meter = Meter::new();
    let done = install::install(&wanted, &args.folder.path(config), &mut |progress| {
        meter.show(progress);
    });
    meter.end();
    for voice in done? {
        let how = if voice.replaced { "replaced" } else { "installed" };
        context.out.line(format!("{how} {} (sha256 {})", voice.name, voice.sum))?;
    }
    Ok(())
}

/// Shows on standard error how far a voice has come: on a terminal a line that is written anew, else
/// a line now and then.
struct Meter {
    terminal: bool,
    shown: Option<Instant>,
}

impl Meter {
    fn new() -> Self {
        let terminal = rustix::termios::isatty(rustix::stdio::stderr());
        Self { terminal, shown: None }
    }

    fn show(&mut self, progress: Progress<'_>) {
        let pause = Duration::from_millis(if self.terminal { 100 } else { 5000 });
        let whole = progress.total == Some(progress.done);
        let soon = self.shown.is_some_and(|shown| shown.elapsed() < pause);
        if soon && !(whole && self.terminal) {
            return;
        }
        self.shown = Some(Instant::now());
        let line = meter(progress);
        let line = if self.terminal { format!("\r{line}\u{1b}[K") } else { format!("{line}\n") };
        // A terminal that went away does not stop the installation.
        drop(io::stderr().write_all(line.as_bytes()));
    }

    fn end(&self) {
        if self.terminal && self.shown.is_some() {
            drop(io::stderr().write_all(b"\n"));
        }
    }
}

/// Columns of the bar.
const BAR: u64 = 30;

fn meter(progress: Progress<'_>) -> String {
    let Progress { name, done, total } = progress;
    let mega = |bytes: u64| format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{name}  {} MB", mega(done));
    };
    let part = |whole: u64| done.min(total) * whole / total;
    let bar: String = (0..BAR).map(|column| if column < part(BAR) { '█' } else { '░' }).collect();
    format!("{name}  {bar}  {:>3} %  {} of {} MB", part(100), mega(done), mega(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_shows_what_is_known() {
        let name = "x".parse().unwrap();
        let line = |done, total| meter(Progress { name: &name, done, total });
        assert_eq!(
            line(31_500_000, Some(63_000_000)),
            "x  ███████████████░░░░░░░░░░░░░░░   50 %  31.5 of 63.0 MB"
        );
        assert_eq!(line(1_250_000, None), "x  1.2 MB");
        assert_eq!(line(0, Some(0)), "x  0.0 MB");
    }
}
