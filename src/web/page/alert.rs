//! One alert's whole story.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use jiff::Timestamp;
use maud::{Markup, html};

use super::alerts::{download, number, subject};
use super::{Icon, Place, badge, csrf, page, problem, said, time};
use crate::alert::AlertId;
use crate::control::{self, AlertView, Answer, Request};
use crate::queue::{ReadError, Record};
use crate::web::account::Role;
use crate::web::guard::Visit;
use crate::web::site::Site;
use crate::web::words::Words;

/// Most characters of a mail that a page shows; the whole can be downloaded.
const MOST_SHOWN: usize = 20_000;

struct Story {
    record: Record,
    view: AlertView,
    raw: Bytes,
}

async fn story(site: &Site, id: AlertId) -> Result<Option<Story>, ReadError> {
    let story = site.read(move |reader| {
        let Some(record) = reader.record(id)? else { return Ok(None) };
        let view = control::complete(reader, record.clone())?;
        Ok(Some(Story { record, view, raw: reader.raw(id)? }))
    });
    story.await
}

/// The page.
pub(in crate::web) async fn alert(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let words = visit.words;
    let found = match number(&id) {
        Some(id) => story(&site, id).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(story)) => {
            let title = format!("{} {}", words.alert, story.view.id);
            let content = html! {
                p.lead { (subject(&story.view.subject, words)) }
                div data-live={ "/alerts/" (story.view.id) "/live" } { (fragment(&visit, &site, &story)) }
                (said::section(&visit, &site.config(), &story.record.alert, &story.view))
                (mail(&story, words))
            };
            page(&visit, &title, Place::Alerts, &content).into_response()
        }
        Ok(None) => problem(&visit, StatusCode::NOT_FOUND, words.not_found),
        Err(error) => {
            tracing::error!(%error, "alert");
            problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed)
        }
    }
}

