//! Switches a modem that hangs off and on, and knows when to leave it alone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::ModemModel;

/// How long the modem is left alone after each time; the last goes on for ever.
const WAITS: [Duration; 5] = [
    Duration::from_mins(2),
    Duration::from_mins(5),
    Duration::from_mins(10),
    Duration::from_mins(20),
    Duration::from_mins(30),
];

/// Most times in [`DAY`]: a module that does not come up by then is broken, or has no power.
const MOST_A_DAY: usize = 24;
const DAY: Duration = Duration::from_hours(24);

/// What the modem's driver asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// How often in a row the modem gave no sensible answer; 0 when it is well.
    pub dead: u32,
    /// Its family, if that was ever known.
    pub model: Option<ModemModel>,
}

/// A key of the modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Power,
    Reset,
}

/// How a family wants its keys pressed.
struct Keying {
    /// Switches on; with some families it switches off what is on.
    on: Duration,
    /// Switches off for certain, where that is another length.
    off: Option<Duration>,
    reset: Duration,
    /// From the key to the first answer.
    boot: Duration,
}

const fn keying(model: Option<ModemModel>) -> Keying {
    match model {
        // SIM900 hardware design: PWRKEY low for more than 1 s, NRESET for more than 20 µs. SIM800:
        // PWRKEY for more than 1 s, off from 1 to 3 s, RESET for 105 ms.
        Some(ModemModel::Sim900 | ModemModel::Sim800) | None => Keying {
            on: Duration::from_millis(1500),
            off: None,
            reset: Duration::from_millis(200),
            boot: Duration::from_secs(15),
        },
        // SIM7600: on from 100 ms, off from 2.5 s, RESET 100 to 500 ms; A7670: RESET from 2 s.
        Some(ModemModel::Sim7600) => Keying {
            on: Duration::from_millis(600),
            off: Some(Duration::from_secs(3)),
            reset: Duration::from_millis(2500),
            boot: Duration::from_secs(40),
        },
    }
}

/// Between switching off and on.
const OFF_TIME: Duration = Duration::from_secs(5);

/// What is pressed, and what was.
#[derive(Debug, Default)]
pub(super) struct ModemPower {
    /// What is pressed from when to when, in their order.
    presses: VecDeque<(Key, Instant, Instant)>,
    /// When keys were pressed in the last day.
    history: VecDeque<Instant>,
    /// Not before this.
    next: Option<Instant>,
    /// How often since the modem was well.
    times: usize,
}

impl ModemPower {
    /// What is pressed now, and whether that begins now.
    /// `is_on` is what the modem's STATUS says; without one it is taken for off.
    pub(super) fn tick(&mut self, wish: Wish, is_on: bool, now: Instant) -> (Option<Key>, bool) {
        while self.presses.front().is_some_and(|(_, _, end)| *end <= now) {
            self.presses.pop_front();
        }
        if let Some((key, begin, _)) = self.presses.front() {
            return ((*begin <= now).then_some(*key), false);
        }
        if wish.dead == 0 {
            self.times = 0;
            return (None, false);
        }
        if self.next.is_some_and(|next| now < next) || !self.has_some_left(now) {
            return (None, false);
        }
        self.begin(wish.model, is_on, now);
        (self.presses.front().map(|(key, ..)| *key), true)
    }

    fn has_some_left(&mut self, now: Instant) -> bool {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= DAY;
        while self.history.front().is_some_and(is_old) {
            self.history.pop_front();
        }
        self.history.len() < MOST_A_DAY
    }

