//! What sound devices there are.

use std::collections::BTreeMap;

use alsa::card;
use alsa::device_name::HintIter;

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Out of the card.
    Playback,
    /// Into the card.
    Capture,
}

/// An ALSA PCM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What `[audio]` in the configuration calls it.
    pub name: String,
    /// What it is, on one line.
    pub description: String,
    /// Name of the card it belongs to.
    pub card: Option<String>,
    /// Whether it can play.
    pub plays: bool,
    /// Whether it can record.
    pub records: bool,
}

/// Ways to a card that are of use here; ALSA lists many more, such as one per loudspeaker.
const WAYS: [&str; 4] = ["default", "plughw", "hw", "sysdefault"];
/// PCMs without a card that convert, or throw away.
const CONVERTERS: [&str; 11] = [
    "null",
    "lavrate",
    "samplerate",
    "speexrate",
    "speex",
    "upmix",
    "vdownmix",
    "oss",
    "a52",
    "usbstream",
    "jack",
];

/// The sound devices of this machine; none if it has no sound card, or may not see it.
#[must_use]
pub fn devices() -> Vec<Device> {
    // What ALSA has to say about missing cards is no news to whoever asks for a list.
    let _said = alsa::Output::local_error_handler();
    let cards = cards();
    let Ok(hints) = HintIter::new(None, c"pcm") else { return Vec::new() };
    let found = hints.filter_map(|hint| {
        let name = hint.name?;
        let card = card_of(&name).map(str::to_owned);
        let known = match card {
            Some(_) => WAYS.contains(&name.split(':').next().unwrap_or_default()),
            None => !CONVERTERS.contains(&name.as_str()),
        };
        let description = hint.desc.unwrap_or_default().lines().collect::<Vec<_>>().join(", ");
        known.then(|| Device {
            card: card.map(|id| cards.get(&id).cloned().unwrap_or(id)),
            plays: hint.direction != Some(alsa::Direction::Capture),
            records: hint.direction != Some(alsa::Direction::Playback),
            description,
            name,
        })
    });
    found.collect()
}

/// The card that a PCM such as `plughw:CARD=Device,DEV=0` belongs to.
fn card_of(name: &str) -> Option<&str> {
    let (_, rest) = name.split_once("CARD=")?;
    rest.split(',').next()
}

/// The names of the cards by their identifiers.
fn cards() -> BTreeMap<String, String> {
    let named = card::Iter::new().filter_map(|card| {
        let card = card.ok()?;
        let control = alsa::Ctl::from_card(&card, true).ok()?;
        let about = control.card_info().ok()?;
        Some((about.get_id().ok()?.to_owned(), about.get_name().ok()?.to_owned()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::card_of;

    #[test]
    fn a_name_tells_its_card() {
        assert_eq!(card_of("plughw:CARD=Device,DEV=0"), Some("Device"));
        assert_eq!(card_of("default:CARD=PCH"), Some("PCH"));
        assert_eq!(card_of("default"), None);
    }
}
