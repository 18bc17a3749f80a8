//! The threads that make speech.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rten::ThreadPool;
use tokio::time::Instant;

use crate::audio::Pcm;
use crate::config::VoiceName;

use super::choose::Choice;
use super::engine::{Engine, EngineError};
use super::espeak::Espeak;
use super::lanes::{Next, Order, Speed};
use super::piper::{Piper, VoiceError};
use super::speaker::Studio;
use super::voices::{FileState, Voice};

/// How often the slow thread looks whether a voice is idle.
const LOOK: Duration = Duration::from_secs(5);

/// Most Piper voices in memory at a time: 65 MB each.
const MAX_LOADED: usize = 2;

/// What a thread does.
type Work = fn(&Studio);

/// Starts the three threads; they end when the lanes are closed.
pub(super) fn start(studio: &Arc<Studio>) {
    let threads: [(&str, Work); 3] =
        [("speech-quick", quick), ("speech-piper", slow), ("speech-keep", keep)];
    for (name, work) in threads {
        let shared = Arc::clone(studio);
        let thread = std::thread::Builder::new().name(name.to_owned());
        if let Err(error) = thread.spawn(move || work(&shared)) {
            tracing::error!("cannot start the thread {name}, there will be no speech: {error}");
            // Whoever asks hears that, and does not wait.
            studio.lanes.close();
            return;
        }
    }
}

/// Voices that could not be loaded, as their files were then.
#[derive(Debug, Default)]
pub(super) struct BrokenVoices(Mutex<HashMap<VoiceName, FileState>>);

impl BrokenVoices {
    pub(super) fn contains(&self, name: &VoiceName, state: &FileState) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) == Some(state)
    }

    fn note(&self, name: &VoiceName, state: FileState) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), state);
    }
}

/// Known texts, and those that espeak-ng speaks.
fn quick(studio: &Studio) {
    loop {
        let order = match studio.lanes.next(Speed::Quick, None) {
            Next::Order(order) => *order,
            Next::Nothing => continue,
            Next::Closed => return,
        };
        if order.keep
            && let Some(sound) = studio.cache.read(&order.key)
        {
            settle(studio, order, Ok(sound), true);
            continue;
        }
        match &order.voice {
            // A full lane has answered.
            Choice::Piper(_) => drop(studio.lanes.pass(order, Speed::Slow)),
            Choice::Espeak => {
                let spoken = guarded(|| {
                    let mut engine = Espeak::of(&order.language)?;
                    if !engine.speaks(&order.language) {
                        let language = &order.language;
                        studio
                            .complain(&format!("espeak-ng does not know the language {language}"));
                    }
                    engine.speak(&order.text, order.rate)
                });
                settle(studio, order, spoken, false);
            }
        }
    }
}

/// A voice in memory.
struct Loaded {
    piper: Piper,
    state: FileState,
    used: Instant,
}

/// Texts that Piper voices speak, one after the other: each uses all threads, and two at a time
/// would use twice the memory.
fn slow(studio: &Studio) {
    let mut loaded: HashMap<VoiceName, Loaded> = HashMap::new();
    let mut pool: Option<(usize, Arc<ThreadPool>)> = None;
    loop {
        let (unload_after, threads) = {
            let config = studio.settings.borrow();
            (config.speech.unload_after, config.speech.threads)
        };
        if pool.as_ref().is_some_and(|(count, _)| *count != threads) {
            loaded.clear();
        }
        loaded.retain(|_, voice| voice.used.elapsed() < unload_after);
        publish(studio, &loaded);
        let patience = if loaded.is_empty() {
            // Its threads go with the last voice.
            pool = None;
            None
        } else {
            let idle = loaded.values().map(|voice| voice.used.elapsed()).max().unwrap_or_default();
            Some(unload_after.saturating_sub(idle).clamp(Duration::from_millis(1), LOOK))
        };
        let order = match studio.lanes.next(Speed::Slow, patience) {
            Next::Order(order) => *order,
            Next::Nothing => continue,
            Next::Closed => return,
        };
        let pool =
            pool.get_or_insert_with(|| (threads, Arc::new(ThreadPool::with_num_threads(threads))));
        speak(studio, &mut loaded, &pool.1, order);
    }
}

