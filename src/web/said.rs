//! What a call says about an alert: made anew of its text by the code that calls use, in the language
//! and the voice of the person as they are now. Calls themselves are not recorded.

use super::preview::Preview;
use crate::alert::Alert;
use crate::config::{Config, PersonName};
use crate::control::AlertView;
use crate::speech::script::script;

/// Greeting and message; not the prompt, as its key was another in each call.
pub(super) fn said(alert: &Alert, person: &PersonName, config: &Config) -> Preview {
    let person = config.directory.people.get(person);
    let language = person.and_then(|person| person.language.clone());
    let language = language.unwrap_or_else(|| config.appliance.language.clone());
    let voice = person.and_then(|person| person.voice.clone());
    let script = script(std::slice::from_ref(alert), &language, config, '0');
    let sentences = script.greeting.into_iter().chain(script.message).collect();
    Preview { sentences, language, voice }
}

/// Whom a call told of it, or will tell.
pub(super) fn called<'a>(view: &'a AlertView, config: &Config) -> Vec<&'a PersonName> {
    let enabled = &config.channels.enabled;
    let is_called = |name: &&PersonName| {
        let hers = view.deliveries.iter().filter(|delivery| delivery.person == **name);
        let mut calls = hers.filter(|delivery| delivery.channel.is_call());
        let person = config.directory.people.get(*name);
        let ways = enabled.iter().filter(|channel| channel.is_call());
        calls.next().is_some()
            || person.is_some_and(|person| ways.copied().any(|way| person.is_reachable_by(way)))
    };
    view.people.iter().filter(is_called).collect()
}
