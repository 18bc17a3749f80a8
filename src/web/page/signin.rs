//! Logging in and out, and the first start.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{HeaderName, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Place, csrf, field, page, problem, tell};
use crate::web::account::{PasswordError, Role, Totp, UserName, check_password};
use crate::web::guard::{Fields, Visit, session_cookie, set_cookie};
use crate::web::site::{Site, now, unix_now};
use crate::web::words::Words;

/// A year, in seconds: how long language and colours are remembered.
const YEAR: u32 = 365 * 24 * 3600;

/// The login form.
pub(in crate::web) async fn login_page(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    if visit.may(Role::Viewer) {
        return Redirect::to("/").into_response();
    }
    if site.setup().is_some() {
        return Redirect::to("/setup").into_response();
    }
    login_form(&visit, "", "").into_response()
}

fn login_form(visit: &Visit, name: &str, wrong: &str) -> Markup {
    let words = visit.words;
    let content = html! {
        section.card.narrow {
            (tell(false, wrong))
            form method="post" action="/login" {
                (field("name", words.user_name, name).complete("username").required().show())
                (field("password", words.password, "").password("current-password").show())
                button type="submit" { (words.log_in) }
            }
        }
    };
    page(visit, words.log_in, Place::Nowhere, &content)
}

/// Takes name and password.
pub(in crate::web) async fn login(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let typed = fields.get("name");
    let again = |status: StatusCode, wrong: &str| {
        (status, login_form(&visit, typed, wrong)).into_response()
    };
    let keys = [format!("user {}", typed.to_lowercase()), format!("from {}", visit.peer)];
    if let Some(seconds) = locked(&site, &keys) {
        let wait = format!("{} {seconds}", words.login_wait);
        return again(StatusCode::TOO_MANY_REQUESTS, &wait);
    }
    let name: Option<UserName> = typed.parse().ok();
    let accounts = match site.accounts.read() {
        Ok(accounts) => accounts,
        Err(error) => {
            tracing::error!(%error, "accounts");
            return again(StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
        }
    };
    let user = name.as_ref().and_then(|name| accounts.users.get(name));
    let hash = user.map(|user| user.password.clone());
    let compared = site.passwords.verify(fields.raw("password").to_owned(), hash).await;
    let Ok(right) = compared else {
        return again(StatusCode::SERVICE_UNAVAILABLE, words.login_busy);
    };
    match (name, user) {
        (Some(name), Some(user)) if right => {
            let half_way = user.totp.is_some();
            if !half_way {
                succeed(&site, &keys);
                site.audit.note(name.as_str(), &visit.peer.to_string(), "login", "");
            }
            begin(&site, &visit, name, user.generation, half_way)
        }
        (_, _) => {
            fail(&site, &keys);
            // What was typed as a name may be a password.
            let known = user.map_or("somebody unknown", |_| typed);
            site.audit.note(known, &visit.peer.to_string(), "login.failed", "");
            again(StatusCode::UNAUTHORIZED, words.login_wrong)
        }
    }
}

/// Seconds that one of these has to wait.
fn locked(site: &Site, keys: &[String]) -> Option<u64> {
    let lockout = site.lockout();
    let waits = keys.iter().filter_map(|key| lockout.wait(key, now()));
    waits.max().map(|wait| wait.as_secs() + 1)
}

fn fail(site: &Site, keys: &[String]) {
    let mut lockout = site.lockout();
    for key in keys {
        lockout.fail(key, now());
    }
}

fn succeed(site: &Site, keys: &[String]) {
    let mut lockout = site.lockout();
    for key in keys {
        lockout.succeed(key);
    }
}

/// Begins a session; one that was there before is over, so that nobody can have planted it.
fn begin(site: &Site, visit: &Visit, name: UserName, generation: u64, half_way: bool) -> Response {
    let cookie = {
        let mut sessions = site.sessions();
        if let Some(who) = &visit.who {
            sessions.end(&who.key);
        }
        sessions.begin(name, generation, half_way, now())
    };
    let Some(cookie) = cookie else {
        return problem(visit, StatusCode::SERVICE_UNAVAILABLE, visit.words.login_busy);
    };
    let place = if half_way { "/login/code" } else { "/" };
    let session = set_cookie(session_cookie(visit.encrypted), &cookie, visit.encrypted, None);
    with_cookies([session], place)
}

fn with_cookies<const N: usize>(cookies: [String; N], place: &str) -> Response {
    let mut response = Redirect::to(place).into_response();
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

/// The form for the second factor.
pub(in crate::web) async fn code_page(visit: Visit) -> Response {
    match &visit.who {
        Some(who) if who.half_way => code_form(&visit, "").into_response(),
        Some(_) | None => Redirect::to("/").into_response(),
    }
}

fn code_form(visit: &Visit, wrong: &str) -> Markup {
    let words = visit.words;
    let content = html! {
        section.card.narrow {
            (tell(false, wrong))
            form method="post" action="/login/code" {
                (csrf(visit))
                (field("code", words.code, "").hint(words.code_hint)
                    .complete("one-time-code").required().show())
                button type="submit" { (words.continue_) }
            }
        }
    };
    page(visit, words.code, Place::Nowhere, &content)
}

/// Takes the second factor.
pub(in crate::web) async fn code(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(who) = visit.who.clone().filter(|who| who.half_way) else {
        return Redirect::to("/login").into_response();
    };
    let keys = [format!("user {}", who.name), format!("from {}", visit.peer)];
    if let Some(seconds) = locked(&site, &keys) {
        let wait = format!("{} {seconds}", words.login_wait);
        return (StatusCode::TOO_MANY_REQUESTS, code_form(&visit, &wait)).into_response();
    }
    let accounts = site.accounts.read().unwrap_or_default();
    let user = accounts.users.get(&who.name);
    let Some((user, secret)) = user.and_then(|user| Some((user, user.totp.as_ref()?))) else {
        return Redirect::to("/login").into_response();
    };
    let typed = fields.get("code");
    let by_telephone = {
        let mut codes = site.codes();
        let taken: &mut Totp = codes.entry(who.name.clone()).or_default();
        taken.accept(secret, typed, unix_now())
    };
    let by_recovery = !by_telephone && {
        let name = who.name.clone();
        site.accounts.change(|all| all.use_recovery(&name, typed)).is_ok()
    };
    if !by_telephone && !by_recovery {
        fail(&site, &keys);
        site.audit.note(
            who.name.as_str(),
            &visit.peer.to_string(),
            "login.failed",
            "second factor",
        );
        return (StatusCode::UNAUTHORIZED, code_form(&visit, words.code_wrong)).into_response();
    }
    succeed(&site, &keys);
    let by = if by_recovery { "recovery code" } else { "second factor" };
    site.audit.note(who.name.as_str(), &visit.peer.to_string(), "login", by);
    begin(&site, &visit, who.name, user.generation, false)
}

/// Ends the session.
pub(in crate::web) async fn logout(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    if let Some(who) = &visit.who {
        site.sessions().end(&who.key);
        site.audit.note(who.name.as_str(), &visit.peer.to_string(), "logout", "");
    }
    let cookie = set_cookie(session_cookie(visit.encrypted), "", visit.encrypted, Some(0));
    let mut response = with_cookies([cookie], "/login");
    let clear = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(clear, HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

/// Remembers language and colours.
pub(in crate::web) async fn preferences(visit: Visit, fields: Fields) -> Response {
    let known = |name: &str, choices: &[&'static str], otherwise: &'static str| {
        let chosen = fields.get(name);
        choices.iter().find(|choice| **choice == chosen).copied().unwrap_or(otherwise)
    };
    let language = known("language", &["en", "es"], "en");
    let theme = known("theme", &["auto", "light", "dark"], "auto");
    let back = fields.get("back");
    // A path of ours, and not of another host (`//evil.example`); browsers leave tabs out.
    let plain = back.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    let inside = back.starts_with('/') && !back.starts_with("//") && plain;
    let cookies = [("language", language), ("theme", theme)]
        .map(|(name, value)| set_cookie(name, value, visit.encrypted, Some(YEAR)));
    with_cookies(cookies, if inside { back } else { "/" })
}

/// The first start.
pub(in crate::web) async fn setup_page(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Query(given): Query<Given>,
) -> Response {
    if site.setup().is_none() {
        return Redirect::to("/login").into_response();
    }
    setup_form(&visit, &given.token, "admin", "").into_response()
}

/// What an address to the first start may bring along.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Given {
    token: String,
}

fn setup_form(visit: &Visit, token: &str, name: &str, wrong: &str) -> Markup {
    let words = visit.words;
    let content = html! {
        section.card.narrow {
            p { (words.setup_intro) }
            (tell(false, wrong))
            form method="post" action="/setup" {
                (field("token", words.setup_token, token).required().show())
                (field("name", words.user_name, name).complete("username").required().show())
                (field("password", words.password, "").password("new-password")
                    .hint(words.password_hint).show())
                (field("again", words.password_again, "").password("new-password").show())
                button type="submit" { (words.setup_done) }
            }
        }
    };
    page(visit, words.setup, Place::Nowhere, &content)
}

/// Makes the first user.
pub(in crate::web) async fn setup(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(token) = site.setup() else { return Redirect::to("/login").into_response() };
    let typed = fields.get("name");
    let again = |status: StatusCode, wrong: &str| {
        (status, setup_form(&visit, fields.get("token"), typed, wrong)).into_response()
    };
    let keys = [format!("setup from {}", visit.peer)];
    if let Some(seconds) = locked(&site, &keys) {
        let wait = format!("{} {seconds}", words.login_wait);
        return again(StatusCode::TOO_MANY_REQUESTS, &wait);
    }
    if !token.is(fields.get("token")) {
        fail(&site, &keys);
        site.audit.note("", &visit.peer.to_string(), "setup.failed", "");
        return again(StatusCode::FORBIDDEN, words.setup_token_wrong);
    }
    let Ok(name) = typed.parse::<UserName>() else {
        return again(StatusCode::BAD_REQUEST, words.user_name_wrong);
    };
    let hash = match new_password(&site, &fields, &name, words).await {
        Ok(hash) => hash,
        Err(wrong) => return again(StatusCode::BAD_REQUEST, wrong),
    };
    let made = site.accounts.change(|accounts| accounts.add(name.clone(), Role::Admin, hash));
    if let Err(error) = made {
        tracing::error!(%error, "accounts");
        return again(StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
    }
    // Looks at the accounts, and forgets the token.
    drop(site.setup());
    site.audit.note(name.as_str(), &visit.peer.to_string(), "setup", "");
    begin(&site, &visit, name, 0, false)
}

/// The hash of a password that was typed twice.
pub(in crate::web) async fn new_password(
    site: &Site,
    fields: &Fields,
    name: &UserName,
    words: &'static Words,
) -> Result<String, &'static str> {
    let password = fields.raw("password");
    if password != fields.raw("again") {
        return Err(words.passwords_differ);
    }
    let fault = |error| match error {
        PasswordError::Short => words.password_short,
        PasswordError::Long => words.password_long,
        PasswordError::Common => words.password_common,
        PasswordError::Failed | PasswordError::Busy => words.login_busy,
    };
    check_password(password, name.as_str()).map_err(fault)?;
    site.passwords.hash(password.to_owned()).await.map_err(fault)
}