    fn begin(&mut self, model: Option<ModemModel>, is_on: bool, now: Instant) {
        let keying = keying(model);
        let mut end = now;
        let mut press = |key, length| {
            self.presses.push_back((key, end, end + length));
            end += length;
        };
        let off = if is_on { Some(keying.off.unwrap_or(keying.on)) } else { keying.off };
        match (self.times, off) {
            (times, _) if times % 2 == 1 => press(Key::Reset, keying.reset),
            // Who was never on need not be switched off.
            (0, _) if !is_on => press(Key::Power, keying.on),
            (_, None) => press(Key::Power, keying.on),
            (_, Some(off)) => {
                press(Key::Power, off);
                end += OFF_TIME;
                self.presses.push_back((Key::Power, end, end + keying.on));
                end += keying.on;
            }
        }
        let wait = WAITS.get(self.times).or(WAITS.last()).copied().unwrap_or(DAY);
        self.next = Some(end + wait.max(keying.boot));
        self.times += 1;
        self.history.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Presses in the course of some hours: key, when it began, how long, in milliseconds.
    fn presses(
        model: Option<ModemModel>,
        length: Duration,
        dead: impl Fn(u64) -> u32,
    ) -> Vec<(Key, u64, u64)> {
        let (begun, mut power) = (tokio::time::Instant::now().into_std(), ModemPower::default());
        let mut found: Vec<(Key, u64, u64)> = Vec::new();
        let mut before = None;
        for step in 0..u64::try_from(length.as_millis()).unwrap() / 50 {
            let at = step * 50;
            let wish = Wish { dead: dead(at), model };
            let (key, _) = power.tick(wish, false, begun + Duration::from_millis(at));
            match (before, key) {
                (None, Some(key)) => found.push((key, at, 50)),
                (Some(_), Some(_)) => found.last_mut().unwrap().2 += 50,
                (_, None) => {}
            }
            before = key;
        }
        found
    }

    #[test]
    fn a_dead_modem_is_tried_at_growing_distances() {
        let found = presses(None, Duration::from_mins(70), |_| 1);
        let minutes: Vec<_> = found.iter().map(|(key, at, _)| (*key, at / 60_000)).collect();
        let (power, reset) = (Key::Power, Key::Reset);
        let expected = [(power, 0), (reset, 2), (power, 7), (reset, 17), (power, 37), (reset, 67)];
        assert_eq!(minutes, expected);
        let lengths: Vec<_> = found.iter().map(|(_, _, length)| *length).collect();
        assert_eq!(lengths, [1500, 200, 1500, 200, 1500, 200]);
    }

    #[test]
    fn not_more_than_so_often_a_day() {
        let found = presses(None, Duration::from_mins(24 * 60 - 1), |_| 5);
        assert_eq!(found.len(), MOST_A_DAY);
    }

    #[test]
    fn a_modem_that_is_well_is_left_alone_and_begins_anew() {
        assert_eq!(presses(None, Duration::from_mins(10), |_| 0), []);
        // Well again after 3 s, dead again after 5 min.
        let found =
            presses(None, Duration::from_mins(9), |at| u32::from(!(3000..=300_000).contains(&at)));
        let keys: Vec<_> = found.iter().map(|(key, at, _)| (*key, at / 60_000)).collect();
        assert_eq!(keys, [(Key::Power, 0), (Key::Power, 5), (Key::Reset, 7)]);
    }

    #[test]
    fn a_short_press_only_switches_a_sim7600_on() {
        let found = presses(Some(ModemModel::Sim7600), Duration::from_mins(8), |_| 1);
        let lengths: Vec<_> = found.iter().map(|(key, _, length)| (*key, *length)).collect();
        let power = |length| (Key::Power, length);
        assert_eq!(lengths, [power(600), (Key::Reset, 2500), power(3000), power(600)]);
    }

    #[test]
    fn one_that_is_on_is_switched_off_first() {
        let (begun, mut power) = (tokio::time::Instant::now().into_std(), ModemPower::default());
        let wish = Wish { dead: 1, model: None };
        let mut pressed = |seconds| {
            power.tick(wish, seconds == 0, begun + Duration::from_secs(seconds)).0.is_some()
        };
        let course: Vec<bool> = [0, 1, 2, 6, 7, 8, 9].into_iter().map(&mut pressed).collect();
        assert_eq!(course, [true, true, false, false, true, false, false]);
    }

    #[test]
    fn a_press_is_not_broken_off_when_the_modem_wakes() {
        let found = presses(None, Duration::from_secs(10), |at| u32::from(at < 100));
        assert_eq!(found, [(Key::Power, 0, 1500)]);
    }
}
