//! The API: all that the pages do, for programs. A token says what a program may; what is wrong is
//! said in JSON.

mod alerts;
mod document;
mod intake;
mod message;
mod model;
mod people;
mod settings;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::account::Scope;
use super::guard::Peer;
use super::site::{Site, now};

pub(super) use document::operations;
pub(super) use settings::channel;

/// Where the API is.
const BASE: &str = "/api/v1";

/// All addresses of it.
pub(super) fn routes() -> Router<Arc<Site>> {
    let routes = Router::new()
        .route("/openapi.json", get(document::serve))
        .route("/status", get(alerts::status))
        .route("/alerts", get(alerts::list).post(intake::alert))
        .route("/alerts/{id}", get(alerts::show))
        .route("/alerts/{id}/mail", get(alerts::mail))
        .route("/alerts/{id}/acknowledge", post(alerts::acknowledge))
        .route("/alerts/{id}/stop", post(alerts::stop))
        .route("/alerts/{id}/retry", post(alerts::retry))
        .route("/intake/alertmanager", post(intake::alertmanager))
        .route("/intake/grafana", post(intake::grafana))
        .route("/intake/mail", post(intake::mail))
        .route("/explain", post(intake::explain))
        .route("/people", get(people::list))
        .route("/people/{name}", put(people::put).delete(people::delete).get(people::show))
        .route("/people/{name}/test", post(people::test))
        .route("/channels", get(settings::channels).put(settings::order))
        .route("/channels/{name}", put(settings::switch))
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
        let from =
            parts.extensions.get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string());
        let key = format!("token from {from}");
        if let Some(wait) = site.lockout().wait(&key, now()) {
            let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens");
            return Err(fault.after(wait.as_secs() + 1));
        }
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
        let Some(token) = accounts.token(shown.trim(), Timestamp::now()) else {
            site.lockout().fail(&key, now());
            return Err(Fault::new(StatusCode::UNAUTHORIZED, "this token is not known"));
        };
        site.lockout().succeed(&key);
        Ok(Self { name: format!("token {}", token.name), from, scopes: token.scopes.clone() })
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

    fn bad(what: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, what)
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
