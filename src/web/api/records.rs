//! What was written down: the log, who changed what, and the file for a backup.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tracing::Level;
use utoipa::ToSchema;

use super::people::refused;
use super::{Caller, Fault, Query, json};
use crate::log;
use crate::web::account::Scope;
use crate::web::site::Site;
use crate::web::{archive, change};

/// Most lines or entries in one answer.
const MOST: usize = 1000;

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lines {
    level: Option<OfLevel>,
    q: String,
    limit: Option<usize>,
}

/// How important a line is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OfLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Line {
    /// Counts up from the start of the program.
    number: u64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    level: String,
    text: String,
}

/// Something that somebody did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Entry {
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// The user, or `token` and the name of one.
    who: String,
    /// Her address.
    from: String,
    /// `login`, `people.change`, ….
    what: String,
    /// To whom or what, and the difference where there is one.
    detail: String,
}

/// The newest lines of the log, the newest first.
#[utoipa::path(get, path = "/api/v1/log", tag = "records",
    params(
        ("level" = Option<OfLevel>, Query, description = "The least important: error, warn, info (if not said) or debug"),
        ("q" = Option<String>, Query, description = "A part of the line"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 1000, description = "Most lines: 1000 are kept"),
    ),
    responses((status = 200, body = [Line]), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn log(caller: Caller, Query(wanted): Query<Lines>) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let limit = within(wanted.limit)?;
    let least = match wanted.level {
        None | Some(OfLevel::Info) => Level::INFO,
        Some(OfLevel::Error) => Level::ERROR,
        Some(OfLevel::Warn) => Level::WARN,
        Some(OfLevel::Debug) => Level::DEBUG,
    };
    let word = wanted.q.to_lowercase();
    let fits = |line: &log::Line| line.level <= least && line.text.to_lowercase().contains(&word);
    let lines = log::recent().into_iter().filter(fits).take(limit);
    let lines = lines.map(|line| Line {
        number: line.number,
        at: line.at.to_string(),
        level: line.level.as_str().to_lowercase(),
        text: line.text,
    });
    Ok(json(StatusCode::OK, &lines.collect::<Vec<_>>()))
}

fn within(limit: Option<usize>) -> Result<usize, Fault> {
    let limit = Some(limit.unwrap_or(MOST)).filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Fault::bad("expected a `limit` of 1 to 1000"))
}

/// How many.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limit {
    limit: Option<usize>,
}

/// Who did what in the administration, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "records",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 1000, description = "Most entries: 1000 at most")),
    responses((status = 200, body = [Entry]), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn audit(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(limit): Query<Limit>,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let limit = within(limit.limit)?;
    let reading = tokio::task::spawn_blocking(move || site.audit.newest(limit)).await;
    let entries = reading.map_err(|error| Fault::store(&error))?.into_iter();
    let entries = entries.map(|entry| Entry {
        at: entry.at.to_string(),
        who: entry.who,
        from: entry.from,
        what: entry.what,
        detail: entry.detail,
    });
    Ok(json(StatusCode::OK, &entries.collect::<Vec<_>>()))
}

/// The configuration file as it is, for a backup: the one answer that holds secrets.
#[utoipa::path(get, path = "/api/v1/backup/configuration", tag = "records",
    responses((status = 200, content_type = "application/toml", body = String),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn backup(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let text = change::text(&site).await.map_err(|error| refused(&error))?;
    site.audit.note(&caller.name, &caller.from, "backup", "configuration");
    Ok(([(CONTENT_TYPE, "application/toml")], text).into_response())
}

/// The files of the history, as they are at this moment (tar): the command `restore` takes them.
#[utoipa::path(get, path = "/api/v1/backup/history", tag = "records",
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 500, body = super::model::Error)))]
pub(super) async fn history(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let folder = site.config().appliance.store.join("queue");
    site.audit.note(&caller.name, &caller.from, "backup", "history");
    let body = archive::of(folder).await.map_err(|error| Fault::store(&error))?;
    Ok(([(CONTENT_TYPE, "application/x-tar")], body).into_response())
}
