//! The list of alerts: search, filter, export.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::{Place, badge, page, problem, time};
use crate::alert::{AlertId, Severity};
use crate::control::{AlertView, Found, State as Standing, Wanted};
use crate::web::csv;
use crate::web::guard::Visit;
use crate::web::site::Site;
use crate::web::words::Words;

/// Alerts on a page.
const ON_A_PAGE: usize = 50;

/// Alerts in an export.
const IN_AN_EXPORT: usize = 10_000;

/// The page.
pub(in crate::web) async fn alerts(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Response {
    let words = visit.words;
    match wanted.clone().find(&site.parts.queue, ON_A_PAGE).await {
        Ok(found) => {
            let content = content(&wanted, &found, words);
            page(&visit, words.alerts, Place::Alerts, &content).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "alerts");
            problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed)
        }
    }
}

fn content(wanted: &Wanted, found: &Found, words: &Words) -> Markup {
    html! {
        (form(wanted, words))
        section.card {
            @if found.alerts.is_empty() {
                p.quiet { @if wanted.is_all() { (words.no_alerts) } @else { (words.no_match) } }
            } @else {
                (table(&found.alerts, words))
            }
            @if let Some(next) = found.next {
                p {
                    @if !wanted.is_all() { (words.searched_up_to) " " (next) ". " }
                    a rel="next" href={ "/alerts?" (wanted.query(Some(next))) } {
                        @if wanted.is_all() { (words.older) } @else { (words.search_on) }
                    }
                }
            }
            p.quiet {
                (words.export) ": "
                a href={ "/alerts.csv?" (wanted.query(None)) } download { "CSV" } " · "
                a href={ "/alerts.json?" (wanted.query(None)) } download { "JSON" }
            }
        }
    }
}

fn form(wanted: &Wanted, words: &Words) -> Markup {
    html! {
        form.card.row method="get" action="/alerts" role="search" {
            div.field.wide {
                label for="q" { (words.search) }
                input #q type="search" name="q" value=(wanted.q) placeholder=(words.search_hint)
                    maxlength="200";
            }
            div.field {
                label for="state" { (words.state) }
                select #state name="state" {
                    option value="" { (words.any) }
                    @for state in Standing::ALL {
                        @let name = state.as_str();
                        option value=(name) selected[wanted.state == name] {
                            (badge::state_word(state, words))
                        }
                    }
                }
            }
            div.field {
                label for="severity" { (words.severity) }
                select #severity name="severity" {
                    option value="" { (words.any) }
                    @for severity in Severity::ALL {
                        option value=(severity.as_str()) selected[wanted.severity == severity.as_str()] {
                            (badge::severity_word(severity, words))
                        }
                    }
                }
            }
            div.field {
                label for="source" { (words.source) }
                input #source name="source" value=(wanted.source) maxlength="40";
            }
            div.field {
                label for="host" { (words.host) }
                input #host name="host" value=(wanted.host) maxlength="200";
            }
            button type="submit" { (words.filter) }
        }
    }
}

/// The alerts, a row each; on a telephone a block each.
pub(in crate::web) fn table(alerts: &[AlertView], words: &Words) -> Markup {
    html! {
        table.stack {
            thead {
                tr {
                    th scope="col" { (words.number) }
                    th scope="col" { (words.received) }
                    th scope="col" { (words.severity) }
                    th scope="col" { (words.subject) }
                    th scope="col" { (words.host) }
                    th scope="col" { (words.state) }
                }
            }
            tbody {
                @for alert in alerts {
                    @let event = alert.events.first();
                    tr {
                        td data-label=(words.number) { (alert.id) }
                        td data-label=(words.received) { (time::moment(alert.received)) }
                        td data-label=(words.severity) { (badge::severity(alert.severity, words)) }
                        td data-label=(words.subject) {
                            a href={ "/alerts/" (alert.id) } { (subject(&alert.subject, words)) }
                        }
                        td data-label=(words.host) {
                            (event.and_then(|event| event.host.as_deref()).unwrap_or("–"))
                        }
                        td data-label=(words.state) { (badge::state(alert.state, words)) }
                    }
                }
            }
        }
    }
}

/// The subject, or that there is none.
pub(in crate::web) fn subject<'a>(subject: &'a str, words: &'a Words) -> &'a str {
    if subject.trim().is_empty() { words.no_subject } else { subject }
}

/// The same as a table for spreadsheets.
pub(in crate::web) async fn csv(
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Ok(found) = wanted.find(&site.parts.queue, IN_AN_EXPORT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    download("text/csv; charset=utf-8", "alerts.csv", csv::alerts(&found.alerts).into_bytes())
}

/// The same for programs.
pub(in crate::web) async fn json(
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Ok(found) = wanted.find(&site.parts.queue, IN_AN_EXPORT).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let text = serde_json::to_vec_pretty(&found.alerts).unwrap_or_default();
    download("application/json", "alerts.json", text)
}

/// A file to be kept.
pub(in crate::web) fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

/// The number in a path.
pub(in crate::web) fn number(text: &str) -> Option<AlertId> {
    text.parse().ok()
}
