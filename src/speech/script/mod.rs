//! From an alert to what is said in a call: words that a voice says right and that a person just
//! woken understands. Pure: the voices are elsewhere. `docs/spoken.md` tells the rules.

mod address;
mod clean;
mod language;
mod lexicon;
mod name;
mod number;
mod read;
mod sentence;
mod symbol;
mod time;

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::alert::{Alert, text};
use crate::config::{Config, Language};
use language::{Reading, Talk, reading, talk};
use lexicon::Lexicon;

/// Characters of an alert that are said in a call: about forty seconds.
const MAX_SPOKEN: usize = 600;
/// Characters of each alert that are said when there are several.
const MAX_SPOKEN_OF_SEVERAL: usize = 140;
/// Alerts that are said when there are several; the rest is counted.
const MAX_ALERTS: usize = 5;
/// What follows a host's name in a network of its own, and is as little said as other domains.
const LOCAL_DOMAINS: [&str; 7] =
    ["home", "internal", "intranet", "lan", "local", "localdomain", "private"];
/// Characters of any text that are said.
const MAX_TEXT: usize = 3000;

/// What is said in one call, sentence by sentence, already in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Who is calling.
    pub greeting: Vec<String>,
    /// The alert, or the alerts.
    pub message: Vec<String>,
    /// Which key accepts, and which repeats.
    pub prompt: Vec<String>,
    /// After the right key.
    pub thanks: Vec<String>,
    /// After a wrong one.
    pub wrong_key: Vec<String>,
}

/// What a call about these alerts says to a person of this language; `key` is the one that accepts.
#[must_use]
pub fn script(alerts: &[Alert], language: &Language, config: &Config, key: char) -> Script {
    let talk = talk(language);
    let own = own_words(config, language);
    let voice = Voice { reading: reading(language), lexicon: Lexicon::new(&own), talk };
    let texts = text::gravest_first(alerts)
        .into_iter()
        .map(|alert| text::call(alert, language, &config.texts));
    let message = match alerts {
        [_] => texts.flat_map(|text| voice.one(&text)).collect(),
        _ => voice.several(alerts.len(), texts),
    };
    let [press, to_accept] = talk.accept;
    Script {
        greeting: vec![voice.greeting(&config.appliance.name)],
        message,
        prompt: vec![format!("{press} {} {to_accept}", talk.key(key)), talk.again.to_owned()],
        thanks: vec![talk.thanks.to_owned()],
        wrong_key: vec![talk.wrong_key.to_owned()],
    }
}

/// Any text as sentences in words; `lexicon` has the user's own, in lower case. Empty when there is
/// nothing to say.
#[must_use]
pub fn words(text: &str, language: &Language, lexicon: &BTreeMap<String, String>) -> Vec<String> {
    let lexicon = Lexicon::new(lexicon);
    let (mut sentences, more) = read::read(text, reading(language), &lexicon, MAX_TEXT);
    if more {
        sentences.push(talk(language).text_goes_on.to_owned());
    }
    sentences
}

/// The user's words of a language, and over them those of its exact tag.
#[must_use]
pub fn own_words(config: &Config, language: &Language) -> BTreeMap<String, String> {
    let lexicon = &config.speech.lexicon;
    let primary = language.primary().parse::<Language>().ok();
    let tags = primary.as_ref().into_iter().chain([language]);
    tags.filter_map(|tag| lexicon.get(tag)).flatten().map(|(a, b)| (a.clone(), b.clone())).collect()
}

/// How one person is spoken to.
struct Voice<'a> {
    reading: &'static Reading,
    lexicon: Lexicon<'a>,
    talk: &'static Talk,
}

impl Voice<'_> {
    fn read(&self, text: &str, limit: usize) -> (Vec<String>, bool) {
        read::read(text, self.reading, &self.lexicon, limit)
    }

    /// By the host name without its domain, which helps nobody in the night.
    fn greeting(&self, name: &str) -> String {
        let label = match name.split('.').collect::<Vec<_>>()[..] {
            _ if name.parse::<IpAddr>().is_ok() => name.to_owned(),
            [first, domain] if !LOCAL_DOMAINS.contains(&domain) => format!("{first} {domain}"),
            [first, ..] => first.to_owned(),
            [] => String::new(),
        };
        let (said, _) = self.read(&label, MAX_SPOKEN);
        let said = said.first().map_or("smtp appliance.", String::as_str);
        format!("{} {said}", self.talk.greeting)
    }

    fn one(&self, text: &str) -> Vec<String> {
        let (mut sentences, more) = self.read(text, MAX_SPOKEN);
        if sentences.is_empty() {
            sentences.push(self.talk.empty.to_owned());
        }
        if more {
            sentences.push(self.talk.mail_goes_on.to_owned());
        }
        sentences
    }

    fn several(&self, count: usize, texts: impl Iterator<Item = String>) -> Vec<String> {
        let talk = self.talk;
        let mut sentences = vec![format!("{count} {}.", talk.alerts)];
        for (index, text) in texts.take(MAX_ALERTS).enumerate() {
            let lead = if index == 0 { talk.gravest } else { talk.then };
            let (mut said, _) = self.read(&text, MAX_SPOKEN_OF_SEVERAL);
            match said.first_mut() {
                Some(first) => *first = format!("{lead}: {first}"),
                None => said.push(format!("{lead}: {}", talk.empty)),
            }
            sentences.append(&mut said);
        }
        if let Some(rest) = count.checked_sub(MAX_ALERTS).filter(|rest| *rest > 0) {
            let [and, more] = talk.and_more;
            sentences.push(format!("{and} {rest}{more}"));
        }
        sentences
    }
}
