//! One page for every section of the configuration: its form, checked as it is typed, the difference
//! before it is saved, and what can be tried of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{done, fault, lines};
use super::people::by;
use super::{Place, csrf, fields, page, problem, tell, trial};
use crate::config::edit::{ApplyError, Edit, EditError, Edited, apply};
use crate::web::change;
use crate::web::diff::diff;
use crate::web::form::{
    self, Beside, Item, Section, Shape, Trial, Typed, Value, beside, current, items, said, wanted,
};
use crate::web::guard::{Fields, Visit};
use crate::web::mask;
use crate::web::site::Site;
use crate::web::words::Words;

/// What stands in an address for a table that is not there yet.
const NEW: &str = "+";

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

/// A form with what was typed into it.
struct Sheet<'a> {
    section: &'static Section,
    item: Item,
    /// The file as it is.
    text: &'a str,
    /// By which the file shows that it is another when the form comes back.
    stamp: String,
    now: Option<Vec<Value>>,
    typed: Vec<Typed>,
    site: &'a Arc<Site>,
    visit: &'a Visit,
}

/// What came of looking at it.
enum Looked {
    /// Nothing would change.
    Same,
    Right(Box<Edited>),
    Wrong(Beside),
}

impl<'a> Sheet<'a> {
    /// As the file has it.
    fn of(
        section: &'static Section,
        item: Item,
        text: &'a str,
        site: &'a Arc<Site>,
        visit: &'a Visit,
    ) -> Self {
        let now = current(text, section, &item);
        let plain = |value: Value| Typed { text: value.text, forget: false };
        let typed = match &now {
            Some(now) => now.iter().cloned().map(plain).collect(),
            None => vec![Typed::default(); section.fields.len()],
        };
        let stamp = change::stamp(text);
        Self { section, item, text, stamp, now, typed, site, visit }
    }

    /// With what came from the browser.
    fn typed(mut self, fields: &Fields) -> Self {
        let typed = self.section.fields.iter().map(|field| Typed {
            text: fields.raw(&format!("v.{}", field.key)).to_owned(),
            forget: fields.has(&format!("forget.{}", field.key)),
        });
        self.typed = typed.collect();
        if let (Item::Named(name), None) = (&mut self.item, &self.now) {
            fields.get("name").clone_into(name);
            // A name that is taken is that table's.
            self.now = current(self.text, self.section, &self.item);
        }
        self
    }

    fn edit(&self) -> Option<Edit> {
        wanted(self.section, &self.item, self.now.as_deref(), &self.typed)
    }

    fn look(&self) -> Looked {
        let Some(edit) = self.edit() else { return Looked::Same };
        match apply(self.text, &edit) {
            Ok(edited) => Looked::Right(Box::new(edited)),
            Err(ApplyError::Edit(EditError::Refused(faults))) => {
                Looked::Wrong(beside(self.section, &self.item, &faults))
            }
            Err(error) => {
                Looked::Wrong(Beside { rest: vec![error.to_string()], ..Beside::default() })
            }
        }
    }

    /// What is said of it while it is typed; faults of a field carry its name.
    fn said(&self, looked: &Looked) -> Markup {
        let words = self.visit.words;
        html! {
            @match looked {
                Looked::Same => p.quiet { (words.nothing_changes) },
                Looked::Wrong(beside) => {
                    @for (field, faults) in self.section.fields.iter().zip(&beside.fields) {
                        @if !faults.is_empty() { p data-beside=(field.id()) { (faults.join("; ")) } }
                    }
                    @if !beside.name.is_empty() { p data-beside="name" { (beside.name.join("; ")) } }
                    p.error { (words.not_right_yet) }
                    @for fault in &beside.rest { p.error { (fault) } }
                },
                Looked::Right(edited) => (self.difference(edited, words)),
            }
            @if self.section.trial == Some(Trial::Texts) { (self.sample(looked)) }
        }
    }