/// What of it changes.
pub(in crate::web) async fn live(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let Some(id) = number(&id) else { return StatusCode::NOT_FOUND.into_response() };
    match story(&site, id).await {
        Ok(Some(story)) => fragment(&visit, &site, &story).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The mail as it came in.
pub(in crate::web) async fn raw(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let found = match number(&id) {
        Some(id) => story(&site, id).await.ok().flatten(),
        None => None,
    };
    match found {
        Some(story) if !story.raw.is_empty() => {
            download("message/rfc822", &format!("alert-{}.eml", story.view.id), story.raw.to_vec())
        }
        Some(_) | None => problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found),
    }
}

fn fragment(visit: &Visit, site: &Site, story: &Story) -> Markup {
    let (words, view) = (visit.words, &story.view);
    html! {
        section.card.row {
            (badge::state(view.state, words)) (badge::severity(view.severity, words))
            @if visit.may(Role::Operator) && view.state != control::State::Dropped {
                div.actions { (actions(visit, view)) }
            }
        }
        (understood(story, words))
        section.card aria-labelledby="told" {
            h2 #told { (words.who_is_told) }
            ul.steps {
                @for delivery in &view.deliveries {
                    li {
                        b { (delivery.person) } " " (badge::channel(delivery.channel, words)) " "
                        (badge::progress(delivery.progress, words))
                        " " span.quiet { (words.tries) ": " (delivery.tries) }
                    }
                }
            }
        }
        section.card aria-labelledby="timeline" {
            h2 #timeline { (words.timeline) }
            ol.timeline {
                @for moment in moments(story, site, words) {
                    li class=(moment.class) {
                        span.when { (time::moment(moment.at)) }
                        (moment.icon.show())
                        span.what {
                            @if !moment.who.is_empty() { b { (moment.who) } " " }
                            (moment.what)
                            @if !moment.detail.is_empty() { span.quiet { " " (moment.detail) } }
                        }
                    }
                }
            }
        }
    }
}

fn actions(visit: &Visit, view: &AlertView) -> Markup {
    let words = visit.words;
    let button = |act: &str, name: &str, class: &str, sure: Option<&str>| {
        html! {
            form method="post" action={ "/alerts/" (view.id) "/" (act) } {
                (csrf(visit))
                button class=(class) type="submit" data-confirm=[sure] { (name) }
            }
        }
    };
    match view.state {
        control::State::Waiting => html! {
            (button("ack", words.acknowledge, "", None))
            (button("retry", words.retry, "quiet", None))
            (button("stop", words.stop, "quiet", Some(words.stop_sure)))
        },
        control::State::Partly | control::State::Failed => html! {
            (button("retry", words.retry, "", None))
        },
        control::State::Told | control::State::Dropped => html! {},
    }
}

fn understood(story: &Story, words: &Words) -> Markup {
    let origin = &story.record.alert.origin;
    html! {
        section.card aria-labelledby="understood" {
            h2 #understood { (words.understood) }
            @for event in &story.view.events {
                dl.facts {
                    dt { (words.summary) } dd { (event.summary) }
                    dt { (words.source) } dd { (event.source) }
                    dt { (words.kind) } dd { (event.kind.as_str()) }
                    dt { (words.severity) }
                    dd {
                        (badge::severity(event.severity, words))
                        @if let Some(word) = &event.severity_text { " (" (word) ")" }
                    }
                    @if let Some(host) = &event.host { dt { (words.host) } dd { (host) } }
                    @if let Some(check) = &event.check { dt { (words.check) } dd { (check) } }
                    @if let Some(id) = &event.problem_id { dt { (words.problem_id) } dd { (id) } }
                }
            }
            dl.facts {
                dt { (words.from) } dd { (story.view.from) }
                dt { (words.client) } dd { (origin.client) " (" (origin.helo) ")" }
                dt { (words.recipients) } dd { (origin.recipients.join(", ")) }
                dt { (words.people) }
                dd {
                    @for (index, person) in story.view.people.iter().enumerate() {
                        @if index > 0 { ", " } (person)
                    }
                }
            }
        }
    }
}

fn mail(story: &Story, words: &Words) -> Markup {
    let body = &story.record.alert.text.body;
    html! {
        section.card aria-labelledby="text" {
            h2 #text { (words.text) }
            pre tabindex="0" { (shortened(body)) }
        }
        details.card {
            summary { (words.mail_as_received) }
            @if story.raw.is_empty() { p.quiet { (words.mail_not_kept) } }
            @else {
                p { a href={ "/alerts/" (story.view.id) "/mail" } download { (words.download_mail) } }
                pre tabindex="0" { (shortened(&String::from_utf8_lossy(&story.raw))) }
            }
        }
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// One line of the timeline.
struct Moment {
    at: Timestamp,
    class: &'static str,
    icon: Icon,
    who: String,
    what: String,
    detail: String,
}

fn moments(story: &Story, site: &Site, words: &Words) -> Vec<Moment> {
    let alert = &story.record.alert;
    let plain = |icon, what: &str, detail: String| Moment {
        at: alert.received,
        class: "plain",
        icon,
        who: String::new(),
        what: what.to_owned(),
        detail,
    };
    let read = alert.events.first().map_or_else(String::new, |event| {
        format!("{}, {}: {}", event.source, event.kind.as_str(), event.summary)
    });
    let decision = story.view.reason.clone();
    let mut moments = vec![
        plain(Icon::Envelope, words.received, alert.origin.client.clone()),
        plain(Icon::Eye, words.understood, read),
        plain(Icon::Funnel, words.filtered, decision.unwrap_or_else(|| words.passed.to_owned())),
    ];
    let mut later = Vec::new();
    for delivery in &story.view.deliveries {
        let who = format!("{} · {}", delivery.person, badge::channel(delivery.channel, words));
        let icon = if delivery.channel.is_call() { Icon::Phone } else { Icon::Speech };
        for attempt in &delivery.attempts {
            for step in &attempt.course {
                later.push(Moment {
                    at: step.at,
                    class: "plain",
                    icon,
                    who: who.clone(),
                    what: step.what.clone(),
                    detail: String::new(),
                });
            }
            let (class, word, detail) = badge::outcome(&attempt.outcome, words);
            let quality = attempt.quality.as_ref();
            let quality =
                quality.map_or_else(String::new, |known| format!(" {}: {known}", words.quality));
            let icon = if class == "good" { Icon::Check } else { Icon::Cross };
            let detail = format!("{detail}{quality}");
            let (who, what) = (who.clone(), word.to_owned());
            later.push(Moment { at: attempt.at, class, icon, who, what, detail });
        }
    }
    for call in site.calls().into_iter().filter(|call| call.alerts.contains(&alert.id)) {
        let who = format!("{} · {}", call.person, badge::channel(call.channel, words));
        let what = call.what.to_string();
        let (at, detail) = (call.at, String::new());
        later.push(Moment { at, class: "now", icon: Icon::Phone, who, what, detail });
    }
    later.sort_by_key(|moment| moment.at);
    moments.extend(later);
    moments
}

/// Carries out a button.
pub(in crate::web) async fn act(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
) -> Response {
    let words = visit.words;
    let Some(id) = number(&id) else {
        return problem(&visit, StatusCode::NOT_FOUND, words.not_found);
    };
    let request = match act.as_str() {
        "ack" => Request::Acknowledge { id, who: visit.name().to_owned() },
        "stop" => Request::Drop { id },
        "retry" => Request::Retry { id },
        _ => return problem(&visit, StatusCode::NOT_FOUND, words.not_found),
    };
    match site.parts.desk.answer(request).await {
        Ok(Answer::Retried { deliveries: 0 }) => {
            problem(&visit, StatusCode::CONFLICT, words.nothing_to_retry)
        }
        Ok(_) => {
            let what = format!("alert.{act}");
            site.audit.note(visit.name(), &visit.peer.to_string(), &what, &id.to_string());
            Redirect::to(&format!("/alerts/{id}")).into_response()
        }
        Err(reason) => problem(&visit, StatusCode::CONFLICT, &reason),
    }
}
