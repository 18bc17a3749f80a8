//! Backup and restore of the configuration.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::alerts::download;
use super::change::{done, fault};
use super::people::by;
use super::{Place, csrf, page, problem, tell, update};
use crate::web::guard::{Fields, Visit};
use crate::web::site::Site;
use crate::web::{archive, change};

/// The page.
pub(in crate::web) async fn backup(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&site, &visit, StatusCode::OK, &html! {})
}

fn show(site: &Site, visit: &Visit, status: StatusCode, told: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        (told)
        div.grid {
            section.card aria-labelledby="keep" {
                h2 #keep { (words.backup) }
                p { (words.backup_intro) }
                form method="post" action="/backup/configuration" {
                    (csrf(visit))
                    button type="submit" { (words.download_configuration) }
                }
            }
            section.card aria-labelledby="history" {
                h2 #history { (words.history_backup) }
                p { (words.history_intro) }
                form method="post" action="/backup/history" {
                    (csrf(visit))
                    button type="submit" { (words.download_whole_history) }
                }
                p { a href="/alerts.json" download { (words.download_history) } }
                p.hint { (words.history_restore) }
            }
            section.card aria-labelledby="restore" {
                h2 #restore { (words.restore) }
                p { (words.restore_intro) }
                form method="post" action="/backup/restore" enctype="multipart/form-data" {
                    (csrf(visit))
                    div.field {
                        label for="upload" { (words.the_file) }
                        input #upload type="file" name="upload" accept=".toml" required;
                    }
                    button type="submit" { (words.restore) }
                }
            }
            (update::card(site, visit))
        }
    };
    (status, page(visit, words.backup, Place::Backup, &content)).into_response()
}

/// The file with its secrets: a backup without them would be none. By a form, so that no other site
/// can ask for it, and noted in the audit log.
pub(in crate::web) async fn configuration(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    match change::text(&site).await {
        Ok(text) => {
            site.audit.note(visit.name(), &visit.peer.to_string(), "backup", "configuration");
            let name = Timestamp::now().strftime("smtp-appliance-%Y-%m-%d.toml").to_string();
            download("application/toml", &name, text.into_bytes())
        }
        Err(error) => problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The files of the history, as they are at this moment.
pub(in crate::web) async fn history(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let folder = site.config().appliance.store.join("queue");
    site.audit.note(visit.name(), &visit.peer.to_string(), "backup", "history");
    match archive::of(folder).await {
        Ok(body) => {
            let name = Timestamp::now().strftime("smtp-appliance-history-%Y-%m-%d.tar");
            let disposition = format!("attachment; filename=\"{name}\"");
            let kind = "application/x-tar".to_owned();
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], body).into_response()
        }
        Err(error) => problem(&visit, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Puts an uploaded file in its place, if it is right.
pub(in crate::web) async fn restore(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let text = fields.file.as_ref().and_then(|file| String::from_utf8(file.to_vec()).ok());
    let (Some(text), Ok(current)) = (text, change::text(&site).await) else {
        return show(
            &site,
            &visit,
            StatusCode::BAD_REQUEST,
            &tell(false, words.form_not_understood),
        );
    };
    match change::replace(&site, &by(&visit), "restore", current, text).await {
        Ok(made) => show(&site, &visit, StatusCode::OK, &done(&made, words)),
        Err(error) => show(&site, &visit, StatusCode::CONFLICT, &fault(&error)),
    }
}
