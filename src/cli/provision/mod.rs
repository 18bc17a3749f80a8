//! `provision`: takes in what stands on the FAT partition of the image. `docs/provision.md` tells the
//! order of the steps, in which the power may fail at any of them.

mod disk;
mod machine;
mod secrets;
mod source;
mod state;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use smtp_appliance::config::{Config, Fault, System};
use smtp_appliance::health::PROVISION_FAULT;

use super::{Context, output};
use machine::{Content, MachineFile};
use secrets::{Taken, What};
use source::Source;
use state::State;

/// What its owner reads, beside the file.
const SAYS: &str = "appliance-says.txt";

/// Folder of what was taken in, beside the configuration.
const SECRETS: &str = "secrets";

/// Longest file that is taken in beside the text, in bytes: a chain of certificates.
const MAX_TAKEN: u64 = 256 * 1024;

/// All is kept, and the FAT partition is still to be written.
const FAT_IS_LEFT: u8 = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example, as the image calls it:
  smtp-appliance provision --from /boot/firmware/appliance.toml --system /data/system

Exit codes: 0 taken in, now or before, or there is none; 1 it is wrong, and the last good one stays in
force; 2 not understood; 3 all is kept, but the folder of the file is read-only: call it again when it
can be written, so that the passwords go from there.")]
pub(super) struct Args {
    /// The file, such as appliance.toml.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Folder for what the machine's own system reads: host name, network, Wi-Fi, SSH keys.
    #[arg(long, value_name = "FOLDER")]
    system: Option<PathBuf>,
    /// Take it in even if it is the one that was taken in last.
    #[arg(long)]
    again: bool,
}

/// What is to be taken in besides the text, each with its bytes.
type Found = (Vec<Taken>, Vec<Vec<u8>>);

/// Why nothing was taken in: lines for its owner.
struct Wrong(Vec<String>);

impl Wrong {
    fn of(error: &anyhow::Error) -> Self {
        Self(vec![format!("{error:#}")])
    }
}

