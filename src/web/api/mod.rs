//! The API: all that the pages do, for programs. A token says what a program may; what is wrong is
//! said in JSON.

mod access;
mod alerts;
mod document;
mod file;
mod intake;
mod keys;
mod machine;
mod message;
mod model;
mod people;
mod records;
mod settings;
mod statistics;
mod trial;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::account::Scope;
use super::guard::Peer;
use super::local::{self, Local};
use super::site::Site;

pub use document::{Operation, operations};
pub(super) use settings::channel;

/// Where the API is.
pub(super) const BASE: &str = "/api/v1";

/// All addresses of it.
pub(super) fn routes() -> Router<Arc<Site>> {
    let routes = Router::new()
        .route("/openapi.json", get(document::serve))
        .route("/status", get(alerts::status))
        .route("/alerts", get(alerts::list).post(intake::alert))
        .route("/alerts.csv", get(alerts::csv))
        .route("/alerts/{id}", get(alerts::show))
        .route("/alerts/{id}/mail", get(alerts::mail))
        .route("/alerts/{id}/said/{person}", get(trial::said))
        .route("/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/alerts/{id}/stop", post(alerts::stop))
        .route("/alerts/{id}/retry", post(alerts::retry))
        .route("/intake/alertmanager", post(intake::alertmanager))
        .route("/intake/grafana", post(intake::grafana))
        .route("/intake/mail", post(intake::mail))
        .route("/explain", post(trial::explain))
        .route("/people", get(people::list))
        .route("/people/{name}", put(people::put).delete(people::delete).get(people::show))
        .route("/people/{name}/test", post(people::test))
        .route("/channels", get(settings::channels).put(settings::order))
        .route("/channels/{name}", put(settings::switch))
        .route("/groups", get(people::groups))
        .route("/groups/{name}", put(people::put_group))
        .route("/statistics", get(statistics::show))
        .route("/statistics.csv", get(statistics::csv))
        .route("/speak", post(trial::speak))
        .route("/config", get(file::show).put(file::put))
        .route("/config/keys", get(keys::show).patch(keys::set))
        .route("/config/check", post(file::check))
        .route("/config/history/{name}", get(file::earlier))
        .route("/config/undo", post(file::undo))
        .route("/users", get(access::users))
        .route("/users/{name}", put(access::put_user).delete(access::remove_user))
        .route("/tokens", get(access::tokens).post(access::add_token))
        .route("/tokens/{name}", delete(access::remove_token))
        .route("/log", get(records::log))
        .route("/audit", get(records::audit))
        .route("/backup/configuration", get(records::backup))
        .route("/backup/history", get(records::history))
        .route("/silence", post(alerts::silence))
        .route("/self-test", get(machine::last).post(machine::run))
        .route("/trial/relay", post(machine::relay))
        .route("/trial/sip", post(machine::call))
        .route("/voices", get(trial::voices))
        .route("/update", get(machine::updated).post(machine::update))
        .fallback(async || Fault::new(StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async || {
            Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here")
        });
    Router::new().nest(BASE, routes)
}

/// A program that has shown its token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// As it stands in the audit log.
    pub(super) name: String,
    pub(super) from: String,
    scopes: std::collections::BTreeSet<Scope>,
}

impl Caller {
    /// Whether it shows the token of this name.
    fn is_token(&self, name: &str) -> bool {
        self.name.strip_prefix("token ") == Some(name)
    }

    /// Goes on if the token is good for this.
    pub(super) fn may(&self, scope: Scope) -> Result<(), Fault> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Fault::new(StatusCode::FORBIDDEN, format!("the token has no scope \"{scope}\"")))
    }
}

impl FromRequestParts<Arc<Site>> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Fault> {
        if parts.extensions.get::<Local>().is_some() {
            let (name, scopes) = (local::WHO.to_owned(), Scope::ALL.into());
            return Ok(Self { name, from: String::new(), scopes });
        }
        let from =
            parts.extensions.get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string());
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = header.and_then(|header| header.split_once(' '));
        let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, shown)) = shown else {
            return Err(Fault::new(
                StatusCode::UNAUTHORIZED,
                "expected a token: Authorization: Bearer …",
            ));
        };
        let accounts = site.accounts.read().map_err(|error| {
            tracing::error!(%error, "accounts");
            Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "the accounts cannot be read")
        })?;
        // Nobody guesses 256 random bits: who tries need not wait, nor who comes from where she does.
        let token = accounts.token(shown.trim(), Timestamp::now());
        let unknown = || Fault::new(StatusCode::UNAUTHORIZED, "this token is not known");
        let token = token.ok_or_else(unknown)?;
        Ok(Self { name: format!("token {}", token.name), from, scopes: token.scopes.clone() })
    }
}

/// What an address asks for.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Site>> for Query<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Fault> {
        let asked = axum::extract::Query::try_from_uri(&parts.uri);
        let asked = asked.map_err(|error| Fault::bad(error.body_text()))?;
        Ok(Self(asked.0))
    }
}

/// So much that is too long is read and thrown away: who still writes does not read the answer.
const MOST_UNWANTED: usize = 16 * 1024 * 1024;

/// The body of a request, read once its token is known to be good.
pub(super) struct Body(pub(super) Bytes);

impl FromRequest<Arc<Site>> for Body {
    type Rejection = Fault;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Fault> {
        let most = usize::try_from(site.config().smtp.max_message.0).unwrap_or(usize::MAX);
        let broken = |_| Fault::new(StatusCode::BAD_REQUEST, "the body broke off");
        let mut chunks = request.into_body().into_data_stream();
        let (mut body, mut length) = (BytesMut::new(), 0_usize);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(broken)?;
            length = length.saturating_add(chunk.len());
            if length <= most {
                body.extend_from_slice(&chunk);
            } else if length > most.saturating_add(MOST_UNWANTED) {
                break;
            }
        }
        if length > most {
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "longer than a mail may be"));
        }
        Ok(Self(body.freeze()))
    }
}

/// Why something was not done.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    status: StatusCode,
    what: String,
    /// Seconds after which it may be tried again.
    after: Option<u64>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, what: impl Into<String>) -> Self {
        Self { status, what: what.into(), after: None }
    }

    /// What came is not as it is described.
    fn bad(what: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what)
    }

    /// What came is as it is described, and makes no sense here.
    fn unfit(what: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what)
    }

    const fn after(mut self, seconds: u64) -> Self {
        self.after = Some(seconds);
        self
    }

    fn store(error: &impl std::fmt::Display) -> Self {
        tracing::error!(%error, "API");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the store cannot be read")
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &model::Error { error: self.what });
        if let Some(seconds) = self.after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_vec(body).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

/// The body of a request.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::bad(format!("not understood: {error}")))
}

/// The number in a path.
fn number(text: &str) -> Result<crate::alert::AlertId, Fault> {
    let unknown = |_| Fault::new(StatusCode::NOT_FOUND, "there is no such alert");
    text.parse().map_err(unknown)
}
