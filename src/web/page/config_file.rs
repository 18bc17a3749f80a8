//! The configuration file in an editor, without its secrets.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::change::{fault, lines};
use super::people::by;
use super::{Place, csrf, page, problem, settings, tell};
use crate::config::{Config, mask};
use crate::web::change;
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;

/// The file in an editor.
pub(in crate::web) async fn file(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    match change::text(&site).await {
        Ok(text) => {
            let masked = mask::masked(&text);
            editor(&visit, StatusCode::OK, &masked, &change::stamp(&text), &html! {})
        }
        Err(error) => problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn editor(visit: &Visit, status: StatusCode, text: &str, stamp: &str, told: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        (told)
        form.card method="post" action="/settings/file" data-check="/settings/file/check" data-result="checked" {
            (csrf(visit))
            input type="hidden" name="stamp" value=(stamp);
            div.field {
                label for="text" { (words.the_file) }
                // A browser takes away the first line's end.
                textarea.tall #text name="text" spellcheck="false" autocomplete="off" { "\n" (text) }
                p.hint { (words.secrets_hint) }
            }
            div #checked aria-live="polite" {}
            button type="submit" { (words.save) }
        }
        p { a href="/settings" { (words.settings) } }
    };
    (status, page(visit, words.edit_file, Place::Settings, &content)).into_response()
}

/// What was typed, as the file would have it.
fn typed(fields: &Fields, current: &str) -> String {
    let text = fields.raw("text").replace("\r\n", "\n");
    // A file from Windows keeps its line ends.
    let text = if current.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    mask::unmasked(&text, current)
}

/// Says what is wrong with what is typed, or what would change.
pub(in crate::web) async fn check_file(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(current) = change::text(&site).await else {
        return tell(false, words.store_failed).into_response();
    };
    let text = typed(&fields, &current);
    match Config::parse(&text) {
        Ok(loaded) => {
            let changed = mask::differing(&current, &text);
            html! {
                (lines(&changed, words))
                @for warning in &loaded.warnings { p.error { (warning) } }
            }
        }
        Err(faults) => html! { @for fault in faults.iter().take(20) { p.error { (fault) } } },
    }
    .into_response()
}

/// Puts what was typed in the place of the file.
pub(in crate::web) async fn save_file(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let Ok(current) = change::text(&site).await else {
        return problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, words.store_failed);
    };
    let shown = fields.raw("text").replace("\r\n", "\n");
    if change::stamp(&current) != fields.get("stamp") {
        let wrong = tell(false, words.changed_meanwhile);
        return editor(&visit, StatusCode::CONFLICT, &shown, fields.get("stamp"), &wrong);
    }
    let text = typed(&fields, &current);
    match change::replace(&site, &by(&visit), "file", current.clone(), text).await {
        Ok(done) => settings::told(&site, &visit, Ok(done)),
        Err(error) => {
            let told = fault(&error);
            editor(&visit, StatusCode::CONFLICT, &shown, fields.get("stamp"), &told)
        }
    }
}