pub(super) fn run(args: &Args, context: &mut Context) -> anyhow::Result<ExitCode> {
    let config = std::path::absolute(&context.config)?;
    let source = match source::read(&args.from) {
        Ok(Some(source)) => source,
        Ok(None) => {
            disk::remove(&config.with_file_name(PROVISION_FAULT))?;
            context.out.line(format_args!("there is no {}", args.from.display()))?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Ok(refuse(&args.from, &config, &Wrong::of(&error))),
    };
    if let Some(state) = State::load(&config).filter(|_| !args.again) {
        if state.open && state.is_of(&source.digest) {
            disk::remove(&config.with_file_name(PROVISION_FAULT))?;
            return finish(&source, state, &config, context);
        }
        // One with its passwords was put there once more: its owner wants it.
        if state.is_clean(&source.digest) {
            disk::remove(&config.with_file_name(PROVISION_FAULT))?;
            context.out.line(format_args!("{} was taken in before", source.path.display()))?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let state = match take_in(&source, &config, args.system.as_deref()) {
        Ok(Ok(state)) => state,
        Ok(Err(wrong)) => return Ok(refuse(&source.path, &config, &wrong)),
        Err(error) => return Ok(refuse(&source.path, &config, &Wrong::of(&error))),
    };
    context.out.line(format_args!("{} was taken in", source.path.display()))?;
    finish(&source, state, &config, context)
}

/// Brings all of it to the disk. An error leaves the last good configuration in force.
fn take_in(
    source: &Source,
    config: &Path,
    system: Option<&Path>,
) -> anyhow::Result<Result<State, Wrong>> {
    let text = &source.text;
    let loaded = match Config::parse(text) {
        Ok(loaded) => loaded.config,
        Err(faults) => return Ok(Err(wrong(&faults))),
    };
    let (taken, contents) = match contents(source, &loaded.system) {
        Ok(found) => found,
        Err(faults) => return Ok(Err(wrong(&faults))),
    };
    let folder = config.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).with_context(|| cannot_write(folder))?;
    // Nobody else changes the configuration meanwhile; see `config::edit`.
    let lock = File::open(folder).and_then(|lock| lock.lock().map(|()| lock));
    let _lock = lock.with_context(|| cannot_write(folder))?;
    let secrets = folder.join(SECRETS);
    let paths = keep(&taken, &contents, &secrets).with_context(|| cannot_write(&secrets))?;
    let text = secrets::replace(text, &taken, |number| {
        paths.get(number).map(|path| path.display().to_string()).unwrap_or_default()
    });
    // What stands in files of its own is checked with the rest.
    let checked = match Config::parse(&text) {
        Ok(loaded) => loaded.config,
        Err(faults) => return Ok(Err(wrong(&faults))),
    };
    disk::put(config, text.as_bytes(), 0o600).with_context(|| cannot_write(config))?;
    if let Some(system) = system.filter(|_| checked.system.is_there) {
        for MachineFile { path, what } in machine::files(&checked.system) {
            let path = system.join(path);
            write_machine(&path, &what).with_context(|| cannot_write(&path))?;
        }
    }
    let is_secret = |taken: &&Taken| taken.is_secret();
    let leftover = taken.iter().filter(is_secret).filter_map(|taken| match &taken.what {
        What::File(name) => Some(name.clone()),
        What::Value(_) => None,
    });
    let state = State::new(source.digest.clone(), text, leftover.collect(), says(&taken));
    state.save(config).with_context(|| cannot_write(config))?;
    disk::remove(&config.with_file_name(PROVISION_FAULT))?;
    Ok(Ok(state))
}

/// What is to be taken in with the text, as bytes; or what is wrong with it that only here is known.
fn contents(source: &Source, system: &System) -> Result<Found, Vec<Fault>> {
    let text = &source.text;
    let (taken, misplaced) = secrets::find(text);
    let mut faults: Vec<Fault> = misplaced
        .into_iter()
        .map(|found| {
            let message = "expected the name of a file beside this one, or a path from the root";
            fault(text, found.offset, found.key, message.to_owned())
        })
        .collect();
    let folder = source.path.parent().unwrap_or(Path::new("."));
    let mut contents = Vec::new();
    for taken in &taken {
        contents.push(match &taken.what {
            What::Value(value) => value.clone().into_bytes(),
            What::File(name) => source::read_whole(&folder.join(name), MAX_TAKEN)
                .inspect_err(|error| {
                    let message = format!("cannot read {name} beside this file: {error}");
                    faults.push(fault(text, taken.offset(), taken.name.clone(), message));
                })
                .unwrap_or_default(),
        });
    }
    let zones = Path::new(machine::ZONES);
    if let Some(zone) = &system.timezone
        && zones.is_dir()
        && !zones.join(zone).is_file()
    {
        let offset = text.find("timezone").unwrap_or(0);
        let message = format!("there is no time zone \"{zone}\"");
        faults.push(fault(text, offset, "system.timezone".to_owned(), message));
    }
    if faults.is_empty() { Ok((taken, contents)) } else { Err(faults) }
}

/// Writes what was taken into files of their own; those of the configuration in force stay as they
/// are.
fn keep(taken: &[Taken], contents: &[Vec<u8>], folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (taken, bytes) in taken.iter().zip(contents) {
        disk::make_folder(folder, 0o700)?;
        let more = (2_u32..).map(|number| format!("{}-{number}", taken.name));
        let mut names = std::iter::once(taken.name.clone()).chain(more);
        let free = names.find(|name| folder.join(name).symlink_metadata().is_err());
        let path = folder.join(free.unwrap_or_default());
        disk::put(&path, bytes, 0o600)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Secrets that the configuration in force does not name are of no use to anybody.
fn forget_others(folder: &Path, text: &str) {
    let named = secrets::referenced(text, folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_str().is_some_and(|name| named.contains(name));
        if !is_named && let Err(error) = disk::wipe_and_remove(&entry.path()) {
            output::complain(&format!("cannot remove {}: {error}", entry.path().display()));
        }
    }
}

fn write_machine(path: &Path, what: &Content) -> io::Result<()> {
    if *what != Content::Gone {
        disk::make_folder(path.parent().unwrap_or(Path::new("/")), 0o755)?;
    }
    match what {
        Content::Text(text, mode) => disk::put_if_other(path, text.as_bytes(), *mode),
        Content::Link(to) => disk::put_link(path, to),
        Content::Gone => disk::remove(path),
    }
}

/// Takes the secrets away from the FAT partition, and tells its owner. All is kept by then.
fn finish(
    source: &Source,
    mut state: State,
    config: &Path,
    context: &mut Context,
) -> anyhow::Result<ExitCode> {
    // Here, and not where they were kept: the power may have failed in between.
    forget_others(&config.with_file_name(SECRETS), &state.text);
    let folder = source.path.parent().unwrap_or(Path::new("."));
    let write = || {
        if !state.is_clean(&source.digest) {
            disk::replace_and_wipe(&source.path, state.text.as_bytes())?;
        }
        for name in &state.leftover {
            disk::wipe_and_remove(&folder.join(name))?;
        }
        disk::put_if_other(&folder.join(SAYS), windows_lines(&state.says).as_bytes(), 0o600)
    };
    if let Err(error) = write() {
        let folder = folder.display();
        output::complain(&format!("the passwords are still to be taken from {folder}: {error}"));
        return Ok(ExitCode::from(FAT_IS_LEFT));
    }
    state.open = false;
    state.save(config).with_context(|| cannot_write(config))?;
    context.out.line("it holds no passwords any more")?;
    Ok(ExitCode::SUCCESS)
}

/// Says what is wrong everywhere somebody may look.
fn refuse(source: &Path, config: &Path, wrong: &Wrong) -> ExitCode {
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    for line in &wrong.0 {
        output::complain(&format!("{}: {line}", source.display()));
    }
    output::complain("nothing was taken in; the last good configuration stays in force");
    let first = wrong.0.first().map(String::as_str).unwrap_or_default();
    let more = wrong.0.len().saturating_sub(1);
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let note = format!("{name} on the card is wrong: {first}{more}\n");
    let noted = disk::put_if_other(&config.with_file_name(PROVISION_FAULT), note.as_bytes(), 0o644);
    if let Err(error) = noted {
        output::complain(&format!("{}: {error}", cannot_write(config)));
    }
    let says = format!(
        "{name} was NOT taken in. What was in force before stays in force.\n\n{}\n\n\
         Mend these lines, and start the appliance again.\n",
        wrong.0.join("\n")
    );
    let path = source.with_file_name(SAYS);
    match disk::put_if_other(&path, windows_lines(&says).as_bytes(), 0o600) {
        Ok(()) => ExitCode::FAILURE,
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => ExitCode::from(FAT_IS_LEFT),
        Err(error) => {
            output::complain(&format!("{}: {error}", cannot_write(&path)));
            ExitCode::FAILURE
        }
    }
}

fn says(taken: &[Taken]) -> String {
    let mut says = "appliance.toml was taken in.\n".to_owned();
    if !taken.is_empty() {
        says.push_str("\nThese were moved into the appliance and are no longer on this card:\n");
        for taken in taken {
            says = says + "  " + &taken.name + "\n";
        }
        says.push_str("To change one, write it into appliance.toml again.\n");
    }
    says
}

fn wrong(faults: &[Fault]) -> Wrong {
    Wrong(faults.iter().map(ToString::to_string).collect())
}

fn fault(text: &str, offset: usize, key: String, message: String) -> Fault {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Fault { line, column, key, message }
}

/// For editors that know no other.
fn windows_lines(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
