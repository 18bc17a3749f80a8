//! What the lights show, as a function of the status and of the time since the board was opened.
//! One table for all of them, so that a person learns it once: dark, lit, slow, fast.

use std::time::Duration;

use super::Led;
use crate::health::{Alert, Part, State, Status, Wakes};

/// The lamps are tried at the start.
pub(super) const TRIAL: Duration = Duration::from_secs(1);

/// A period and how long of it the light is on, in milliseconds.
type Beat = (u64, u64);

const SLOW: Beat = (2000, 1000);
const FAST: Beat = (300, 150);
const TELLING: Beat = (1000, 500);
const FLASH: Beat = (2000, 100);

/// A registered modem shows its bars of signal as gaps: how often they come, and how long each one
/// and the light between two are.
const BARS_EVERY: u64 = 5000;
const GAP: Beat = (500, 300);

/// The flashes by which a fault counts, and the pause behind them.
const COUNT: Beat = (600, 250);
const PAUSE: u64 = 2000;

/// Whether a light is on at this time since the board was opened. `alarm` is whether an alarm is to
/// be shown.
#[must_use]
pub fn is_lit(led: Led, status: &Status, alarm: bool, time: Duration) -> bool {
    if time < TRIAL {
        return true;
    }
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match led {
        Led::Health => match &status.wakes {
            Wakes::Yes(_) => true,
            Wakes::Hardly(_) => beats(SLOW, millis),
            Wakes::No(_) => beats(FAST, millis),
        },
        Led::Network => part(status.of(Part::Network), millis),
        Led::Sip => part(status.of(Part::Sip), millis),
        Led::Gsm => match (status.of(Part::Gsm), status.figures.signal_bars) {
            (State::Ok, Some(bars)) => !is_gap(bars, millis),
            (state, _) => part(state, millis),
        },
        Led::Alert if alarm => beats(FAST, millis),
        Led::Alert => match status.alert {
            Alert::Quiet => false,
            Alert::Waiting => beats(FLASH, millis),
            Alert::Telling => beats(TELLING, millis),
        },
        Led::Fault => fault_code(status).is_some_and(|code| counts(code, millis)),
    }
}

