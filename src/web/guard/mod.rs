//! What stands before every page: who asks, whether she may, whether the form is ours; and the
//! headers of every answer.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::FutureExt as _;

use super::account::{Role, SessionKey, UserName};
use super::page;
use super::site::{Site, now};
use super::words::{self, Words};

/// Longest body of a form without a file, in bytes: the configuration file may be 1 MiB, and three
/// bytes stand for one in a form.
const LONGEST_FORM: usize = 4 * 1024 * 1024;

/// Longest body of a form of somebody who is not logged in.
const LOGIN_FORM: usize = 16 * 1024;

/// Most fields of a form.
const MOST_FIELDS: usize = 2000;

/// Nothing is loaded but what this server gives; nothing inline runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; media-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

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

/// The fields of a form that was ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pairs: Vec<(String, String)>,
    /// The file that came with it.
    pub(super) file: Option<Bytes>,
}

impl Fields {
    /// A field's value, without blanks around; empty if it is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's value as it came.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.remove::<Self>().ok_or(StatusCode::BAD_REQUEST)
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

/// Reads the form of a POST, and refuses one that did not come from a page of ours.
pub(super) async fn forms(
    State(site): State<Arc<Site>>,
    visit: Visit,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let refused = || page::problem(&visit, StatusCode::FORBIDDEN, visit.words.form_not_ours);
    if !is_same_site(request.headers()) {
        return refused();
    }
    let upload = usize::try_from(site.config().web.max_upload.0).unwrap_or(usize::MAX);
    let longest = match &visit.who {
        Some(_) => LONGEST_FORM.max(upload.saturating_add(LOGIN_FORM)),
        None => LOGIN_FORM,
    };
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, longest).await else {
        return page::problem(&visit, StatusCode::PAYLOAD_TOO_LARGE, visit.words.too_large);
    };
    let Some(fields) = read_form(&parts, body, upload).await else {
        return page::problem(&visit, StatusCode::BAD_REQUEST, visit.words.form_not_understood);
    };
    if let Some(who) = &visit.who
        && !same(fields.raw("csrf"), &who.csrf)
    {
        return refused();
    }
    parts.extensions.insert(fields);
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// Compares without telling by time where they differ.
fn same(left: &str, right: &str) -> bool {
    super::account::token_digest(left) == super::account::token_digest(right)
}

/// What the browser itself says of where a form comes from (Fetch Metadata, RFC 6454 section 7).
fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") | None => {}
        Some(_) => return false,
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = text(header::HOST).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host))
}

async fn read_form(parts: &Parts, body: Bytes, upload: usize) -> Option<Fields> {
    let kind = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs: Vec<(String, String)> = form_pairs(&body)?;
        return Some(Fields { pairs, file: None });
    }
    let mut request = Request::new(Body::from(body));
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, parts.headers.get(header::CONTENT_TYPE)?.clone());
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut fields = Fields::default();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.ok()?;
        if is_file {
            if bytes.len() > upload {
                return None;
            }
            fields.file = Some(bytes).filter(|bytes| !bytes.is_empty());
        } else {
            fields.pairs.push((name, String::from_utf8(bytes.to_vec()).ok()?));
        }
        if fields.pairs.len() > MOST_FIELDS {
            return None;
        }
    }
    Some(fields)
}

fn form_pairs(body: &[u8]) -> Option<Vec<(String, String)>> {
    if memchr::memchr_iter(b'&', body).count() > MOST_FIELDS {
        return None;
    }
    serde_urlencoded::from_bytes(body).ok()
}

/// A page that panics is an answer of its own, and not the end of the connection.
pub(super) async fn catch_panic(request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|_| {
        tracing::error!("a page panicked");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// Reads a short body before anything is answered: an answer while a client still speaks costs the
/// connection, and some clients the answer.
pub(super) async fn hear_out(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length > LOGIN_FORM) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, LOGIN_FORM).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Headers that every answer has.
pub(super) async fn headers(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let encrypted = request.extensions().get::<Encrypted>().is_some_and(|known| known.0);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // With no-referrer browsers would send `Origin: null` with our own forms.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Of a self-signed certificate browsers want to be told "go on" each time it is made anew.
    if encrypted && site.config().web.certificate.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
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
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn forms_of_other_sites_are_told_by_what_the_browser_says() {
        for (pairs, ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://box:8443"), ("host", "box:8443")], true),
            (&[("origin", "https://evil.example"), ("host", "box:8443")], false),
            (&[("origin", "null"), ("host", "box:8443")], false),
            (&[("origin", "https://box:8443")], false),
        ] {
            assert_eq!(is_same_site(&headers(pairs)), ours, "{pairs:?}");
        }
    }

    #[test]
    fn cookies_are_found_among_others() {
        let headers = headers(&[("cookie", "a=b; session=x=y ;theme=dark")]);
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
