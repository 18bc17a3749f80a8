//! What became of the alerts of a time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Caller, Fault, Query, json};
use crate::alert::Severity;
use crate::web::account::Scope;
use crate::web::csv;
use crate::web::site::Site;
use crate::web::statistics::{self, Reached, Span};

/// Which time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    span: Option<OfSpan>,
}

impl Asked {
    const fn span(&self) -> Span {
        match self.span {
            Some(OfSpan::Day) => Span::Day,
            Some(OfSpan::Week) | None => Span::Week,
            Some(OfSpan::Month) => Span::Month,
        }
    }
}

/// The length of a time up to now.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OfSpan {
    Day,
    Week,
    Month,
}

/// The figures of a time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Statistics {
    /// `day`, `week` or `month`.
    span: &'static str,
    /// Whether all is counted: after a start older alerts are counted little by little.
    whole: bool,
    alerts: u64,
    /// Ignored ones and repeats, which nobody was told of.
    suppressed: u64,
    /// Alerts of which nobody could be told.
    failed: u64,
    /// By the hour, by six hours or by the day (UTC), the oldest first.
    bars: Vec<Bar>,
    /// The most first, as in the next two.
    hosts: Vec<Count>,
    sources: Vec<Count>,
    /// By the address that brought them.
    clients: Vec<Count>,
    /// By severity; `unknown` where the mail does not tell.
    severities: Vec<Count>,
    channels: Vec<Telling>,
    people: Vec<Telling>,
}

/// One bar.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Bar {
    /// When it begins (RFC 3339).
    #[schema(format = DateTime)]
    begin: String,
    alerts: u64,
}

/// How many alerts of one name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Count {
    name: String,
    alerts: u64,
}

/// How well somebody is reached, or by something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Telling {
    name: String,
    told: u64,
    acknowledged: u64,
    failed: u64,
    tries: u64,
    /// Median of the seconds from the mail to the first telling, to 3 %.
    told_after: Option<f64>,
    /// The same to the key.
    acknowledged_after: Option<f64>,
}

impl Telling {
    fn new(name: String, reached: &Reached) -> Self {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            name,
            told: reached.told,
            acknowledged: reached.acknowledged,
            failed: reached.failed,
            tries: reached.tries,
            told_after: seconds(reached.told_median()),
            acknowledged_after: seconds(reached.acknowledged_median()),
        }
    }
}

/// What became of the alerts of a time.
#[utoipa::path(get, path = "/api/v1/statistics", tag = "alerts",
    params(("span" = Option<OfSpan>, Query, description = "day, week or month: week if not said")),
    responses((status = 200, body = Statistics), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let span = asked.span();
    let found = statistics::figures(&site, span).await;
    let (figures, whole) = found.map_err(|error| Fault::store(&error))?;
    let counts = |names: Vec<(String, u64)>| {
        names.into_iter().map(|(name, alerts)| Count { name, alerts }).collect()
    };
    let bars = figures.bars.into_iter();
    let word = |severity: Option<Severity>| severity.map_or("unknown", Severity::as_str).to_owned();
    let severities = figures.severities.into_iter();
    let channels = figures.channels.iter();
    let people = figures.people.into_iter();
    let statistics = Statistics {
        span: span.as_str(),
        whole,
        alerts: figures.alerts,
        suppressed: figures.dropped,
        failed: figures.failed,
        bars: bars.map(|(begin, alerts)| Bar { begin: begin.to_string(), alerts }).collect(),
        hosts: counts(figures.hosts),
        sources: counts(figures.sources),
        clients: counts(figures.clients),
        severities: counts(severities.map(|(severity, alerts)| (word(severity), alerts)).collect()),
        channels: channels.map(|(name, of)| Telling::new(name.to_string(), of)).collect(),
        people: people.map(|(name, of)| Telling::new(name, &of)).collect(),
    };
    Ok(json(StatusCode::OK, &statistics))
}

/// The same for a spreadsheet: a row for each figure.
#[utoipa::path(get, path = "/api/v1/statistics.csv", tag = "alerts",
    params(("span" = Option<OfSpan>, Query, description = "day, week or month: week if not said")),
    responses((status = 200, content_type = "text/csv", body = String),
        (status = 400, body = super::model::Error), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn csv(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let found = statistics::figures(&site, asked.span()).await;
    let (figures, _) = found.map_err(|error| Fault::store(&error))?;
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, csv::statistics(&figures)).into_response())
}
