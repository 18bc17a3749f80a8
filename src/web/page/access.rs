//! Who has access: users with their roles, tokens with their scopes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{Place, csrf, field, page, signin, tell, time};
use crate::web::account::{AccountError, Accounts, ApiToken, FileError, Role, Scope, UserName};
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;
use crate::web::words::Words;

/// A day.
const DAY: Duration = Duration::from_hours(24);

/// What came of a form.
#[derive(Default)]
struct Told {
    good: &'static str,
    wrong: String,
    /// A new token, shown this once.
    token: String,
}

/// The page.
pub(in crate::web) async fn access(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&site, &visit, StatusCode::OK, &Told::default())
}

fn show(site: &Site, visit: &Visit, status: StatusCode, told: &Told) -> Response {
    let words = visit.words;
    let accounts = site.accounts.read().unwrap_or_default();
    let content = html! {
        (tell(true, told.good)) (tell(false, &told.wrong))
        @if !told.token.is_empty() {
            section.card aria-labelledby="shown" {
                h2 #shown { (words.token_new) }
                p { code { (told.token) } }
                p.hint { (words.token_once) }
            }
        }
        section.card aria-labelledby="users" {
            h2 #users { (words.users) }
            (users(visit, &accounts))
            details {
                summary { (words.add_user) }
                form method="post" action="/access/add" {
                    (csrf(visit))
                    (field("name", words.user_name, "").required().show())
                    div.field { label for="role" { (words.role) } (roles("role", Role::Viewer, words)) }
                    (field("password", words.password, "").password("new-password")
                        .hint(words.password_hint).show())
                    (field("again", words.password_again, "").password("new-password").show())
                    button type="submit" { (words.add_user) }
                }
            }
        }
        section.card aria-labelledby="tokens" {
            h2 #tokens { (words.tokens) }
            p.quiet { (words.tokens_intro) }
            (tokens(visit, &accounts))
            details { summary { (words.add_token) } (token_form(visit)) }
        }
    };
    (status, page(visit, words.access, Place::Access, &content)).into_response()
}

