//! The history as a file, and back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use smtp_appliance::alert::AlertId;
use smtp_appliance::control::{self, ClientError, Request};
use smtp_appliance::queue;
use smtp_appliance::web::archive;

use super::offline::settle;
use crate::cli::Context;

/// Most alerts that wait.
const MOST: usize = 1_000_000;

/// Where a history stands until it is seen to be one.
const DRAFT: &str = "queue.restored";

/// Writes the files of the store; the appliance may go on meanwhile.
pub(super) fn backup(store: &Path, file: &Path, context: &mut Context) -> anyhow::Result<()> {
    let folder = store.join("queue");
    if file == Path::new("-") {
        return archive::pack(&folder, &mut io::stdout().lock())
            .context("cannot write the history");
    }
    let cannot = || format!("cannot write {}", file.display());
    let mut options = OpenOptions::new();
    let new = options.write(true).create_new(true).mode(0o600).open(file);
    let mut new = new.with_context(cannot)?;
    archive::pack(&folder, &mut new)
        .and_then(|()| new.sync_all())
        .with_context(|| format!("cannot bring {} into {}", folder.display(), file.display()))?;
    context.out.line(format_args!("the history is in {}", file.display()))
}

/// Puts a history in the place of the one that is there, which is kept beside it.
pub(super) fn restore(
    store: &Path,
    file: &Path,
    tell_again: bool,
    context: &mut Context,
) -> anyhow::Result<()> {
    match control::ask(store, &Request::Health) {
        Err(ClientError::NotRunning(_)) => {}
        Ok(_) | Err(_) => bail!("the appliance is running; stop it first: its store is its own"),
    }
    if !store.is_dir() {
        bail!("there is no folder {}: the appliance has never run here", store.display());
    }
    let draft = store.join(DRAFT);
    if draft.exists() {
        fs::remove_dir_all(&draft).context("cannot remove what an earlier restore left")?;
    }
    let restored = unpack(file, &draft).and_then(|()| look(&draft, tell_again));
    let (alerts, waiting) = match restored {
        Ok(found) => found,
        Err(error) => {
            drop(fs::remove_dir_all(&draft));
            return Err(error.context(format!("{} is not restored", file.display())));
        }
    };
    let (folder, kept) =
        (store.join("queue"), Timestamp::now().strftime("queue.before-%Y%m%dT%H%M%SZ"));
    let kept = store.join(kept.to_string());
    if folder.exists() {
        fs::rename(&folder, &kept).context("cannot set the history aside that is there")?;
        context.out.line(format_args!("the history that was there is in {}", kept.display()))?;
    }
    fs::rename(&draft, &folder).context("cannot put the history in its place")?;
    File::open(store)?.sync_all()?;
    let then = if tell_again { "are told when the appliance starts" } else { "are not told again" };
    context.out.line(format_args!("{alerts} alerts are restored; {waiting} that waited {then}"))
}

fn unpack(file: &Path, into: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot read {}", file.display());
    let mut archive: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).with_context(cannot)?))
    };
    archive::unpack(&mut archive, into).with_context(cannot)
}

/// How many alerts there are, and how many of them wait. A store that cannot be read whole is not taken.
fn look(folder: &Path, tell_again: bool) -> anyhow::Result<(usize, usize)> {
    let offline = queue::open_offline(folder)?;
    if let Some(damage) = &offline.damage {
        // The backup still has it.
        drop(fs::remove_dir_all(&damage.set_aside));
        bail!("it is damaged: {}", damage.reason);
    }
    let reader = offline.reader();
    let waiting = reader.pending(AlertId(0), MOST)?;
    if !tell_again {
        waiting.iter().try_for_each(|id| settle(&offline, *id))?;
    }
    let mut alerts = 0;
    let mut before = AlertId(u64::MAX);
    loop {
        let records = reader.history(before, 1000)?;
        let Some(last) = records.last() else { return Ok((alerts, waiting.len())) };
        before = last.alert.id;
        alerts += records.len();
    }
}
