//! The API's description (`OpenAPI` 3.1), made from the code, and what a page shows of it.

use axum::http::StatusCode;
use axum::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    access, alerts, file, intake, json, keys, machine, model, people, records, settings,
    statistics, trial,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "smtp-appliance", description = "Alerts in; calls, SMS and mail out.",
        license(name = "GPL-3.0-or-later")),
    paths(
        alerts::status, alerts::list, alerts::show, alerts::mail, alerts::acknowledge, alerts::stop,
        alerts::retry, intake::alert, intake::alertmanager, intake::grafana, intake::mail,
        trial::explain, people::list, people::show, people::put, people::delete, people::test,
        settings::channels, settings::order, settings::switch, people::groups, statistics::show,
        trial::speak, trial::said, file::show, file::check, file::put, file::earlier, file::undo, access::users,
        access::put_user, access::remove_user, access::tokens, access::add_token,
        access::remove_token, records::log, records::audit, records::backup, records::history,
        alerts::csv, alerts::silence, statistics::csv, people::put_group, keys::show, keys::set, trial::voices,
        machine::last, machine::run, machine::relay, machine::call, machine::updated, machine::update,
    ),
    components(schemas(model::Error, alerts::OfState, records::OfLevel, statistics::OfSpan)),
    modifiers(&Bearer),
    security(("token" = [])),
)]
struct Description;

/// How a token is shown.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document. It holds no secret, so it wants no token.
pub(super) async fn serve() -> Response {
    json(StatusCode::OK, &Description::openapi())
}

/// One thing that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Its address.
    pub path: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// Name and description of each parameter.
    pub parameters: Vec<(String, String)>,
    /// The statuses of its answers.
    pub statuses: Vec<String>,
}

/// All of them, in the order of the addresses.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let Ok(document) = serde_json::to_value(Description::openapi()) else { return Vec::new() };
    let paths = document.get("paths").and_then(|paths| paths.as_object());
    let mut operations = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let text = |key: &str| operation.get(key).and_then(|text| text.as_str());
            let parameters = operation.get("parameters").and_then(|list| list.as_array());
            let parameters = parameters.into_iter().flatten().map(|parameter| {
                let of = |key: &str| parameter.get(key).and_then(|text| text.as_str());
                let text = |key| of(key).unwrap_or_default().to_owned();
                (text("name"), text("description"))
            });
            let statuses = operation.get("responses").and_then(|list| list.as_object());
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text("summary").unwrap_or_default().to_owned(),
                parameters: parameters.collect(),
                statuses: statuses.into_iter().flatten().map(|(code, _)| code.clone()).collect(),
            });
        }
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described() {
        let operations = operations();
        assert!(operations.len() >= 20, "{}", operations.len());
        for operation in operations {
            assert!(!operation.summary.is_empty(), "{}", operation.path);
            assert!(operation.statuses.contains(&"401".to_owned()), "{}", operation.path);
            let described = operation.parameters.iter().all(|(_, text)| !text.is_empty());
            assert!(described, "{}", operation.path);
        }
    }
}
