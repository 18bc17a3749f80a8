//! Forms: read within limits, and only if they come from a page of ours.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::{LOGIN_FORM, Visit, Who};
use crate::web::account::token_digest;
use crate::web::page;
use crate::web::site::Site;

/// Longest body of a form without a file, in bytes: the configuration file may be 1 MiB, and three
/// bytes stand for one in a form.
const LONGEST_FORM: usize = 4 * 1024 * 1024;

/// Most fields of a form.
const MOST_FIELDS: usize = 2000;

/// The fields of a form that was ours.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Fields {
    pairs: Vec<(String, String)>,
    /// The file that came with it.
    pub(in crate::web) file: Option<Bytes>,
}

impl Fields {
    /// A field's value, without blanks around; empty if it is missing.
    pub(in crate::web) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field's value as it came.
    pub(in crate::web) fn raw(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(in crate::web) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    pub(in crate::web) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.remove::<Self>().ok_or(StatusCode::BAD_REQUEST)
    }
}

/// Reads the form of a POST, and refuses one that did not come from a page of ours.
pub(in crate::web) async fn forms(
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
    if visit.who.as_ref().is_some_and(|who| !is_ours(fields.raw("csrf"), who)) {
        return refused();
    }
    parts.extensions.insert(fields);
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// Whether a form shows the token of her session. Hashes are compared, so that the time tells nothing.
pub(in crate::web) fn is_ours(token: &str, who: &Who) -> bool {
    token_digest(token) == token_digest(&who.csrf)
}

/// What the browser itself says of where a form comes from (Fetch Metadata, RFC 6454 section 7).
pub(in crate::web) fn is_same_site(headers: &HeaderMap) -> bool {
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
    // The whole of it was limited above; by itself axum takes 2 MiB.
    DefaultBodyLimit::disable().apply(&mut request);
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

#[cfg(test)]
mod tests {
    use axum::http::header::HeaderValue;

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

    #[tokio::test]
    async fn a_file_may_be_as_large_as_the_configuration_says() {
        let file = vec![b'x'; 3 * 1024 * 1024];
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"mail\"\r\n\r\nhi\r\n--b\r\n\
            Content-Disposition: form-data; name=\"upload\"; filename=\"a.eml\"\r\n\r\n"
            .to_vec();
        body.extend_from_slice(&file);
        body.extend_from_slice(b"\r\n--b--\r\n");
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=b");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let fields = read_form(&parts, body.clone().into(), file.len()).await.unwrap();
        assert_eq!(fields.get("mail"), "hi");
        assert_eq!(fields.file.map(|file| file.len()), Some(file.len()));
        assert!(read_form(&parts, body.into(), file.len() - 1).await.is_none());
    }
}
