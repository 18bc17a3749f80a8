//! Status and alerts.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Alarm, Alert, Alerts, Balance, NewSeverity, PartState, Retried, Status};
use super::{Caller, Fault, Query, json, number};
use crate::alert::AlertId;
use crate::control::{Answer, Found, Request, Wanted, show as shown};
use crate::health::{self, Part};
use crate::web::account::Scope;
use crate::web::csv;
use crate::web::facts::{Facts, Grade};
use crate::web::site::Site;

/// Most alerts in one answer.
const MOST: usize = 500;

/// The largest number that JavaScript knows too.
const LARGEST: u64 = 9_007_199_254_740_991;

/// Would it wake somebody now?
#[utoipa::path(get, path = "/api/v1/status", tag = "alerts",
    responses((status = 200, body = Status), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn status(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let facts = Facts::gather(&site).await.map_err(|error| Fault::store(&error))?;
    let grade = facts.verdict();
    let status = Status {
        would_wake: matches!(grade, Grade::Good | Grade::Fault),
        grade: match grade {
            Grade::Good => "good",
            Grade::Fault => "fault",
            Grade::MailOnly => "mail-only",
            Grade::Bad => "bad",
        },
        findings: facts.findings(&crate::web::words::EN),
        alarms: facts.health.alarms.iter().map(|alarm| alarm_of(&facts.health, *alarm)).collect(),
        waiting: facts.pending,
        free_bytes: facts.free_space,
        running_seconds: facts.running.as_secs(),
        parts: facts.health.parts.iter().map(part).collect(),
        balance: facts.health.figures.balance.as_ref().and_then(balance),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(json(StatusCode::OK, &status))
}

fn balance(balance: &health::Balance) -> Option<Balance> {
    Some(Balance { amount: balance.amount?.as_f64(), at: balance.at?.to_string() })
}

fn alarm_of(health: &health::Status, alarm: health::Alarm) -> Alarm {
    let silenced = health.silenced.contains(&alarm);
    let (id, why) = match alarm {
        health::Alarm::Untold(id) => (id, "untold"),
        health::Alarm::Unacknowledged(id) => (id, "unacknowledged"),
    };
    Alarm { alert: id.0, why, silenced }
}

/// Take note of the alarms: they sound no more, as after a press of the button.
#[utoipa::path(post, path = "/api/v1/silence", tag = "alerts",
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 409, body = super::model::Error)))]
pub(super) async fn silence(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let answer = site.parts.desk.answer(Request::Silence).await;
    answer.map_err(|reason| Fault::new(StatusCode::CONFLICT, reason))?;
    site.audit.note(&caller.name, &caller.from, "alarm.silence", "");
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn part((part, state): (&Part, &health::State)) -> (String, PartState) {
    let why = state.why().map(str::to_owned);
    let state = match state {
        health::State::Off => "off",
        health::State::Ok => "ok",
        health::State::Degraded(_) => "degraded",
        health::State::Down(_) => "down",
    };
    (part.as_str().to_owned(), PartState { state, why })
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OfState {
    Waiting,
    Told,
    Partly,
    Failed,
    Dropped,
}

/// Which alerts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    state: Option<OfState>,
    severity: Option<NewSeverity>,
    source: String,
    host: String,
    before: Option<u64>,
    limit: Option<usize>,
}

impl Asked {
    fn wanted(self) -> Result<(Wanted, usize), Fault> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=MOST).contains(&limit) || self.before.is_some_and(|id| id > LARGEST) {
            return Err(Fault::bad("expected a `limit` of 1 to 500, and a number as `before`"));
        }
        let state = self.state.map_or("", |state| match state {
            OfState::Waiting => "waiting",
            OfState::Told => "told",
            OfState::Partly => "partly",
            OfState::Failed => "failed",
            OfState::Dropped => "dropped",
        });
        let wanted = Wanted {
            q: self.q,
            state: state.to_owned(),
            severity: self.severity.map_or("", NewSeverity::as_str).to_owned(),
            source: self.source,
            host: self.host,
            before: self.before.map(AlertId),
        };
        Ok((wanted, limit))
    }
}

async fn find(site: &Site, caller: &Caller, asked: Asked) -> Result<Found, Fault> {
    caller.may(Scope::Read)?;
    let (wanted, limit) = asked.wanted()?;
    wanted.find(&site.parts.queue, limit).await.map_err(|error| Fault::store(&error))
}

