//! Earlier configurations, and the way back to them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::change::lines;
use super::people::by;
use super::{Place, csrf, page, problem, settings, time};
use crate::config::mask;
use crate::web::change;
use crate::web::earlier::Earlier;
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;

/// The newest of them.
pub(super) fn card(site: &Site, visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        section.card aria-labelledby="history" {
            h2 #history { (words.history) }
            @let kept = site.earlier.names();
            @if kept.is_empty() { p.quiet { (words.no_history) } }
            ul.steps {
                @for name in kept.iter().take(20) {
                    li { a href={ "/settings/history/" (name) } { (kept_at(name)) } }
                }
            }
        }
    }
}

/// When an earlier file was replaced.
fn kept_at(name: &str) -> Markup {
    Earlier::replaced_at(name).map_or_else(|| html! { (name) }, time::moment)
}

/// An earlier file, and what going back to it would change.
pub(in crate::web) async fn earlier(
    State(site): State<Arc<Site>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    let words = visit.words;
    let (Some(old), Ok(current)) = (site.earlier.read(&name), change::text(&site).await) else {
        return problem(&visit, StatusCode::NOT_FOUND, words.not_found);
    };
    let changed = mask::differing(&current, &old);
    let content = html! {
        section.card {
            h2 { code { (name) } }
            (lines(&changed, words))
            form method="post" action="/settings/undo" {
                (csrf(&visit)) input type="hidden" name="name" value=(name);
                button type="submit" { (words.go_back_to_it) }
            }
        }
        p { a href="/settings" { (words.settings) } }
    };
    page(&visit, words.history, Place::Settings, &content).into_response()
}

/// Goes back to an earlier file.
pub(in crate::web) async fn undo(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let (Some(old), Ok(current)) =
        (site.earlier.read(fields.get("name")), change::text(&site).await)
    else {
        return Redirect::to("/settings").into_response();
    };
    let made = change::replace(&site, &by(&visit), "undo", current, old).await;
    settings::told(&site, &visit, made)
}
