//! The service that speaks: whoever has a text gets its sound.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::audio::Pcm;
use crate::config::{Config, Language, VoiceName};

use super::cache::{Cache, Key, Recent};
use super::choose::{self, Choice};
use super::lanes::{Answer, Lanes, Order};
use super::voices::{ESPEAK_NG, Shelf};
use super::work::{self, BrokenVoices};
use super::{EngineError, SpeechError, text};

/// A sentence or a short text, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// What is said, at most 2000 characters.
    pub text: String,
    /// The text's language.
    pub language: Language,
    /// Who should say it, if it matters.
    pub voice: Option<VoiceName>,
}

/// Speaks, on threads of its own. A clone is another handle on the same; the threads end with the
/// last one.
#[derive(Debug, Clone)]
pub struct Speaker {
    handle: Arc<Handle>,
}

/// Closes the lanes when nobody has a [`Speaker`] any more.
#[derive(Debug)]
struct Handle {
    studio: Arc<Studio>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.studio.lanes.close();
    }
}

/// What the handles and the threads share.
#[derive(Debug)]
pub(super) struct Studio {
    pub(super) settings: watch::Receiver<Arc<Config>>,
    pub(super) lanes: Lanes,
    pub(super) recent: Mutex<Recent>,
    pub(super) cache: Cache,
    pub(super) broken: BrokenVoices,
    /// Voices that are in memory.
    pub(super) loaded: watch::Sender<Vec<VoiceName>>,
    shelf: Shelf,
    /// What was complained of already.
    told: Mutex<BTreeSet<String>>,
}

/// Most complaints that are remembered.
const MAX_TOLD: usize = 100;

impl Speaker {
    /// Starts the threads. The settings are looked at for each text, so a change counts from the
    /// next one on; what was said is kept in `cache_folder`.
    #[must_use]
    pub fn start(settings: watch::Receiver<Arc<Config>>, cache_folder: PathBuf) -> Self {
        let studio = Arc::new(Studio {
            settings,
            lanes: Lanes::default(),
            recent: Mutex::default(),
            cache: Cache::new(cache_folder),
            broken: BrokenVoices::default(),
            loaded: watch::channel(Vec::new()).0,
            shelf: Shelf::default(),
            told: Mutex::default(),
        });
        work::start(&studio);
        Self { handle: Arc::new(Handle { studio }) }
    }

    /// The sound of a text; of a known one within a millisecond. espeak-ng speaks when the Piper
    /// voice is missing or broken.
    ///
    /// # Errors
    ///
    /// If the text is too long or has nothing to say, too much waits, or espeak-ng is not there.
    pub async fn say(&self, utterance: Utterance) -> Result<Arc<Pcm>, SpeechError> {
        let plan = self.handle.studio.plan(&utterance)?;
        self.carry_out(plan).await
    }

    /// Begins to make the sound of a text that will be wanted. Nobody waits; when too many are to
    /// be made it is dropped.
    #[expect(clippy::needless_pass_by_value, reason = "as `say` takes it")]
    pub fn prepare(&self, utterance: Utterance) {
        let studio = &self.handle.studio;
        let begun = studio.plan(&utterance).and_then(|plan| {
            let known = studio.recent(&plan.key).is_some();
            if known { Ok(()) } else { studio.order(plan, false).map(drop) }
        });
        if let Err(error) = begun {
            tracing::debug!("speech is not made ahead: {error}");
        }
    }

    /// The sound of a text. If it is not ready after `patience`, espeak-ng says it instead: whoever
    /// answered the telephone never hears silence.
    ///
    /// # Errors
    ///
    /// As [`Self::say`].
    pub async fn say_within(
        &self,
        utterance: Utterance,
        patience: Duration,
    ) -> Result<Arc<Pcm>, SpeechError> {
        let plan = self.handle.studio.plan(&utterance)?;
        let Choice::Piper(voice) = plan.voice.clone() else {
            return self.carry_out(plan).await;
        };
        match tokio::time::timeout(patience, self.carry_out(plan)).await {
            Ok(Ok(sound)) => return Ok(sound),
            Ok(Err(error)) => tracing::warn!(voice = %voice.name, "espeak-ng speaks: {error}"),
            Err(_) => tracing::warn!(voice = %voice.name, ?patience, "too slow: espeak-ng speaks"),
        }
        self.say(Utterance { voice: ESPEAK_NG.parse().ok(), ..utterance }).await
    }