fn publish(studio: &Studio, loaded: &HashMap<VoiceName, Loaded>) {
    let mut names: Vec<VoiceName> = loaded.keys().cloned().collect();
    names.sort();
    studio.loaded.send_if_modified(|published| {
        let changed = *published != names;
        *published = names;
        changed
    });
}

/// Speaks a text with its Piper voice, or hands it to espeak-ng.
fn speak(
    studio: &Studio,
    loaded: &mut HashMap<VoiceName, Loaded>,
    pool: &Arc<ThreadPool>,
    mut order: Order,
) {
    let Choice::Piper(voice) = &order.voice else {
        drop(studio.lanes.pass(order, Speed::Quick));
        return;
    };
    let voice = Arc::clone(voice);
    let spoken = load(loaded, &voice, pool).map(|ready| {
        publish_one(studio, &voice.name);
        let spoken = guarded(|| ready.piper.speak(&order.text, order.rate));
        ready.used = Instant::now();
        spoken
    });
    let fault = match spoken {
        Ok(Ok(sound)) => return settle(studio, order, Ok(sound), false),
        Ok(Err(EngineError::Nothing)) => {
            return settle(studio, order, Err(EngineError::Nothing), false);
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => {
            if let Ok(state) = voice.state() {
                studio.broken.note(&voice.name, state);
            }
            error.to_string()
        }
    };
    tracing::warn!(voice = %voice.name, "a Piper voice cannot speak, espeak-ng does: {fault}");
    loaded.remove(&voice.name);
    order.voice = Choice::Espeak;
    order.keep = false;
    drop(studio.lanes.pass(order, Speed::Quick));
}

fn publish_one(studio: &Studio, name: &VoiceName) {
    studio.loaded.send_if_modified(|published| {
        let new = !published.contains(name);
        if new {
            published.push(name.clone());
        }
        new
    });
}

/// The voice, from memory or from its files.
fn load<'a>(
    loaded: &'a mut HashMap<VoiceName, Loaded>,
    voice: &Voice,
    pool: &Arc<ThreadPool>,
) -> Result<&'a mut Loaded, VoiceError> {
    let cannot = |error| VoiceError::Read { path: voice.model.clone(), error };
    let state = voice.state().map_err(cannot)?;
    if loaded.get(&voice.name).is_some_and(|ready| ready.state != state) {
        loaded.remove(&voice.name);
    }
    if !loaded.contains_key(&voice.name) && loaded.len() >= MAX_LOADED {
        let idle = loaded.iter().min_by_key(|(_, ready)| ready.used).map(|(name, _)| name.clone());
        idle.and_then(|name| loaded.remove(&name));
    }
    match loaded.entry(voice.name.clone()) {
        std::collections::hash_map::Entry::Occupied(ready) => Ok(ready.into_mut()),
        std::collections::hash_map::Entry::Vacant(place) => {
            let begun = Instant::now();
            let piper = Piper::load(&voice.model, &voice.config_path, Arc::clone(pool))?;
            tracing::debug!(voice = %voice.name, took = ?begun.elapsed(), "a voice is loaded");
            Ok(place.insert(Loaded { piper, state, used: Instant::now() }))
        }
    }
}

/// What an engine says; its panic is an error like others.
fn guarded(speak: impl FnOnce() -> Result<Pcm, EngineError>) -> Result<Pcm, EngineError> {
    panic::catch_unwind(AssertUnwindSafe(speak)).unwrap_or(Err(EngineError::Panicked))
}

/// Answers whoever waits. `kept`: it came from the cache.
fn settle(studio: &Studio, order: Order, spoken: Result<Pcm, EngineError>, kept: bool) {
    let sound = spoken.map(Arc::new);
    let mut keep = None;
    if let Ok(sound) = &sound
        && order.keep
    {
        let mut recent = studio.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.put(order.key, Arc::clone(sound));
        keep = (!kept).then(|| Arc::clone(sound));
    }
    studio.lanes.settle(order, sound.map_err(Into::into), keep);
}

/// Writes what was made.
fn keep(studio: &Studio) {
    while let Some((key, sound)) = studio.lanes.next_to_keep() {
        let most = studio.settings.borrow().speech.cache;
        studio.cache.write(&key, &sound, most.0);
    }
}
