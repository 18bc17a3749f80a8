//! Would it wake you now? What waits, what the parts say, what came last.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{Place, alerts, badge, page, problem, time};
use crate::health::{self, Part};
use crate::web::facts::{Facts, Grade, part_word};
use crate::web::guard::Visit;
use crate::web::site::Site;
use crate::web::words::Words;
use axum::http::StatusCode;

/// The page.
pub(in crate::web) async fn status(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    let content = match Facts::gather(&site).await {
        Ok(facts) => html! {
            div data-live="/status/live" aria-live="off" { (fragment(&facts, words)) }
            p.quiet { span data-live-state data-dead=(words.not_live) { (words.live) } }
        },
        Err(error) => {
            tracing::error!(%error, "status");
            return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
        }
    };
    page(&visit, words.status, Place::Status, &content).into_response()
}

/// What of it changes.
pub(in crate::web) async fn live(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    match Facts::gather(&site).await {
        Ok(facts) => fragment(&facts, visit.words).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn fragment(facts: &Facts, words: &Words) -> Markup {
    html! {
        (verdict(facts, words))
        (in_progress(facts, words))
        section.card aria-labelledby="newest" {
            h2 #newest { (words.newest) }
            @if facts.newest.is_empty() { p.quiet { (words.no_alerts) } }
            @else { (alerts::table(&facts.newest, words)) }
            p { a href="/alerts" { (words.see_all) } }
        }
        section.card aria-labelledby="parts" {
            h2 #parts { (words.parts) }
            (parts(facts, words))
        }
    }
}

fn verdict(facts: &Facts, words: &Words) -> Markup {
    let (class, text) = match facts.verdict() {
        Grade::Good => ("verdict good", words.would_wake),
        Grade::Fault => ("verdict warn", words.wakes_with_faults),
        Grade::MailOnly => ("verdict warn", words.mail_only),
        Grade::Bad => ("verdict bad", words.would_not_wake),
    };
    html! {
        section class=(class) {
            p.verdict-text role="status" { (text) }
            ul {
                @for finding in facts.findings(words) { li { (finding) } }
                @if facts.findings(words).is_empty() { li { (words.all_is_well) } }
            }
        }
    }
}

fn in_progress(facts: &Facts, words: &Words) -> Markup {
    html! {
        section.card aria-labelledby="progress" {
            h2 #progress { (words.in_progress) " (" (facts.pending) ")" }
            @if facts.waiting.is_empty() { p.quiet { (words.nothing_in_progress) } }
            @for alert in &facts.waiting {
                article.going {
                    h3 {
                        (badge::severity(alert.severity, words)) " "
                        a href={ "/alerts/" (alert.id) } { (alerts::subject(&alert.subject, words)) }
                    }
                    ul.steps {
                        @for delivery in &alert.deliveries {
                            li {
                                b { (delivery.person) } " " (badge::channel(delivery.channel, words))
                                " " (badge::progress(delivery.progress, words))
                                @if let Some(attempt) = delivery.attempts.last() {
                                    " " span.quiet { (badge::outcome(&attempt.outcome, words).2) }
                                }
                            }
                        }
                        @for call in facts.calls.iter().filter(|call| call.alerts.contains(&alert.id)) {
                            li.now {
                                b { (call.person) } " " (badge::channel(call.channel, words))
                                " " (time::clock(call.at)) " " (call.what)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn parts(facts: &Facts, words: &Words) -> Markup {
    let now = Timestamp::now();
    html! {
        dl.facts {
            @for (part, state) in &facts.health.parts {
                @let (class, word) = part_state(state, words);
                dt { (part_word(*part, words)) }
                dd {
                    span class={ "dot " (class) } {} (word)
                    @if let Some(why) = state.why() { ": " (why) }
                    @if *part == Part::Gsm { (signal(facts)) }
                    @if *part == Part::Disk {
                        @if let Some(bytes) = facts.free_space { ", " (time::size(bytes)) " " (words.free) }
                    }
                }
            }
        }
        dl.facts {
            dt { (words.queue) }
            dd {
                (facts.pending) " " (words.waiting) " " (words.of) " " (facts.max_pending)
                @if let Some(oldest) = facts.oldest { ". " (words.oldest_waits) " " (time::moment(oldest)) }
            }
            dt { (words.reachable) }
            dd { (facts.people) }
            @for (channel, last) in &facts.channels {
                dt { (badge::channel(*channel, words)) }
                dd {
                    @match last {
                        Some((at, outcome)) => {
                            @let (class, word, detail) = badge::outcome(outcome, words);
                            span class={ "dot " (class) } {} (word) ", " (time::moment(*at))
                            @if class != "good" { ": " (detail) }
                        },
                        None => span.quiet { (words.no_outcome) },
                    }
                }
            }
            dt { (words.clock) }
            dd { (time::moment(now)) }
            dt { (words.memory) }
            dd { @match facts.memory { Some(bytes) => (time::size(bytes)), None => "?" } }
            dt { (words.running_since) }
            dd { (time::length(facts.running)) }
            dt { (words.version) }
            dd { (env!("CARGO_PKG_VERSION")) }
        }
    }
}

const fn part_state(state: &health::State, words: &Words) -> (&'static str, &'static str) {
    match state {
        health::State::Off => ("", words.part_off),
        health::State::Ok => ("good", words.part_ok),
        health::State::Degraded(_) => ("warn", words.part_degraded),
        health::State::Down(_) => ("bad", words.part_down),
    }
}

/// The network's name, and how well it is received.
fn signal(facts: &Facts) -> Markup {
    let figures = &facts.health.figures;
    html! {
        @if let Some(operator) = &figures.operator { ", " (operator) }
        @if let Some(dbm) = figures.signal_dbm { ", " (dbm) " dBm" }
        @if let Some(bars) = figures.signal_bars { " (" (bars) "/4)" }
    }
}
