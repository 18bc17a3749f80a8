//! One form of the configuration with what was typed into it, and what is said of that.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::lines;
use super::{Place, csrf, fields, page, trial};
use crate::config::edit::{ApplyError, Edit, EditError, Edited, apply};
use crate::config::mask;
use crate::web::change;
use crate::web::form::{
    Beside, Item, Section, Shape, Trial, Typed, Value, beside, current, said, wanted,
};
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;
use crate::web::words::Words;

/// What stands in an address for a table that is not there yet.
pub(super) const NEW: &str = "+";

/// A form with what was typed into it.
pub(super) struct Sheet<'a> {
    pub(super) section: &'static Section,
    pub(super) item: Item,
    /// The file as it is.
    pub(super) text: &'a str,
    /// By which the file shows that it is another when the form comes back.
    stamp: String,
    now: Option<Vec<Value>>,
    typed: Vec<Typed>,
    pub(super) site: &'a Arc<Site>,
    pub(super) visit: &'a Visit,
}

/// What came of looking at it.
pub(super) enum Looked {
    /// Nothing would change.
    Same,
    Right(Box<Edited>),
    Wrong(Beside),
}

impl<'a> Sheet<'a> {
    /// As the file has it.
    pub(super) fn of(
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
    pub(super) fn typed(mut self, fields: &Fields) -> Self {
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

    pub(super) fn edit(&self) -> Option<Edit> {
        wanted(self.section, &self.item, self.now.as_deref(), &self.typed)
    }

    pub(super) fn look(&self) -> Looked {
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
    pub(super) fn said(&self, looked: &Looked) -> Markup {
        html! {
            @match looked {
                Looked::Same => p.quiet { (self.visit.words.nothing_changes) },
                Looked::Wrong(beside) => {
                    @for (field, faults) in self.section.fields.iter().zip(&beside.fields) {
                        @if !faults.is_empty() { p data-beside=(field.id()) { (faults.join("; ")) } }
                    }
                    @if !beside.name.is_empty() { p data-beside="name" { (beside.name.join("; ")) } }
                },
                Looked::Right(_) => {},
            }
            (self.summary(looked))
        }
    }

    /// What is said below the fields.
    fn summary(&self, looked: &Looked) -> Markup {
        let words = self.visit.words;
        html! {
            @match looked {
                Looked::Same => {},
                Looked::Wrong(beside) => {
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
        let changed = mask::differing(self.text, &edited.text);
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

    /// The page. Nobody is blamed for a form that was not filled in yet: that is one with
    /// [`StatusCode::OK`].
    pub(super) fn page(&self, status: StatusCode, told: &Markup) -> Response {
        let (looked, nothing) = (self.look(), Beside::default());
        let (beside, summary) = match &looked {
            Looked::Wrong(_) if status == StatusCode::OK => (&nothing, html! {}),
            Looked::Wrong(beside) => (beside, self.summary(&looked)),
            Looked::Same | Looked::Right(_) => (&nothing, self.summary(&looked)),
        };
        let content = self.content(beside, &summary);
        let title = match (&self.item, &self.now) {
            (Item::Named(name), Some(_)) => {
                format!("{}: {name}", said(self.section.title, self.visit.words))
            }
            (_, _) => said(self.section.title, self.visit.words).to_owned(),
        };
        let content = html! { (told) (content) };
        (status, page(self.visit, &title, Place::Settings, &content)).into_response()
    }

    fn content(&self, beside: &Beside, summary: &Markup) -> Markup {
        let (words, section) = (self.visit.words, self.section);
        let (address, check) = self.addresses();
        let now = self.now.as_deref().unwrap_or_default();
        let is_list = matches!(section.shape, Shape::Listed | Shape::Named);
        html! {
            form.card method="post" action=(address) data-check=(check) data-result="checked" {
                (csrf(self.visit))
                input type="hidden" name="stamp" value=(self.stamp);
                p { (said(section.help, words)) }
                @if let (Item::Named(name), None) = (&self.item, &self.now) { (name_field(name, beside, words)) }
                (fields::fields(section, now, &self.typed, beside, words))
                div #checked aria-live="polite" { (summary) }
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
        }
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
