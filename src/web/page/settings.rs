//! Settings: channels, language, and the whole file with its history.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::change::{done as done_of, fault, lines};
use super::people::by;
use super::{Place, badge, csrf, field, page, problem, tell, time};
use crate::config::edit::Edit;
use crate::config::{ChannelName, Config};
use crate::web::api::channel;
use crate::web::change::{self, ChangeError, Done};
use crate::web::diff::diff;
use crate::web::form::{self, Chapter, said};
use crate::web::guard::{Fields, Visit};
use crate::web::mask;
use crate::web::site::Site;
use crate::web::words::Words;

/// The page.
pub(in crate::web) async fn settings(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&site, &visit, StatusCode::OK, &html! {})
}

fn show(site: &Site, visit: &Visit, status: StatusCode, told: &Markup) -> Response {
    let words = visit.words;
    let config = site.config();
    let content = html! {
        (told)
        div.grid {
            (channels(visit, &config))
            section.card aria-labelledby="simple" {
                h2 #simple { (words.texts) }
                form method="post" action="/settings/language" {
                    (csrf(visit))
                    (field("language", words.language, config.appliance.language.as_str())
                        .hint(words.language_hint).required().show())
                    label.check {
                        input type="checkbox" name="full_text" value="1" checked[config.sms.full_text];
                        (words.full_text)
                    }
                    button type="submit" { (words.save) }
                }
            }
        }
        (chapters(visit))
        section.card aria-labelledby="file" {
            h2 #file { (words.the_file) }
            p { code { (site.parts.config_file.display()) } }
            p { a.button href="/settings/file" { (words.edit_file) } }
        }
        (history(site, visit))
    };
    (status, page(visit, words.settings, Place::Settings, &content)).into_response()
}

