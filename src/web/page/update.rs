//! The update of the image by an uploaded bundle.

use std::sync::{Arc, PoisonError};

use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::{csrf, problem, time};
use crate::web::guard::{Visit, is_ours, is_same_site};
use crate::web::site::Site;
use crate::web::update::{self, Fault, Incoming, Update};

/// Longest token of a form.
const LONGEST_TOKEN: usize = 200;

/// The form, where there is something that installs bundles.
pub(super) fn card(site: &Site, visit: &Visit) -> Markup {
    let words = visit.words;
    let newest = site.update.lock().unwrap_or_else(PoisonError::into_inner).clone();
    html! {
        @if update::is_possible() {
            section.card aria-labelledby="update" {
                h2 #update { (words.update) }
                p { (words.update_intro) }
                @match newest {
                    Update::None => {},
                    Update::Installing => p.good role="status" { (words.update_installing) },
                    Update::Ended { at, installed, said } => {
                        @if installed { p.good role="status" { (time::moment(at)) ": " (words.update_installed) } }
                        @else { p.error role="alert" { (time::moment(at)) ": " (words.update_failed) } }
                        @if !said.is_empty() { pre tabindex="0" { (said) } }
                    },
                }
                // The token first: a bundle is not taken before it was seen.
                form method="post" action=(update::PATH) enctype="multipart/form-data" {
                    (csrf(visit))
                    div.field {
                        label for="bundle" { (words.bundle) }
                        input #bundle type="file" name="bundle" accept=".raucb" required;
                    }
                    button type="submit" { (words.update) }
                }
            }
        }
    }
}

/// Takes a bundle. It goes to the disk as it comes: it is larger than the memory.
pub(in crate::web) async fn upload(
    State(site): State<Arc<Site>>,
    visit: Visit,
    mut request: Request,
) -> Response {
    let words = visit.words;
    if !update::is_possible() {
        return problem(&visit, StatusCode::NOT_FOUND, words.not_found);
    }
    if !is_same_site(request.headers()) {
        return problem(&visit, StatusCode::FORBIDDEN, words.form_not_ours);
    }
    DefaultBodyLimit::disable().apply(&mut request);
    let Ok(form) = Multipart::from_request(request, &()).await else {
        return problem(&visit, StatusCode::BAD_REQUEST, words.form_not_understood);
    };
    match receive(&site, &visit, form).await {
        Ok(true) => Redirect::to("/backup").into_response(),
        Ok(false) => problem(&visit, StatusCode::FORBIDDEN, words.form_not_ours),
        Err(Fault::TooLarge) => problem(&visit, StatusCode::PAYLOAD_TOO_LARGE, words.too_large),
        Err(fault) => problem(&visit, StatusCode::CONFLICT, &fault.to_string()),
    }
}

/// Whether the form was ours; then the bundle is being installed.
async fn receive(site: &Arc<Site>, visit: &Visit, mut form: Multipart) -> Result<bool, Fault> {
    let cut = |_| Fault::CutOff;
    let mut ours = false;
    while let Some(mut field) = form.next_field().await.map_err(cut)? {
        if field.file_name().is_none() {
            let mut typed = Vec::new();
            while let Some(bytes) = field.chunk().await.map_err(cut)? {
                if typed.len() + bytes.len() > LONGEST_TOKEN {
                    return Ok(false);
                }
                typed.extend_from_slice(&bytes);
            }
            let typed = String::from_utf8_lossy(&typed);
            ours = visit.who.as_ref().is_some_and(|who| is_ours(&typed, who));
            continue;
        }
        if !ours {
            return Ok(false);
        }
        let mut bundle = Incoming::begin(site).await?;
        while let Some(bytes) = field.chunk().await.map_err(cut)? {
            bundle.take(&bytes).await?;
        }
        site.audit.note(visit.name(), &visit.peer.to_string(), "update", "");
        update::install(site, bundle).await?;
        return Ok(true);
    }
    Err(Fault::CutOff)
}
