//! The configuration file as a whole: read, checked, put, and its history. Its secrets never leave;
//! a mark stands for each, which a text that comes back may hold in its place.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::refused;
use super::{Body, Caller, Fault, json, parse};
use crate::config::diff::as_text;
use crate::config::{Config, mask};
use crate::web::account::{Scope, token_digest};
use crate::web::change::{self, By, Done};
use crate::web::site::Site;

/// Most faults in an answer.
const MOST_FAULTS: usize = 50;

/// The file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct File {
    /// TOML, with a mark in the place of each secret.
    text: String,
    /// By which a later change shows which text it means.
    stamp: String,
    /// Earlier files, the newest first.
    history: Vec<String>,
}

/// A whole new text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFile {
    /// TOML. Marks of the file as it is stand for its secrets.
    text: String,
    /// That of the text which it replaces.
    stamp: String,
}

/// A text to check.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    text: String,
}

/// What is to be said about a text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Checked {
    /// Whether it would be taken.
    valid: bool,
    /// What is wrong, with line and key.
    faults: Vec<String>,
    /// What is odd.
    warnings: Vec<String>,
    /// What would differ, line by line: `+`, `-` or blank before each.
    diff: String,
}

/// What a change came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Changed {
    /// What differs.
    diff: String,
    /// What is odd about the file now.
    warnings: Vec<String>,
}

/// Which earlier file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Earlier {
    #[schema(example = "20261128T120000000Z.toml")]
    name: String,
}

/// The text of an earlier file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EarlierFile {
    /// TOML, with a mark in the place of each secret.
    text: String,
    /// What going back to it would change.
    diff: String,
}

/// The configuration file, without its secrets.
#[utoipa::path(get, path = "/api/v1/config", tag = "configuration",
    responses((status = 200, body = File), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn show(State(site): State<Arc<Site>>, caller: Caller) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let text = change::text(&site).await.map_err(|error| refused(&error))?;
    let (stamp, history) = (token_digest(&text), site.earlier.names());
    Ok(json(StatusCode::OK, &File { text: mask::masked(&text), stamp, history }))
}

/// What would be said of another text in its place; nothing is changed.
#[utoipa::path(post, path = "/api/v1/config/check", tag = "configuration", request_body = Draft,
    responses((status = 200, body = Checked), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 413, description = "too large")))]
pub(super) async fn check(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let draft: Draft = parse(&body)?;
    let current = change::text(&site).await.map_err(|error| refused(&error))?;
    let text = mask::unmasked(&draft.text, &current);
    let diff = as_text(&mask::differing(&current, &text));
    let checked = match Config::parse(&text) {
        Ok(loaded) => Checked {
            valid: true,
            faults: Vec::new(),
            warnings: loaded.warnings.iter().map(ToString::to_string).collect(),
            diff,
        },
        Err(faults) => Checked {
            valid: false,
            faults: faults.iter().take(MOST_FAULTS).map(ToString::to_string).collect(),
            warnings: Vec::new(),
            diff,
        },
    };
    Ok(json(StatusCode::OK, &checked))
}

/// Put a whole text in its place. A wrong one changes nothing.
#[utoipa::path(put, path = "/api/v1/config", tag = "configuration", request_body = NewFile,
    responses((status = 200, body = Changed), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 413, description = "too large"),
        (status = 422, body = super::model::Error)))]
pub(super) async fn put(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let new: NewFile = parse(&body)?;
    let current = change::text(&site).await.map_err(|error| refused(&error))?;
    if token_digest(&current) != new.stamp {
        let what = "the file is another than that of this stamp; read it again";
        return Err(Fault::new(StatusCode::CONFLICT, what));
    }
    let text = mask::unmasked(&new.text, &current);
    let done = change::replace(&site, &by(&caller), "file", current, text).await;
    Ok(answer(&done.map_err(|error| refused(&error))?))
}

/// An earlier file, without its secrets.
#[utoipa::path(get, path = "/api/v1/config/history/{name}", tag = "configuration",
    params(("name" = String, Path, description = "One of `history`")),
    responses((status = 200, body = EarlierFile), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error)))]
pub(super) async fn earlier(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let old = site.earlier.read(&name).ok_or_else(unknown)?;
    let current = change::text(&site).await.map_err(|error| refused(&error))?;
    let text = mask::masked(&old);
    let diff = as_text(&mask::differing(&current, &old));
    Ok(json(StatusCode::OK, &EarlierFile { text, diff }))
}

/// Go back to an earlier file.
#[utoipa::path(post, path = "/api/v1/config/undo", tag = "configuration", request_body = Earlier,
    responses((status = 200, body = Changed), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error)))]
pub(super) async fn undo(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let wanted: Earlier = parse(&body)?;
    let old = site.earlier.read(&wanted.name).ok_or_else(unknown)?;
    let current = change::text(&site).await.map_err(|error| refused(&error))?;
    let done = change::replace(&site, &by(&caller), "undo", current, old).await;
    Ok(answer(&done.map_err(|error| refused(&error))?))
}

fn unknown() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no such file")
}

fn by(caller: &Caller) -> By {
    By { who: caller.name.clone(), from: caller.from.clone() }
}

pub(super) fn answer(done: &Done) -> Response {
    let changed = Changed { diff: as_text(&done.lines), warnings: done.warnings.clone() };
    json(StatusCode::OK, &changed)
}
