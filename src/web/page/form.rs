//! One page for every section of the configuration: its form, checked as it is typed, the difference
//! before it is saved, and what can be tried of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{done, fault};
use super::people::by;
use super::sheet::{Looked, NEW, Sheet};
use super::{Place, page, problem, tell, trial};
use crate::config::edit::{ApplyError, Edit, EditError, apply};
use crate::web::change;
use crate::web::form::{self, Item, Section, Shape, items, said};
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;

/// The form of a section, or the list of its tables.
pub(in crate::web) async fn section(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(slug): Path<String>,
) -> Response {
    let Some(section) = form::section(&slug) else {
        return problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found);
    };
    let Ok(text) = change::text(&site).await else {
        return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, visit.words.store_failed);
    };
    match section.shape {
        Shape::One | Shape::Optional => {
            let sheet = Sheet::of(section, Item::Only, &text, &site, &visit);
            sheet.page(StatusCode::OK, &html! {})
        }
        Shape::Listed | Shape::Named => list(section, &text, &site, &visit, &html! {}),
    }
}

/// The form of one of its tables.
pub(in crate::web) async fn table(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path((slug, item)): Path<(String, String)>,
) -> Response {
    let Ok(text) = change::text(&site).await else {
        return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, visit.words.store_failed);
    };
    match find(&slug, &item, &text) {
        Some((section, item)) => {
            Sheet::of(section, item, &text, &site, &visit).page(StatusCode::OK, &html! {})
        }
        None => problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found),
    }
}

/// The table of an address.
fn find(slug: &str, item: &str, text: &str) -> Option<(&'static Section, Item)> {
    let section = form::section(slug)?;
    let known = items(text, section);
    let item = match section.shape {
        Shape::One | Shape::Optional => Item::Only,
        Shape::Listed if item == NEW => Item::Nth(known.len()),
        Shape::Listed => Item::Nth(item.parse().ok().filter(|nth| *nth < known.len())?),
        Shape::Named if item == NEW => Item::Named(String::new()),
        Shape::Named => known.into_iter().find(|(_, name)| name == item)?.0,
    };
    Some((section, item))
}

fn list(section: &Section, text: &str, site: &Arc<Site>, visit: &Visit, told: &Markup) -> Response {
    let words = visit.words;
    let address = |item: &Item| match item {
        Item::Only => format!("/settings/form/{}", section.slug),
        Item::Nth(nth) => format!("/settings/form/{}/{nth}", section.slug),
        Item::Named(name) => format!("/settings/form/{}/{name}", section.slug),
    };
    let all = items(text, section);
    let content = html! {
        (told)
        section.card {
            p { (said(section.help, words)) }
            @if all.is_empty() { p.quiet { (words.none_yet) } }
            ul.steps {
                @for (item, name) in &all { li { a href=(address(item)) { (name) } } }
            }
            p { a.button href={ "/settings/form/" (section.slug) "/" (NEW) } { (words.add) } }
        }
        @if let Some(trial) = section.trial { (trial::card(trial, site, visit)) }
        p { a href="/settings" { (words.settings) } }
    };
    page(visit, said(section.title, words), Place::Settings, &content).into_response()
}

/// Says what is wrong with what is typed, or what would change.
pub(in crate::web) async fn check(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path((slug, item)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let Ok(text) = change::text(&site).await else {
        return tell(false, visit.words.store_failed).into_response();
    };
    let Some((section, item)) = find(&slug, &item, &text) else {
        return tell(false, visit.words.changed_meanwhile).into_response();
    };
    let sheet = Sheet::of(section, item, &text, &site, &visit).typed(&fields);
    sheet.said(&sheet.look()).into_response()
}

/// Saves, shows what would be saved, or takes the table out.
pub(in crate::web) async fn act(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path((slug, item)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(text) = change::text(&site).await else {
        return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
    };
    let Some((section, item)) = find(&slug, &item, &text) else {
        return problem(&visit, StatusCode::NOT_FOUND, words.not_found);
    };
    let is_other = fields.get("stamp") != change::stamp(&text);
    let plain = Sheet::of(section, item, &text, &site, &visit);
    let (sheet, wanted) = if fields.get("do") == "remove" {
        let edit = Edit::RemoveTable(form::path(section, &plain.item));
        (plain, Some(edit))
    } else {
        let sheet = plain.typed(&fields);
        let edit = sheet.edit();
        (sheet, edit)
    };
    if is_other {
        return sheet.page(StatusCode::CONFLICT, &tell(false, words.changed_meanwhile));
    }
    if fields.get("do") == "check" {
        let looked = sheet.look();
        let status = if matches!(looked, Looked::Wrong(_)) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        return sheet.page(status, &html! {});
    }
    let Some(edit) = wanted else {
        return sheet.page(StatusCode::OK, &tell(true, words.nothing_changes));
    };
    save(&sheet, &edit).await
}

async fn save(sheet: &Sheet<'_>, edit: &Edit) -> Response {
    let (site, visit) = (sheet.site, sheet.visit);
    let edited = match apply(sheet.text, edit) {
        Ok(edited) => edited,
        Err(ApplyError::Edit(EditError::Refused(_))) => {
            return sheet.page(StatusCode::BAD_REQUEST, &tell(false, visit.words.not_saved));
        }
        Err(error) => {
            return sheet.page(StatusCode::CONFLICT, &tell(false, &error.to_string()));
        }
    };
    let what = format!("settings.{}", sheet.section.slug);
    let before = sheet.text.to_owned();
    let made = change::replace(site, &by(visit), &what, before, edited.text).await;
    let made = match made {
        Ok(made) => made,
        Err(error) => return sheet.page(StatusCode::CONFLICT, &fault(&error)),
    };
    let told = done(&made, visit.words);
    let Ok(text) = change::text(site).await else {
        return problem(visit, StatusCode::INTERNAL_SERVER_ERROR, visit.words.store_failed);
    };
    match sheet.section.shape {
        Shape::One | Shape::Optional => {
            Sheet::of(sheet.section, Item::Only, &text, site, visit).page(StatusCode::OK, &told)
        }
        Shape::Listed | Shape::Named => list(sheet.section, &text, site, visit, &told),
    }
}
