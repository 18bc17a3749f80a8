//! What can be tried beside its settings: the relay, the modem, the SIP telephone, a voice, a text.
//! It is tried as the appliance has it now, not as it is being typed.

use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::try_mail::{SAMPLE, spoken};
use super::{Place, csrf, page, parts, tell};
use crate::alert::explain::explain;
use crate::channel::call::Trial as Call;
use crate::channel::mail::check_relay;
use crate::config::{Config, Language};
use crate::control::{Answer, Request};
use crate::health::Part;
use crate::speech::script;
use crate::speech::voices::{ESPEAK_NG, Installed};
use crate::web::form::Trial;
use crate::web::guard::{Fields, Visit};
use crate::web::preview::Preview;
use crate::web::site::Site;
use crate::web::words::Words;

/// Most voices that are shown.
const MOST_VOICES: usize = 24;

/// What can be tried of a section.
pub(super) fn card(trial: Trial, site: &Site, visit: &Visit) -> Markup {
    let words = visit.words;
    html! {
        section.card aria-labelledby="trial" {
            h2 #trial { (words.test) }
            p.hint { (words.trial_hint) }
            @match trial {
                Trial::Relay => (button(visit, "/trial/relay", words.ask_relay)),
                Trial::Modem => (button(visit, "/trial/modem", words.ask_modem)),
                Trial::Sip => (sip(site, visit)),
                Trial::Texts => p { a href="/try" { (words.try_mail) } },
                Trial::Voices => p { a.button.quiet href="/trial/voices" { (words.hear_voices) } },
            }
            p { a href="/people" { (words.test_people) } }
        }
    }
}

/// A button that tries something.
pub(super) fn button(visit: &Visit, address: &str, word: &str) -> Markup {
    html! {
        form.row method="post" action=(address) {
            (csrf(visit)) button.quiet type="submit" { (word) }
        }
    }
}

fn sip(site: &Site, visit: &Visit) -> Markup {
    let words = visit.words;
    let config = site.config();
    let people = config.directory.people.values();
    let extensions = people.filter_map(|person| person.extension.as_ref());
    html! {
        form.row method="post" action="/trial/sip" {
            (csrf(visit))
            div.field {
                label for="to" { (words.whom_to_call) }
                input #to name="to" required autocomplete="off" list="extensions"
                    aria-describedby="to-hint";
                datalist #extensions { @for one in extensions { option value=(one.as_str()) {} } }
                p.hint #to-hint { (words.extension_hint) }
            }
            button.quiet type="submit" { (words.call_it) }
        }
    }
}

fn told(visit: &Visit, content: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        section.card { (content) }
        p { a href="/" { (words.status) } }
    };
    page(visit, words.test, Place::Status, &content).into_response()
}

fn note(site: &Site, visit: &Visit, what: &str) {
    site.audit.note(visit.name(), &visit.peer.to_string(), what, "");
}

/// Connects to the relay, encrypts, logs in, and says goodbye.
pub(in crate::web) async fn relay(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let (words, config) = (visit.words, site.config());
    note(&site, &visit, "trial.relay");
    let relay = config.mail.relay.as_deref().unwrap_or("–");
    let content = match check_relay(&config).await {
        Ok(()) => tell(true, &format!("{relay}: {}", words.relay_answers)),
        Err(why) => tell(false, &format!("{relay}: {why}")),
    };
    told(&visit, &content)
}

/// What the module's driver knows of it.
pub(in crate::web) async fn modem(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let words = visit.words;
    note(&site, &visit, "trial.modem");
    let health = Arc::clone(&site.parts.desk.health.borrow());
    let content = html! {
        dl.facts {
            dt { (words.part_gsm) } dd { (parts::state(health.of(Part::Gsm), words)) }
        }
        (parts::gsm(&health.figures, words))
    };
    told(&visit, &content)
}

/// Calls somebody by SIP, plays a sound and listens to what comes back.
pub(in crate::web) async fn call(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let to = fields.get("to").to_owned();
    note(&site, &visit, "trial.sip");
    let content = match site.parts.desk.answer(Request::SipTest { to }).await {
        Ok(Answer::SipTested { trial }) => how_it_went(&trial, words),
        Ok(_) => tell(false, words.problem),
        Err(reason) => tell(false, &reason),
    };
    told(&visit, &content)
}

fn how_it_went(trial: &Call, words: &Words) -> Markup {
    let after = |milliseconds: Option<u64>| match milliseconds {
        Some(milliseconds) => format!("{milliseconds} ms"),
        None => words.no.to_owned(),
    };
    html! {
        (tell(trial.answered_ms.is_some(), &trial.end))
        dl.facts {
            dt { (words.rang_after) } dd { (after(trial.rang_ms)) }
            dt { (words.answered_after) } dd { (after(trial.answered_ms)) }
            @if let Some(quality) = &trial.quality { dt { (words.quality) } dd { (quality) } }
            @if let Some(echo) = &trial.echo {
                dt { (words.sound_came_back) } dd { (echo.after_ms) " ms, " (echo.likeness) " %" }
            }
        }
    }
}

/// Every voice there is, to be heard.
pub(in crate::web) async fn voices(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    let (words, config) = (visit.words, site.config());
    let folder = config.speech.voices.clone();
    let scanned = tokio::task::spawn_blocking(move || Installed::scan(&folder)).await;
    let installed = scanned.ok().and_then(Result::ok);
    let piper = installed.iter().flat_map(|all| &all.voices).take(MOST_VOICES);
    let language = |voice: &crate::speech::voices::Voice| voice.language();
    let piper = piper
        .map(|voice| (voice.name.to_string(), language(voice).unwrap_or_else(Language::english)));
    let own = config.directory.people.values().filter_map(|person| person.language.clone());
    let mut languages: Vec<Language> = own.chain([config.appliance.language.clone()]).collect();
    languages.sort_unstable();
    languages.dedup();
    let espeak = languages.into_iter().take(MOST_VOICES).map(|one| (ESPEAK_NG.to_owned(), one));
    let all: Vec<(String, Language)> = piper.chain(espeak).collect();
    let content = html! {
        p.hint { (words.of_a_sample) }
        @for (name, language) in &all {
            h2 { (name) " (" (language) ")" }
            p { (heard(&site, &config, name, language, words)) }
        }
    };
    told(&visit, &content)
}

fn heard(site: &Site, config: &Config, name: &str, language: &Language, words: &Words) -> Markup {
    let explanation = explain(SAMPLE.as_bytes(), language, &config.texts);
    let Some(alert) = explanation.alerts.first() else { return html! {} };
    let own = script::own_words(config, language);
    let sentences = script::words(&alert.texts.call, language, &own);
    let preview = Preview { sentences, language: language.clone(), voice: name.parse().ok() };
    let number = site.previews.lock().unwrap_or_else(PoisonError::into_inner).keep(preview);
    html! {
        audio controls preload="none" src={ "/preview/" (number) ".wav" }
            aria-label={ (words.listen) ": " (name) " (" (language) ")" } {}
    }
}

/// What an SMS and a call would say of a sample mail in this language.
pub(super) fn sample(site: &Site, config: &Config, language: &str, words: &Words) -> Markup {
    let Ok(language) = language.parse::<Language>() else { return html! {} };
    let explanation = explain(SAMPLE.as_bytes(), &language, &config.texts);
    html! {
        @if let Some(alert) = explanation.alerts.first() {
            h2 { (words.of_a_sample) }
            h3 { (words.sms_channel) } pre tabindex="0" { (alert.texts.sms) }
            h3 { (words.what_was_said) }
            (spoken(site, &alert.texts.call, &language, config, words))
        }
    }
}
