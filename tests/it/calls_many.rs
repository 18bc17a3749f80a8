//! A thousand calls with every kind of person and fault: what is recorded is what the telephone
//! went through. Time is stepped; the line, the sound and the voice are played, the rest is real.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use smtp_appliance::alert::AlertId;
use smtp_appliance::audio::Pcm;
use smtp_appliance::channel::call::conversation::{Rules, next_key};
use smtp_appliance::channel::call::line::{Line, LineEnd, LineEvent, Sound, Voice};
use smtp_appliance::channel::call::talk::Talk;
use smtp_appliance::channel::call::{Diary, Happening, Progress};
use smtp_appliance::channel::{Channel, Job, Outcome, Reach, Report};
use smtp_appliance::config::ChannelName;
use smtp_appliance::dispatch::Dispatcher;
use smtp_appliance::queue::{self, Progress as Stands};
use smtp_appliance::speech::script::Script;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::dispatch::{alert, open, settings};

/// How many calls are made, at least.
const CALLS: usize = 1000;

/// How long a sentence lasts.
const SENTENCE: Duration = Duration::from_secs(2);

const SEED: u64 = 0x5eed;

/// Who is at the other end, and what goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Presses the key that the prompt named.
    Accepts,
    /// Presses a wrong key first, then the right one.
    ErrsThenAccepts,
    /// Asks for the message once more, then accepts.
    AsksAgain,
    /// Presses a key that was not named, at random times.
    Guesses,
    /// Keys without end, faster than a person.
    Storm,
    /// Answers and says nothing, presses nothing.
    Voicemail,
    /// Hangs up after this many seconds.
    HangsUp(u64),
    Busy,
    NeverAnswers,
    /// The modem vanishes this many seconds after the answer.
    LineLost(u64),
    /// The sound card does not open.
    NoSound,
    /// The sound card goes away after this many sentences.
    SoundBreaks(usize),
    /// No voice can say it.
    NoSpeech,
}

fn by_chance(random: &mut fastrand::Rng) -> Fate {
    match random.u8(..14) {
        0 => Fate::ErrsThenAccepts,
        1 => Fate::AsksAgain,
        2 => Fate::Guesses,
        3 => Fate::Storm,
        4 => Fate::Voicemail,
        5 => Fate::HangsUp(random.u64(..20)),
        6 => Fate::Busy,
        7 => Fate::NeverAnswers,
        8 => Fate::LineLost(random.u64(..20)),
        9 => Fate::NoSound,
        10 => Fate::SoundBreaks(random.usize(..6)),
        11 => Fate::NoSpeech,
        _ => Fate::Accepts,
    }
}

/// What the telephone went through.
#[derive(Debug, Clone, Default)]
struct Experience {
    answered: bool,
    /// Sentences heard to their end.
    heard: Vec<String>,
    /// Keys that were pressed.
    keys: Vec<char>,
    /// How the line ended, if not by the appliance.
    ended: Option<&'static str>,
    mute: bool,
}

type Telephone = Arc<Mutex<Experience>>;

/// A line on which a fate is played.
struct Played {
    events: mpsc::Receiver<LineEvent>,
    hang_up: CancellationToken,
    telephone: Telephone,
    fate: Fate,
}

impl Played {
    fn dial(fate: Fate, random: u64) -> (Self, Telephone) {
        let (sender, events) = mpsc::channel(64);
        let (hang_up, telephone) = (CancellationToken::new(), Telephone::default());
        let person = Person { fate, telephone: Arc::clone(&telephone), events: sender };
        let stop = hang_up.clone();
        tokio::spawn(async move {
            let events = person.events.clone();
            let end = tokio::select! {
                () = stop.cancelled() => LineEnd::HungUp,
                end = person.live(fastrand::Rng::with_seed(random)) => end,
            };
            drop(events.send(LineEvent::Ended(end)).await);
        });
        (Self { events, hang_up, telephone: Arc::clone(&telephone), fate }, telephone)
    }
}

impl Line for Played {
    fn next(&mut self) -> BoxFuture<'_, LineEvent> {
        Box::pin(async { self.events.recv().await.unwrap() })
    }

    fn hang_up(&mut self) {
        self.hang_up.cancel();
    }

    fn sound(&self) -> BoxFuture<'static, Result<Box<dyn Sound>, String>> {
        let (telephone, fate) = (Arc::clone(&self.telephone), self.fate);
        Box::pin(async move {
            if fate == Fate::NoSound {
                return Err("the sound card is missing".to_owned());
            }
            Ok(Box::new(Earpiece { telephone, fate, queued: Mutex::default() }) as Box<dyn Sound>)
        })
    }
}

struct Earpiece {
    telephone: Telephone,
    fate: Fate,
    queued: Mutex<Vec<String>>,
}

