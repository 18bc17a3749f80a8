//! People: shown, changed, tested.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::model::{Members, Person, Tested};
use super::{Body, Caller, Fault, json, parse};
use crate::channel::Outcome;
use crate::config::edit::{Edit, EditError};
use crate::config::{self, GroupName, NameError, PersonName};
use crate::control::{Answer, Request};
use crate::web::account::Scope;
use crate::web::change::{self, By, ChangeError};
use crate::web::person::{self, Form};
use crate::web::site::Site;

impl From<&config::Person> for Person {
    fn from(person: &config::Person) -> Self {
        Self {
            name: person.name.to_string(),
            mail: person.mail.as_ref().map(ToString::to_string),
            phone: person.phone.as_ref().map(ToString::to_string),
            extension: person.extension.as_ref().map(ToString::to_string),
            language: person.language.as_ref().map(ToString::to_string),
            voice: person.voice.as_ref().map(ToString::to_string),
            groups: person.groups.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Everybody who is told.
#[utoipa::path(get, path = "/api/v1/people", tag = "people",
    responses((status = 200, body = [Person]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn list(State(site): State<Arc<Site>>, caller: Caller) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let config = site.config();
    let people: Vec<Person> = config.directory.people.values().map(Person::from).collect();
    Ok(json(StatusCode::OK, &people))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/people/{name}", tag = "people",
    params(("name" = String, Path, description = "Short name")),
    responses((status = 200, body = Person), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error)))]
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let config = site.config();
    let person = config.directory.people.get(name.as_str()).ok_or_else(unknown)?;
    Ok(json(StatusCode::OK, &Person::from(person)))
}

fn unknown() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "there is no such person")
}

/// Add a person, or change one as a whole.
#[utoipa::path(put, path = "/api/v1/people/{name}", tag = "people", request_body = Person,
    params(("name" = String, Path, description = "Short name")),
    responses((status = 200, body = Person), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error)))]
pub(super) async fn put(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let given: Person = parse(&body)?;
    let form = Form {
        name,
        mail: given.mail.unwrap_or_default(),
        phone: given.phone.unwrap_or_default(),
        extension: given.extension.unwrap_or_default(),
        language: given.language.unwrap_or_default(),
        voice: given.voice.unwrap_or_default(),
        groups: given.groups.join(" "),
    };
    let person = form.read().map_err(|faults| {
        let faults = faults.iter().map(|(field, fault)| format!("{field}: {fault}"));
        Fault::unfit(faults.collect::<Vec<_>>().join("; "))
    })?;
    let exists = site.config().directory.people.contains_key(&person.name);
    let answer = Person::from(&person);
    let edit = person::edit(person, exists);
    make(&site, &caller, "people.change", edit).await?;
    Ok(json(StatusCode::OK, &answer))
}

/// Take a person out, of the aliases too.
#[utoipa::path(delete, path = "/api/v1/people/{name}", tag = "people",
    params(("name" = String, Path, description = "Short name")),
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 422, body = super::model::Error)))]
pub(super) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let name: PersonName = name.parse().map_err(|_| unknown())?;
    make(&site, &caller, "people.remove", Edit::RemovePerson(name)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a change of the configuration.
pub(super) async fn make(
    site: &Site,
    caller: &Caller,
    what: &str,
    edit: Edit,
) -> Result<change::Done, Fault> {
    let by = By { who: caller.name.clone(), from: caller.from.clone() };
    change::make(site, &by, what, edit).await.map_err(|error| refused(&error))
}

/// Why the configuration stays as it is.
pub(super) fn refused(error: &ChangeError) -> Fault {
    let status = match error {
        ChangeError::Edit(EditError::UnknownPerson(_)) => StatusCode::NOT_FOUND,
        ChangeError::Edit(EditError::Refused(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        ChangeError::Edit(_) => StatusCode::CONFLICT,
        ChangeError::NotTakenUp(_) | ChangeError::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Fault::new(status, error.to_string())
}

/// The groups, and who is in each.
#[utoipa::path(get, path = "/api/v1/groups", tag = "people",
    responses((status = 200, body = BTreeMap<String, Vec<String>>),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error)))]
pub(super) async fn groups(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let config = site.config();
    let groups = config.directory.groups();
    let groups: BTreeMap<String, Vec<String>> = groups
        .iter()
        .map(|(group, people)| {
            (group.to_string(), people.iter().map(ToString::to_string).collect())
        })
        .collect();
    Ok(json(StatusCode::OK, &groups))
}

/// Put these people into a group, and nobody else; nobody at all takes it away.
#[utoipa::path(put, path = "/api/v1/groups/{name}", tag = "people", request_body = Members,
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "done"), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error)))]
pub(super) async fn put_group(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let unfit = |error: NameError| Fault::unfit(error.to_string());
    let Members { people } = parse(&body)?;
    let group: GroupName = name.parse().map_err(unfit)?;
    let people = people.iter().map(|name| name.parse().map_err(unfit));
    let edit = Edit::SetGroup(group, people.collect::<Result<_, _>>()?);
    make(&site, &caller, "groups.change", edit).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tell a person something harmless, by every channel that is on.
#[utoipa::path(post, path = "/api/v1/people/{name}/test", tag = "people",
    params(("name" = String, Path, description = "Short name")),
    responses((status = 200, body = [Tested]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error)))]
pub(super) async fn test(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let config = site.config();
    let person = config.directory.people.get(name.as_str()).ok_or_else(unknown)?;
    let request = Request::SendTest { person: person.name.clone(), channel: None };
    let answer = site.parts.desk.answer(request).await;
    site.audit.note(&caller.name, &caller.from, "people.test", &name);
    match answer {
        Ok(Answer::Tested { outcomes }) => {
            let tested = outcomes.into_iter().map(|(channel, outcome)| {
                let (outcome, detail) = match outcome {
                    Outcome::Told { detail, .. } => ("told", detail),
                    Outcome::Retry(reason) => ("retry", reason),
                    Outcome::Refused(reason) => ("refused", reason),
                    Outcome::Spared(reason) => ("spared", reason),
                };
                Tested { channel: channel.as_str(), outcome, detail }
            });
            Ok(json(StatusCode::OK, &tested.collect::<Vec<_>>()))
        }
        Ok(_) => Err(Fault::new(StatusCode::CONFLICT, "it was not tested")),
        Err(reason) => Err(Fault::new(StatusCode::CONFLICT, reason)),
    }
}