/// Alerts, the newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be somewhere in it"),
        ("state" = Option<OfState>, Query, description = "waiting, told, partly, failed or dropped"),
        ("severity" = Option<NewSeverity>, Query, description = "info, warning, error or critical"),
        ("source" = Option<String>, Query, description = "zabbix, nagios, generic, …"),
        ("host" = Option<String>, Query, description = "A part of the host's name"),
        ("before" = Option<u64>, Query, maximum = 9_007_199_254_740_991_u64, description = "Only alerts of a lower number"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "Most alerts: 50 if not said, 500 at most"),
    ),
    responses((status = 200, body = Alerts), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = find(&site, &caller, asked).await?;
    let alerts = found.alerts.into_iter().map(Alert::from).collect();
    let answer = Alerts { alerts, next: found.next.map(|id| id.0) };
    Ok(json(StatusCode::OK, &answer))
}

/// Alerts for a spreadsheet, the newest first: those found within the time of one search.
#[utoipa::path(get, path = "/api/v1/alerts.csv", tag = "alerts",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be somewhere in it"),
        ("state" = Option<OfState>, Query, description = "waiting, told, partly, failed or dropped"),
        ("severity" = Option<NewSeverity>, Query, description = "info, warning, error or critical"),
        ("source" = Option<String>, Query, description = "zabbix, nagios, generic, …"),
        ("host" = Option<String>, Query, description = "A part of the host's name"),
        ("before" = Option<u64>, Query, maximum = 9_007_199_254_740_991_u64, description = "Only alerts of a lower number"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "Most alerts: 50 if not said, 500 at most"),
    ),
    responses((status = 200, content_type = "text/csv", body = String),
        (status = 400, body = super::model::Error), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn csv(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = find(&site, &caller, asked).await?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv::alerts(&found.alerts)).into_response())
}

/// One alert with all that became of it.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, body = Alert), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let id = number(&id)?;
    let view = site.read(move |reader| shown(reader, id)).await;
    let view = view.map_err(|error| Fault::store(&error))?;
    let view = view.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such alert"))?;
    Ok(json(StatusCode::OK, &Alert::from(view)))
}

/// Its mail as it came in.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/mail", tag = "alerts",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, content_type = "message/rfc822", body = String),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error)))]
pub(super) async fn mail(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let unknown = || Fault::new(StatusCode::NOT_FOUND, "there is no mail of this alert");
    let id = number(&id)?;
    let read = site.read(move |reader| Ok((reader.record(id)?, reader.raw(id)?))).await;
    let (record, raw): (_, Bytes) = read.map_err(|error| Fault::store(&error))?;
    record.ok_or_else(unknown)?;
    if raw.is_empty() {
        return Err(unknown());
    }
    Ok(([(CONTENT_TYPE, "message/rfc822")], raw).into_response())
}

/// Take an alert on: nobody is told of it any more.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error)))]
pub(super) async fn acknowledge(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let who = caller.name.clone();
    act(&site, &caller, &id, "alert.ack", |id| Request::Acknowledge { id, who }).await
}

/// Do not try an alert any more.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/stop", tag = "alerts",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error)))]
pub(super) async fn stop(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    act(&site, &caller, &id, "alert.stop", |id| Request::Drop { id }).await
}

/// Try an alert again now.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/retry", tag = "alerts",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, body = Retried), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error)))]
pub(super) async fn retry(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    act(&site, &caller, &id, "alert.retry", |id| Request::Retry { id }).await
}

async fn act(
    site: &Site,
    caller: &Caller,
    id: &str,
    what: &str,
    request: impl FnOnce(AlertId) -> Request,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let id = number(id)?;
    let known = site.read(move |reader| reader.record(id)).await;
    let known = known.map_err(|error| Fault::store(&error))?;
    known.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such alert"))?;
    let answer = site.parts.desk.answer(request(id)).await;
    let answer = answer.map_err(|reason| Fault::new(StatusCode::CONFLICT, reason))?;
    site.audit.note(&caller.name, &caller.from, what, &id.to_string());
    match answer {
        Answer::Retried { deliveries } => Ok(json(StatusCode::OK, &Retried { deliveries })),
        Answer::Done
        | Answer::List { .. }
        | Answer::Found { .. }
        | Answer::Show { .. }
        | Answer::Calling(_)
        | Answer::Tested { .. }
        | Answer::Health { .. }
        | Answer::SipStatus { .. }
        | Answer::SipTested { .. }
        | Answer::Failed { .. } => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}