impl Sound for Earpiece {
    fn play(&self, pcm: Arc<Pcm>) -> BoxFuture<'_, Result<(), String>> {
        let letters = pcm.samples.iter().map(|sample| u8::try_from(*sample).unwrap());
        self.queued.lock().unwrap().push(String::from_utf8(letters.collect()).unwrap());
        Box::pin(async { Ok(()) })
    }

    fn drained(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let heard = self.telephone.lock().unwrap().heard.len();
            if matches!(self.fate, Fate::SoundBreaks(after) if heard >= after) {
                return Err("the sound card went away".to_owned());
            }
            sleep(SENTENCE).await;
            let said = std::mem::take(&mut *self.queued.lock().unwrap());
            self.telephone.lock().unwrap().heard.extend(said);
            Ok(())
        })
    }

    fn clear(&self) {
        self.queued.lock().unwrap().clear();
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

/// Who lives at the other end.
struct Person {
    fate: Fate,
    telephone: Telephone,
    events: mpsc::Sender<LineEvent>,
}

impl Person {
    /// Resolves when the call ends by no doing of the appliance.
    async fn live(self, mut random: fastrand::Rng) -> LineEnd {
        let failed = |why: &str| LineEnd::Failed(why.to_owned());
        sleep(Duration::from_millis(random.u64(..500))).await;
        self.events.send(LineEvent::Dialling).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        if self.fate == Fate::Busy {
            return failed("busy");
        }
        self.events.send(LineEvent::Ringing).await.unwrap();
        if self.fate == Fate::NeverAnswers {
            sleep(Duration::from_secs(24)).await;
            return failed("no answer");
        }
        sleep(Duration::from_millis(random.u64(500..20_000))).await;
        self.telephone.lock().unwrap().answered = true;
        self.events.send(LineEvent::Answered).await.unwrap();
        let answered = Instant::now();
        match self.fate {
            Fate::Accepts => self.press_prompted().await,
            Fate::ErrsThenAccepts => {
                let key = self.prompted().await;
                self.press(next_key(Some(key), random.u32(..))).await;
                sleep(Duration::from_millis(1500)).await;
                self.press_prompted().await;
            }
            Fate::AsksAgain => {
                sleep(Duration::from_millis(random.u64(..6000))).await;
                self.press('*').await;
                sleep(Duration::from_millis(1100)).await;
                self.press_prompted().await;
            }
            Fate::Guesses => {
                sleep(Duration::from_millis(random.u64(..15_000))).await;
                self.press(next_key(None, random.u32(..))).await;
            }
            Fate::Storm => loop {
                sleep(Duration::from_millis(random.u64(50..300))).await;
                self.press(random.choice(*b"0123456789*#").map(char::from).unwrap()).await;
            },
            Fate::HangsUp(after) | Fate::LineLost(after) => {
                sleep_until(answered + Duration::from_secs(after) + Duration::from_millis(7)).await;
                let lost = matches!(self.fate, Fate::LineLost(_));
                let end = if lost { "lost" } else { "far" };
                self.telephone.lock().unwrap().ended = Some(end);
                return if lost { failed("the modem vanished") } else { LineEnd::FarEnd };
            }
            Fate::NoSound | Fate::SoundBreaks(_) | Fate::NoSpeech => {
                self.telephone.lock().unwrap().mute = true;
            }
            Fate::Voicemail | Fate::Busy | Fate::NeverAnswers => {}
        }
        std::future::pending().await
    }

    /// Listens until the prompt has named a key.
    async fn prompted(&self) -> char {
        loop {
            sleep(Duration::from_millis(100)).await;
            let named = named_key(&self.telephone.lock().unwrap().heard);
            if let Some(key) = named {
                return key;
            }
        }
    }

    async fn press_prompted(&self) {
        let key = self.prompted().await;
        self.press(key).await;
    }

    async fn press(&self, key: char) {
        self.telephone.lock().unwrap().keys.push(key);
        drop(self.events.send(LineEvent::Key(key)).await);
    }
}

fn named_key(heard: &[String]) -> Option<char> {
    heard.iter().find_map(|sentence| sentence.strip_prefix("press ")?.chars().next())
}

/// Says a sentence by its letters.
struct Letters {
    dumb: bool,
}

impl Voice for Letters {
    fn prepare(&self, _: &str) {}

    fn say<'a>(&'a self, sentence: &'a str) -> BoxFuture<'a, Result<Arc<Pcm>, String>> {
        let samples = sentence.bytes().map(i16::from).collect();
        let dumb = self.dumb;
        Box::pin(async move {
            if dumb {
                Err("no voice".to_owned())
            } else {
                Ok(Arc::new(Pcm { rate: 8000, samples }))
            }
        })
    }
}

/// Calls people of all kinds.
struct Exchange {
    random: Mutex<fastrand::Rng>,
    lived: Mutex<BTreeMap<AlertId, Vec<(Fate, Telephone)>>>,
    watchers: broadcast::Sender<Progress>,
}

impl Channel for Exchange {
    fn name(&self) -> ChannelName {
        ChannelName::Gsm
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let (fate, key, random) = {
                let mut random = self.random.lock().unwrap();
                (by_chance(&mut random), next_key(None, random.u32(..)), random.u64(..))
            };
            let (mut line, telephone) = Played::dial(fate, random);
            let alert = job.alerts[0].id;
            self.lived.lock().unwrap().entry(alert).or_default().push((fate, telephone));
            let one = |text: &str| vec![text.to_owned()];
            let script = Script {
                greeting: one("hello"),
                message: vec!["first".to_owned(), "last".to_owned()],
                prompt: vec![format!("press {key}")],
                thanks: one("thanks"),
                wrong_key: one("wrong"),
            };
            let rules = Rules {
                lead_in: Duration::from_millis(300),
                times: 2,
                key_wait: Duration::from_secs(3),
                lead_out: Duration::ZERO,
            };
            let begun = Progress {
                call: alert.0,
                channel: ChannelName::Gsm,
                person: job.people[0].name.clone(),
                alerts: vec![alert],
                at: jiff::Timestamp::now(),
                what: Happening::Dialling,
            };
            let mut diary = Diary::begin(begun, self.watchers.clone(), key);
            let voice = Letters { dumb: fate == Fate::NoSpeech };
            let talk = Talk { script: &script, key, rules, voice: &voice, source: None };
            let outcome = talk.hold(&mut line, &mut diary).await;
            vec![Report { course: diary.close(&outcome), outcome, quality: None }]
        })
    }
}