    /// What of it would change, and what is odd about that.
    fn difference(&self, edited: &Edited, words: &Words) -> Markup {
        let changed = diff(&mask::masked(self.text), &mask::masked(&edited.text));
        let about = self.section.path.first().copied().unwrap_or_default();
        let warnings = edited.loaded.warnings.iter();
        html! {
            (lines(&changed, words))
            @for warning in warnings.filter(|warning| warning.key.starts_with(about)) {
                p.error { (warning.key) ": " (warning.message) }
            }
        }
    }

    /// What would be said, of a mail to try it with.
    fn sample(&self, looked: &Looked) -> Markup {
        let Item::Named(language) = &self.item else { return html! {} };
        match looked {
            Looked::Same => {
                trial::sample(self.site, &self.site.config(), language, self.visit.words)
            }
            Looked::Right(edited) => {
                trial::sample(self.site, &edited.loaded.config, language, self.visit.words)
            }
            Looked::Wrong(_) => html! {},
        }
    }

    fn page(&self, status: StatusCode, told: &Markup) -> Response {
        let (looked, nothing) = (self.look(), Beside::default());
        let beside = match &looked {
            Looked::Wrong(beside) if status != StatusCode::OK => beside,
            Looked::Wrong(_) | Looked::Same | Looked::Right(_) => &nothing,
        };
        self.show(status, told, beside, &looked)
    }

    fn show(
        &self,
        status: StatusCode,
        told: &Markup,
        beside: &Beside,
        looked: &Looked,
    ) -> Response {
        let (words, section) = (self.visit.words, self.section);
        let (address, check) = self.addresses();
        let now = self.now.as_deref().unwrap_or_default();
        let is_list = matches!(section.shape, Shape::Listed | Shape::Named);
        let content = html! {
            (told)
            form.card method="post" action=(address) data-check=(check) data-result="checked" {
                (csrf(self.visit))
                input type="hidden" name="stamp" value=(self.stamp);
                p { (said(section.help, words)) }
                @if let (Item::Named(name), None) = (&self.item, &self.now) { (name_field(name, beside, words)) }
                (fields::fields(section, now, &self.typed, beside, words))
                div #checked aria-live="polite" { (self.said(looked)) }
                div.row {
                    button type="submit" name="do" value="save" { (words.save) }
                    button.quiet type="submit" name="do" value="check" { (words.check_it) }
                }
            }
            @if self.now.is_some() && section.shape != Shape::One {
                form method="post" action=(address) {
                    (csrf(self.visit))
                    input type="hidden" name="stamp" value=(self.stamp);
                    button.danger type="submit" name="do" value="remove" data-confirm=(words.remove_sure) {
                        (words.remove)
                    }
                }
            }
            @if let Some(trial) = section.trial { (trial::card(trial, self.site, self.visit)) }
            p {
                @if is_list { a href={ "/settings/form/" (section.slug) } { (said(section.title, words)) } " · " }
                a href="/settings" { (words.settings) }
            }
        };
        let title = match (&self.item, &self.now) {
            (Item::Named(name), Some(_)) => format!("{}: {name}", said(section.title, words)),
            (_, _) => said(section.title, words).to_owned(),
        };
        (status, page(self.visit, &title, Place::Settings, &content)).into_response()
    }

    fn addresses(&self) -> (String, String) {
        let item = match (&self.item, &self.now) {
            (Item::Only, _) => "-",
            (Item::Nth(nth), Some(_)) => &nth.to_string(),
            (Item::Named(name), Some(_)) => name,
            (Item::Nth(_) | Item::Named(_), None) => NEW,
        };
        let slug = self.section.slug;
        (format!("/settings/form/{slug}/{item}"), format!("/settings/check/{slug}/{item}"))
    }
}

fn name_field(name: &str, beside: &Beside, words: &Words) -> Markup {
    html! {
        div.field {
            label for="f-name" { (words.language) }
            input #f-name name="name" value=(name) required autocomplete="off"
                aria-describedby="h-name e-name" aria-invalid=[(!beside.name.is_empty()).then_some("true")];
            p.fault #e-name { (beside.name.join("; ")) }
            p.hint #h-name { (words.language_hint) }
        }
    }
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
