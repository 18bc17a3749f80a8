//! Statistics: figures, plots, tables, CSV.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde::Deserialize;

use super::alerts::download;
use super::{Place, badge, page, problem, time};
use crate::web::csv;
use crate::web::guard::Visit;
use crate::web::plot;
use crate::web::site::Site;
use crate::web::statistics::{Reached, Span, Statistics, figures};
use crate::web::words::Words;

/// Which time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    span: String,
}

impl Asked {
    fn span(&self) -> Span {
        Span::named(&self.span).unwrap_or(Span::Week)
    }
}

/// The page.
pub(in crate::web) async fn statistics(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let words = visit.words;
    let span = asked.span();
    match figures(&site, span).await {
        Ok((figures, whole)) => {
            let content = content(&figures, span, whole, words);
            page(&visit, words.statistics, Place::Statistics, &content).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "statistics");
            problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed)
        }
    }
}

const fn span_word(span: Span, words: &Words) -> &'static str {
    match span {
        Span::Day => words.last_day,
        Span::Week => words.last_week,
        Span::Month => words.last_month,
    }
}

fn content(figures: &Statistics, span: Span, whole: bool, words: &Words) -> Markup {
    let format = if span == Span::Day { "%H:%M" } else { "%m-%d" };
    let name =
        |at: &Timestamp| at.to_zoned_datetime(TimeZone::system()).strftime(format).to_string();
    let bars: Vec<_> = figures.bars.iter().map(|(at, count)| (name(at), *count)).collect();
    html! {
        nav.row aria-label=(words.statistics) {
            @for other in Span::ALL {
                a.button.quiet href={ "/statistics?span=" (other.as_str()) }
                    aria-current=[(other == span).then_some("true")] { (span_word(other, words)) }
            }
            a href={ "/statistics.csv?span=" (span.as_str()) } download { "CSV" }
        }
        @if !whole { p.quiet { (words.still_counting) } }
        section.card aria-labelledby="over-time" {
            h2 #over-time { (words.alerts) ": " (figures.alerts) }
            (plot::bars(words.alerts_over_time, &bars))
            p.quiet {
                (words.suppressed) ": " (figures.dropped) " · " (words.state_failed) ": " (figures.failed)
            }
        }
        section.card aria-labelledby="by-channel" {
            h2 #by-channel { (words.channels) }
            (reached(words.channels, figures.channels.iter().map(|(channel, of)|
                (badge::channel(*channel, words).to_owned(), of)), words))
        }
        section.card aria-labelledby="by-person" {
            h2 #by-person { (words.people) }
            (reached(words.people, figures.people.iter().map(|(name, of)| (name.clone(), of)), words))
        }
        div.grid {
            (counts("hosts", words.busiest_hosts, words.host, &figures.hosts, words))
            (counts("sources", words.by_source, words.source, &figures.sources, words))
            (counts("severities", words.by_severity, words.severity, &severities(figures, words), words))
            (counts("clients", words.by_client, words.client, &figures.clients, words))
        }
    }
}

fn severities(figures: &Statistics, words: &Words) -> Vec<(String, u64)> {
    let word = |severity: &Option<_>| {
        severity.map_or(words.sev_unknown, |known| badge::severity_word(known, words)).to_owned()
    };
    figures.severities.iter().map(|(severity, count)| (word(severity), *count)).collect()
}

fn counts(id: &str, title: &str, what: &str, rows: &[(String, u64)], words: &Words) -> Markup {
    html! {
        section.card aria-labelledby=(id) {
            h2 id=(id) { (title) }
            table {
                thead { tr { th scope="col" { (what) } th.num scope="col" { (words.alerts) } } }
                tbody {
                    @for (name, count) in rows {
                        tr { td { (name) } td.num { (count) } }
                    }
                }
            }
        }
    }
}

fn reached<'a>(
    what: &str,
    rows: impl Iterator<Item = (String, &'a Reached)>,
    words: &Words,
) -> Markup {
    let lasted = |time: Option<_>| time.map_or_else(|| "–".to_owned(), time::length);
    html! {
        div.scroll tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { (what) } th.num scope="col" { (words.told) }
                    th.num scope="col" { (words.failed) } th.num scope="col" { (words.success) }
                    th.num scope="col" { (words.tries) } th.num scope="col" { (words.told_after) }
                    th.num scope="col" { (words.reach_acknowledged) }
                    th.num scope="col" { (words.acknowledged_after) }
                } }
                tbody {
                    @for (name, of) in rows {
                        tr {
                            td { (name) } td.num { (of.told) } td.num { (of.failed) }
                            td.num { @match of.success() { Some(percent) => { (percent) " %" }, None => "–" } }
                            td.num { (of.tries) } td.num { (lasted(of.told_median())) }
                            td.num { (of.acknowledged) } td.num { (lasted(of.acknowledged_median())) }
                        }
                    }
                }
            }
        }
    }
}

/// The same for spreadsheets: a row for each figure.
pub(in crate::web) async fn csv(
    State(site): State<Arc<Site>>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok((figures, _)) = figures(&site, asked.span()).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    download("text/csv; charset=utf-8", "statistics.csv", csv::statistics(&figures).into_bytes())
}
