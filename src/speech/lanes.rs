//! What is to be spoken, and who is next.
//!
//! Three threads work: the quick one looks for kept sounds and lets espeak-ng speak, the slow one
//! runs Piper voices, the third writes what is to be kept. So a text that is known, and espeak-ng,
//! never wait for a model.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::audio::Pcm;
use crate::config::Language;

use super::SpeechError;
use super::cache::Key;
use super::choose::Choice;

/// Most texts that wait in one lane, wanted or ahead of need.
const MAX_WAITING: usize = 256;

/// Most sounds that wait to be written; more are not kept.
const MAX_KEEPING: usize = 32;

/// `None` until the text was spoken.
pub(super) type Answer = Option<Result<Arc<Pcm>, SpeechError>>;

/// A text to be spoken.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) key: Key,
    pub(super) text: String,
    pub(super) language: Language,
    pub(super) rate: u32,
    pub(super) voice: Choice,
    /// Whether the sound is what its key says: not when espeak-ng spoke in place of another.
    pub(super) keep: bool,
    pub(super) answer: watch::Sender<Answer>,
}

/// Which thread is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speed {
    Quick,
    Slow,
}

/// What a thread is told.
pub(super) enum Next {
    Order(Box<Order>),
    /// Nothing came in time.
    Nothing,
    /// No more will come.
    Closed,
}

#[derive(Debug, Default)]
struct Lane {
    /// Somebody waits for these.
    wanted: VecDeque<Order>,
    /// Nobody does yet.
    ahead: VecDeque<Order>,
}

impl Lane {
    fn push(&mut self, order: Order, wanted: bool) -> Result<(), SpeechError> {
        let queue = if wanted { &mut self.wanted } else { &mut self.ahead };
        if queue.len() >= MAX_WAITING {
            return Err(SpeechError::Busy);
        }
        queue.push_back(order);
        Ok(())
    }

    fn pop(&mut self) -> Option<Order> {
        self.wanted.pop_front().or_else(|| self.ahead.pop_front())
    }

    /// Somebody wants it now.
    fn promote(&mut self, key: &Key) {
        let place = self.ahead.iter().position(|order| order.key == *key);
        if let Some(order) = place.and_then(|place| self.ahead.remove(place)) {
            self.wanted.push_back(order);
        }
    }
}

#[derive(Debug)]
struct Open {
    answer: watch::Receiver<Answer>,
    wanted: bool,
}

#[derive(Debug, Default)]
struct State {
    quick: Lane,
    slow: Lane,
    /// Every text that is waiting or being spoken.
    open: HashMap<Key, Open>,
    keep: VecDeque<(Key, Arc<Pcm>)>,
    /// A sound is being written.
    keeping: bool,
    closed: bool,
}

impl State {
    fn lane(&mut self, speed: Speed) -> &mut Lane {
        match speed {
            Speed::Quick => &mut self.quick,
            Speed::Slow => &mut self.slow,
        }
    }

    fn is_quiet(&self) -> bool {
        self.open.is_empty() && self.keep.is_empty() && !self.keeping
    }
}