/// A way to the form of every section.
fn chapters(visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        div.grid {
            @for chapter in Chapter::ALL {
                @let (id, title) = chapter_words(chapter, words);
                section.card aria-labelledby=(id) {
                    h2 id=(id) { (title) }
                    ul.steps {
                        @for section in form::sections_of(chapter) {
                            li {
                                a href={ "/settings/form/" (section.slug) } { (said(section.title, words)) }
                                p.hint { (said(section.help, words)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn chapter_words(chapter: Chapter, words: &Words) -> (&'static str, &'static str) {
    match chapter {
        Chapter::Telling => ("telling", words.chapter_telling),
        Chapter::Telephones => ("telephones", words.chapter_telephones),
        Chapter::Saying => ("saying", words.chapter_saying),
        Chapter::Receiving => ("receiving", words.chapter_receiving),
        Chapter::Machine => ("machine", words.chapter_machine),
    }
}

fn channels(visit: &Visit, config: &Config) -> Markup {
    let words = visit.words;
    let on = &config.channels.enabled;
    let off = ChannelName::ALL.into_iter().filter(|name| !on.contains(name));
    let all: Vec<ChannelName> = on.iter().copied().chain(off).collect();
    html! {
        section.card aria-labelledby="channels" {
            h2 #channels { (words.channels) }
            ol.steps {
                @for (place, name) in all.iter().enumerate() {
                    @let enabled = on.contains(name);
                    li.row {
                        span { b { (badge::channel(*name, words)) } " "
                            @if enabled { span.badge.good { (words.on) } } @else { span.badge { (words.off) } } }
                        form.actions method="post" action="/settings/channel" {
                            (csrf(visit))
                            input type="hidden" name="channel" value=(name.as_str());
                            @if place > 0 && enabled {
                                button.quiet type="submit" name="do" value="up"
                                    aria-label={ (words.earlier) ": " (badge::channel(*name, words)) } { "↑" }
                            }
                            @if enabled {
                                button.quiet type="submit" name="do" value="off" { (words.turn_off) }
                            } @else {
                                button.quiet type="submit" name="do" value="on" { (words.turn_on) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history(site: &Site, visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        section.card aria-labelledby="history" {
            h2 #history { (words.history) }
            @let kept = change::kept(site);
            @if kept.is_empty() { p.quiet { (words.no_history) } }
            ul.steps {
                @for name in kept.iter().take(20) {
                    li { a href={ "/settings/history/" (name) } { (kept_at(name)) } }
                }
            }
        }
    }
}

/// When an earlier file was replaced, by its name (`20261128T165326377Z.toml`).
fn kept_at(name: &str) -> Markup {
    let part = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
    let (date, clock) =
        ((part(0..4), part(4..6), part(6..8)), (part(9..11), part(11..13), part(13..15)));
    let text = format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2);
    text.parse().map_or_else(|_| html! { (name) }, time::moment)
}

/// Switches and orders channels.
pub(in crate::web) async fn switch(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let Some(name) = channel(fields.get("channel")) else {
        return problem(&visit, StatusCode::BAD_REQUEST, visit.words.form_not_understood);
    };
    let edit = match fields.get("do") {
        "on" => Edit::SwitchChannel(name, true),
        "off" => Edit::SwitchChannel(name, false),
        "up" => {
            let mut order = site.config().channels.enabled.clone();
            if let Some(place) = order.iter().position(|other| *other == name).filter(|at| *at > 0)
            {
                order.swap(place, place - 1);
            }
            Edit::OrderChannels(order)
        }
        _ => return problem(&visit, StatusCode::BAD_REQUEST, visit.words.form_not_understood),
    };
    let made = change::make(&site, &by(&visit), "channels", edit).await;
    told(&site, &visit, made)
}

/// The language, and how much of a mail an SMS has.
pub(in crate::web) async fn language(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let language = match fields.get("language").parse() {
        Ok(language) => language,
        Err(error) => {
            let wrong = tell(false, &crate::config::NameError::to_string(&error));
            return show(&site, &visit, StatusCode::BAD_REQUEST, &wrong);
        }
    };
    let by = by(&visit);
    let first = change::make(&site, &by, "language", Edit::SetLanguage(language)).await;
    let made = match first {
        Ok(mut done) => {
            let edit = Edit::SetFullText(fields.has("full_text"));
            match change::make(&site, &by, "sms.full_text", edit).await {
                Ok(second) => {
                    done.lines.extend(second.lines);
                    Ok(done)
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    told(&site, &visit, made)
}

fn told(site: &Site, visit: &Visit, made: Result<Done, ChangeError>) -> Response {
    match made {
        Ok(done) => show(site, visit, StatusCode::OK, &done_of(&done, visit.words)),
        Err(error) => show(site, visit, StatusCode::CONFLICT, &fault(&error)),
    }
}

/// The file in an editor.
pub(in crate::web) async fn file(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    match change::text(&site).await {
        Ok(text) => {
            let masked = mask::masked(&text);
            editor(&visit, StatusCode::OK, &masked, &change::stamp(&text), &html! {})
        }
        Err(error) => problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn editor(visit: &Visit, status: StatusCode, text: &str, stamp: &str, told: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        (told)
        form.card method="post" action="/settings/file" data-check="/settings/file/check" data-result="checked" {
            (csrf(visit))
            input type="hidden" name="stamp" value=(stamp);
            div.field {
                label for="text" { (words.the_file) }
                // A browser takes away the first line's end.
                textarea.tall #text name="text" spellcheck="false" autocomplete="off" { "\n" (text) }
                p.hint { (words.secrets_hint) }
            }
            div #checked aria-live="polite" {}
            button type="submit" { (words.save) }
        }
        p { a href="/settings" { (words.settings) } }
    };
    (status, page(visit, words.edit_file, Place::Settings, &content)).into_response()
}

/// What was typed, as the file would have it.
fn typed(fields: &Fields, current: &str) -> String {
    let text = fields.raw("text").replace("\r\n", "\n");
    // A file from Windows keeps its line ends.
    let text = if current.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    mask::unmasked(&text, current)
}

/// Says what is wrong with what is typed, or what would change.
pub(in crate::web) async fn check_file(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(current) = change::text(&site).await else {
        return tell(false, words.store_failed).into_response();
    };
    let text = typed(&fields, &current);
    match Config::parse(&text) {
        Ok(loaded) => {
            let changed = diff(&mask::masked(&current), &mask::masked(&text));
            html! {
                (lines(&changed, words))
                @for warning in &loaded.warnings { p.error { (warning) } }
            }
        }
        Err(faults) => html! { @for fault in faults.iter().take(20) { p.error { (fault) } } },
    }
    .into_response()
}

/// Puts what was typed in the place of the file.
pub(in crate::web) async fn save_file(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(current) = change::text(&site).await else {
        return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
    };
    let shown = fields.raw("text").replace("\r\n", "\n");
    if change::stamp(&current) != fields.get("stamp") {
        let wrong = tell(false, words.changed_meanwhile);
        return editor(&visit, StatusCode::CONFLICT, &shown, fields.get("stamp"), &wrong);
    }
    let text = typed(&fields, &current);
    match change::replace(&site, &by(&visit), "file", current.clone(), text).await {
        Ok(done) => show(&site, &visit, StatusCode::OK, &done_of(&done, words)),
        Err(error) => {
            let told = fault(&error);
            editor(&visit, StatusCode::CONFLICT, &shown, fields.get("stamp"), &told)
        }
    }
}

/// An earlier file, and what going back to it would change.
pub(in crate::web) async fn earlier(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    let words = visit.words;
    let (Some(old), Ok(current)) = (change::read_kept(&site, &name), change::text(&site).await)
    else {
        return problem(&visit, StatusCode::NOT_FOUND, words.not_found);
    };
    let changed = diff(&mask::masked(&current), &mask::masked(&old));
    let content = html! {
        section.card {
            h2 { code { (name) } }
            (lines(&changed, words))
            form method="post" action="/settings/undo" {
                (csrf(&visit)) input type="hidden" name="name" value=(name);
                button type="submit" { (words.go_back_to_it) }
            }
        }
        p { a href="/settings" { (words.settings) } }
    };
    page(&visit, words.history, Place::Settings, &content).into_response()
}

/// Goes back to an earlier file.
pub(in crate::web) async fn undo(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let (Some(old), Ok(current)) =
        (change::read_kept(&site, fields.get("name")), change::text(&site).await)
    else {
        return Redirect::to("/settings").into_response();
    };
    let made = change::replace(&site, &by(&visit), "undo", current, old).await;
    told(&site, &visit, made)
}