/// Whether the buzzer sounds during an alarm.
pub(super) fn is_loud(time: Duration) -> bool {
    beats((500, 250), u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// How often the fault light flashes: the number of the first thing that is wrong, as `docs/board.md`
/// has it.
#[must_use]
pub fn fault_code(status: &Status) -> Option<u8> {
    let is_wrong = |part: Part| status.of(part).why().is_some();
    let is_down = |part: Part| matches!(status.of(part), State::Down(_));
    let rows = [
        (1, is_wrong(Part::Configuration)),
        (2, is_wrong(Part::Power)),
        (3, is_wrong(Part::Disk) || is_wrong(Part::Store) || is_down(Part::Queue)),
        (4, is_wrong(Part::Receiver)),
        (5, is_wrong(Part::Network)),
        (6, is_wrong(Part::Gsm) || is_wrong(Part::Balance)),
        (7, is_wrong(Part::Sip)),
        (8, is_wrong(Part::Relay)),
        (9, is_wrong(Part::Clock) || is_wrong(Part::Speech) || is_wrong(Part::Queue)),
    ];
    rows.into_iter().find(|(_, wrong)| *wrong).map(|(code, _)| code)
}

fn part(state: &State, millis: u64) -> bool {
    match state {
        State::Off => false,
        State::Ok => true,
        State::Degraded(_) => beats(SLOW, millis),
        State::Down(_) => beats(FAST, millis),
    }
}

const fn beats((period, on): Beat, millis: u64) -> bool {
    millis % period < on
}

/// `bars` short gaps at the end of each round.
fn is_gap(bars: u8, millis: u64) -> bool {
    let (period, lit) = GAP;
    let left = BARS_EVERY - millis % BARS_EVERY;
    left <= u64::from(bars) * period && (period - left % period) % period >= lit
}

/// `code` flashes and a pause.
fn counts(code: u8, millis: u64) -> bool {
    let flashes = u64::from(code) * COUNT.0;
    let at = millis % (flashes + PAUSE);
    at < flashes && beats(COUNT, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::panel::tests::{status, with};

    /// What a light does from 2 s on, sampled every 50 ms, as lengths of on (+) and off (-).
    fn course(led: Led, status: &Status, alarm: bool) -> String {
        let mut runs: Vec<(bool, u64)> = Vec::new();
        for step in 0..200 {
            let on = is_lit(led, status, alarm, Duration::from_millis(10_000 + 50 * step));
            match runs.last_mut() {
                Some((last, length)) if *last == on => *length += 50,
                Some(_) | None => runs.push((on, 50)),
            }
        }
        let shown = runs.iter().take(9);
        let words = shown.map(|(on, length)| format!("{}{length}", if *on { '+' } else { '-' }));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_state_has_its_pattern() {
        let slow = "+1000 -1000 +1000 -1000";
        let degraded = || State::Degraded("x".to_owned());
        let down = || State::Down("x".to_owned());
        for led in [Led::Network, Led::Sip] {
            let part = if led == Led::Network { Part::Network } else { Part::Sip };
            assert_eq!(course(led, &with(part, State::Ok), false), "+10000");
            assert_eq!(course(led, &with(part, State::Off), false), "-10000");
            assert!(course(led, &with(part, degraded()), false).starts_with(slow));
            assert!(course(led, &with(part, down()), false).contains(" -150 +150 -150 +150"));
        }
        let mut status = status();
        assert_eq!(course(Led::Health, &status, false), "+10000");
        status.wakes = Wakes::Hardly(String::new());
        assert!(course(Led::Health, &status, false).starts_with(slow));
        status.wakes = Wakes::No(String::new());
        assert!(course(Led::Health, &status, false).contains(" -150 +150 -150"));
    }

    #[test]
    fn a_registered_modem_shows_its_bars() {
        let mut status = with(Part::Gsm, State::Ok);
        status.figures.signal_bars = None;
        assert_eq!(course(Led::Gsm, &status, false), "+10000");
        let rows = [
            (1, "+4800 -200 +4800 -200"),
            (2, "+4300 -200 +300 -200 +4300 -200 +300 -200"),
            (4, "+3300 -200 +300 -200 +300 -200 +300 -200 +3300"),
        ];
        for (bars, expected) in rows {
            status.figures.signal_bars = Some(bars);
            assert_eq!(course(Led::Gsm, &status, false), expected, "{bars}");
        }
    }

    #[test]
    fn the_alert_light_tells_how_far_it_is() {
        let mut status = status();
        assert_eq!(course(Led::Alert, &status, false), "-10000");
        status.alert = Alert::Waiting;
        assert!(course(Led::Alert, &status, false).starts_with("+100 -1900 +100"));
        status.alert = Alert::Telling;
        assert!(course(Led::Alert, &status, false).starts_with("+500 -500 +500"));
        assert!(course(Led::Alert, &status, true).contains(" -150 +150 -150"));
    }

    #[test]
    fn the_fault_light_counts_the_first_fault() {
        let wrong = || State::Degraded(String::new());
        let down = || State::Down(String::new());
        assert_eq!(fault_code(&status()), None);
        let rows = [
            (Part::Configuration, wrong(), 1),
            (Part::Power, wrong(), 2),
            (Part::Disk, wrong(), 3),
            (Part::Store, down(), 3),
            (Part::Queue, down(), 3),
            (Part::Receiver, wrong(), 4),
            (Part::Network, wrong(), 5),
            (Part::Gsm, wrong(), 6),
            (Part::Balance, wrong(), 6),
            (Part::Sip, wrong(), 7),
            (Part::Relay, wrong(), 8),
            (Part::Clock, wrong(), 9),
            (Part::Speech, wrong(), 9),
            (Part::Queue, wrong(), 9),
        ];
        let mut all = status();
        for (part, state, code) in rows.into_iter().rev() {
            assert_eq!(fault_code(&with(part, state.clone())), Some(code), "{part:?}");
            all.parts.insert(part, state);
            assert_eq!(fault_code(&all), Some(code), "the smallest goes first");
        }
        assert_eq!(course(Led::Fault, &status(), false), "-10000");
        // 10 s is a whole number of 2.5 s, not of 2 flashes and a pause.
        let two = course(Led::Fault, &with(Part::Power, wrong()), false);
        assert!(two.contains("+250 -2350 +250 -350 +250 -2350"), "{two}");
    }

    #[test]
    fn all_lamps_are_tried_at_the_start() {
        for led in Led::ALL {
            assert!(is_lit(led, &status(), false, Duration::from_millis(999)));
        }
        assert!(!is_lit(Led::Fault, &status(), false, TRIAL));
    }
}
