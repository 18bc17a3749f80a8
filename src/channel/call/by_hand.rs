//! A call that a person asks for, with a text of hers, beside the queue.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::alert::{Alert, AlertId, Origin, understand};
use crate::channel::Job;
use crate::config::{
    ChannelName, Config, Extension, Language, Person, PersonName, PhoneNumber, VoiceName,
};

/// Longest text, in characters; the rest is not said.
const MOST_CHARACTERS: usize = 2000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallByHand {
    /// A person's short name, a telephone number, or a SIP URI.
    pub to: String,
    /// What is said.
    pub text: String,
    /// In which language, if not in hers.
    pub language: Option<Language>,
    /// By which voice, if not by hers.
    pub voice: Option<VoiceName>,
    /// By which kind of call; the first that is enabled if not said.
    pub via: Option<ChannelName>,
    /// What is heard in place of the text.
    #[serde(default)]
    pub sound: Option<Source>,
}

impl CallByHand {
    /// What the channel is to tell. The text is said as if it were an alert's subject. Blocks while
    /// a file is read.
    ///
    /// # Errors
    /// Why that is not possible, for a person to read.
    pub fn job(&self, config: &Config) -> Result<Job, String> {
        let person = self.person(config)?;
        if let Some(sound) = &self.sound {
            sound.check()?;
        }
        let text = self.sound.as_ref().map_or_else(|| self.text.clone(), Source::to_string);
        let words: Vec<&str> = text.split_whitespace().collect();
        let text: String = words.join(" ").chars().take(MOST_CHARACTERS).collect();
        if text.is_empty() {
            return Err("there is nothing to say: the text is empty".to_owned());
        }
        let raw = Bytes::from(format!("Subject: {text}\r\n\r\n"));
        let origin = Origin { sender: config.mail.from.to_string(), ..Origin::default() };
        let (mut read, events) = understand(&raw, &origin);
        read.subject = text;
        let alert = Alert {
            id: AlertId::default(),
            received: Timestamp::now(),
            origin,
            people: Vec::new(),
            text: read,
            events,
        };
        Ok(Job { alerts: vec![alert], raw, people: vec![person], sound: self.sound.clone() })
    }

    /// The kind of call.
    ///
    /// # Errors
    /// If it is none.
    pub fn channel(&self, config: &Config) -> Result<ChannelName, String> {
        let channel = self
            .via
            .or_else(|| config.channels.enabled.iter().copied().find(|channel| channel.is_call()));
        let channel = channel.unwrap_or(ChannelName::Gsm);
        if channel.is_call() { Ok(channel) } else { Err(format!("{channel} does not call")) }
    }

    /// Whoever has that name or number; a number of nobody stands for itself.
    ///
    /// # Errors
    /// If there is nobody, for a person to read.
    pub(crate) fn person(&self, config: &Config) -> Result<Person, String> {
        let people = &config.directory.people;
        let named = self.to.parse::<PersonName>().ok().and_then(|name| people.get(&name));
        let number = self.to.parse::<PhoneNumber>();
        let numbered = || {
            let number = self.to.parse::<PhoneNumber>().ok()?;
            people.values().find(|person| person.phone.as_ref() == Some(&number))
        };
        let known = named.or_else(numbered).cloned();
        let address = self.to.parse::<Extension>().ok().filter(|to| to.as_str().contains(':'));
        let mut person = match (known, number, address) {
            (Some(person), _, _) => person,
            (None, Ok(number), _) => stranger(Some(number), None)?,
            (None, Err(_), Some(address)) => stranger(None, Some(address))?,
            (None, Err(_), None) => {
                return Err(format!(
                    "there is no person {:?} in the configuration, and it is no telephone number and \
                     no SIP URI",
                    self.to
                ));
            }
        };
        person.language = self.language.clone().or(person.language);
        person.voice = self.voice.clone().or(person.voice);
        Ok(person)
    }
}

/// Somebody of whom no more is known than how she is called.
fn stranger(phone: Option<PhoneNumber>, extension: Option<Extension>) -> Result<Person, String> {
    let number = phone.as_ref().map(|phone| phone.as_str().trim_start_matches('+'));
    // `ana` of `sip:ana@example.org`.
    let user = extension.as_ref().and_then(|uri| uri.as_str().split([':', '@']).nth(1));
    let name = number.or(user).unwrap_or_default().parse::<PersonName>();
    Ok(Person {
        name: name.map_err(|error| error.to_string())?,
        mail: None,
        phone,
        extension,
        language: None,
        voice: None,
        groups: std::collections::BTreeSet::default(),
    })
}
