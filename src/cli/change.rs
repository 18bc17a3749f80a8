//! Carries out a change of the configuration file, keeps the file before for an undo, and has it taken
//! up.

use std::path::Path;

use smtp_appliance::config::diff::{Line, as_text};
use smtp_appliance::config::edit::{self, Edit, Edited};
use smtp_appliance::config::mask;
use smtp_appliance::control::{self, Answer, ClientError, Request};
use smtp_appliance::web::{Audit, Earlier};

use super::{Context, output};

/// By whom what is done here is done, in the audit log.
pub(super) const WHO: &str = "the command line";

/// Changes the file; `done` tells what was done.
pub(super) fn make(edit: &Edit, done: &str, context: &mut Context) -> anyhow::Result<()> {
    let edited = edit::edit(&context.config, edit)?;
    finish(&edited, done, context)
}

/// After the file was changed: keeps the one before and has the new one taken up.
pub(super) fn finish(edited: &Edited, done: &str, context: &mut Context) -> anyhow::Result<()> {
    if !edited.changed {
        return context.out.line("nothing to change: it is so already");
    }
    let store = &edited.loaded.config.appliance.store;
    keep(edited, store);
    context.out.line(done)?;
    tell(edited, context)?;
    match control::ask(store, &Request::Reload) {
        Ok(Answer::Done) => context.out.line("taken up by the running appliance"),
        Ok(Answer::Failed { reason }) => {
            anyhow::bail!(
                "the file is changed, but the running appliance did not take it up: {reason}"
            )
        }
        Ok(answer) => anyhow::bail!("the file is changed; unexpected answer: {answer:?}"),
        Err(ClientError::NotRunning(_)) => {
            context.out.line("the appliance is not running; it will be used at the next start")
        }
        Err(error) => {
            Err(anyhow::Error::new(error).context("the file is changed, but not taken up"))
        }
    }
}

/// What had to change along with it, and what is odd about the file now.
pub(super) fn tell(edited: &Edited, context: &mut Context) -> anyhow::Result<()> {
    for note in &edited.notes {
        context.out.line(note)?;
    }
    for warning in &edited.loaded.warnings {
        output::complain(&format!("warning: {}: {}", warning.key, warning.message));
    }
    Ok(())
}

/// As a change in the browser is kept. The store is made by the appliance alone: before its first start
/// there is nowhere to keep it.
fn keep(edited: &Edited, store: &Path) {
    if !store.is_dir() {
        return;
    }
    let folder = store.join("web");
    if let Err(error) = Earlier::in_folder(&folder).keep(&edited.before) {
        return output::complain(&format!("warning: the file before is not kept: {error}"));
    }
    let lines = mask::differing(&edited.before, &edited.text);
    Audit::in_folder(&folder).note(WHO, "", "config", &as_text(&lines));
}

/// What differs, with the lines around; secrets are masked.
pub(super) fn difference(before: &str, after: &str) -> String {
    let lines = mask::differing(before, after).into_iter().map(|line| match line {
        Line::Same(text) => format!("  {text}"),
        Line::Add(text) => format!("+ {text}"),
        Line::Del(text) => format!("- {text}"),
        Line::Gap => "  …".to_owned(),
    });
    lines.map(|line| output::tame(&line)).collect::<Vec<_>>().join("\n")
}
