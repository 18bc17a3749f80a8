//! Would it wake you now? What waits, what the parts say, what came last.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::{Place, alerts, badge, csrf, page, parts, problem, time};
use crate::control::Request;
use crate::health::Alarm;
use crate::web::account::Role;
use crate::web::facts::{Facts, Grade};
use crate::web::guard::Visit;
use crate::web::site::Site;
use crate::web::words::Words;
use axum::http::StatusCode;

/// The page.
pub(in crate::web) async fn status(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    let content = match Facts::gather(&site).await {
        Ok(facts) => html! {
            div data-live="/status/live" aria-live="off" { (fragment(&facts, &visit)) }
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
        Ok(facts) => fragment(&facts, &visit).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Takes note of the alarm, as the button of the board does.
pub(in crate::web) async fn silence(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    match site.parts.desk.answer(Request::Silence).await {
        Ok(_) => {
            site.audit.note(visit.name(), &visit.peer.to_string(), "alarm.silence", "");
            Redirect::to("/").into_response()
        }
        Err(reason) => problem(&visit, StatusCode::CONFLICT, &reason),
    }
}

fn fragment(facts: &Facts, visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        (verdict(facts, words))
        @if !facts.health.alarms.is_empty() { (alarms(facts, visit)) }
        (in_progress(facts, words))
        section.card aria-labelledby="newest" {
            h2 #newest { (words.newest) }
            @if facts.newest.is_empty() { p.quiet { (words.no_alerts) } }
            @else { (alerts::table(&facts.newest, words)) }
            p { a href="/alerts" { (words.see_all) } }
        }
        (parts::all(facts, words))
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

/// What nobody heard of otherwise; where there is a buzzer it sounds until somebody takes note.
fn alarms(facts: &Facts, visit: &Visit) -> Markup {
    let (words, health) = (visit.words, &facts.health);
    html! {
        section.card aria-labelledby="alarm" {
            h2 #alarm { (words.alarm) }
            @for alarm in &health.alarms {
                @let (id, why) = match alarm {
                    Alarm::Untold(id) => (id, words.alarm_untold),
                    Alarm::Unacknowledged(id) => (id, words.alarm_unacknowledged),
                };
                p.error {
                    a href={ "/alerts/" (id) } { (words.alert) " " (id) } ": " (why)
                    @if health.silenced.contains(alarm) { " (" (words.alarm_silenced) ")" }
                }
            }
            @if health.is_alarming() && !facts.lights.is_empty() && visit.may(Role::Operator) {
                form method="post" action="/silence" {
                    (csrf(visit)) button type="submit" { (words.silence) }
                }
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
