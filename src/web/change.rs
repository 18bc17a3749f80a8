//! Changes of the configuration from pages and programs: the same file as by hand, the one before
//! kept for an undo, the difference in the audit log, taken up at once.

use std::fs;

use super::site::Site;
use crate::config::diff::{Line, as_text};
use crate::config::edit::{self, Edit, EditError, Edited};
use crate::config::mask;
use crate::control::Request;

/// Who wants a change.
#[derive(Debug, Clone)]
pub(super) struct By {
    pub(super) who: String,
    pub(super) from: String,
}

/// What came of a change.
#[derive(Debug)]
pub(super) struct Done {
    /// What differs; secrets are masked.
    pub(super) lines: Vec<Line>,
    /// What had to change along with it.
    pub(super) notes: Vec<String>,
    /// What is odd about the file now.
    pub(super) warnings: Vec<String>,
}

/// Why there was none. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChangeError {
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error("the file is changed, but was not taken up: {0}")]
    NotTakenUp(String),
    #[error("{0}")]
    Broken(String),
}

/// Makes one change.
pub(super) async fn make(
    site: &Site,
    by: &By,
    what: &str,
    wanted: Edit,
) -> Result<Done, ChangeError> {
    let file = site.parts.config_file.clone();
    carry_out(site, by, what, move || edit::edit(&file, &wanted)).await
}

/// Puts a whole text in the place of the one that says `expected`.
pub(super) async fn replace(
    site: &Site,
    by: &By,
    what: &str,
    expected: String,
    text: String,
) -> Result<Done, ChangeError> {
    let file = site.parts.config_file.clone();
    carry_out(site, by, what, move || edit::replace(&file, &expected, &text)).await
}

async fn carry_out(
    site: &Site,
    by: &By,
    what: &str,
    change: impl FnOnce() -> Result<Edited, EditError> + Send + 'static,
) -> Result<Done, ChangeError> {
    let changing = tokio::task::spawn_blocking(change).await;
    let edited = changing.map_err(|error| ChangeError::Broken(error.to_string()))??;
    let lines = mask::differing(&edited.before, &edited.text);
    if edited.changed {
        // The change is made: that there is no way back to it is told in the log.
        if let Err(error) = site.earlier.keep(&edited.before) {
            tracing::warn!(%error, "the configuration before is not kept");
        }
        site.audit.note(&by.who, &by.from, what, &as_text(&lines));
        site.parts.desk.answer(Request::Reload).await.map_err(ChangeError::NotTakenUp)?;
    }
    let warnings = edited.loaded.warnings.iter().map(ToString::to_string).collect();
    Ok(Done { lines, notes: edited.notes, warnings })
}

/// What the file says now.
pub(super) async fn text(site: &Site) -> Result<String, ChangeError> {
    let file = site.parts.config_file.clone();
    let read = tokio::task::spawn_blocking(move || fs::read_to_string(file)).await;
    let read = read.map_err(|error| ChangeError::Broken(error.to_string()))?;
    read.map_err(|error| ChangeError::Broken(error.to_string()))
}

/// By which a text shows that it is another.
pub(super) fn stamp(text: &str) -> String {
    super::account::token_digest(text)
}
