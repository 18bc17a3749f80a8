//! Single keys of the configuration, as the forms and the command `config` have them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file::{Changed, answer};
use super::people::{make, refused};
use super::{Body, Caller, Fault, Query, json, parse};
use crate::config::edit::Edit;
use crate::web::account::Scope;
use crate::web::change;
use crate::web::keys::{self, Entry, KeyError};
use crate::web::site::Site;

/// A key of the configuration.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Setting {
    /// With dots: `mail.relay`, `person.ana.phone`.
    key: String,
    /// What the file says, a line for each item of a list; never that of a secret.
    value: Option<String>,
    is_set: bool,
    is_secret: bool,
    /// What is in force without it, if that can be said.
    default: String,
    /// What it is.
    help: String,
}

impl From<Entry> for Setting {
    fn from(entry: Entry) -> Self {
        Self {
            is_set: entry.value.is_some(),
            value: entry.value.filter(|_| !entry.is_secret),
            key: entry.key,
            is_secret: entry.is_secret,
            default: entry.default.to_owned(),
            help: entry.help,
        }
    }
}

/// Which keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    key: String,
}

/// Keys that get other values.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewValues {
    /// Each key with its value, of a list all its items; an empty list or text takes it out.
    #[serde(default)]
    set: BTreeMap<String, Vec<String>>,
    /// Keys, tables or sections that are taken out.
    #[serde(default)]
    unset: Vec<String>,
}

/// Every key there is with what the file says, or those of a section.
#[utoipa::path(get, path = "/api/v1/config/keys", tag = "configuration",
    params(("key" = Option<String>, Query, description = "A key, a table or a section: all if not said")),
    responses((status = 200, body = [Setting]), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let text = change::text(&site).await.map_err(|error| refused(&error))?;
    let unknown = |error: KeyError| Fault::new(StatusCode::NOT_FOUND, error.to_string());
    let entries = keys::entries(&text, &asked.key).map_err(unknown)?;
    let keys: Vec<Setting> = entries.into_iter().map(Setting::from).collect();
    Ok(json(StatusCode::OK, &keys))
}

/// Give keys other values, all of them or none.
#[utoipa::path(patch, path = "/api/v1/config/keys", tag = "configuration", request_body = NewValues,
    responses((status = 200, body = Changed), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error)))]
pub(super) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let wanted: NewValues = parse(&body)?;
    let text = change::text(&site).await.map_err(|error| refused(&error))?;
    let mut given = Vec::new();
    for (key, values) in wanted.set {
        let values = if values.is_empty() { vec![String::new()] } else { values };
        given.extend(values.into_iter().map(|value| (key.clone(), value)));
    }
    let edits = [keys::set(&text, &given), keys::unset(&text, &wanted.unset)];
    let edits: Result<Vec<Edit>, KeyError> = edits.into_iter().collect();
    let edits = edits.map_err(|error| Fault::unfit(error.to_string()))?;
    let done = make(&site, &caller, "keys", Edit::Several(edits)).await?;
    Ok(answer(&done))
}
