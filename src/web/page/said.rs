//! Listening to what a call says of an alert.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::alerts::number;
use crate::alert::Alert;
use crate::config::{Config, PersonName};
use crate::control::{AlertView, State as AlertState};
use crate::web::account::Role;
use crate::web::guard::Visit;
use crate::web::preview::spoken;
use crate::web::said::{called, said};
use crate::web::site::Site;

/// Most people on the page, one by one.
const MOST: usize = 10;

/// What each of them hears, to read and to listen to; nothing if nobody is called.
pub(super) fn section(visit: &Visit, config: &Config, alert: &Alert, view: &AlertView) -> Markup {
    let words = visit.words;
    let people = called(view, config);
    if people.is_empty() || view.state == AlertState::Dropped || !visit.may(Role::Operator) {
        return html! {};
    }
    html! {
        section.card aria-labelledby="said" {
            h2 #said { (words.what_was_said) }
            p.hint { (words.said_anew) }
            @for person in people.into_iter().take(MOST) {
                h3 { (person) }
                p { (said(alert, person, config).sentences.join(" ")) }
                audio controls preload="none" src={ "/alerts/" (view.id) "/said/" (person) }
                    aria-label={ (words.listen) ": " (person) } {}
            }
        }
    }
}

/// The sound.
pub(in crate::web) async fn sound(
    State(site): State<Arc<Site>>,
    Path((id, person)): Path<(String, String)>,
) -> Response {
    let (Some(id), Ok(person)) = (number(&id), person.parse::<PersonName>()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let alert = match site.read(move |reader| reader.record(id)).await {
        Ok(Some(record)) if record.alert.people.contains(&person) => record.alert,
        Ok(_) => return StatusCode::NOT_FOUND.into_response(),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let preview = said(&alert, &person, &site.config());
    match spoken(&site, preview).await {
        Some(bytes) => ([(CONTENT_TYPE, "audio/wav")], bytes).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
