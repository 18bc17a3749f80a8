//! The `.onnx.json` beside a Piper model: how it wants its phonemes, and how fast it speaks.

use std::collections::HashMap;

use serde::Deserialize;

use crate::config::Language;

/// Largest file, in bytes; those of real voices have 5 KB, with hundreds of speakers 50 KB.
pub(crate) const MAX_CONFIG: u64 = 1024 * 1024;

/// Most phonemes a voice may know.
const MAX_PHONEMES: usize = 4096;
/// Most ids of one phoneme.
const MAX_IDS: usize = 8;

/// What a voice's file says, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceConfig {
    /// Samples a second, 8000 to 48 000.
    pub sample_rate: u32,
    /// `low`, `medium`, `high`, when it says.
    pub quality: Option<String>,
    /// Its language, when it says: `en-US`.
    pub language: Option<Language>,
    /// The language's name in English.
    pub language_name: Option<String>,
    /// espeak-ng's voice that makes its phonemes.
    pub espeak_voice: String,
    /// How many people speak; the first one does for us.
    pub speakers: u32,
    /// Noise that makes the voice livelier.
    pub noise_scale: f32,
    /// Noise in the lengths of its phonemes.
    pub noise_w: f32,
    /// How slowly it speaks: 1 is its own.
    pub length_scale: f32,
    /// Ids of each phoneme.
    pub ids: HashMap<char, Vec<i32>>,
}

/// Why a voice's file is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// No JSON, or not of a Piper voice.
    #[error("it is not the configuration of a Piper voice: {0}")]
    Format(String),
    /// A number outside of what a voice can have.
    #[error("{key} is {value}, which no voice has")]
    Number {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Phonemes that espeak-ng does not make.
    #[error("its phonemes are of the kind {0:?}; only those of espeak-ng are known")]
    PhonemeType(String),
    /// Unusable name of a voice of espeak-ng.
    #[error("{0:?} is no voice of espeak-ng")]
    EspeakVoice(String),
    /// The phonemes that every text needs.
    #[error("its phoneme_id_map lacks {0:?}")]
    Lacks(char),
}

#[derive(Deserialize)]
struct File {
    audio: Audio,
    espeak: Espeak,
    #[serde(default)]
    inference: Inference,
    #[serde(default)]
    phoneme_type: Option<String>,
    phoneme_id_map: HashMap<String, Vec<i64>>,
    #[serde(default)]
    num_speakers: Option<u64>,
    #[serde(default)]
    language: Option<FileLanguage>,
}

#[derive(Deserialize)]
struct Audio {
    sample_rate: u64,
    #[serde(default)]
    quality: Option<String>,
}

#[derive(Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Deserialize)]
#[serde(default)]
struct Inference {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

#[derive(Deserialize)]
struct FileLanguage {
    code: String,
    #[serde(default)]
    name_english: Option<String>,
}

/// Begins each text.
pub(super) const BEGIN: char = '^';
/// Ends it.
pub(super) const END: char = '$';
/// Stands after each phoneme.
pub(super) const PAD: char = '_';

impl VoiceConfig {
    /// Reads the file's bytes.
    ///
    /// # Errors
    ///
    /// If it is not the configuration of a Piper voice whose phonemes espeak-ng makes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigFault> {
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| ConfigFault::Format(error.to_string()))?;
        if let Some(kind) = file.phoneme_type.filter(|kind| kind != "espeak") {
            return Err(ConfigFault::PhonemeType(short(&kind)));
        }
        let voice = file.espeak.voice;
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
        if !(1..=32).contains(&voice.len()) || !voice.chars().all(name) {
            return Err(ConfigFault::EspeakVoice(short(&voice)));
        }
        let inference = file.inference;
        let code = file.language.as_ref().map_or("", |language| language.code.as_str());
        Ok(Self {
            sample_rate: whole("sample_rate", file.audio.sample_rate, 8000, 48_000)?,
            quality: file.audio.quality.map(|quality| short(&quality)),
            language: code.replace('_', "-").parse().ok(),
            language_name: file
                .language
                .and_then(|language| language.name_english)
                .map(|n| short(&n)),
            espeak_voice: voice,
            speakers: whole("num_speakers", file.num_speakers.unwrap_or(1).max(1), 1, 100_000)?,
            noise_scale: real("noise_scale", inference.noise_scale, 0.0, 4.0)?,
            noise_w: real("noise_w", inference.noise_w, 0.0, 4.0)?,
            length_scale: real("length_scale", inference.length_scale, 0.1, 10.0)?,
            ids: ids(&file.phoneme_id_map)?,
        })
    }
}

