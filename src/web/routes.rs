//! Which address is what, and which role it wants.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sha2::{Digest, Sha256};

use super::account::Role;
use super::api;
use super::guard::{self, Visit};
use super::page::{
    self, access, account, alert, alerts, audit, backup, config_file, form, groups, history, log,
    people, said, self_test, settings, signin, statistics, status, trial, try_mail,
};
use super::site::Site;
use super::{live, metrics, preview, update};

/// Everything, with its guards.
pub(super) fn all(site: &Arc<Site>) -> Router {
    let guarded = |routes: Router<Arc<Site>>, role: Role| {
        let state = (Arc::clone(site), role);
        routes.route_layer(from_fn_with_state(state, guard::require))
    };
    let pages = Router::new()
        .merge(guarded(viewer(), Role::Viewer))
        .merge(guarded(operator(), Role::Operator))
        .merge(guarded(admin(), Role::Admin))
        .merge(anybody())
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::clone(site), guard::forms))
        // What is too large for the memory is no form that could be read before.
        .merge(guarded(Router::new().route(update::PATH, post(page::update::upload)), Role::Admin))
        .layer(from_fn_with_state(Arc::clone(site), guard::visit));
    Router::new()
        .merge(pages)
        .merge(api::routes())
        .route("/asset/{stamp}/{name}", get(serve_asset))
        .route("/metrics", get(metrics::metrics))
        .route("/readyz", get(metrics::ready))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(from_fn_with_state(Arc::clone(site), guard::headers))
        .layer(from_fn(guard::hear_out))
        .layer(from_fn(guard::catch_panic))
        .with_state(Arc::clone(site))
}

fn anybody() -> Router<Arc<Site>> {
    Router::new()
        .route("/login", get(signin::login_page).post(signin::login))
        .route("/login/code", get(signin::code_page).post(signin::code))
        .route("/setup", get(signin::setup_page).post(signin::setup))
        .route("/logout", post(signin::logout))
        .route("/preferences", post(signin::preferences))
}

fn viewer() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(status::status))
        .route("/status/live", get(status::live))
        .route("/live", get(live::stream))
        .route("/alerts", get(alerts::alerts))
        .route("/alerts.csv", get(alerts::csv))
        .route("/alerts.json", get(alerts::json))
        .route("/alerts/{id}", get(alert::alert))
        .route("/alerts/{id}/live", get(alert::live))
        .route("/alerts/{id}/mail", get(alert::raw))
        .route("/statistics", get(statistics::statistics))
        .route("/statistics.csv", get(statistics::csv))
        .route("/api", get(log::api))
        .route("/account", get(account::account))
        .route("/account/password", post(account::password))
        .route("/account/totp/on", post(account::totp_on))
        .route("/account/totp/off", post(account::totp_off))
        .route("/account/recovery", post(account::recovery))
}

fn operator() -> Router<Arc<Site>> {
    Router::new()
        .route("/alerts/{id}/{act}", post(alert::act))
        .route("/alerts/{id}/said/{person}", get(said::sound))
        .route("/people", get(people::people))
        .route("/people/{name}/test", post(people::test))
        .route("/try", get(try_mail::form).post(try_mail::try_it))
        .route("/preview/{number}", get(preview::sound))
        .route("/silence", post(status::silence))
        .route("/self-test", get(self_test::last).post(self_test::run))
        .route("/trial/relay", post(trial::relay))
        .route("/trial/modem", post(trial::modem))
        .route("/trial/sip", post(trial::call))
        .route("/trial/voices", get(trial::voices))
        .route("/log", get(log::log))
        .route("/log/live", get(log::live))
}

fn admin() -> Router<Arc<Site>> {
    Router::new()
        .route("/access", get(access::access))
        .route("/access/add", post(access::add))
        .route("/access/remove", post(access::remove))
        .route("/access/role", post(access::role))
        .route("/access/token/add", post(access::add_token))
        .route("/access/token/remove", post(access::remove_token))
        .route("/audit", get(audit::audit))
        .route("/people/check", post(people::check))
        .route("/people/save", post(people::save))
        .route("/people/remove", post(people::remove))
        .route("/people/{name}", get(people::person))
        .route("/groups/{name}", get(groups::group))
        .route("/groups/check", post(groups::check))
        .route("/groups/save", post(groups::save))
        .route("/settings", get(settings::settings))
        .route("/settings/form/{section}", get(form::section))
        .route("/settings/form/{section}/{table}", get(form::table).post(form::act))
        .route("/settings/check/{section}/{table}", post(form::check))
        .route("/settings/channel", post(settings::switch))
        .route("/settings/language", post(settings::language))
        .route("/settings/file", get(config_file::file).post(config_file::save_file))
        .route("/settings/file/check", post(config_file::check_file))
        .route("/settings/history/{name}", get(history::earlier))
        .route("/settings/undo", post(history::undo))
        .route("/backup", get(backup::backup))
        .route("/backup/configuration", post(backup::configuration))
        .route("/backup/restore", post(backup::restore))
        .route("/backup/history", post(backup::history))
}

async fn nothing(visit: Visit) -> Response {
    page::problem(&visit, StatusCode::NOT_FOUND, visit.words.not_found)
}

/// A file of the pages, built into the program.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("asset/app.css"),
    },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("asset/app.js"),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", bytes: include_bytes!("asset/icon.svg") },
];

/// By which a browser sees that the files are others than those it keeps.
static STAMP: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        hash.update(asset.bytes);
    }
    let digits: Vec<String> =
        hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
});

/// The address of a file of the pages.
pub(super) fn asset(name: &str) -> String {
    format!("/asset/{}/{name}", *STAMP)
}

async fn serve_asset(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers =
        [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_pages_are_small_and_load_nothing_from_elsewhere() {
        let all: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(all < 60_000, "{all}");
        for asset in ASSETS {
            let text = String::from_utf8_lossy(asset.bytes);
            let places = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!places.contains("http://") && !places.contains("https://"), "{}", asset.name);
        }
    }
}
