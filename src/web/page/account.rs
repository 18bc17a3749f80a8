//! One's own account: password and second factor.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use super::{Place, csrf, field, page, signin, tell};
use crate::web::account::{Totp, TotpSecret, UserName, recovery};
use crate::web::guard::{Fields, Visit, Who};
use crate::web::site::{Site, unix_now};
use crate::web::words::Words;

/// The page.
pub(in crate::web) async fn account(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&site, &visit, StatusCode::OK, "", "")
}

fn show(site: &Site, visit: &Visit, status: StatusCode, good: &str, wrong: &str) -> Response {
    let words = visit.words;
    let Some(who) = &visit.who else { return StatusCode::UNAUTHORIZED.into_response() };
    let content = html! {
        (tell(true, good)) (tell(false, wrong))
        div.grid {
            section.card aria-labelledby="password" {
                h2 #password { (words.password) }
                form method="post" action="/account/password" {
                    (csrf(visit))
                    input type="hidden" name="name" value=(who.name) autocomplete="username";
                    (field("now", words.password_now, "").password("current-password").show())
                    (field("password", words.password_new, "").password("new-password")
                        .hint(words.password_hint).show())
                    (field("again", words.password_again, "").password("new-password").show())
                    button type="submit" { (words.change_password) }
                }
            }
            section.card aria-labelledby="factor" {
                h2 #factor { (words.second_factor) }
                @if who.has_totp { (turn_off(site, visit, who)) } @else { (turn_on(site, visit, who)) }
            }
        }
    };
    (status, page(visit, words.my_account, Place::Account, &content)).into_response()
}

fn turn_off(site: &Site, visit: &Visit, who: &Who) -> Markup {
    let words = visit.words;
    let accounts = site.accounts.read().unwrap_or_default();
    let left = accounts.users.get(&who.name).map_or(0, |user| user.recovery.len());
    html! {
        p { (words.factor_on) }
        p { (words.recovery_left) " " (left) }
        form method="post" action="/account/recovery" {
            (csrf(visit))
            (field("again", words.password_now, "").password("current-password").show())
            button.quiet type="submit" { (words.new_recovery) }
        }
        form method="post" action="/account/totp/off" {
            (csrf(visit))
            (field("now", words.password_now, "").password("current-password").show())
            button.danger type="submit" { (words.turn_off) }
        }
    }
}

fn turn_on(site: &Site, visit: &Visit, who: &Who) -> Markup {
    let words = visit.words;
    let Some(secret) = TotpSecret::make() else { return html! {} };
    let uri = secret.uri(who.name.as_str(), &site.config().appliance.name);
    html! {
        p { (words.factor_intro) }
        (picture(&uri, words.qr_of_secret))
        p { (words.or_type) " " code { (secret.reveal()) } }
        form method="post" action="/account/totp/on" {
            (csrf(visit))
            input type="hidden" name="secret" value=(secret.reveal());
            (field("code", words.code, "").hint(words.code_hint)
                .complete("one-time-code").required().show())
            (field("now", words.password_now, "").password("current-password").show())
            button type="submit" { (words.turn_on) }
        }
    }
}

/// A QR code as one path of an SVG.
fn picture(text: &str, name: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let size = code.size();
    let dark = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let squares = dark.filter(|(x, y)| code.get_module(*x, *y));
    let path: Vec<String> = squares.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    let view = format!("-4 -4 {0} {0}", size + 8);
    html! {
        svg.qr viewBox=(view) role="img" aria-label=(name) { path d=(path.concat()) fill="#000" {} }
    }
}

/// Whether the password that was typed is hers.
async fn is_hers(site: &Site, name: &UserName, typed: &str) -> bool {
    let hash = site.accounts.read().ok();
    let hash = hash.and_then(|all| all.users.get(name).map(|user| user.password.clone()));
    site.passwords.verify(typed.to_owned(), hash).await.unwrap_or(false)
}

/// Another password.
pub(in crate::web) async fn password(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(who) = visit.who.clone() else { return StatusCode::UNAUTHORIZED.into_response() };
    if !is_hers(&site, &who.name, fields.raw("now")).await {
        return show(&site, &visit, StatusCode::FORBIDDEN, "", words.password_wrong);
    }
    let hash = match signin::new_password(&site, &fields, &who.name, words).await {
        Ok(hash) => hash,
        Err(wrong) => return show(&site, &visit, StatusCode::BAD_REQUEST, "", wrong),
    };
    let name = who.name.clone();
    if site.accounts.change(move |all| all.set_password(&name, hash)).is_err() {
        return show(&site, &visit, StatusCode::INTERNAL_SERVER_ERROR, "", words.store_failed);
    }
    site.audit.note(visit.name(), &visit.peer.to_string(), "password", "");
    // All her sessions are over, this one too: she logs in with what she has just chosen.
    site.sessions().end_all(&who.name);
    let visit = Visit { who: None, ..visit };
    let content =
        html! { (tell(true, words.password_changed)) p { a href="/login" { (words.log_in) } } };
    page(&visit, words.my_account, Place::Nowhere, &content).into_response()
}

