//! The audit log: who changed what, and who came in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;

use super::{Place, page, time};
use crate::web::guard::Visit;
use crate::web::site::Site;

/// Most entries that the page shows.
const MOST_AUDITED: usize = 500;

/// The page.
pub(in crate::web) async fn audit(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    let entries = tokio::task::spawn_blocking(move || site.audit.newest(MOST_AUDITED)).await;
    let content = html! {
        section.card {
            table.stack {
                thead { tr {
                    th scope="col" { (words.time) } th scope="col" { (words.user) }
                    th scope="col" { (words.client) } th scope="col" { (words.what) }
                    th scope="col" { (words.detail) }
                } }
                tbody {
                    @for entry in entries.unwrap_or_default() {
                        tr {
                            td data-label=(words.time) { (time::moment(entry.at)) }
                            td data-label=(words.user) { (entry.who) }
                            td data-label=(words.client) { (entry.from) }
                            td data-label=(words.what) { code { (entry.what) } }
                            td data-label=(words.detail) {
                                @if entry.detail.contains('\n') { pre tabindex="0" { (entry.detail) } }
                                @else { (entry.detail) }
                            }
                        }
                    }
                }
            }
        }
    };
    page(&visit, words.audit, Place::Audit, &content).into_response()
}
