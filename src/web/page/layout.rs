//! What every page has: head, navigation, the choice of language and colours.

use maud::{DOCTYPE, Markup, html};

use super::icon::Icon;
use crate::web::account::Role;
use crate::web::guard::{Theme, Visit};
use crate::web::routes::asset;
use crate::web::words::{EN, ES, Words};

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Place {
    Status,
    Alerts,
    Statistics,
    People,
    TryMail,
    Settings,
    Log,
    Access,
    Audit,
    Backup,
    Api,
    Account,
    /// Login, set-up, faults.
    Nowhere,
}

struct Entry {
    place: Place,
    path: &'static str,
    icon: Icon,
    role: Role,
    name: fn(&Words) -> &'static str,
}

const fn entry(
    place: Place,
    path: &'static str,
    icon: Icon,
    role: Role,
    name: fn(&Words) -> &'static str,
) -> Entry {
    Entry { place, path, icon, role, name }
}

const ENTRIES: [Entry; 12] = [
    entry(Place::Status, "/", Icon::Pulse, Role::Viewer, |words| words.status),
    entry(Place::Alerts, "/alerts", Icon::Bell, Role::Viewer, |words| words.alerts),
    entry(Place::Statistics, "/statistics", Icon::Chart, Role::Viewer, |words| words.statistics),
    entry(Place::TryMail, "/try", Icon::Flask, Role::Operator, |words| words.try_mail),
    entry(Place::People, "/people", Icon::People, Role::Operator, |words| words.people),
    entry(Place::Log, "/log", Icon::Lines, Role::Operator, |words| words.log),
    entry(Place::Settings, "/settings", Icon::Gear, Role::Admin, |words| words.settings),
    entry(Place::Access, "/access", Icon::Key, Role::Admin, |words| words.access),
    entry(Place::Audit, "/audit", Icon::Book, Role::Admin, |words| words.audit),
    entry(Place::Backup, "/backup", Icon::Box, Role::Admin, |words| words.backup),
    entry(Place::Api, "/api", Icon::Plug, Role::Viewer, |words| words.api),
    entry(Place::Account, "/account", Icon::Person, Role::Viewer, |words| words.my_account),
];

/// A whole page.
pub(in crate::web) fn page(visit: &Visit, title: &str, place: Place, content: &Markup) -> Markup {
    let words = visit.words;
    html! {
        (DOCTYPE)
        html lang=(words.tag) data-theme=(visit.theme.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · smtp-appliance" }
                link rel="stylesheet" href=(asset("app.css"));
                link rel="icon" type="image/svg+xml" href=(asset("icon.svg"));
                script src=(asset("app.js")) defer {}
            }
            body {
                a.skip href="#content" { (words.to_content) }
                (header(visit, place))
                main #content tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
                footer { (preferences(visit)) }
            }
        }
    }
}

fn header(visit: &Visit, place: Place) -> Markup {
    let words = visit.words;
    html! {
        header.top {
            a.brand href="/" { (Icon::Logo.show()) span { "smtp-appliance" } }
            @if visit.may(Role::Viewer) {
                nav aria-label=(words.main_navigation) {
                    ul {
                        @for entry in ENTRIES.iter().filter(|entry| visit.may(entry.role)) {
                            li {
                                a href=(entry.path)
                                    aria-current=[(entry.place == place).then_some("page")] {
                                    (entry.icon.show()) span { ((entry.name)(words)) }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(who) = &visit.who {
                form.logout method="post" action="/logout" {
                    (csrf(visit))
                    button.quiet type="submit" { (words.log_out) " (" (who.name) ")" }
                }
            }
        }
    }
}

fn preferences(visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        form.row method="post" action="/preferences" aria-label=(words.preferences) {
            (csrf(visit))
            input type="hidden" name="back" value=(visit.path);
            label { (words.language) " "
                select name="language" {
                    @for other in [&EN, &ES] {
                        option value=(other.tag) lang=(other.tag) selected[other.tag == words.tag] {
                            (other.this_language)
                        }
                    }
                }
            }
            label { (words.theme) " "
                select name="theme" {
                    @for theme in Theme::ALL {
                        option value=(theme.as_str()) selected[theme == visit.theme] {
                            @match theme {
                                Theme::Auto => (words.theme_auto),
                                Theme::Light => (words.theme_light),
                                Theme::Dark => (words.theme_dark),
                            }
                        }
                    }
                }
            }
            button.quiet type="submit" { (words.apply) }
        }
    }
}

/// The field that shows that a form is ours.
pub(in crate::web) fn csrf(visit: &Visit) -> Markup {
    html! {
        @if let Some(who) = &visit.who { input type="hidden" name="csrf" value=(who.csrf); }
    }
}

/// What came of what was done, read aloud by a screen reader.
pub(in crate::web) fn tell(good: bool, what: &str) -> Markup {
    let class = if good { "good" } else { "error" };
    html! { @if !what.is_empty() { p class=(class) role=(if good { "status" } else { "alert" }) { (what) } } }
}

/// A field of text with its label, and the words that help.
pub(in crate::web) struct Field<'a> {
    pub(in crate::web) name: &'a str,
    pub(in crate::web) label: &'a str,
    pub(in crate::web) value: &'a str,
    pub(in crate::web) kind: &'a str,
    pub(in crate::web) complete: &'a str,
    pub(in crate::web) hint: &'a str,
    pub(in crate::web) required: bool,
}

/// A field of text that must be filled in.
pub(in crate::web) const fn field<'a>(name: &'a str, label: &'a str, value: &'a str) -> Field<'a> {
    Field { name, label, value, kind: "text", complete: "off", hint: "", required: false }
}

impl<'a> Field<'a> {
    pub(in crate::web) const fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    pub(in crate::web) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A password; `complete` is what a browser may fill in.
    pub(in crate::web) const fn password(mut self, complete: &'a str) -> Self {
        (self.kind, self.complete, self.required) = ("password", complete, true);
        self
    }

    pub(in crate::web) const fn complete(mut self, complete: &'a str) -> Self {
        self.complete = complete;
        self
    }

    pub(in crate::web) fn show(&self) -> Markup {
        let id = format!("f-{}", self.name);
        let hint_id = format!("h-{}", self.name);
        html! {
            div.field {
                label for=(id) { (self.label) }
                input id=(id) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=(self.complete) required[self.required]
                    aria-describedby=[(!self.hint.is_empty()).then_some(&hint_id)];
                @if !self.hint.is_empty() { p.hint id=(hint_id) { (self.hint) } }
            }
        }
    }
}
