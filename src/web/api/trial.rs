//! Trials that tell nobody: what would be made of a mail, and how a text sounds.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::intake::For;
use super::model::Event;
use super::{Body, Caller, Fault, Query, json, number, parse};
use crate::alert::explain;
use crate::config::{Config, Language, PersonName, VoiceName};
use crate::speech::script;
use crate::speech::voices::Installed;
use crate::web::account::Scope;
use crate::web::preview::{Preview, spoken};
use crate::web::said::said as words_of_call;
use crate::web::site::Site;

/// Longest text, in characters.
const LONGEST: usize = 2000;

/// What would be made of a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Tried {
    events: Vec<Event>,
    /// Subject of the relayed mail.
    mail: String,
    /// Text of the SMS, before it is cut into parts.
    sms: String,
    /// Text of the call.
    call: String,
    /// The same as it is spoken, sentence by sentence.
    spoken: Vec<String>,
    /// Who would be told, and by what.
    people: Vec<Told>,
}

/// Who would be told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Told {
    person: String,
    channels: Vec<&'static str>,
}

/// What the appliance would make of a mail, telling nobody.
#[utoipa::path(post, path = "/api/v1/explain", tag = "alerts",
    request_body(content = String, content_type = "message/rfc822"),
    params(("to" = Option<String>, Query, description = "Whom it would be for: people, groups or aliases, between commas")),
    responses((status = 200, body = Tried), (status = 400, body = super::model::Error),
        (status = 422, body = super::model::Error), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 413, description = "too large")))]
pub(super) async fn explain(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Query(to): Query<For>,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Read)?;
    if body.is_empty() {
        return Err(Fault::unfit("expected a mail"));
    }
    let config = site.config();
    let trying = tokio::task::spawn_blocking(move || tried(&body, &config, &to));
    let tried = trying.await.map_err(|_| Fault::bad("the mail cannot be read"))?;
    Ok(json(StatusCode::OK, &tried))
}

fn tried(raw: &[u8], config: &Config, to: &For) -> Tried {
    let language = &config.appliance.language;
    let explanation = explain::explain(raw, language, &config.texts);
    let texts = explanation.alerts.first().map(|alert| alert.texts.clone()).unwrap_or_default();
    let own_words = script::own_words(config, language);
    let people: BTreeSet<_> = to.names().flat_map(|name| config.directory.resolve(name)).collect();
    let people = people.iter().filter_map(|name| config.directory.people.get(name));
    let told = people.map(|person| {
        let enabled = config.channels.enabled.iter();
        let by = enabled.filter(|channel| person.is_reachable_by(**channel));
        Told { person: person.name.to_string(), channels: by.map(|name| name.as_str()).collect() }
    });
    Tried {
        spoken: script::words(&texts.call, language, &own_words),
        people: told.collect(),
        mail: texts.mail,
        sms: texts.sms,
        call: texts.call,
        events: explanation.alerts.into_iter().map(|alert| alert.event.into()).collect(),
    }
}

/// What is to be said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Speech {
    /// The text of a call; what differs from language to language, such as numbers, is put into words.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
    /// That of the configuration if not said.
    #[serde(default)]
    #[schema(example = "es")]
    language: Option<String>,
    /// An installed voice; one of the language if not said.
    #[serde(default)]
    voice: Option<String>,
}

/// What a call says to a person about an alert, made anew of its text: calls are not recorded.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/said/{person}", tag = "alerts",
    params(("id" = u64, Path, description = "Its number"),
        ("person" = String, Path, description = "One of those it is for")),
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 401, body = super::model::Error), (status = 403, body = super::model::Error),
        (status = 404, body = super::model::Error),
        (status = 503, body = super::model::Error)))]
pub(super) async fn said(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((id, person)): Path<(String, String)>,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let unknown = || Fault::new(StatusCode::NOT_FOUND, "there is no such alert for this person");
    let person: PersonName = person.parse().map_err(|_| unknown())?;
    let id = number(&id)?;
    let record = site.read(move |reader| reader.record(id)).await;
    let record = record.map_err(|error| Fault::store(&error))?.ok_or_else(unknown)?;
    if !record.alert.people.contains(&person) {
        return Err(unknown());
    }
    let preview = words_of_call(&record.alert, &person, &site.config());
    wav(spoken(&site, preview).await)
}

fn wav(sound: Option<Vec<u8>>) -> Result<Response, Fault> {
    let silent = || Fault::new(StatusCode::SERVICE_UNAVAILABLE, "it cannot be said now");
    Ok(([(CONTENT_TYPE, "audio/wav")], sound.ok_or_else(silent)?).into_response())
}

/// Say a text, as a telephone would carry it.
#[utoipa::path(post, path = "/api/v1/speak", tag = "alerts", request_body = Speech,
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 400, body = super::model::Error),
        (status = 422, body = super::model::Error), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 413, description = "too large"),
        (status = 422, body = super::model::Error),
        (status = 503, body = super::model::Error)))]
pub(super) async fn speak(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let wanted: Speech = parse(&body)?;
    if !(1..=LONGEST).contains(&wanted.text.chars().count()) {
        return Err(Fault::bad("expected a text of 1 to 2000 characters"));
    }
    let config = site.config();
    let language: Language = match wanted.language {
        Some(tag) => tag.parse().map_err(|error| Fault::unfit(format!("language: {error}")))?,
        None => config.appliance.language.clone(),
    };
    let voice: Option<VoiceName> = match wanted.voice {
        Some(name) => Some(name.parse().map_err(|error| Fault::unfit(format!("voice: {error}")))?),
        None => None,
    };
    let own_words = script::own_words(&config, &language);
    let sentences = script::words(&wanted.text, &language, &own_words);
    wav(spoken(&site, Preview { sentences, language, voice }).await)
}

/// A voice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Voice {
    name: String,
    /// As it is known, such as `es-ES`.
    language: Option<String>,
    bytes: u64,
}

/// The installed voices; `speak` lets them be heard. Besides, `espeak-ng` speaks every language.
#[utoipa::path(get, path = "/api/v1/voices", tag = "alerts",
    responses((status = 200, body = [Voice]), (status = 401, body = super::model::Error),
        (status = 403, body = super::model::Error), (status = 500, body = super::model::Error)))]
pub(super) async fn voices(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Response, Fault> {
    caller.may(Scope::Act)?;
    let folder = site.config().speech.voices.clone();
    let scanned = tokio::task::spawn_blocking(move || Installed::scan(&folder)).await;
    let installed = scanned.map_err(|error| Fault::store(&error))?;
    let voice = |voice: &crate::speech::voices::Voice| Voice {
        name: voice.name.to_string(),
        language: voice.language().map(|language| language.to_string()),
        bytes: voice.bytes,
    };
    // Without the folder there are none.
    let voices: Vec<Voice> =
        installed.iter().flat_map(|all| &all.voices).map(|one| voice(one)).collect();
    Ok(json(StatusCode::OK, &voices))
}