/// Turns the second factor on, once a code shows that the telephone has it.
pub(in crate::web) async fn totp_on(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(who) = visit.who.clone() else { return StatusCode::UNAUTHORIZED.into_response() };
    let secret = TotpSecret::parse(fields.get("secret"));
    let Some(secret) = secret.filter(|_| !who.has_totp) else {
        return show(&site, &visit, StatusCode::BAD_REQUEST, "", words.form_not_understood);
    };
    if !is_hers(&site, &who.name, fields.raw("now")).await {
        return show(&site, &visit, StatusCode::FORBIDDEN, "", words.password_wrong);
    }
    let mut totp = Totp::default();
    if !totp.accept(&secret, fields.get("code"), unix_now()) {
        return show(&site, &visit, StatusCode::BAD_REQUEST, "", words.code_wrong);
    }
    site.codes().insert(who.name.clone(), totp);
    let Some(codes) = recovery::make() else {
        return show(&site, &visit, StatusCode::INTERNAL_SERVER_ERROR, "", words.store_failed);
    };
    let (name, kept) = (who.name.clone(), kept(&codes));
    let changed = site.accounts.change(move |all| all.set_totp(&name, secret, kept)).is_ok();
    let done = html! { (tell(true, words.factor_is_on)) (shown_once(&codes, words)) };
    ended(&site, &visit, &who, changed, "totp.on", &done)
}

/// Turns it off.
pub(in crate::web) async fn totp_off(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(who) = visit.who.clone() else { return StatusCode::UNAUTHORIZED.into_response() };
    if !is_hers(&site, &who.name, fields.raw("now")).await {
        return show(&site, &visit, StatusCode::FORBIDDEN, "", words.password_wrong);
    }
    let name = who.name.clone();
    let changed = site.accounts.change(move |all| all.clear_totp(&name)).is_ok();
    ended(&site, &visit, &who, changed, "totp.off", &tell(true, words.factor_is_off))
}

/// Other recovery codes; those before are of no use any more.
pub(in crate::web) async fn recovery(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Some(who) = visit.who.clone() else { return StatusCode::UNAUTHORIZED.into_response() };
    if !is_hers(&site, &who.name, fields.raw("again")).await {
        return show(&site, &visit, StatusCode::FORBIDDEN, "", words.password_wrong);
    }
    let codes = recovery::make().filter(|_| who.has_totp);
    let Some(codes) = codes else {
        return show(&site, &visit, StatusCode::BAD_REQUEST, "", words.form_not_understood);
    };
    let (name, kept) = (who.name.clone(), kept(&codes));
    if site.accounts.change(move |all| all.set_recovery(&name, kept)).is_err() {
        return show(&site, &visit, StatusCode::INTERNAL_SERVER_ERROR, "", words.store_failed);
    }
    site.audit.note(visit.name(), &visit.peer.to_string(), "totp.recovery", "");
    let content =
        html! { (shown_once(&codes, words)) p { a href="/account" { (words.my_account) } } };
    page(&visit, words.recovery_codes, Place::Account, &content).into_response()
}

fn kept(codes: &[String]) -> Vec<String> {
    codes.iter().map(|code| recovery::kept(code)).collect()
}

fn shown_once(codes: &[String], words: &Words) -> Markup {
    html! {
        section.card aria-labelledby="recovery" {
            h2 #recovery { (words.recovery_codes) }
            p { (words.recovery_intro) }
            ul.steps { @for code in codes { li { code { (code) } } } }
        }
    }
}

/// Ends all her sessions after a change of the second factor, and says what was done.
fn ended(
    site: &Site,
    visit: &Visit,
    who: &Who,
    changed: bool,
    what: &str,
    done: &Markup,
) -> Response {
    let words = visit.words;
    if !changed {
        return show(site, visit, StatusCode::INTERNAL_SERVER_ERROR, "", words.store_failed);
    }
    site.audit.note(visit.name(), &visit.peer.to_string(), what, "");
    site.sessions().end_all(&who.name);
    let visit = Visit { who: None, ..visit.clone() };
    let content = html! { (done) p { a href="/login" { (words.log_in) } } };
    page(&visit, words.my_account, Place::Nowhere, &content).into_response()
}
