//! The channels: on, off, in order.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::model::{Channel, NewChannel, Order, Switch};
use super::people::make;
use super::{Body, Caller, Fault, json, parse};
use crate::config::ChannelName;
use crate::config::edit::Edit;
use crate::web::account::Scope;
use crate::web::site::Site;

/// The ways to tell people, first to last.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels",
    responses((status = 200, body = [Channel]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error)))]
pub(super) async fn channels(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    let config = site.config();
    let on = &config.channels.enabled;
    let off = ChannelName::ALL.into_iter().filter(|name| !on.contains(name));
    let all: Vec<Channel> = on
        .iter()
        .copied()
        .chain(off)
        .map(|name| Channel { name: name.as_str(), enabled: on.contains(&name) })
        .collect();
    Ok(json(StatusCode::OK, &all))
}

/// Say which channel begins first.
#[utoipa::path(put, path = "/api/v1/channels", tag = "channels", request_body = Order,
    responses((status = 204, description = "done"), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 409, body = super::model::Error), (status = 413, description = "too large"),
        (status = 422, body = super::model::Error)))]
pub(super) async fn order(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let wanted: Order = parse(&body)?;
    let order = wanted.order.into_iter().map(ChannelName::from).collect();
    make(&site, &caller, "channels.order", Edit::OrderChannels(order)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Switch a channel on or off.
#[utoipa::path(put, path = "/api/v1/channels/{name}", tag = "channels", request_body = Switch,
    params(("name" = NewChannel, Path, description = "mail, sms, voip, gsm or sip-message")),
    responses((status = 204, description = "done"), (status = 400, body = super::model::Error),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error), (status = 409, body = super::model::Error),
        (status = 413, description = "too large"), (status = 422, body = super::model::Error)))]
pub(super) async fn switch(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Configure)?;
    let unknown = || Fault::new(StatusCode::NOT_FOUND, "there is no such channel");
    let channel = channel(&name).ok_or_else(unknown)?;
    let wanted: Switch = parse(&body)?;
    let edit = Edit::SwitchChannel(channel, wanted.enabled);
    make(&site, &caller, "channels.switch", edit).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The channel of a name.
pub(in crate::web) fn channel(name: &str) -> Option<ChannelName> {
    ChannelName::ALL.into_iter().find(|channel| channel.as_str() == name)
}