fn whole(key: &'static str, value: u64, least: u32, most: u32) -> Result<u32, ConfigFault> {
    let number = u32::try_from(value).ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| ConfigFault::Number { key, value: value.to_string() })
}

fn real(key: &'static str, value: f32, least: f32, most: f32) -> Result<f32, ConfigFault> {
    // No number is inside of any range.
    let inside = (least..=most).contains(&value);
    if inside { Ok(value) } else { Err(ConfigFault::Number { key, value: value.to_string() }) }
}

fn ids(map: &HashMap<String, Vec<i64>>) -> Result<HashMap<char, Vec<i32>>, ConfigFault> {
    let fault = |value: String| ConfigFault::Number { key: "phoneme_id_map", value };
    if map.len() > MAX_PHONEMES {
        return Err(fault(format!("a table of {}", map.len())));
    }
    let mut ids = HashMap::with_capacity(map.len());
    for (phoneme, numbers) in map {
        // A phoneme of several characters is never looked for.
        let mut characters = phoneme.chars();
        let (Some(phoneme), None) = (characters.next(), characters.next()) else { continue };
        let numbers: Option<Vec<i32>> = numbers
            .iter()
            .map(|id| i32::try_from(*id).ok().filter(|id| (0..100_000).contains(id)))
            .collect();
        let numbers = numbers.filter(|numbers| (1..=MAX_IDS).contains(&numbers.len()));
        ids.insert(phoneme, numbers.ok_or_else(|| fault(format!("odd for {phoneme:?}")))?);
    }
    match [BEGIN, END, PAD].into_iter().find(|needed| !ids.contains_key(needed)) {
        Some(lacks) => Err(ConfigFault::Lacks(lacks)),
        None => Ok(ids),
    }
}

/// The beginning of a text of the file, for people.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"audio":{"sample_rate":22050,"quality":"medium"},
        "espeak":{"voice":"en-us"},
        "inference":{"noise_scale":0.667,"length_scale":1,"noise_w":0.8},
        "phoneme_type":"espeak","num_speakers":1,
        "language":{"code":"en_US","name_english":"English"},
        "phoneme_id_map":{"_":[0],"^":[1],"$":[2]," ":[3],"a":[14],"ab":[15]}}"#;

    #[test]
    fn a_voice_is_read() {
        let config = VoiceConfig::parse(SMALL.as_bytes()).unwrap();
        assert_eq!((config.sample_rate, config.speakers), (22_050, 1));
        assert_eq!(config.language, "en-US".parse().ok());
        assert_eq!(config.espeak_voice, "en-us");
        assert_eq!(config.ids.get(&'a'), Some(&vec![14]));
        assert_eq!(config.ids.len(), 5);
    }

    #[test]
    fn what_no_voice_has_is_told() {
        for (from, to, expected) in [
            ("22050", "0", "sample_rate is 0, which no voice has"),
            ("22050", "-1", "it is not the configuration of a Piper voice"),
            ("22050", "99999999999", "sample_rate is 99999999999"),
            ("0.667", "1e39", "noise_scale is inf"),
            ("0.667", "-1", "noise_scale is -1"),
            ("\"length_scale\":1", "\"length_scale\":0", "length_scale is 0"),
            ("en-us", "../en", "\"../en\" is no voice of espeak-ng"),
            ("\"espeak\",", "\"pinyin\",", "of the kind \"pinyin\""),
            ("\"_\":[0]", "\"b\":[0]", "its phoneme_id_map lacks '_'"),
            ("[14]", "[]", "odd for 'a'"),
            ("[14]", "[-3]", "odd for 'a'"),
            ("[14]", "[3000000000]", "odd for 'a'"),
            ("\"espeak\":{\"voice\":\"en-us\"},", "", "missing field `espeak`"),
        ] {
            let changed = SMALL.replacen(from, to, 1);
            let fault = VoiceConfig::parse(changed.as_bytes()).map(|_| ()).unwrap_err();
            assert!(fault.to_string().contains(expected), "{from} → {to}: {fault}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_files_are_refused_without_a_panic(
            cuts in proptest::collection::vec((0usize..400, proptest::prelude::any::<u8>()), 1..6),
        ) {
            let mut bytes = SMALL.as_bytes().to_vec();
            for (place, byte) in cuts {
                if let Some(old) = bytes.get_mut(place) {
                    *old = byte;
                }
            }
            if let Ok(config) = VoiceConfig::parse(&bytes) {
                proptest::prop_assert!((8000..=48_000).contains(&config.sample_rate));
            }
        }
    }
}
