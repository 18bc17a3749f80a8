//! People: who is told, by what, and a test of the way to each.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{difference, fault};
use super::{Place, badge, csrf, field, groups, page, problem, tell};
use crate::config::edit::{Edit, apply};
use crate::config::{Config, PersonName};
use crate::control::{Answer, Request};
use crate::web::account::Role;
use crate::web::api::channel;
use crate::web::change::{self, By};
use crate::web::guard::{Fields, Visit};
use crate::web::person::{self, Faults, Form};
use crate::web::site::Site;
use crate::web::words::Words;

/// Who makes a change on a page.
pub(in crate::web) fn by(visit: &Visit) -> By {
    By { who: visit.name().to_owned(), from: visit.peer.to_string() }
}

/// The page.
pub(in crate::web) async fn people(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    let content = list(&visit, &site.config());
    page(&visit, words.people, Place::People, &content).into_response()
}

fn list(visit: &Visit, config: &Config) -> Markup {
    let words = visit.words;
    html! {
        section.card aria-labelledby="everybody" {
            h2 #everybody { (words.people) }
            table.stack {
                thead { tr {
                    th scope="col" { (words.name) } th scope="col" { (words.groups) }
                    th scope="col" { (words.told_by) } th scope="col" { (words.language) }
                    th scope="col" { (words.actions) }
                } }
                tbody {
                    @for person in config.directory.people.values() {
                        tr {
                            td data-label=(words.name) {
                                @if visit.may(Role::Admin) {
                                    a href={ "/people/" (person.name) } { (person.name) }
                                } @else { (person.name) }
                            }
                            td data-label=(words.groups) {
                                @for group in &person.groups { span.badge { (group.as_str()) } " " }
                            }
                            td data-label=(words.told_by) {
                                @for name in &config.channels.enabled {
                                    @if person.is_reachable_by(*name) {
                                        span.badge.good { (badge::channel(*name, words)) } " "
                                    }
                                }
                            }
                            td data-label=(words.language) {
                                (person.language.as_ref().unwrap_or(&config.appliance.language))
                            }
                            td data-label=(words.actions) { (test_form(visit, config, &person.name)) }
                        }
                    }
                }
            }
            @if visit.may(Role::Admin) {
                p { a.button href="/people/new" { (words.add_person) } }
            }
        }
        (groups::card(visit, config))
    }
}

fn test_form(visit: &Visit, config: &Config, name: &PersonName) -> Markup {
    let words = visit.words;
    html! {
        form.row method="post" action={ "/people/" (name) "/test" } {
            (csrf(visit))
            select name="channel" aria-label={ (words.told_by) " (" (name) ")" } {
                @for channel in &config.channels.enabled {
                    option value=(channel.as_str()) { (badge::channel(*channel, words)) }
                }
            }
            button.quiet type="submit" { (words.test) }
        }
    }
}

/// Sends a test.
pub(in crate::web) async fn test(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let (Ok(person), Some(by)) = (name.parse::<PersonName>(), channel(fields.get("channel")))
    else {
        return problem(&visit, StatusCode::BAD_REQUEST, words.form_not_understood);
    };
    let detail = format!("{person} {by}");
    site.audit.note(visit.name(), &visit.peer.to_string(), "people.test", &detail);
    let request = Request::SendTest { person, channel: Some(by) };
    let content = match site.parts.desk.answer(request).await {
        Ok(Answer::Tested { outcomes }) => html! {
            section.card {
                h2 { (words.test) ": " (name) }
                @for (channel, outcome) in &outcomes {
                    @let (class, word, detail) = badge::outcome(outcome, words);
                    p class=(if class == "good" { "good" } else { "error" }) role="status" {
                        (badge::channel(*channel, words)) ": " (word) ". " (detail)
                    }
                }
                p { a href="/people" { (words.people) } }
            }
        },
        Ok(_) => tell(false, words.problem),
        Err(reason) => tell(false, &reason),
    };
    page(&visit, words.people, Place::People, &content).into_response()
}

/// The form of one person, or of a new one.
pub(in crate::web) async fn person(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    let config = site.config();
    if name == "new" {
        return form_page(&visit, StatusCode::OK, &Form::default(), true, &[], &html! {});
    }
    match config.directory.people.get(name.as_str()) {
        Some(person) => {
            let form = Form::from(person);
            form_page(&visit, StatusCode::OK, &form, false, &[], &html! {})
        }
        None => problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found),
    }
}