fn users(visit: &Visit, accounts: &Accounts) -> Markup {
    let words = visit.words;
    html! {
        table.stack {
            thead { tr {
                th scope="col" { (words.user) } th scope="col" { (words.role) }
                th scope="col" { (words.second_factor) } th scope="col" { (words.actions) }
            } }
            tbody {
                @for (name, user) in &accounts.users {
                    tr {
                        td data-label=(words.user) { (name) }
                        td data-label=(words.role) {
                            form.row method="post" action="/access/role" {
                                (csrf(visit)) input type="hidden" name="name" value=(name);
                                (roles(&format!("role-{name}"), user.role, words))
                                button.quiet type="submit" { (words.apply) }
                            }
                        }
                        td data-label=(words.second_factor) {
                            @if user.totp.is_some() { (words.yes) } @else { (words.no) }
                        }
                        td data-label=(words.actions) {
                            form method="post" action="/access/remove" {
                                (csrf(visit)) input type="hidden" name="name" value=(name);
                                button.quiet type="submit" data-confirm=(words.remove_sure) {
                                    (words.remove) " " (name)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn roles(id: &str, chosen: Role, words: &Words) -> Markup {
    html! {
        select id=(id) name="role" aria-label=(words.role) {
            @for role in Role::ALL {
                option value=(role.as_str()) selected[role == chosen] { (role_word(role, words)) }
            }
        }
    }
}

const fn role_word(role: Role, words: &Words) -> &'static str {
    match role {
        Role::Viewer => words.role_viewer,
        Role::Operator => words.role_operator,
        Role::Admin => words.role_admin,
    }
}

const fn scope_word(scope: Scope, words: &Words) -> &'static str {
    match scope {
        Scope::Intake => words.scope_intake,
        Scope::Metrics => words.scope_metrics,
        Scope::Read => words.scope_read,
        Scope::Act => words.scope_act,
        Scope::Configure => words.scope_configure,
        Scope::Admin => words.scope_admin,
    }
}

fn tokens(visit: &Visit, accounts: &Accounts) -> Markup {
    let words = visit.words;
    html! {
        @if accounts.tokens.is_empty() { p.quiet { (words.no_tokens) } }
        @else {
            table.stack {
                thead { tr {
                    th scope="col" { (words.name) } th scope="col" { (words.scopes) }
                    th scope="col" { (words.made) } th scope="col" { (words.until) }
                    th scope="col" { (words.actions) }
                } }
                tbody {
                    @for token in &accounts.tokens {
                        tr {
                            td data-label=(words.name) { (token.name) }
                            td data-label=(words.scopes) {
                                @for scope in &token.scopes { span.badge { (scope) } " " }
                            }
                            td data-label=(words.made) { (time::moment(token.made)) }
                            td data-label=(words.until) {
                                @match token.until { Some(at) => (time::moment(at)), None => "–" }
                            }
                            td data-label=(words.actions) {
                                form method="post" action="/access/token/remove" {
                                    (csrf(visit))
                                    input type="hidden" name="name" value=(token.name);
                                    button.quiet type="submit" data-confirm=(words.remove_sure) {
                                        (words.remove) " " (token.name)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn token_form(visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        form method="post" action="/access/token/add" {
            (csrf(visit))
            (field("token", words.name, "").required().hint(words.token_name_hint).show())
            fieldset {
                legend { (words.scopes) }
                @for scope in Scope::ALL {
                    label.check {
                        input type="checkbox" name="scope" value=(scope.as_str());
                        (scope_word(scope, words)) " (" code { (scope) } ")"
                    }
                }
            }
            (field("days", words.days_valid, "").hint(words.days_hint).show())
            button type="submit" { (words.add_token) }
        }
    }
}

/// Adds a user.
pub(in crate::web) async fn add(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let bad = |wrong: &str| {
        let told = Told { wrong: wrong.to_owned(), ..Told::default() };
        show(&site, &visit, StatusCode::BAD_REQUEST, &told)
    };
    let (Ok(name), Ok(role)) =
        (fields.get("name").parse::<UserName>(), fields.get("role").parse::<Role>())
    else {
        return bad(words.user_name_wrong);
    };
    let hash = match signin::new_password(&site, &fields, &name, words).await {
        Ok(hash) => hash,
        Err(wrong) => return bad(wrong),
    };
    let detail = format!("{name} ({role})");
    change(&site, &visit, "user.add", &detail, words.user_added, |all| all.add(name, role, hash))
}

/// Takes a user out.
pub(in crate::web) async fn remove(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(name) = fields.get("name").parse::<UserName>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // Her sessions are over with her account.
    let detail = name.to_string();
    change(&site, &visit, "user.remove", &detail, words.user_removed, |all| all.remove(&name))
}

/// Gives a user another role.
pub(in crate::web) async fn role(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let (Ok(name), Ok(role)) =
        (fields.get("name").parse::<UserName>(), fields.get("role").parse::<Role>())
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let detail = format!("{name} ({role})");
    change(&site, &visit, "user.role", &detail, words.role_changed, |all| all.set_role(&name, role))
}

/// Makes a token.
pub(in crate::web) async fn add_token(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let scopes: BTreeSet<Scope> =
        fields.all("scope").filter_map(|word| word.parse().ok()).collect();
    let days = match fields.get("days") {
        "" => Some(None),
        text => text.parse().ok().filter(|days| (1..=3650).contains(days)).map(Some),
    };
    let Some(days) = days.filter(|_| !scopes.is_empty()) else {
        let told = Told { wrong: words.token_wrong.to_owned(), ..Told::default() };
        return show(&site, &visit, StatusCode::BAD_REQUEST, &told);
    };
    let now = Timestamp::now();
    let until = days.and_then(|days: u32| now.checked_add(DAY * days).ok());
    let name = fields.get("token").to_owned();
    let Some((token, shown)) = ApiToken::make(name.clone(), scopes, now, until) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    match site.accounts.change(|all| all.add_token(token)) {
        Ok(()) => {
            site.audit.note(visit.name(), &visit.peer.to_string(), "token.add", &name);
            show(&site, &visit, StatusCode::OK, &Told { token: shown, ..Told::default() })
        }
        Err(error) => failed(&site, &visit, &error),
    }
}

/// Takes a token out.
pub(in crate::web) async fn remove_token(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let (words, name) = (visit.words, fields.raw("name"));
    change(&site, &visit, "token.remove", name, words.token_removed, |all| all.remove_token(name))
}

fn change(
    site: &Site,
    visit: &Visit,
    what: &str,
    detail: &str,
    good: &'static str,
    change: impl FnOnce(&mut Accounts) -> Result<(), AccountError>,
) -> Response {
    match site.accounts.change(change) {
        Ok(()) => {
            site.audit.note(visit.name(), &visit.peer.to_string(), what, detail);
            show(site, visit, StatusCode::OK, &Told { good, ..Told::default() })
        }
        Err(error) => failed(site, visit, &error),
    }
}

fn failed(site: &Site, visit: &Visit, error: &FileError) -> Response {
    let words = visit.words;
    let wrong = match error {
        FileError::Account(AccountError::Exists(_)) => words.user_exists,
        FileError::Account(AccountError::LastAdmin(_)) => words.last_admin,
        FileError::Account(AccountError::TooMany) => words.too_many,
        FileError::Account(AccountError::TokenName) => words.token_wrong,
        FileError::Account(AccountError::RecoveryCode) => words.code_wrong,
        FileError::Account(AccountError::Unknown(_) | AccountError::UnknownToken(_)) => {
            words.not_found
        }
        FileError::Io(..) | FileError::Unreadable(..) => words.store_failed,
    };
    let told = Told { wrong: wrong.to_owned(), ..Told::default() };
    show(site, visit, StatusCode::CONFLICT, &told)
}
