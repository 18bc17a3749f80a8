//! The log as it grows, and what the API can be asked.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tracing::Level;

use super::{Place, page, time};
use crate::log;
use crate::web::api::operations;
use crate::web::guard::Visit;
use crate::web::site::Site;
use crate::web::words::Words;

/// Lines on the page.
const MOST: usize = 300;

const LEVELS: [(&str, Level); 4] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
];

/// Which lines.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Wanted {
    level: String,
    q: String,
}

/// The page.
pub(in crate::web) async fn log(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    let words = visit.words;
    let pairs = [("level", &wanted.level), ("q", &wanted.q)];
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let content = html! {
        form.card.row method="get" action="/log" role="search" {
            div.field {
                label for="level" { (words.level) }
                select #level name="level" {
                    @for (name, _) in LEVELS {
                        option value=(name) selected[name == wanted.level || (wanted.level.is_empty() && name == "info")] { (name) }
                    }
                }
            }
            div.field.wide {
                label for="q" { (words.search) }
                input #q type="search" name="q" value=(wanted.q) maxlength="200";
            }
            button type="submit" { (words.filter) }
        }
        section.card aria-label=(words.log) {
            div data-live={ "/log/live?" (query) } { (lines(&wanted, words)) }
        }
    };
    page(&visit, words.log, Place::Log, &content).into_response()
}

/// What of it changes.
pub(in crate::web) async fn live(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    lines(&wanted, visit.words).into_response()
}

fn lines(wanted: &Wanted, words: &Words) -> Markup {
    let most = LEVELS.iter().find(|(name, _)| *name == wanted.level).map(|(_, level)| *level);
    let most = most.unwrap_or(Level::INFO);
    let word = wanted.q.to_lowercase();
    let fits = |line: &log::Line| {
        line.level <= most && (word.is_empty() || line.text.to_lowercase().contains(&word))
    };
    let lines: Vec<_> = log::recent().into_iter().filter(fits).take(MOST).collect();
    html! {
        @if lines.is_empty() { p.quiet { (words.no_lines) } }
        ul.loglines {
            @for line in lines {
                li {
                    (time::moment(line.at)) " "
                    span class={ "badge " (class(line.level)) } { (line.level.as_str()) } " " (line.text)
                }
            }
        }
    }
}

const fn class(level: Level) -> &'static str {
    match level {
        Level::ERROR => "bad",
        Level::WARN => "warn",
        _ => "plain",
    }
}

/// What the API can be asked.
pub(in crate::web) async fn api(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    let name = &site.config().appliance.name;
    let example = format!(
        "curl -k -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' \\\n  \
         -d '{{\"to\": [\"oncall\"], \"subject\": \"Disk full\", \"host\": \"web-01\", \
         \"severity\": \"critical\"}}' \\\n  https://{name}:8443/api/v1/alerts"
    );
    let content = html! {
        section.card {
            p { (words.api_intro) " " a href="/api/v1/openapi.json" { "openapi.json" } }
            p { (words.tokens_intro) }
            pre tabindex="0" { (example) }
        }
        section.card {
            @for operation in operations() {
                details {
                    summary { code { (operation.method) " " (operation.path) } " " (operation.summary) }
                    @if !operation.parameters.is_empty() {
                        dl.facts {
                            @for (name, text) in &operation.parameters { dt { code { (name) } } dd { (text) } }
                        }
                    }
                    p.quiet { @for status in &operation.statuses { span.badge { (status) } " " } }
                }
            }
        }
    };
    page(&visit, words.api, Place::Api, &content).into_response()
}