fn form_page(
    visit: &Visit,
    status: StatusCode,
    form: &Form,
    new: bool,
    faults: &[(&'static str, String)],
    told: &Markup,
) -> Response {
    let words = visit.words;
    let content = html! {
        (told)
        section.card {
            form method="post" action="/people/save" data-check="/people/check" data-result="checked" {
                (csrf(visit))
                @if new { input type="hidden" name="new" value="1"; }
                (input(words.name, "name", &form.name, faults, words.person_name_hint, new))
                (input(words.mail_address, "mail", &form.mail, faults, words.mail_hint, true))
                (input(words.phone, "phone", &form.phone, faults, words.phone_hint, true))
                (input(words.extension, "extension", &form.extension, faults, words.extension_hint, true))
                (input(words.groups, "groups", &form.groups, faults, words.groups_hint, true))
                (input(words.language, "language", &form.language, faults, words.language_hint, true))
                (input(words.voice, "voice", &form.voice, faults, words.voice_hint, true))
                div #checked aria-live="polite" {}
                button type="submit" { (words.save) }
            }
        }
        @if !new {
            form method="post" action="/people/remove" {
                (csrf(visit)) input type="hidden" name="name" value=(form.name);
                button.danger type="submit" data-confirm=(words.remove_sure) { (words.remove) " " (form.name) }
            }
        }
        p { a href="/people" { (words.people) } }
    };
    let title = if new { words.add_person } else { words.person };
    (status, page(visit, title, Place::People, &content)).into_response()
}

fn input(
    label: &str,
    name: &'static str,
    value: &str,
    faults: &[(&'static str, String)],
    hint: &str,
    free: bool,
) -> Markup {
    let wrong = faults.iter().find(|(field, _)| *field == name).map(|(_, fault)| fault.as_str());
    html! {
        @if free { (field(name, label, value).hint(hint).show()) }
        @else {
            input type="hidden" name=(name) value=(value);
            p { b { (label) } ": " (value) }
        }
        @if let Some(wrong) = wrong { (tell(false, wrong)) }
    }
}

fn form_of(fields: &Fields) -> Form {
    let of = |name: &str| fields.get(name).to_owned();
    Form {
        name: of("name"),
        mail: of("mail"),
        phone: of("phone"),
        extension: of("extension"),
        language: of("language"),
        voice: of("voice"),
        groups: of("groups"),
    }
}

/// What would change, while it is typed.
pub(in crate::web) async fn check(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let form = form_of(&fields);
    let person = match form.read() {
        Ok(person) => person,
        Err(faults) => return faulty(&faults).into_response(),
    };
    let Ok(text) = change::text(&site).await else {
        return tell(false, words.store_failed).into_response();
    };
    let edit = person::edit(person, !fields.has("new"));
    match apply(&text, &edit) {
        Ok(edited) => difference(&text, &edited, words).into_response(),
        Err(error) => tell(false, &error.to_string()).into_response(),
    }
}

fn faulty(faults: &Faults) -> Markup {
    html! { @for (field, fault) in faults { p.error { (field) ": " (fault) } } }
}

/// Changes or adds one.
pub(in crate::web) async fn save(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let (form, new) = (form_of(&fields), fields.has("new"));
    let person = match form.read() {
        Ok(person) => person,
        Err(faults) => {
            let status = StatusCode::BAD_REQUEST;
            return form_page(&visit, status, &form, new, &faults, &html! {});
        }
    };
    match change::make(&site, &by(&visit), "people.change", person::edit(person, !new)).await {
        Ok(done) => done_page(&site, &visit, &done),
        Err(error) => {
            let told = fault(&error);
            form_page(&visit, StatusCode::CONFLICT, &form, new, &[], &told)
        }
    }
}

/// Takes one out.
pub(in crate::web) async fn remove(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let Ok(name) = fields.get("name").parse::<PersonName>() else {
        return problem(&visit, StatusCode::BAD_REQUEST, visit.words.form_not_understood);
    };
    match change::make(&site, &by(&visit), "people.remove", Edit::RemovePerson(name)).await {
        Ok(done) => done_page(&site, &visit, &done),
        Err(error) => problem(&visit, StatusCode::CONFLICT, &error.to_string()),
    }
}

pub(super) fn done_page(site: &Site, visit: &Visit, done: &change::Done) -> Response {
    let words: &Words = visit.words;
    let content = html! {
        (super::change::done(done, words))
        (list(visit, &site.config()))
    };
    page(visit, words.people, Place::People, &content).into_response()
}