    /// The Piper voices that are in memory; it changes as they come and go.
    #[must_use]
    pub fn loaded(&self) -> watch::Receiver<Vec<VoiceName>> {
        self.handle.studio.loaded.subscribe()
    }

    /// Waits until everything that was wanted is spoken and kept, or `patience` has passed.
    pub async fn finish(&self, patience: Duration) {
        let studio = Arc::clone(&self.handle.studio);
        let waiting = tokio::task::spawn_blocking(move || studio.lanes.wait_until_quiet(patience));
        drop(waiting.await);
    }

    async fn carry_out(&self, plan: Plan) -> Result<Arc<Pcm>, SpeechError> {
        let studio = &self.handle.studio;
        if let Some(sound) = studio.recent(&plan.key) {
            return Ok(sound);
        }
        let mut answer = studio.order(plan, true)?;
        let answer = answer.wait_for(Option::is_some).await;
        let answer = answer.map_err(|_| SpeechError::Stopping)?;
        answer.clone().unwrap_or(Err(SpeechError::Stopping))
    }
}

/// A text with all that decides how it sounds.
struct Plan {
    key: Key,
    text: String,
    language: Language,
    rate: u32,
    voice: Choice,
}

impl Studio {
    fn plan(&self, utterance: &Utterance) -> Result<Plan, SpeechError> {
        // Counted before anything is done with it: it may have a megabyte.
        if utterance.text.chars().nth(text::MAX_TEXT).is_some() {
            return Err(SpeechError::TooLong(text::MAX_TEXT));
        }
        let text = text::clean(&utterance.text);
        if text.is_empty() {
            return Err(SpeechError::Engine(EngineError::Nothing));
        }
        let config = Arc::clone(&self.settings.borrow());
        let speech = &config.speech;
        let installed = self.shelf.look(&speech.voices, |complaint| {
            tracing::warn!("{complaint}");
        });
        let (wanted, language) = (utterance.voice.as_ref(), &utterance.language);
        let (mut voice, complaint) = choose::choose(wanted, language, speech, &installed);
        let mut files = String::new();
        if let Choice::Piper(piper) = &voice {
            match piper.state() {
                Ok(state) if !self.broken.contains(&piper.name, &state) => {
                    files = format!("{}{state:?}", piper.name);
                }
                // The thread that found it broken has said so.
                Ok(_) | Err(_) => voice = Choice::Espeak,
            }
        }
        if let Some(complaint) = complaint {
            self.complain(&complaint.to_string());
        }
        let rate = speech.rate;
        let who = match &voice {
            Choice::Espeak => "espeak-ng",
            Choice::Piper(_) => "piper",
        };
        let tag = language.to_string();
        let key = Key::of(&[who, &files, &tag, &rate.to_string(), &text]);
        Ok(Plan { key, text, language: language.clone(), rate, voice })
    }

    fn order(&self, plan: Plan, wanted: bool) -> Result<watch::Receiver<Answer>, SpeechError> {
        let Plan { key, text, language, rate, voice } = plan;
        let order = |answer| Order { key, text, language, rate, voice, keep: true, answer };
        self.lanes.join(key, wanted, order)
    }

    fn recent(&self, key: &Key) -> Option<Arc<Pcm>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// Says in the log, once, that another voice speaks than was wanted.
    pub(super) fn complain(&self, complaint: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_TOLD && told.insert(complaint.to_owned()) {
            tracing::warn!("{complaint}; another voice speaks");
        }
    }
}
