//! Calls through the modem, with a sound card that leads to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use super::conversation::{Rules, next_key};
use super::line::{Line, LineEnd, LineEvent, Sound, Voice};
use super::progress::{Diary, Happening, Progress};
use super::talk::Talk;
use crate::audio::{Pcm, Player, telephone};
use crate::channel::{Channel, Job, Outcome, Report};
use crate::config::{Audio, ChannelName, Config, Language, Person, VoiceName};
use crate::modem::at::Remedy;
use crate::modem::{Call, CallEnd, CallEvent, CallRequest, Modem};
use crate::speech::script::{Script, script};
use crate::speech::{Speaker, Utterance};

/// Most happenings that wait for who watches; beyond it the oldest are lost to her.
const MOST_UNSEEN: usize = 256;

/// How long a sentence may let her wait before espeak-ng says it instead.
const SPEECH_PATIENCE: Duration = Duration::from_secs(1);

/// How long a call may wait for the line, before and after: longer, and the modem has forgotten it.
const LINE_PATIENCE: Duration = Duration::from_mins(10);

/// The channel of calls through the modem.
pub struct GsmChannel {
    config: watch::Receiver<Arc<Config>>,
    /// Changes when the modem's settings do; `None` while there is no driver.
    modem: watch::Receiver<Option<Modem>>,
    speaker: Speaker,
    watchers: broadcast::Sender<Progress>,
    calls: AtomicU64,
    last_key: Mutex<Option<char>>,
}

impl GsmChannel {
    /// A channel that calls by whatever modem there is, by the settings as they stand.
    #[must_use]
    pub fn new(
        config: watch::Receiver<Arc<Config>>,
        modem: watch::Receiver<Option<Modem>>,
        speaker: Speaker,
    ) -> Self {
        let (watchers, _) = broadcast::channel(MOST_UNSEEN);
        let (calls, last_key) = (AtomicU64::new(0), Mutex::new(None));
        Self { config, modem, speaker, watchers, calls, last_key }
    }

    /// Where to subscribe to what happens in calls.
    #[must_use]
    pub fn watchers(&self) -> broadcast::Sender<Progress> {
        self.watchers.clone()
    }

    async fn tell_one(&self, job: &Job, person: &Person) -> Report {
        let config = Arc::clone(&self.config.borrow());
        let Some(to) = person.phone.clone() else {
            return Outcome::Refused("no telephone number".into()).into();
        };
        let modem = self.modem.borrow().clone();
        let Some(modem) = modem else {
            let outcome = if config.modem.is_some() {
                Outcome::Retry("the modem is being started".into())
            } else {
                Outcome::Refused("no modem is configured; set modem.device".into())
            };
            return outcome.into();
        };
        let key = self.next_key();
        let voice = HerVoice::new(&self.speaker, person, &config);
        let script = script(&job.alerts, &voice.language, &config, key);
        let begun = Progress {
            call: self.calls.fetch_add(1, Ordering::Relaxed) + 1,
            channel: ChannelName::Gsm,
            person: person.name.clone(),
            alerts: job.alerts.iter().map(|alert| alert.id).collect(),
            at: Timestamp::now(),
            what: Happening::Begun(key),
        };
        let mut diary = Diary::begin(begun, self.watchers.clone(), key);
        let request = CallRequest {
            to,
            ring_time: config.call.ring_time,
            max_length: config.call.max_length,
        };
        let limit = LINE_PATIENCE + request.ring_time + request.max_length;
        let held = async {
            let call = modem.call(request).await;
            let mut line = GsmLine { call, audio: config.audio.clone() };
            let rules = rules(&config);
            Talk { script: &script, key, rules, voice: &voice }.hold(&mut line, &mut diary).await
        };
        let outcome = tokio::time::timeout(limit, held).await;
        let outcome =
            outcome.unwrap_or_else(|_| Outcome::Retry("the modem did not make the call".into()));
        Report { course: diary.close(&outcome), outcome }
    }

    /// The key of the next call, never that of the one before.
    fn next_key(&self) -> char {
        let mut last = self.last_key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = next_key(*last, fastrand::u32(..));
        *last = Some(key);
        key
    }
}

impl Channel for GsmChannel {
    fn name(&self) -> ChannelName {
        ChannelName::Gsm
    }

    /// Makes the speech while the alert still waits for its turn; the prompt follows when its key
    /// is chosen.
    fn prepare(&self, job: &Job) {
        let config = Arc::clone(&self.config.borrow());
        for person in &job.people {
            let voice = HerVoice::new(&self.speaker, person, &config);
            let Script { greeting, message, .. } =
                script(&job.alerts, &voice.language, &config, '0');
            for sentence in greeting.iter().chain(&message) {
                voice.prepare(sentence);
            }
        }
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(job.people.len());
            // One after the other, since there is one modem.
            for person in &job.people {
                reports.push(self.tell_one(&job, person).await);
            }
            reports
        })
    }
}

fn rules(config: &Config) -> Rules {
    let call = &config.call;
    Rules { lead_in: call.lead_in, times: call.times, key_wait: call.key_wait }
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

/// A call of the modem, and the sound card beside it.
struct GsmLine {
    call: Call,
    audio: Audio,
}

impl Line for GsmLine {
    fn next(&mut self) -> BoxFuture<'_, LineEvent> {
        Box::pin(async {
            match self.call.next().await {
                Some(CallEvent::Dialling) => LineEvent::Dialling,
                Some(CallEvent::Ringing) => LineEvent::Ringing,
                Some(CallEvent::Answered) => LineEvent::Answered,
                Some(CallEvent::Key(key)) => LineEvent::Key(key),
                Some(CallEvent::Ended(end)) => LineEvent::Ended(line_end(&end)),
                None => LineEvent::Ended(LineEnd::HungUp),
            }
        })
    }

    fn hang_up(&mut self) {
        self.call.hang_up();
    }

    fn sound(&self) -> BoxFuture<'static, Result<Box<dyn Sound>, String>> {
        let audio = self.audio.clone();
        Box::pin(async move {
            let player = Player::open(&audio).await.map_err(|error| error.to_string())?;
            Ok(Box::new(player) as Box<dyn Sound>)
        })
    }
}

fn line_end(end: &CallEnd) -> LineEnd {
    match end {
        CallEnd::HungUp => LineEnd::HungUp,
        CallEnd::FarEnd => LineEnd::FarEnd,
        CallEnd::TooLong => LineEnd::TooLong,
        CallEnd::Emergency => LineEnd::Refused(end.to_string()),
        CallEnd::Rejected(fault) if fault.remedy == Remedy::None => {
            LineEnd::Refused(end.to_string())
        }
        CallEnd::Rejected(_)
        | CallEnd::Busy
        | CallEnd::NoAnswer
        | CallEnd::NoCarrier
        | CallEnd::NoDialtone
        | CallEnd::NotRegistered(_)
        | CallEnd::Unavailable(_)
        | CallEnd::Lost(_)
        | CallEnd::Stopping => LineEnd::Failed(end.to_string()),
    }
}

impl Sound for Player {
    fn play(&self, pcm: Arc<Pcm>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.play(pcm).await.map_err(|error| error.to_string()) })
    }

    fn drained(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.drained().await.map_err(|error| error.to_string()) })
    }

    fn clear(&self) {
        self.clear();
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let underruns = self.underruns();
            if underruns > 0 {
                tracing::warn!(underruns, "sound came too late for the device");
            }
            (*self).close().await;
        })
    }
}