/// The lanes, shared by those who want speech and those who make it.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    state: Mutex<State>,
    quick: Condvar,
    slow: Condvar,
    keep: Condvar,
    quiet: Condvar,
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bell(&self, speed: Speed) -> &Condvar {
        match speed {
            Speed::Quick => &self.quick,
            Speed::Slow => &self.slow,
        }
    }

    /// Takes in a text, or joins the one that is the same; `order` makes it.
    pub(super) fn join(
        &self,
        key: Key,
        wanted: bool,
        order: impl FnOnce(watch::Sender<Answer>) -> Order,
    ) -> Result<watch::Receiver<Answer>, SpeechError> {
        let mut state = self.state();
        if let Some(open) = state.open.get_mut(&key) {
            let answer = open.answer.clone();
            if wanted && !open.wanted {
                open.wanted = true;
                state.quick.promote(&key);
                state.slow.promote(&key);
            }
            return Ok(answer);
        }
        if state.closed {
            return Err(SpeechError::Stopping);
        }
        let (sender, answer) = watch::channel(None);
        state.quick.push(order(sender), wanted)?;
        state.open.insert(key, Open { answer: answer.clone(), wanted });
        self.quick.notify_one();
        Ok(answer)
    }

    /// Gives a text to a lane; gives it back when the lane is full.
    pub(super) fn pass(&self, order: Order, to: Speed) -> Result<(), SpeechError> {
        let mut state = self.state();
        let wanted = state.open.get(&order.key).is_none_or(|open| open.wanted);
        let (key, answer) = (order.key, order.answer.clone());
        let passed = state.lane(to).push(order, wanted);
        if let Err(error) = &passed {
            state.open.remove(&key);
            answer.send_replace(Some(Err(error.clone())));
        }
        drop(state);
        self.bell(to).notify_one();
        passed
    }

    /// The next text of a lane. Waits, but no longer than `patience`.
    pub(super) fn next(&self, speed: Speed, patience: Option<Duration>) -> Next {
        let mut state = self.state();
        loop {
            if state.closed {
                return Next::Closed;
            }
            if let Some(order) = state.lane(speed).pop() {
                return Next::Order(Box::new(order));
            }
            let bell = self.bell(speed);
            state = match patience {
                None => bell.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let waited = bell.wait_timeout(state, patience);
                    let (state, late) = waited.unwrap_or_else(PoisonError::into_inner);
                    if late.timed_out() {
                        return Next::Nothing;
                    }
                    state
                }
            };
        }
    }

    /// Answers everybody who waits for a text. `keep` is what is to be written.
    pub(super) fn settle(
        &self,
        order: Order,
        result: Result<Arc<Pcm>, SpeechError>,
        keep: Option<Arc<Pcm>>,
    ) {
        let Order { key, answer, .. } = order;
        let mut state = self.state();
        state.open.remove(&key);
        if let Some(sound) = keep
            && state.keep.len() < MAX_KEEPING
        {
            state.keep.push_back((key, sound));
            self.keep.notify_one();
        }
        if state.is_quiet() {
            self.quiet.notify_all();
        }
        drop(state);
        answer.send_replace(Some(result));
    }

    /// The next sound to write; `None` when no more will come. Call it again only when the one
    /// before is written.
    pub(super) fn next_to_keep(&self) -> Option<(Key, Arc<Pcm>)> {
        let mut state = self.state();
        state.keeping = false;
        loop {
            if let Some(next) = state.keep.pop_front() {
                state.keeping = true;
                return Some(next);
            }
            if state.is_quiet() {
                self.quiet.notify_all();
            }
            if state.closed {
                return None;
            }
            state = self.keep.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks until all that was wanted is spoken and written, or `patience` has passed.
    pub(super) fn wait_until_quiet(&self, patience: Duration) {
        let waits = |state: &mut State| !state.is_quiet();
        let waited = self.quiet.wait_timeout_while(self.state(), patience, waits);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nobody wants anything any more. What waits is given up, what was made is still written.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.open.clear();
        (state.quick, state.slow) = (Lane::default(), Lane::default());
        drop(state);
        for bell in [&self.quick, &self.slow, &self.keep] {
            bell.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(
        lanes: &Lanes,
        text: &str,
        wanted: bool,
    ) -> Result<watch::Receiver<Answer>, SpeechError> {
        let key = Key::of(&[text]);
        lanes.join(key, wanted, |answer| Order {
            key,
            text: text.to_owned(),
            language: Language::english(),
            rate: 100,
            voice: Choice::Espeak,
            keep: true,
            answer,
        })
    }

    fn next(lanes: &Lanes, speed: Speed) -> Option<Order> {
        match lanes.next(speed, Some(Duration::ZERO)) {
            Next::Order(order) => Some(*order),
            Next::Nothing | Next::Closed => None,
        }
    }

    #[test]
    fn wanted_goes_first_and_the_same_is_made_once() {
        let lanes = Lanes::default();
        let mut answers = Vec::new();
        for (text, wanted) in
            [("a", false), ("b", false), ("c", true), ("b", true), ("b", false), ("c", true)]
        {
            answers.push(join(&lanes, text, wanted).unwrap());
        }
        let orders: Vec<Order> = std::iter::from_fn(|| next(&lanes, Speed::Quick)).collect();
        let texts: Vec<&str> = orders.iter().map(|order| order.text.as_str()).collect();
        assert_eq!(texts, ["c", "b", "a"]);
        for order in orders {
            let pcm = Arc::new(Pcm { rate: 1, samples: Vec::new() });
            lanes.settle(order, Ok(pcm), None);
        }
        assert!(answers.iter().all(|answer| answer.borrow().is_some()));
        lanes.wait_until_quiet(Duration::ZERO);
    }

    #[test]
    fn what_somebody_wants_by_now_is_wanted_in_the_next_lane_too() {
        let lanes = Lanes::default();
        join(&lanes, "a", false).unwrap();
        join(&lanes, "b", false).unwrap();
        let [a, b] = [(); 2].map(|()| next(&lanes, Speed::Quick).unwrap());
        lanes.pass(a, Speed::Slow).unwrap();
        join(&lanes, "b", true).unwrap();
        lanes.pass(b, Speed::Slow).unwrap();
        assert_eq!(next(&lanes, Speed::Slow).unwrap().text, "b");
    }

    #[test]
    fn lanes_have_an_end() {
        let lanes = Lanes::default();
        for number in 0..MAX_WAITING {
            join(&lanes, &number.to_string(), false).unwrap();
        }
        assert_eq!(join(&lanes, "more", false).map(drop), Err(SpeechError::Busy));
        let answer = join(&lanes, "wanted", true).unwrap();
        lanes.close();
        assert!(answer.has_changed().is_err(), "whoever waits hears that nothing will come");
        assert_eq!(join(&lanes, "late", true).map(drop), Err(SpeechError::Stopping));
        assert!(matches!(lanes.next(Speed::Quick, None), Next::Closed));
        assert!(lanes.next_to_keep().is_none());
    }
}
