//! Which voice says a text.

use std::sync::Arc;

use crate::config::{Language, Speech, VoiceName};

use super::voices::{ESPEAK_NG, Installed, Voice};

/// Who speaks.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    /// espeak-ng in the text's language.
    Espeak,
    /// An installed voice.
    Piper(Arc<Voice>),
}

/// Why a voice that was asked for does not speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Complaint {
    /// It is not installed, or broken.
    Missing(VoiceName),
    /// It speaks another language.
    OtherLanguage(VoiceName, Language),
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(name) => write!(out, "the voice {name} is not installed"),
            Self::OtherLanguage(name, language) => {
                write!(out, "the voice {name} does not speak the language {language}")
            }
        }
    }
}

/// The voice for a text: the one that was wanted, else the configured one of its language, else the
/// first installed one that speaks it, else espeak-ng; and what was wanted in vain.
pub(super) fn choose(
    wanted: Option<&VoiceName>,
    language: &Language,
    speech: &Speech,
    installed: &Installed,
) -> (Choice, Option<Complaint>) {
    let mut complaint = None;
    let configured = speech.voice.get(language).or_else(|| {
        let own = |tag: &&Language| tag.primary() == language.primary();
        let nearest = speech.voice.keys().filter(own).min_by_key(|tag| tag.to_string().len());
        nearest.and_then(|tag| speech.voice.get(tag))
    });
    for name in [wanted, configured].into_iter().flatten() {
        if name.to_string() == ESPEAK_NG {
            return (Choice::Espeak, complaint);
        }
        match installed.voice(name) {
            Some(voice) if speaks(voice, language) => {
                return (Choice::Piper(Arc::clone(voice)), complaint);
            }
            Some(_) => {
                complaint.get_or_insert(Complaint::OtherLanguage(name.clone(), language.clone()));
            }
            None => drop(complaint.get_or_insert(Complaint::Missing(name.clone()))),
        }
    }
    let exact = |voice: &&Arc<Voice>| voice.language().as_ref() == Some(language);
    let mut voices = installed.voices.iter();
    let found =
        voices.find(exact).or_else(|| installed.voices.iter().find(|v| speaks(v, language)));
    (found.map_or(Choice::Espeak, |voice| Choice::Piper(Arc::clone(voice))), complaint)
}

/// A voice of Spain reads what is written for Guatemala; an English one does not.
fn speaks(voice: &Voice, language: &Language) -> bool {
    voice.language().is_some_and(|own| own.primary() == language.primary())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::config::ByteSize;
    use crate::speech::piper::VoiceConfig;

    fn voice(name: &str) -> Arc<Voice> {
        let config = br#"{"audio":{"sample_rate":22050},"espeak":{"voice":"x"},
            "phoneme_id_map":{"_":[0],"^":[1],"$":[2]}}"#;
        Arc::new(Voice {
            name: name.parse().unwrap(),
            model: PathBuf::new(),
            config_path: PathBuf::new(),
            config: VoiceConfig::parse(config).unwrap(),
            bytes: 0,
        })
    }

    #[test]
    fn the_nearest_voice_speaks() {
        let names = ["en_GB-alan-low", "en_US-joe-medium", "es_ES-davefx-medium"];
        let installed = Installed { voices: names.map(voice).to_vec(), broken: Vec::new() };
        let configured = [("en", "en_US-joe-medium"), ("fr", "fr_FR-gone"), ("de", "espeak-ng")];
        let speech = Speech {
            voices: PathBuf::new(),
            voice: configured
                .map(|(tag, name)| (tag.parse().unwrap(), name.parse().unwrap()))
                .into(),
            rate: 100,
            threads: 1,
            unload_after: Duration::ZERO,
            cache: ByteSize(0),
            lexicon: BTreeMap::new(),
        };
        for (wanted, language, expected, complains) in [
            ("", "en", "en_US-joe-medium", false),
            ("", "en-GB", "en_US-joe-medium", false),
            ("en_GB-alan-low", "en", "en_GB-alan-low", false),
            ("", "es", "es_ES-davefx-medium", false),
            ("", "es-GT", "es_ES-davefx-medium", false),
            ("espeak-ng", "es-GT", "espeak-ng", false),
            ("es_ES-davefx-medium", "en", "en_US-joe-medium", true),
            ("nobody", "es", "es_ES-davefx-medium", true),
            ("", "fr", "espeak-ng", true),
            ("", "de", "espeak-ng", false),
            ("", "it", "espeak-ng", false),
        ] {
            let wanted: Option<VoiceName> = wanted.parse().ok();
            let language = language.parse().unwrap();
            let (choice, complaint) = choose(wanted.as_ref(), &language, &speech, &installed);
            let name = match choice {
                Choice::Espeak => ESPEAK_NG.to_owned(),
                Choice::Piper(voice) => voice.name.to_string(),
            };
            assert_eq!((name.as_str(), complaint.is_some()), (expected, complains), "{language}");
        }
    }
}
