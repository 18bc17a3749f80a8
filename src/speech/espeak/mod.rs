//! espeak-ng: the voice that is always there, and the phonemes of the Piper voices.

mod ffi;

use std::ffi::CString;

use crate::audio::Pcm;
use crate::config::Language;

use super::engine::{Engine, EngineError};
use ffi::Library;
pub(super) use ffi::return_large_buffers;

/// Words a minute at a rate of 100 %.
const WORDS: u32 = 175;

/// What the library takes, in words a minute.
const SLOWEST: u32 = 80;
const FASTEST: u32 = 450;

/// Where Spanish is spoken as in Spain; elsewhere it is that of the Americas.
const SPAIN: [&str; 3] = ["es", "es-es", "es-gq"];

/// Languages that espeak-ng has under another name.
const OTHER_NAMES: [(&str, &str); 4] = [("zh", "cmn"), ("no", "nb"), ("iw", "he"), ("in", "id")];

/// espeak-ng in one language.
#[derive(Debug, Clone)]
pub struct Espeak {
    voice: String,
}

impl Espeak {
    /// The voice that comes nearest to a language: `es-GT` gets that of the Americas, a language it
    /// does not know gets English.
    ///
    /// # Errors
    ///
    /// If the library finds no data.
    pub fn of(language: &Language) -> Result<Self, EngineError> {
        let mut library = Library::lock()?;
        let found = candidates(language).into_iter().find(|name| set(&mut library, name));
        let voice = found.ok_or_else(|| EngineError::NoVoice(language.to_string()))?;
        Ok(Self { voice })
    }

    /// Whether it speaks the language, and not English in its place.
    #[must_use]
    pub fn speaks(&self, language: &Language) -> bool {
        self.voice != "en" || language.primary() == "en"
    }

    /// Its name in espeak-ng.
    #[must_use]
    pub fn voice(&self) -> &str {
        &self.voice
    }
}

impl Engine for Espeak {
    fn speak(&mut self, text: &str, rate: u32) -> Result<Pcm, EngineError> {
        let mut library = Library::lock()?;
        if !set(&mut library, &self.voice) {
            return Err(EngineError::NoVoice(self.voice.clone()));
        }
        let words = (WORDS * rate / 100).clamp(SLOWEST, FASTEST).cast_signed();
        let samples = library.say(&c_string(text), words)?;
        if samples.iter().all(|sample| *sample == 0) {
            return Err(EngineError::Nothing);
        }
        Ok(Pcm { rate: library.sample_rate(), samples })
    }
}

/// The phonemes of a text as the voice `voice` speaks it, in the International Phonetic Alphabet:
/// words apart by blanks, no punctuation.
pub(super) fn phonemes(voice: &str, text: &str) -> Result<String, EngineError> {
    let mut library = Library::lock()?;
    if !set(&mut library, voice) {
        return Err(EngineError::NoVoice(voice.to_owned()));
    }
    Ok(library.phonemes(&c_string(text)).join(" "))
}

/// The library takes a name for a path as well, so only names are let through.
fn set(library: &mut Library, voice: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    voice.chars().all(name) && library.set_voice(&c_string(voice))
}

/// Texts were cleaned, so there is no NUL in them; should there be one, it ends the text.
fn c_string(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// The names of voices to try, the nearest first.
fn candidates(language: &Language) -> Vec<String> {
    let tag = language.to_string().to_ascii_lowercase();
    let primary = language.primary();
    let other = OTHER_NAMES.iter().find(|(ours, _)| *ours == primary).map(|(_, theirs)| *theirs);
    let americas = primary == "es" && !SPAIN.contains(&tag.as_str());
    let names =
        [Some(tag.as_str()), americas.then_some("es-419"), other, Some(primary), Some("en")];
    names.into_iter().flatten().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    #[test]
    fn each_language_gets_the_nearest_voice() {
        for (tag, voice) in [
            ("en", "en"),
            ("en-US", "en-us"),
            ("en-ZA", "en"),
            ("es", "es"),
            ("es-ES", "es"),
            ("es-GT", "es-419"),
            ("pt-BR", "pt-br"),
            ("de-CH-1996", "de"),
            ("zh", "cmn"),
            ("no", "nb"),
            ("tlh", "en"),
        ] {
            assert_eq!(Espeak::of(&language(tag)).unwrap().voice(), voice, "{tag}");
        }
        assert!(!Espeak::of(&language("tlh")).unwrap().speaks(&language("tlh")));
        assert!(Espeak::of(&language("en-ZA")).unwrap().speaks(&language("en-ZA")));
    }

    #[test]
    fn it_speaks_and_the_rate_counts() {
        let mut engine = Espeak::of(&language("es-GT")).unwrap();
        let own = engine.speak("El disco del servidor está lleno.", 100).unwrap();
        assert!((1.0..6.0).contains(&own.duration().as_secs_f64()), "{:?}", own.duration());
        let slow = engine.speak("El disco del servidor está lleno.", 60).unwrap();
        assert!(slow.samples.len() > own.samples.len() * 13 / 10);
        assert_eq!(engine.speak("... ", 100), Err(EngineError::Nothing));
    }

    #[test]
    fn phonemes_are_those_of_the_language() {
        assert_eq!(phonemes("en-us", "disk full").unwrap(), "dˈɪsk fˈʊl");
        assert_eq!(phonemes("es", "disco lleno").unwrap(), "dˈisko ʎˈeno");
        assert!(matches!(phonemes("../../etc/passwd", "a"), Err(EngineError::NoVoice(_))));
    }
}
