//! Settings: channels, language, and the ways to every form, the file and its history.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{done as done_of, fault};
use super::people::by;
use super::{Place, badge, csrf, field, history, page, problem, tell};
use crate::config::edit::Edit;
use crate::config::{ChannelName, Config};
use crate::web::api::channel;
use crate::web::change::{self, ChangeError, Done};
use crate::web::form::{self, Chapter, said};
use crate::web::guard::{Fields, Visit};
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
        (history::card(site, visit))
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

pub(super) fn told(site: &Site, visit: &Visit, made: Result<Done, ChangeError>) -> Response {
    match made {
        Ok(done) => show(site, visit, StatusCode::OK, &done_of(&done, visit.words)),
        Err(error) => show(site, visit, StatusCode::CONFLICT, &fault(&error)),
    }
}
