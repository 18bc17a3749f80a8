//! What stands before every page: who asks, whether she may, whether the form is ours; and the
//! headers of every answer.

mod answer;
mod forms;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::account::{Role, SessionKey, UserName};
use super::page;
use super::site::{Site, now};
use super::words::{self, Words};

pub(super) use answer::{catch_panic, headers, hear_out};
pub(super) use forms::{Fields, forms, is_ours, is_same_site};

/// Longest body of a form of somebody who is not logged in.
const LOGIN_FORM: usize = 16 * 1024;

/// Address of the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Whether the client speaks HTTPS with us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encrypted(pub(super) bool);

/// Light, dark, or as the device has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) name: UserName,
    pub(super) role: Role,
    pub(super) csrf: String,
    pub(super) key: SessionKey,
    pub(super) has_totp: bool,
    /// The password was right, the second factor is missing: no page but that is for her.
    pub(super) half_way: bool,
}

/// A request as pages see it.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) words: &'static Words,
    pub(super) theme: Theme,
    pub(super) who: Option<Who>,
    pub(super) peer: IpAddr,
    pub(super) encrypted: bool,
    /// Where she is, to come back to.
    pub(super) path: String,
}

impl Visit {
    /// Her name, for the audit log.
    pub(super) fn name(&self) -> &str {
        self.who.as_ref().map_or("", |who| who.name.as_str())
    }

    /// Whether she may do what this role may.
    pub(super) fn may(&self, role: Role) -> bool {
        self.who.as_ref().is_some_and(|who| !who.half_way && who.role >= role)
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Finds out who asks.
pub(super) async fn visit(
    State(site): State<Arc<Site>>,
    mut request: Request,
    next: Next,
) -> Response {
    let encrypted = request.extensions().get::<Encrypted>().is_some_and(|known| known.0);
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = request.extensions().get::<Peer>().map_or(unknown, |peer| peer.0);
    let headers = request.headers();
    let path = request.uri().path().to_owned();
    let who = cookie(headers, session_cookie(encrypted));
    let who = who.and_then(|value| who_of(&site, value, path.ends_with("/live")));
    let theme = cookie(headers, "theme");
    let theme = Theme::ALL.into_iter().find(|known| Some(known.as_str()) == theme);
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let words = words::choose(cookie(headers, "language"), accepted.unwrap_or_default());
    let theme = theme.unwrap_or(Theme::Auto);
    request.extensions_mut().insert(Visit { words, theme, who, peer, encrypted, path });
    next.run(request).await
}

/// `by_itself`: an open page asks, and nobody may sit before it.
fn who_of(site: &Site, cookie: &str, by_itself: bool) -> Option<Who> {
    let key = SessionKey::of(cookie);
    let session = if by_itself {
        site.sessions().look(&key, site.lives(), now())?
    } else {
        site.sessions().touch(&key, site.lives(), now())?
    };
    let Some((role, has_totp)) = site.role(&session.user, session.generation) else {
        site.sessions().end(&key);
        return None;
    };
    let (csrf, half_way) = (session.csrf, session.half_way);
    Some(Who { name: session.user, role, csrf, key, has_totp, half_way })
}

/// Lets through who may do what `role` may.
pub(super) async fn require(
    State((site, role)): State<(Arc<Site>, Role)>,
    visit: Visit,
    request: Request,
    next: Next,
) -> Response {
    match &visit.who {
        Some(who) if who.half_way => Redirect::to("/login/code").into_response(),
        Some(who) if who.role >= role => next.run(request).await,
        Some(_) => page::problem(&visit, StatusCode::FORBIDDEN, visit.words.not_allowed),
        None if request.method() == Method::GET && wants_page(request.headers()) => {
            let place = if site.setup().is_some() { "/setup" } else { "/login" };
            Redirect::to(place).into_response()
        }
        None => page::problem(&visit, StatusCode::UNAUTHORIZED, visit.words.log_in_first),
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"))
}

/// Name of the cookie that holds the session.
pub(super) const fn session_cookie(encrypted: bool) -> &'static str {
    // The prefix makes browsers refuse it from anywhere else (RFC 6265bis section 4.1.3.2).
    if encrypted { "__Host-session" } else { "session" }
}

/// The header that sets a cookie; without a life it ends with the browser's session.
pub(super) fn set_cookie(name: &str, value: &str, encrypted: bool, life: Option<u32>) -> String {
    let secure = if encrypted { "; Secure" } else { "" };
    let life = life.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{life}")
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let cookies = HeaderValue::from_static("a=b; session=x=y ;theme=dark");
        let headers = HeaderMap::from_iter([(header::COOKIE, cookies)]);
        assert_eq!(cookie(&headers, "session"), Some("x=y"));
        assert_eq!(cookie(&headers, "theme"), Some("dark"));
        assert_eq!(cookie(&headers, "other"), None);
    }

    #[test]
    fn cookies_are_for_this_site_alone() {
        let cookie = set_cookie(session_cookie(true), "x", true, None);
        assert_eq!(cookie, "__Host-session=x; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(set_cookie("theme", "dark", false, Some(60)).ends_with("Strict; Max-Age=60"));
    }
}
