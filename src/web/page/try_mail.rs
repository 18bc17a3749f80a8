//! "Try this mail": what the appliance would make of it, telling nobody.

use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::{Place, badge, csrf, page, tell};
use crate::alert::explain::{Explanation, explain};
use crate::config::{Config, Language};
use crate::speech::script;
use crate::web::guard::{Fields, Visit};
use crate::web::preview::Preview;
use crate::web::site::Site;
use crate::web::words::Words;

/// A mail to begin with.
pub(super) const SAMPLE: &str = include_str!("../../../samples/zabbix-problem.eml");

/// The page.
pub(in crate::web) async fn form(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&visit, &site.config(), SAMPLE, "", &html! {})
}

fn show(visit: &Visit, config: &Config, mail: &str, to: &str, result: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        (result)
        form.card method="post" action="/try" enctype="multipart/form-data" {
            (csrf(visit))
            div.field {
                label for="mail" { (words.paste_mail) }
                textarea #mail name="mail" spellcheck="false" { "\n" (mail) }
            }
            div.field {
                label for="upload" { (words.or_upload) }
                input #upload type="file" name="upload" accept=".eml,message/rfc822,text/plain";
            }
            div.field {
                label for="to" { (words.recipients) }
                input #to name="to" value=(to) list="names" aria-describedby="to-hint";
                datalist #names {
                    @for name in config.directory.people.keys() { option value=(name) {} }
                    @for group in config.directory.groups().keys() { option value=(group.as_str()) {} }
                }
                p.hint #to-hint { (words.try_to_hint) }
            }
            button type="submit" { (words.try_it) }
        }
    };
    page(visit, words.try_mail, Place::TryMail, &content).into_response()
}

/// Takes a mail.
pub(in crate::web) async fn try_it(
    State(site): State<Arc<Site>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let words = visit.words;
    let config = site.config();
    let (pasted, to) = (fields.raw("mail"), fields.get("to"));
    let raw = fields.file.clone().map_or_else(|| pasted.as_bytes().to_vec(), |file| file.to_vec());
    let explaining = {
        let config = Arc::clone(&config);
        move || explain(&raw, &config.appliance.language, &config.texts)
    };
    let result = match tokio::task::spawn_blocking(explaining).await {
        Ok(explanation) => result(&site, &explanation, &config, to, words),
        Err(_) => tell(false, words.problem),
    };
    show(&visit, &config, pasted, to, &result)
}

fn result(
    site: &Site,
    explanation: &Explanation,
    config: &Config,
    to: &str,
    words: &Words,
) -> Markup {
    let language = &config.appliance.language;
    let first = explanation.alerts.first();
    html! {
        section.card aria-labelledby="understood" {
            h2 #understood { (words.understood) }
            @for alert in &explanation.alerts {
                @let event = &alert.event;
                dl.facts {
                    dt { (words.summary) } dd { (event.summary) }
                    dt { (words.severity) } dd { (badge::severity(event.severity, words)) }
                    dt { (words.kind) } dd { (event.kind.as_str()) }
                    dt { (words.host) } dd { (event.host.as_deref().unwrap_or("–")) }
                    dt { (words.check) } dd { (event.check.as_deref().unwrap_or("–")) }
                    dt { (words.source) } dd { (event.source) }
                    dt { (words.identity) } dd { code { (event.identity) } }
                }
            }
        }
        @if let Some(alert) = first {
            section.card aria-labelledby="texts" {
                h2 #texts { (words.texts) }
                h3 { (words.sms_channel) } pre tabindex="0" { (alert.texts.sms) }
                h3 { (words.what_was_said) } (spoken(site, &alert.texts.call, language, config, words))
            }
        }
        @if !to.is_empty() { (who(config, to, words)) }
    }
}

/// The words of a call, and their sound.
pub(super) fn spoken(
    site: &Site,
    text: &str,
    language: &Language,
    config: &Config,
    words: &Words,
) -> Markup {
    let sentences = script::words(text, language, &script::own_words(config, language));
    let preview = Preview { sentences: sentences.clone(), language: language.clone(), voice: None };
    let number = site.previews.lock().unwrap_or_else(PoisonError::into_inner).keep(preview);
    html! {
        @for sentence in &sentences { p { (sentence) } }
        audio controls preload="none" src={ "/preview/" (number) ".wav" } aria-label=(words.listen) {}
    }
}

/// Who would be told, and by what.
fn who(config: &Config, to: &str, words: &Words) -> Markup {
    let people = config.directory.resolve(to);
    html! {
        section.card aria-labelledby="who" {
            h2 #who { (words.who_is_told) }
            @if people.is_empty() { (tell(false, words.nobody_of_this_name)) }
            ul.steps {
                @for person in people.iter().filter_map(|name| config.directory.people.get(name)) {
                    li {
                        b { (person.name) } " "
                        @for channel in &config.channels.enabled {
                            @if person.is_reachable_by(*channel) {
                                span.badge.good { (badge::channel(*channel, words)) } " "
                            }
                        }
                    }
                }
            }
        }
    }
}
