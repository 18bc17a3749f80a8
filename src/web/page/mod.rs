//! Pages: pure functions from facts to HTML. What text comes from outside (a mail, a name, the
//! configuration) is escaped by the template; `PreEscaped` stands in `icon.rs` and nowhere else.

pub(super) mod access;
pub(super) mod account;
pub(super) mod alert;
pub(super) mod alerts;
pub(super) mod audit;
pub(super) mod backup;
mod badge;
mod change;
pub(super) mod config_file;
mod fields;
pub(super) mod form;
pub(super) mod groups;
pub(super) mod history;
mod icon;
mod layout;
pub(super) mod log;
mod parts;
pub(super) mod people;
pub(super) mod said;
pub(super) mod self_test;
pub(super) mod settings;
mod sheet;
pub(super) mod signin;
pub(super) mod statistics;
pub(super) mod status;
mod time;
pub(super) mod trial;
pub(super) mod try_mail;
pub(super) mod update;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;

pub(super) use icon::Icon;
pub(super) use layout::{Place, csrf, field, page, tell};

use super::guard::Visit;

/// A page that says what went wrong.
pub(super) fn problem(visit: &Visit, status: StatusCode, what: &str) -> Response {
    let words = visit.words;
    let content = html! {
        section.card { p.error role="alert" { (what) } p { a href="/" { (words.status) } } }
    };
    (status, page(visit, words.problem, Place::Nowhere, &content)).into_response()
}
