//! Groups: who is in which. A group exists when somebody is in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{difference, fault};
use super::people::{by, done_page};
use super::{Place, csrf, page, problem, tell};
use crate::config::edit::{Edit, apply};
use crate::config::{Config, GroupName, NameError, PersonName};
use crate::web::account::Role;
use crate::web::change;
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;

/// What stands in an address for a group that is not there yet.
const NEW: &str = "+";

/// The groups with their people.
pub(super) fn card(visit: &Visit, config: &Config) -> Markup {
    let words = visit.words;
    html! {
        section.card aria-labelledby="groups" {
            h2 #groups { (words.groups) }
            p.hint { (words.group_hint) }
            dl.facts {
                @for group in config.directory.groups().keys() {
                    dt {
                        @if visit.may(Role::Admin) {
                            a href={ "/groups/" (group.as_str()) } { (group.as_str()) }
                        } @else { (group.as_str()) }
                    }
                    dd {
                        @let members = config.directory.members(group.as_str());
                        @for (at, name) in members.iter().enumerate() {
                            @if at > 0 { ", " } (name)
                        }
                    }
                }
            }
            @if visit.may(Role::Admin) {
                p { a.button href={ "/groups/" (NEW) } { (words.add_group) } }
            }
        }
    }
}

/// The form of one group, or of a new one.
pub(in crate::web) async fn group(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    let config = site.config();
    let members: BTreeSet<String> =
        config.directory.members(&name).iter().map(ToString::to_string).collect();
    if name != NEW && members.is_empty() {
        return problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found);
    }
    let known = if name == NEW { "" } else { name.as_str() };
    let asked = Asked { name: known, new: name == NEW, members };
    form(&config, &visit, StatusCode::OK, &asked, &html! {})
}

/// What a form of a group says.
struct Asked<'a> {
    name: &'a str,
    new: bool,
    members: BTreeSet<String>,
}

fn form(
    config: &Config,
    visit: &Visit,
    status: StatusCode,
    asked: &Asked<'_>,
    told: &Markup,
) -> Response {
    let (words, Asked { name, new, members }) = (visit.words, asked);
    let content = html! {
        (told)
        form.card method="post" action="/groups/save" data-check="/groups/check" data-result="checked" {
            (csrf(visit))
            @if *new {
                input type="hidden" name="new" value="1";
                (super::field("name", words.name, name).required().show())
            } @else {
                input type="hidden" name="name" value=(name);
                p { b { (words.name) } ": " (name) }
            }
            fieldset {
                legend { (words.people) }
                @for person in config.directory.people.keys() {
                    label.check {
                        input type="checkbox" name="member" value=(person)
                            checked[members.contains(person.as_str())];
                        (person)
                    }
                }
            }
            p.hint { (words.group_hint) }
            div #checked aria-live="polite" {}
            button type="submit" { (words.save) }
        }
        p { a href="/people" { (words.people) } }
    };
    let title = if *new { words.add_group } else { words.group };
    (status, page(visit, title, Place::People, &content)).into_response()
}

/// Name and members as they came; an error is for a person.
fn wanted(fields: &Fields) -> Result<Edit, String> {
    let text = |error: NameError| error.to_string();
    let name: GroupName = fields.get("name").parse().map_err(text)?;
    let members: Result<BTreeSet<PersonName>, String> =
        fields.all("member").map(|member| member.parse().map_err(text)).collect();
    Ok(Edit::SetGroup(name, members?))
}

/// What would change.
pub(in crate::web) async fn check(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(file) = change::text(&site).await else {
        return tell(false, words.store_failed).into_response();
    };
    match wanted(&fields) {
        Ok(edit) => match apply(&file, &edit) {
            Ok(edited) => difference(&file, &edited, words).into_response(),
            Err(error) => tell(false, &error.to_string()).into_response(),
        },
        Err(error) => tell(false, &error).into_response(),
    }
}

/// Puts these people into it, and nobody else.
pub(in crate::web) async fn save(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let (config, new) = (site.config(), fields.has("new"));
    let again = |status, told: &Markup| {
        let members = fields.all("member").map(str::to_owned).collect();
        let asked = Asked { name: fields.get("name"), new, members };
        form(&config, &visit, status, &asked, told)
    };
    let edit = match wanted(&fields) {
        Ok(edit) => edit,
        Err(error) => return again(StatusCode::BAD_REQUEST, &tell(false, &error)),
    };
    match change::make(&site, &by(&visit), "groups.change", edit).await {
        Ok(done) => done_page(&site, &visit, &done),
        Err(error) => again(StatusCode::CONFLICT, &fault(&error)),
    }
}
