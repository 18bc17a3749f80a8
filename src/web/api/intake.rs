//! Alerts handed in by HTTP, through the same door as mail: an answer of 201 follows the flush.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::message::{label, message};
use super::model::{Accepted, NewAlert, NewSeverity, NewState, Webhook};
use super::{Body, Caller, Fault, Query, json, parse, webhook};
use crate::alert::Origin;
use crate::config::PersonName;
use crate::intake::{Rejected, Submission};
use crate::web::account::Scope;
use crate::web::site::Site;

/// After how many seconds who was put off may come again.
const COME_AGAIN: u64 = 30;

/// Whom a webhook is for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct For {
    /// People, groups, aliases or addresses, between commas.
    #[serde(default)]
    to: String,
}

impl For {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.to.split(',').map(str::trim)
    }
}

/// Hand an alert in.
#[utoipa::path(post, path = "/api/v1/alerts", tag = "intake", request_body = NewAlert,
    responses((status = 201, body = Accepted), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error), (status = 503, body = super::model::Error)))]
pub(super) async fn alert(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Intake)?;
    let new: NewAlert = parse(&body)?;
    if !new.is_within_limits() {
        return Err(Fault::bad("a text or a list is too short or too long: see openapi.json"));
    }
    if new.subject.trim().is_empty() {
        return Err(Fault::unfit("expected a subject"));
    }
    let subject = match new.state {
        Some(NewState::Problem) => format!("PROBLEM: {}", new.subject),
        Some(NewState::Recovery) => format!("RESOLVED: {}", new.subject),
        None => new.subject.clone(),
    };
    let severity = new.severity.map(NewSeverity::as_str);
    let text = [
        label("Host", new.host.as_deref()),
        label("Service", new.check.as_deref()),
        label("Severity", severity),
        label("Problem ID", new.problem_id.as_deref()),
        "\n".to_owned(),
        new.text,
    ];
    hand_in(&site, &caller, &new.to, "HTTP", &subject, &text.concat()).await
}

/// The webhook of Prometheus Alertmanager.
#[utoipa::path(post, path = "/api/v1/intake/alertmanager", tag = "intake", request_body = Webhook,
    params(("to" = String, Query, example = "oncall", description = "Whom it is for: people, groups or aliases, between commas")),
    responses((status = 201, body = Accepted), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error), (status = 503, body = super::model::Error)))]
pub(super) async fn alertmanager(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(to): Query<For>,
    Body(body): Body,
) -> Result<Response, Fault> {
    hook(&site, &caller, &to, &body, "Alertmanager").await
}

/// The webhook of Grafana.
#[utoipa::path(post, path = "/api/v1/intake/grafana", tag = "intake", request_body = Webhook,
    params(("to" = String, Query, example = "oncall", description = "Whom it is for: people, groups or aliases, between commas")),
    responses((status = 201, body = Accepted), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error), (status = 503, body = super::model::Error)))]
pub(super) async fn grafana(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(to): Query<For>,
    Body(body): Body,
) -> Result<Response, Fault> {
    hook(&site, &caller, &to, &body, "Grafana").await
}

async fn hook(
    site: &Site,
    caller: &Caller,
    to: &For,
    body: &Bytes,
    product: &str,
) -> Result<Response, Fault> {
    caller.may(Scope::Intake)?;
    let webhook: Webhook = parse(body)?;
    if webhook.alerts.is_empty() {
        return Err(Fault::bad("expected at least one alert"));
    }
    let (subject, text) = webhook::mail(&webhook, product);
    let to: Vec<String> = to.names().map(str::to_owned).collect();
    hand_in(site, caller, &to, product, &subject, &text).await
}

/// A whole mail (RFC 5322), as SMTP would bring it.
#[utoipa::path(post, path = "/api/v1/intake/mail", tag = "intake",
    request_body(content = String, content_type = "message/rfc822"),
    params(("to" = String, Query, example = "oncall", description = "Whom it is for: people, groups or aliases, between commas")),
    responses((status = 201, body = Accepted), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error), (status = 503, body = super::model::Error)))]
pub(super) async fn mail(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(to): Query<For>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Intake)?;
    if body.is_empty() {
        return Err(Fault::unfit("expected a mail"));
    }
    let to: Vec<String> = to.names().map(str::to_owned).collect();
    submit(&site, &caller, &to, with_crlf(&body)).await
}

async fn hand_in(
    site: &Site,
    caller: &Caller,
    to: &[String],
    product: &str,
    subject: &str,
    text: &str,
) -> Result<Response, Fault> {
    let config = site.config();
    let from = config.mail.from.as_str();
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let raw = message(from, product, subject, &date, text);
    submit(site, caller, to, Bytes::from(raw)).await
}

async fn submit(
    site: &Site,
    caller: &Caller,
    to: &[String],
    raw: Bytes,
) -> Result<Response, Fault> {
    let config = site.config();
    if raw.len() as u64 > config.smtp.max_message.0 {
        return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "longer than a mail may be"));
    }
    let people = people(site, to)?;
    let origin = Origin {
        client: caller.from.clone(),
        helo: "http".to_owned(),
        user: Some(caller.name.clone()),
        sender: config.mail.from.to_string(),
        recipients: to.to_vec(),
    };
    let submission = Submission { origin, people, raw };
    match site.parts.door.submit(submission).await {
        Ok(accepted) => {
            Ok(json(StatusCode::CREATED, &Accepted { id: accepted.id.0 }).into_response())
        }
        Err(error @ (Rejected::QueueFull | Rejected::Storage(_) | Rejected::Stopping)) => {
            let fault = Fault::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
            Err(fault.after(COME_AGAIN))
        }
    }
}

/// Everybody who is meant; all names must be known, as in SMTP.
fn people(site: &Site, to: &[String]) -> Result<Vec<PersonName>, Fault> {
    let config = site.config();
    let mut people = std::collections::BTreeSet::new();
    for name in to {
        let found = config.directory.resolve(name);
        if found.is_empty() {
            return Err(Fault::unfit("there is nobody of one of these names"));
        }
        people.extend(found);
    }
    if people.is_empty() || to.len() > config.smtp.max_recipients {
        return Err(Fault::unfit("expected whom it is for: `to`"));
    }
    Ok(people.into_iter().collect())
}

/// With the line ends of SMTP, whatever it came with.
fn with_crlf(raw: &[u8]) -> Bytes {
    let mut mail = Vec::with_capacity(raw.len() + 64);
    let mut before = 0;
    for byte in raw {
        match (before, byte) {
            (b'\r', b'\n') => {}
            (b'\r', _) => mail.push(b'\n'),
            (_, b'\n') => mail.push(b'\r'),
            (_, _) => {}
        }
        mail.push(*byte);
        before = *byte;
    }
    if before == b'\r' {
        mail.push(b'\n');
    }
    if before != b'\n' && before != b'\r' {
        mail.extend_from_slice(b"\r\n");
    }
    Bytes::from(mail)
}

#[cfg(test)]
mod tests {
    use super::with_crlf;

    #[test]
    fn line_ends_become_those_of_smtp() {
        for (raw, mail) in [
            ("a\nb\n", "a\r\nb\r\n"),
            ("a\r\nb", "a\r\nb\r\n"),
            ("a\rb\r", "a\r\nb\r\n"),
            ("\r\r\n\n", "\r\n\r\n\r\n"),
        ] {
            assert_eq!(with_crlf(raw.as_bytes()), mail.as_bytes(), "{raw:?}");
        }
    }
}
