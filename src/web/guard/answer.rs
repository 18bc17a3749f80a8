//! What every answer has, whatever becomes of the page.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;

use super::{Encrypted, LOGIN_FORM};
use crate::web::site::Site;

/// Nothing is loaded but what this server gives; nothing inline runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; media-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// A page that panics is an answer of its own, and not the end of the connection.
pub(in crate::web) async fn catch_panic(request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|_| {
        tracing::error!("a page panicked");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// Reads a short body before anything is answered: an answer while a client still speaks costs the
/// connection, and some clients the answer.
pub(in crate::web) async fn hear_out(request: Request, next: Next) -> Response {
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
pub(in crate::web) async fn headers(
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
