//! Changes of the configuration from pages and programs: the same file as by hand, the one before
//! kept for an undo, the difference in the audit log, taken up at once.

use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::account::write_private;
use super::diff::{Line, as_text};
use super::mask;
use super::site::Site;
use crate::config::edit::{self, Edit, EditError, Edited};
use crate::control::Request;

/// Earlier files that are kept.
const MOST_KEPT: usize = 50;

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
    let before = text(site).await?;
    let changing = tokio::task::spawn_blocking(change).await;
    let edited = changing.map_err(|error| ChangeError::Broken(error.to_string()))??;
    let lines = mask::differing(&before, &edited.text);
    if edited.changed {
        keep(site, &before);
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

fn folder(site: &Site) -> PathBuf {
    site.folder.join("configuration")
}

/// Keeps a text. That it could not be kept is told in the log: the change is made.
fn keep(site: &Site, text: &str) {
    let keep = || -> io::Result<()> {
        let folder = folder(site);
        fs::create_dir_all(&folder)?;
        let name = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ.toml").to_string();
        write_private(&folder.join(name), text)?;
        let names = kept(site);
        for old in names.iter().skip(MOST_KEPT) {
            fs::remove_file(folder.join(old))?;
        }
        Ok(())
    };
    if let Err(error) = keep() {
        tracing::warn!(%error, "the configuration before is not kept");
    }
}

/// Names of the earlier files, the newest first.
pub(super) fn kept(site: &Site) -> Vec<String> {
    let entries = fs::read_dir(folder(site)).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
    names.sort_unstable_by(|left, right| right.cmp(left));
    names
}

/// What an earlier file says.
pub(super) fn read_kept(site: &Site, name: &str) -> Option<String> {
    fs::read_to_string(folder(site).join(name)).ok().filter(|_| is_name(name))
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".toml");
    stem.is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
