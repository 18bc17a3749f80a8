//! What calls of every kind share: the speaker, the key, the diary, and who watches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use super::conversation::{Rules, next_key};
use super::line::{Line, Voice};
use super::progress::{Diary, Happening, Progress};
use super::talk::Talk;
use crate::audio::{Pcm, telephone};
use crate::channel::{Job, Outcome, Report};
use crate::config::{ChannelName, Config, Language, Person, VoiceName};
use crate::speech::script::{Script, script};
use crate::speech::{Speaker, Utterance};

/// Most happenings that wait for who watches; beyond it the oldest are lost to her.
const MOST_UNSEEN: usize = 256;

/// How long a sentence may let her wait before espeak-ng says it instead.
const SPEECH_PATIENCE: Duration = Duration::from_secs(1);

/// Makes calls, by whatever line a channel has.
pub struct Caller {
    config: watch::Receiver<Arc<Config>>,
    speaker: Speaker,
    watchers: broadcast::Sender<Progress>,
    calls: AtomicU64,
    last_key: Mutex<Option<char>>,
}

/// One call that a channel is about to make.
pub(super) struct Calling<'a> {
    /// By which kind of call.
    pub(super) channel: ChannelName,
    /// What is to be told.
    pub(super) job: &'a Job,
    /// Who is called.
    pub(super) person: &'a Person,
    /// The settings of the moment.
    pub(super) config: &'a Config,
    /// Longest time that all of it may take; then its line has forgotten it.
    pub(super) limit: Duration,
}

impl Caller {
    /// One for all channels that call, so that no key follows itself, whichever way she is called.
    #[must_use]
    pub fn new(config: watch::Receiver<Arc<Config>>, speaker: Speaker) -> Arc<Self> {
        let (watchers, _) = broadcast::channel(MOST_UNSEEN);
        let (calls, last_key) = (AtomicU64::new(0), Mutex::new(None));
        Arc::new(Self { config, speaker, watchers, calls, last_key })
    }

    /// Where to subscribe to what happens in calls.
    #[must_use]
    pub fn watchers(&self) -> broadcast::Sender<Progress> {
        self.watchers.clone()
    }

    /// The settings of the moment.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.borrow())
    }

    /// Makes the speech while the alert still waits for its turn; the prompt follows when its key
    /// is chosen.
    pub(super) fn prepare(&self, job: &Job) {
        let config = self.config();
        for person in &job.people {
            let voice = HerVoice::new(&self.speaker, person, &config);
            let Script { greeting, message, .. } =
                script(&job.alerts, &voice.language, &config, '0');
            let message = if job.sound.is_some() { Vec::new() } else { message };
            for sentence in greeting.iter().chain(&message) {
                voice.prepare(sentence);
            }
        }
    }

    /// Makes a call on the line that `dial` gives, to its end.
    pub(super) async fn call<L: Line>(
        &self,
        calling: Calling<'_>,
        dial: impl Future<Output = Result<L, Outcome>>,
    ) -> Report {
        let Calling { channel, job, person, config, limit } = calling;
        let key = self.next_key();
        let voice = HerVoice::new(&self.speaker, person, config);
        let mut script = script(&job.alerts, &voice.language, config, key);
        if let Some(sound) = &job.sound {
            script.message = vec![sound.to_string()];
        }
        let begun = Progress {
            call: self.calls.fetch_add(1, Ordering::Relaxed) + 1,
            channel,
            person: person.name.clone(),
            alerts: job.alerts.iter().map(|alert| alert.id).collect(),
            at: Timestamp::now(),
            what: Happening::Begun(key),
        };
        let mut diary = Diary::begin(begun, self.watchers.clone(), key);
        let held = async {
            let mut line = match dial.await {
                Ok(line) => line,
                Err(outcome) => return (outcome, None),
            };
            let rules = rules(channel, config);
            let source = job.sound.as_ref().map(|sound| (sound, &config.audio));
            let talk = Talk { script: &script, key, rules, voice: &voice, source };
            let outcome = talk.hold(&mut line, &mut diary).await;
            (outcome, line.quality())
        };
        let late = || (Outcome::Retry("the call was not made in time".into()), None);
        let (outcome, quality) = tokio::time::timeout(limit, held).await.unwrap_or_else(|_| late());
        if let Some(quality) = &quality {
            tracing::info!(person = %person.name, %channel, %quality, "call");
            diary.note(Happening::Measured(quality.clone()));
        }
        Report { course: diary.close(&outcome), outcome, quality }
    }

    /// The key of the next call, never that of the one before.
    fn next_key(&self) -> char {
        let mut last = self.last_key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = next_key(*last, fastrand::u32(..));
        *last = Some(key);
        key
    }
}

fn rules(channel: ChannelName, config: &Config) -> Rules {
    let call = &config.call;
    let lead_out = if channel == ChannelName::Voip { config.voip.lead_out } else { Duration::ZERO };
    Rules { lead_in: call.lead_in, times: call.times, key_wait: call.key_wait, lead_out }
}

/// The speaker, in a person's language and voice.
struct HerVoice {
    speaker: Speaker,
    language: Language,
    voice: Option<VoiceName>,
}

impl HerVoice {
    fn new(speaker: &Speaker, person: &Person, config: &Config) -> Self {
        let language = person.language.as_ref().unwrap_or(&config.appliance.language).clone();
        Self { speaker: speaker.clone(), language, voice: person.voice.clone() }
    }

    fn utterance(&self, text: &str) -> Utterance {
        let (language, voice) = (self.language.clone(), self.voice.clone());
        Utterance { text: text.to_owned(), language, voice }
    }
}

impl Voice for HerVoice {
    fn prepare(&self, sentence: &str) {
        self.speaker.prepare(self.utterance(sentence));
    }

    fn say<'a>(&'a self, sentence: &'a str) -> BoxFuture<'a, Result<Arc<Pcm>, String>> {
        Box::pin(async move {
            let said = self.speaker.say_within(self.utterance(sentence), SPEECH_PATIENCE).await;
            let said = said.map_err(|error| error.to_string())?;
            let fitted = tokio::task::spawn_blocking(move || Arc::new(telephone(&said))).await;
            fitted.map_err(|error| error.to_string())
        })
    }
}
