//! Who has access: users and tokens. Hashes and secrets never leave.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, Caller, Fault, json, parse};
use crate::web::account::{
    AccountError, Accounts, ApiToken, FileError, PasswordError, Role, Scope, UserName,
    check_password,
};
use crate::web::site::Site;

/// A day.
const DAY: Duration = Duration::from_hours(24);

/// Somebody who may log in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct User {
    name: String,
    /// `viewer`, `operator` or `admin`.
    role: &'static str,
    /// Whether she logs in with a second factor.
    second_factor: bool,
}

/// A role.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NewRole {
    Viewer,
    Operator,
    Admin,
}

impl From<NewRole> for Role {
    fn from(role: NewRole) -> Self {
        match role {
            NewRole::Viewer => Self::Viewer,
            NewRole::Operator => Self::Operator,
            NewRole::Admin => Self::Admin,
        }
    }
}

/// How a user is to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    role: NewRole,
    /// Needed for a new user; for another one it is changed if it is there.
    #[serde(default)]
    #[schema(min_length = 10, max_length = 256)]
    password: Option<String>,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NewScope {
    Intake,
    Metrics,
    Read,
    Act,
    Configure,
    Admin,
}

impl From<NewScope> for Scope {
    fn from(scope: NewScope) -> Self {
        match scope {
            NewScope::Intake => Self::Intake,
            NewScope::Metrics => Self::Metrics,
            NewScope::Read => Self::Read,
            NewScope::Act => Self::Act,
            NewScope::Configure => Self::Configure,
            NewScope::Admin => Self::Admin,
        }
    }
}

/// A token that is to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 40)]
    name: String,
    #[schema(min_items = 1)]
    scopes: Vec<NewScope>,
    /// After how many days it ends; never if not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
}

/// A new token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// The token itself; it is shown this once.
    token: String,
}

/// A token as it is known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Token {
    name: String,
    scopes: Vec<&'static str>,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    made: String,
    /// When it ends, if ever (RFC 3339).
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// Everybody who may log in.
#[utoipa::path(get, path = "/api/v1/users", tag = "access",
    responses((status = 200, body = [User]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn users(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let accounts = site.accounts.read().map_err(|error| fault(&error))?;
    let user = |(name, user): (&UserName, &crate::web::account::User)| User {
        name: name.to_string(),
        role: user.role.as_str(),
        second_factor: user.totp.is_some(),
    };
    Ok(json(StatusCode::OK, &accounts.users.iter().map(user).collect::<Vec<_>>()))
}

/// Add a user, or give one another role or password; her sessions end.
#[utoipa::path(put, path = "/api/v1/users/{name}", tag = "access", request_body = NewUser,
    params(("name" = String, Path, description = "1 to 32 letters, digits, dots and dashes")),
    responses((status = 204, description = "done"), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error), (status = 503, body = super::model::Error)))]
pub(super) async fn put_user(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let name: UserName = name.parse().map_err(|what: &str| Fault::unfit(what))?;
    let new: NewUser = parse(&body)?;
    let role = Role::from(new.role);
    let hash = match new.password {
        Some(password) => Some(hashed(&site, password, &name).await?),
        None => None,
    };
    let detail = format!("{name} ({role})");
    change(&site, &caller, "user.change", &detail, |all| {
        if all.users.contains_key(&name) {
            all.set_role(&name, role)?;
            return hash.map_or(Ok(()), |hash| all.set_password(&name, hash));
        }
        match hash {
            Some(hash) => all.add(name, role, hash),
            None => Err(AccountError::Unknown(name)),
        }
    })
}

async fn hashed(site: &Site, password: String, name: &UserName) -> Result<String, Fault> {
    let fault = |error: PasswordError| {
        let status = match error {
            PasswordError::Short | PasswordError::Long | PasswordError::Common => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            PasswordError::Failed | PasswordError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        Fault::new(status, error.to_string())
    };
    check_password(&password, name.as_str()).map_err(fault)?;
    site.passwords.hash(password).await.map_err(fault)
}

/// Take a user out; her sessions end.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "access",
    params(("name" = String, Path, description = "Her name")),
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error),
        (status = 409, body = super::model::Error)))]
pub(super) async fn remove_user(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let unknown = |_| Fault::new(StatusCode::NOT_FOUND, "there is no such user");
    let name: UserName = name.parse().map_err(unknown)?;
    let detail = name.to_string();
    change(&site, &caller, "user.remove", &detail, |all| all.remove(&name))
}

/// The tokens of programs.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access",
    responses((status = 200, body = [Token]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn tokens(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let accounts = site.accounts.read().map_err(|error| fault(&error))?;
    let tokens = accounts.tokens.iter().map(|token| Token {
        name: token.name.clone(),
        scopes: token.scopes.iter().map(|scope| scope.as_str()).collect(),
        made: token.made.to_string(),
        until: token.until.map(|until| until.to_string()),
    });
    Ok(json(StatusCode::OK, &tokens.collect::<Vec<_>>()))
}

/// Make a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 413, description = "too large"),
        (status = 422, body = super::model::Error),
        (status = 503, body = super::model::Error)))]
pub(super) async fn add_token(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    let new: NewToken = parse(&body)?;
    let long = !(1..=40).contains(&new.name.chars().count());
    if long || new.scopes.is_empty() || new.days.is_some_and(|days| !(1..=3650).contains(&days)) {
        let what = "expected a name of 1 to 40 characters, a scope, and 1 to 3650 days if it ends";
        return Err(Fault::bad(what));
    }
    let now = Timestamp::now();
    let until = new.days.and_then(|days| now.checked_add(DAY * days).ok());
    let scopes = new.scopes.into_iter().map(Scope::from).collect();
    let made = ApiToken::make(new.name.clone(), scopes, now, until);
    let no_numbers = || Fault::new(StatusCode::SERVICE_UNAVAILABLE, "no random numbers");
    let (token, shown) = made.ok_or_else(no_numbers)?;
    change(&site, &caller, "token.add", &new.name, |all| all.add_token(token))?;
    Ok(json(StatusCode::CREATED, &MadeToken { token: shown }))
}

/// Take a token out, but not the one that asks: it is good for nothing any more.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "access",
    params(("name" = String, Path, description = "What its owner calls it")),
    responses((status = 204, description = "done"), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 404, body = super::model::Error), (status = 409, body = super::model::Error)))]
pub(super) async fn remove_token(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    caller.may(Scope::Admin)?;
    if caller.is_token(&name) {
        return Err(Fault::new(StatusCode::CONFLICT, "it is the token that you use now"));
    }
    change(&site, &caller, "token.remove", &name, |all| all.remove_token(&name))
}

fn change(
    site: &Site,
    caller: &Caller,
    what: &str,
    detail: &str,
    change: impl FnOnce(&mut Accounts) -> Result<(), AccountError>,
) -> Result<Response, Fault> {
    site.accounts.change(change).map_err(|error| fault(&error))?;
    site.audit.note(&caller.name, &caller.from, what, detail);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn fault(error: &FileError) -> Fault {
    let status = match error {
        FileError::Account(AccountError::Unknown(_) | AccountError::UnknownToken(_)) => {
            StatusCode::NOT_FOUND
        }
        FileError::Account(AccountError::TokenName) => StatusCode::UNPROCESSABLE_ENTITY,
        FileError::Account(_) => StatusCode::CONFLICT,
        FileError::Io(..) | FileError::Unreadable(..) => {
            tracing::error!(%error, "accounts");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Fault::new(status, "the accounts cannot be read or written");
        }
    };
    Fault::new(status, error.to_string())
}