/// How often the message was heard to its end.
fn heard_times(heard: &[String]) -> usize {
    heard.iter().filter(|sentence| *sentence == "last").count()
}

/// Compares what is recorded of one attempt with what the telephone went through.
fn check(fate: Fate, lived: &Experience, recorded: &queue::Attempt) {
    let what = format!("{fate:?}: {lived:?}\n{recorded:?}");
    let course: Vec<&str> = recorded.course.iter().map(|moment| moment.what.as_str()).collect();
    assert_eq!(course.contains(&"answered"), lived.answered, "{what}");
    let times = heard_times(&lived.heard);
    let said = course.iter().filter(|what| what.starts_with("said")).count();
    assert_eq!(said, times, "{what}");
    let acknowledged = matches!(recorded.outcome, Outcome::Told { reach: Reach::Acknowledged, .. });
    if acknowledged {
        // Nobody is taken to have understood who did not press the very key.
        let Outcome::Told { detail, .. } = &recorded.outcome else { unreachable!() };
        let pressed = lived.keys.iter().any(|key| detail.ends_with(&format!("key {key}")));
        assert!(pressed && times > 0, "{what}");
    }
    let (Outcome::Retry(reason) | Outcome::Refused(reason)) = &recorded.outcome else {
        assert!(acknowledged, "{what}");
        return;
    };
    assert!(!reason.is_empty(), "{what}");
    let expects_ack = matches!(fate, Fate::Accepts | Fate::ErrsThenAccepts | Fate::AsksAgain);
    assert!(!expects_ack, "{what}");
    let answered = recorded.reach == Some(Reach::Answered);
    let broke = lived.mute || lived.ended == Some("lost") && times == 0;
    assert_eq!(answered, lived.answered && !broke, "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_end_as_the_telephone_knows() {
    let folder = TempDir::new().unwrap();
    let mut config = settings(folder.path());
    config.channels.enabled = vec![ChannelName::Gsm];
    config.call.digest_from = 0;
    config.queue.max_pending = 2 * CALLS;
    // The history keeps twenty attempts of each.
    config.gsm.retry.give_up = Duration::from_mins(30);
    let (_sender, config) = watch::channel(Arc::new(config));
    let queue = open(&config);
    let exchange = Arc::new(Exchange {
        random: Mutex::new(fastrand::Rng::with_seed(SEED)),
        lived: Mutex::default(),
        watchers: broadcast::channel(16).0,
    });
    let channels: Vec<Arc<dyn Channel>> = vec![Arc::clone(&exchange) as _];
    let (dispatcher, _handle) = Dispatcher::new(queue.clone(), channels, config);
    let stop = CancellationToken::new();
    let running = tokio::spawn(dispatcher.run(stop.clone()));
    let mut alerts = Vec::new();
    while exchange.lived.lock().unwrap().values().map(Vec::len).sum::<usize>() < CALLS {
        alerts.push({
            let (alert, raw) = alert(&format!("Alarm {}", alerts.len()));
            // The queue writes on a thread, whose time is not stepped.
            queue.admit(alert, raw, Instant::now().into_std()).await.unwrap().0
        });
        while !queue.reader().pending(AlertId(0), 1).unwrap().is_empty() {
            sleep(Duration::from_secs(1)).await;
        }
    }
    let lived = exchange.lived.lock().unwrap().clone();
    let mut acknowledged = 0;
    for id in alerts {
        let delivery = queue.reader().deliveries(id).unwrap().remove(0);
        let lived = &lived[&id];
        assert_eq!(delivery.tries as usize, lived.len());
        for (attempt, (fate, telephone)) in delivery.attempts.iter().zip(lived) {
            check(*fate, &telephone.lock().unwrap(), attempt);
        }
        assert_ne!(delivery.progress, Stands::Open);
        acknowledged += usize::from(delivery.progress == Stands::Told(Reach::Acknowledged));
    }
    assert!(acknowledged > CALLS / 8, "{acknowledged}");
    stop.cancel();
    running.await.unwrap();
    queue.ended().await;
}
