//! `[call]`, `[speech]`, `[audio]`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use super::section::Section;
use super::value::{boolean, count, duration, number, parsed, path, size, some_time, text, word};
use crate::config::{Audio, ByteSize, Call, Language, Speech, Unacknowledged, VoiceName};

const UNACKNOWLEDGED: &[(&str, Unacknowledged)] = &[
    ("retry", Unacknowledged::Retry),
    ("next", Unacknowledged::Next),
    ("told", Unacknowledged::Told),
];

pub(super) fn read_call(mut section: Section<'_>) -> Call {
    let call = Call {
        ring_time: section.get("ring_time", some_time).unwrap_or(Duration::from_millis(24_500)),
        max_length: section.get("max_length", some_time).unwrap_or(Duration::from_mins(3)),
        lead_in: section.get("lead_in", duration).unwrap_or(Duration::from_millis(300)),
        times: small(&mut section, "times", 1..=20).unwrap_or(3),
        key_wait: section.get("key_wait", duration).unwrap_or(Duration::from_secs(3)),
        unacknowledged: section
            .get("unacknowledged", word(UNACKNOWLEDGED))
            .unwrap_or(Unacknowledged::Retry),
        recoveries: section.get("recoveries", boolean).unwrap_or(false),
        digest_from: section.get("digest_from", count(0..=100)).unwrap_or(2),
    };
    section.finish();
    call
}

pub(super) fn read_speech(mut section: Section<'_>, store: &Path) -> Speech {
    let speech = Speech {
        voices: section.get("voices", path).unwrap_or_else(|| store.join("voices")),
        voice: read_voices(&section.section("voice")),
        rate: small(&mut section, "rate", 50..=200).unwrap_or(100),
        threads: section.get("threads", count(1..=8)).unwrap_or(2),
        unload_after: section.get("unload_after", some_time).unwrap_or(Duration::from_mins(2)),
        cache: section.get("cache", size).unwrap_or(ByteSize(64 * 1024 * 1024)),
        lexicon: read_lexicon(&section.section("lexicon")),
    };
    section.finish();
    speech
}

pub(super) fn read_audio(mut section: Section<'_>) -> Audio {
    let default = || "default".to_owned();
    let audio = Audio {
        playback: section.get("playback", text).unwrap_or_else(default),
        capture: section.get("capture", text).unwrap_or_else(default),
        level: small(&mut section, "level", 1..=100).unwrap_or(70),
    };
    section.finish();
    audio
}

fn small(section: &mut Section<'_>, key: &'static str, limits: RangeInclusive<u64>) -> Option<u32> {
    section.get(key, |value| number(value, limits)).and_then(|number| u32::try_from(number).ok())
}

/// `[speech.voice]`: `es = "es_ES-davefx-medium"`.
fn read_voices(section: &Section<'_>) -> BTreeMap<Language, VoiceName> {
    let mut voices = BTreeMap::new();
    for (key, span, value) in section.entries() {
        match (key.parse::<Language>(), parsed(value.get_ref())) {
            (Ok(language), Ok(voice)) => drop(voices.insert(language, voice)),
            (Err(error), _) => section.fault_at(&span, key, error.to_string()),
            (_, Err(message)) => section.fault_at(&span, key, message),
        }
    }
    voices
}

/// `[speech.lexicon.en]`: `nginx = "engine x"`.
fn read_lexicon(section: &Section<'_>) -> BTreeMap<Language, BTreeMap<String, String>> {
    let mut lexicon = BTreeMap::new();
    for (key, span, value) in section.entries() {
        let words = section.subsection(key, value);
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        for (word, span, value) in words.entries() {
            match text(value.get_ref()) {
                Ok(value) => drop(said.insert(word.to_lowercase(), value)),
                Err(message) => words.fault_at(&span, word, message),
            }
        }
        match key.parse::<Language>() {
            Ok(language) => drop(lexicon.insert(language, said)),
            Err(error) => section.fault_at(&span, key, error.to_string()),
        }
    }
    lexicon
}
