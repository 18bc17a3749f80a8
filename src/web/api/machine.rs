//! The machine and what it calls with: the self-test, trials, and the update of the image.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Caller, Fault, json, parse};
use crate::channel::mail::check_relay;
use crate::control::{Answer, Request};
use crate::web::account::Scope;
use crate::web::self_test::{self, Finding, Report};
use crate::web::site::Site;
use crate::web::update::{self, Incoming, Update};

/// What a self-test found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SelfTest {
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    findings: Vec<Found>,
}

/// What one check found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Found {
    check: String,
    /// `ok`, `warning` or `failed`.
    grade: &'static str,
    seen: String,
    /// What to do about it.
    advice: Option<String>,
}

impl From<&Report> for SelfTest {
    fn from(report: &Report) -> Self {
        let found = |found: &Finding| Found {
            check: found.check.clone(),
            grade: found.grade.as_str(),
            seen: found.seen.clone(),
            advice: found.advice.clone(),
        };
        Self { at: report.at.to_string(), findings: report.findings.iter().map(found).collect() }
    }
}

/// What the newest self-test found.
#[utoipa::path(get, path = "/api/v1/self-test", tag = "machine",
    responses((status = 200, body = SelfTest), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error)))]
pub(super) async fn last(State(site): State<Arc<Site>>, caller: Caller) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let none = || Fault::new(StatusCode::NOT_FOUND, "there was no self-test yet");
    let report = site.self_test().ok_or_else(none)?;
    Ok(json(StatusCode::OK, &SelfTest::from(&*report)))
}

/// Try everything, as `doctor` does: it takes some seconds, and tells nobody.
#[utoipa::path(post, path = "/api/v1/self-test", tag = "machine",
    responses((status = 200, body = SelfTest), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 503, body = super::model::Error)))]
pub(super) async fn run(State(site): State<Arc<Site>>, caller: Caller) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    site.audit.note(&caller.name, &caller.from, "self-test", "");
    let report = self_test::run(&site).await.map_err(|fault| {
        let status = match fault {
            self_test::Fault::Busy => StatusCode::CONFLICT,
            self_test::Fault::Start(_)
            | self_test::Fault::TooLong
            | self_test::Fault::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Fault::new(status, fault.to_string())
    })?;
    Ok(json(StatusCode::OK, &SelfTest::from(&*report)))
}

/// How the relay took it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RelayTried {
    answers: bool,
    /// Why not.
    why: Option<String>,
}

/// Greet the relay, encrypt, log in, and say goodbye.
#[utoipa::path(post, path = "/api/v1/trial/relay", tag = "machine",
    responses((status = 200, body = RelayTried), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn relay(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    site.audit.note(&caller.name, &caller.from, "trial.relay", "");
    let why = check_relay(&site.config()).await.err();
    Ok(json(StatusCode::OK, &RelayTried { answers: why.is_none(), why }))
}

/// Whom to call.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Callee {
    /// An extension, a number or a SIP URI.
    #[schema(example = "*43")]
    to: String,
}

/// How a call by SIP went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CallTried {
    /// Milliseconds until it rang, and until it was answered.
    rang_ms: Option<u64>,
    answered_ms: Option<u64>,
    /// How it ended.
    end: String,
    /// How well the sound travelled.
    quality: Option<String>,
    /// Milliseconds after which our sound came back, and how alike it was, in percent.
    echo_ms: Option<u64>,
    echo_likeness: Option<u64>,
}

/// Call somebody by SIP, play a sound and listen to what comes back.
#[utoipa::path(post, path = "/api/v1/trial/sip", tag = "machine", request_body = Callee,
    responses((status = 200, body = CallTried), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 413, description = "too large")))]
pub(super) async fn call(
    State(site): State<Arc<Site>>,
    caller: Caller,
    super::Body(body): super::Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let Callee { to } = parse(&body)?;
    site.audit.note(&caller.name, &caller.from, "trial.sip", "");
    let refused = |reason: String| Fault::new(StatusCode::CONFLICT, reason);
    let answer = site.parts.desk.answer(Request::SipTest { to }).await.map_err(refused)?;
    let Answer::SipTested { trial } = answer else {
        return Err(refused("it was not tried".to_owned()));
    };
    let tried = CallTried {
        rang_ms: trial.rang_ms,
        answered_ms: trial.answered_ms,
        end: trial.end,
        quality: trial.quality.map(|quality| quality.to_string()),
        echo_ms: trial.echo.as_ref().map(|echo| echo.after_ms),
        echo_likeness: trial.echo.as_ref().map(|echo| echo.likeness.into()),
    };
    Ok(json(StatusCode::OK, &tried))
}

/// How the update of the image stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Updated {
    /// Whether this machine is updated by bundles.
    possible: bool,
    /// `none` since the start, `installing`, `installed` (used from the next start of the machine on)
    /// or `failed`.
    state: &'static str,
    /// When it ended (RFC 3339).
    #[schema(format = DateTime)]
    at: Option<String>,
    /// What the installer said last.
    said: Option<String>,
}

/// How the newest update stands.
#[utoipa::path(get, path = "/api/v1/update", tag = "machine",
    responses((status = 200, body = Updated), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn updated(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let newest = site.update.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let possible = update::is_possible();
    let (state, at, said) = match newest {
        Update::None => ("none", None, None),
        Update::Installing => ("installing", None, None),
        Update::Ended { at, installed, said } => {
            (if installed { "installed" } else { "failed" }, Some(at.to_string()), Some(said))
        }
    };
    Ok(json(StatusCode::OK, &Updated { possible, state, at, said }))
}

/// Install a signed bundle on the image; `GET` tells what became of it.
#[utoipa::path(post, path = "/api/v1/update", tag = "machine",
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 202, description = "it is being installed"),
        (status = 400, body = super::model::Error), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 413, body = super::model::Error),
        (status = 503, body = super::model::Error)))]
pub(super) async fn update(
    State(site): State<Arc<Site>>,
    caller: Caller,
    body: Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    if !update::is_possible() {
        let what = "this machine is not updated by bundles";
        return Err(Fault::new(StatusCode::NOT_FOUND, what));
    }
    // It goes to the disk as it comes: it is larger than the memory.
    let mut bundle = Incoming::begin(&site).await.map_err(|fault| not_taken(&fault))?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| not_taken(&update::Fault::CutOff))?;
        bundle.take(&piece).await.map_err(|fault| not_taken(&fault))?;
    }
    site.audit.note(&caller.name, &caller.from, "update", "");
    update::install(&site, bundle).await.map_err(|fault| not_taken(&fault))?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn not_taken(fault: &update::Fault) -> Fault {
    let status = match fault {
        update::Fault::Busy => StatusCode::CONFLICT,
        update::Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        update::Fault::CutOff => StatusCode::BAD_REQUEST,
        update::Fault::Io(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Fault::new(status, fault.to_string())
}
