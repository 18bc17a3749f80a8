//! Carries out a change of the configuration file and has it taken up.

use smtp_appliance::config::edit::{self, Edit};
use smtp_appliance::control::{self, Answer, ClientError, Request};

use super::{Context, output};

/// Changes the file; `done` tells what was done.
pub(super) fn make(edit: &Edit, done: &str, context: &mut Context) -> anyhow::Result<()> {
    let edited = edit::edit(&context.config, edit)?;
    if !edited.changed {
        return context.out.line("nothing to change: it is so already");
    }
    context.out.line(done)?;
    for note in &edited.notes {
        context.out.line(note)?;
    }
    for warning in &edited.loaded.warnings {
        output::complain(&format!("warning: {}: {}", warning.key, warning.message));
    }
    match control::ask(&edited.loaded.config.appliance.store, &Request::Reload) {
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
