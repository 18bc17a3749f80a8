//! The sound card and the voices.

use std::collections::BTreeSet;

use smtp_appliance::audio::{AudioError, Player};
use smtp_appliance::config::{ChannelName, Language, VoiceName};
use smtp_appliance::speech::espeak::Espeak;
use smtp_appliance::speech::voices::{ESPEAK_NG, Installed};

use super::Bench;
use super::finding::{Check, Finding};

/// The card that leads to the modem: only calls by GSM need it.
pub(super) async fn audio(bench: &Bench) -> Option<Finding> {
    let check = Check::Audio;
    let calls = bench.config.channels.enabled.contains(&ChannelName::Gsm);
    if !calls || bench.config.modem.is_none() {
        return None;
    }
    let device = &bench.config.audio.playback;
    bench.waiting.say(check, &format!("opening {device}"));
    let advice = "smtp-appliance audio devices, then `playback` under [audio]";
    Some(match Player::open(&bench.config.audio).await {
        Ok(player) => {
            player.close().await;
            Finding::ok(check, format!("`{device}` plays; by ear: smtp-appliance audio test"))
        }
        // It may be in a call.
        Err(error @ AudioError::Busy(_)) if !bench.running.leaves_devices() => {
            Finding::warning(check, error.to_string(), "in a call it is the appliance's own")
        }
        Err(error) => Finding::failed(check, error.to_string(), advice),
    })
}

/// Who speaks the languages that are spoken here.
pub(super) fn voices(bench: &Bench) -> Vec<Finding> {
    let (check, config) = (Check::Voices, &bench.config);
    if !config.channels.enabled.iter().any(|channel| channel.is_call()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let people = config.directory.people.values();
    let languages: BTreeSet<&Language> = people
        .filter_map(|person| person.language.as_ref())
        .chain([&config.appliance.language])
        .collect();
    for language in languages {
        found.push(match Espeak::of(language) {
            Ok(voice) if voice.speaks(language) => {
                Finding::ok(check, format!("espeak-ng speaks {language}"))
            }
            Ok(_) => {
                let advice = "install a Piper voice for it: smtp-appliance voice install …";
                Finding::warning(check, format!("espeak-ng does not speak {language}"), advice)
            }
            Err(error) => Finding::failed(
                check,
                format!("espeak-ng: {error}"),
                "install espeak-ng-data: without it nothing can be said",
            ),
        });
    }
    let folder = &config.speech.voices;
    let installed = match Installed::scan(folder) {
        Ok(installed) => installed,
        Err(error) => {
            let seen = format!("{}: {error}", folder.display());
            found.push(Finding::warning(check, seen, "espeak-ng speaks instead"));
            return found;
        }
    };
    for voice in &installed.broken {
        let seen = format!("{} cannot be used: {}", voice.name, voice.error);
        found.push(Finding::warning(check, seen, "smtp-appliance voice install it again"));
    }
    let of_people = config.directory.people.values().filter_map(|person| person.voice.as_ref());
    let wanted: BTreeSet<&VoiceName> = config.speech.voice.values().chain(of_people).collect();
    for name in wanted.into_iter().filter(|name| name.to_string() != ESPEAK_NG) {
        found.push(match installed.voice(name) {
            Some(_) => Finding::ok(check, format!("{name} is installed")),
            None => Finding::warning(
                check,
                format!("{name} is not installed; espeak-ng speaks instead"),
                "smtp-appliance voice install …",
            ),
        });
    }
    found
}
