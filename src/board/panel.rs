//! What the board does: from the status, the fingers on it and the time to what is on, and what is
//! to be done. Pure; whoever owns the board asks it some twenty times a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::button::{Button, Contact, Press};
use super::pattern::{is_lit, is_loud};
use super::power::{Key, ModemPower, Wish};
use super::{Input, Led, Output};
use crate::health::Status;

/// What is to be done besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Somebody has taken note of the alarm.
    Silenced,
    /// Call the admin.
    Test,
    /// Provision anew.
    Reprovision,
    /// A key of the modem is pressed.
    ModemKey,
    /// A dry contact has closed or opened.
    Contact(usize, bool),
}

/// What there is to see.
pub struct Seen<'a> {
    /// How the appliance is.
    pub status: &'a Status,
    /// What the modem's driver asks for.
    pub modem: Wish,
    /// How many dry contacts there are.
    pub contacts: usize,
    /// Which inputs are closed.
    pub is_closed: &'a dyn Fn(Input) -> bool,
}

/// What comes of looking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// What is to be switched: only what changes.
    pub outputs: Vec<(Output, bool)>,
    /// What is to be done.
    pub acts: Vec<Act>,
}

/// The state of the board.
#[derive(Debug)]
pub struct Panel {
    begun: Instant,
    button: Button,
    contacts: BTreeMap<usize, Contact>,
    power: ModemPower,
    shown: BTreeMap<Output, bool>,
}

impl Panel {
    /// A board that was opened now.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            begun: now,
            button: Button::default(),
            contacts: BTreeMap::new(),
            power: ModemPower::default(),
            shown: BTreeMap::new(),
        }
    }

    /// Looks at everything.
    pub fn look(&mut self, seen: &Seen<'_>, now: Instant) -> Tick {
        let mut tick = Tick::default();
        let is_closed = seen.is_closed;
        match self.button.look(is_closed(Input::Button), now) {
            Some(Press::Short) if seen.status.is_alarming() => tick.acts.push(Act::Silenced),
            Some(Press::Short) => tick.acts.push(Act::Test),
            Some(Press::Held) => tick.acts.push(Act::Reprovision),
            None => {}
        }
        for place in 0..seen.contacts {
            let contact = self.contacts.entry(place).or_default();
            if let Some(closed) = contact.look(is_closed(Input::Contact(place)), now) {
                tick.acts.push(Act::Contact(place, closed));
            }
        }
        let (key, begins) = self.power.tick(seen.modem, is_closed(Input::ModemStatus), now);
        if begins {
            tick.acts.push(Act::ModemKey);
        }
        let alarm = seen.status.is_alarming();
        let time = now.saturating_duration_since(self.begun);
        for (output, on) in self.outputs(seen.status, alarm, key, time) {
            if self.shown.insert(output, on) != Some(on) {
                tick.outputs.push((output, on));
            }
        }
        tick
    }

    fn outputs(
        &self,
        status: &Status,
        alarm: bool,
        key: Option<Key>,
        time: Duration,
    ) -> Vec<(Output, bool)> {
        let all_on = self.button.is_pressed();
        let mut outputs: Vec<(Output, bool)> = Led::ALL
            .into_iter()
            .map(|led| (Output::Led(led), all_on || is_lit(led, status, alarm, time)))
            .collect();
        outputs.push((Output::Buzzer, alarm && is_loud(time)));
        outputs.push((Output::PowerKey, key == Some(Key::Power)));
        outputs.push((Output::Reset, key == Some(Key::Reset)));
        outputs
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::alert::AlertId;
    use crate::config::ChannelName;
    use crate::health::{Alarm, Alert, Figures, Part, State, Wakes};

    /// All is well, and nothing is configured.
    pub(in crate::board) fn status() -> Status {
        Status {
            parts: BTreeMap::new(),
            wakes: Wakes::Yes(vec![ChannelName::Gsm]),
            alert: Alert::Quiet,
            alarms: Vec::new(),
            silenced: Vec::new(),
            proven: true,
            figures: Figures::default(),
            last_failure: None,
        }
    }

    pub(in crate::board) fn with(part: Part, state: State) -> Status {
        Status { parts: BTreeMap::from([(part, state)]), ..status() }
    }

    /// A panel with a finger at it.
    struct Bench {
        panel: Panel,
        now: Instant,
        closed: Vec<Input>,
        on: BTreeMap<Output, bool>,
    }

    impl Bench {
        fn new() -> Self {
            let now = tokio::time::Instant::now().into_std();
            let (panel, closed, on) = (Panel::new(now), Vec::new(), BTreeMap::new());
            Self { panel, now, closed, on }
        }

        /// Lets time pass; what was to be done.
        fn pass(&mut self, millis: u64, status: &Status, modem: Wish) -> Vec<Act> {
            let mut acts = Vec::new();
            for _ in 0..millis / 50 {
                let closed = self.closed.clone();
                let is_closed = |input| closed.contains(&input);
                let seen = Seen { status, modem, contacts: 2, is_closed: &is_closed };
                let tick = self.panel.look(&seen, self.now);
                for (output, on) in tick.outputs {
                    assert_ne!(self.on.insert(output, on), Some(on), "only what changes");
                }
                acts.extend(tick.acts);
                self.now += Duration::from_millis(50);
            }
            acts
        }

        fn press(&mut self, millis: u64, status: &Status) -> Vec<Act> {
            self.closed.push(Input::Button);
            let mut acts = self.pass(millis, status, Wish::default());
            self.closed.clear();
            acts.extend(self.pass(200, status, Wish::default()));
            acts
        }
    }

    #[test]
    fn the_button_tests_or_provisions() {
        let mut bench = Bench::new();
        assert_eq!(bench.pass(2000, &status(), Wish::default()), []);
        assert_eq!(bench.press(300, &status()), [Act::Test]);
        assert_eq!(bench.press(3000, &status()), []);
        assert_eq!(bench.press(6000, &status()), [Act::Reprovision]);
    }

    #[test]
    fn all_lights_are_on_while_a_finger_is_on_the_button() {
        let mut bench = Bench::new();
        bench.pass(2000, &status(), Wish::default());
        assert_eq!(bench.on.get(&Output::Led(Led::Fault)), Some(&false));
        bench.closed.push(Input::Button);
        bench.pass(500, &status(), Wish::default());
        assert!(Led::ALL.into_iter().all(|led| bench.on.get(&Output::Led(led)) == Some(&true)));
    }

    #[test]
    fn an_alarm_sounds_until_somebody_takes_note_and_the_next_one_sounds_again() {
        let mut bench = Bench::new();
        let mut status = status();
        status.alarms = vec![Alarm::Untold(AlertId(7))];
        let sounds = |bench: &mut Bench, status: &Status| {
            let mut heard = 0;
            for _ in 0..40 {
                bench.pass(50, status, Wish::default());
                heard += usize::from(bench.on.get(&Output::Buzzer) == Some(&true));
            }
            heard
        };
        assert_eq!(sounds(&mut bench, &status), 20);
        assert_eq!(bench.press(200, &status), [Act::Silenced]);
        status.silenced.clone_from(&status.alarms);
        assert_eq!(sounds(&mut bench, &status), 0);
        // Now the button is for tests again.
        assert_eq!(bench.press(200, &status), [Act::Test]);
        status.alarms.push(Alarm::Unacknowledged(AlertId(5)));
        assert_eq!(sounds(&mut bench, &status), 20);
        assert_eq!(bench.press(200, &status), [Act::Silenced]);
        status.alarms = vec![Alarm::Untold(AlertId(9))];
        assert_eq!(sounds(&mut bench, &status), 20);
    }

    #[test]
    fn contacts_are_told_when_they_change() {
        let mut bench = Bench::new();
        bench.closed.push(Input::Contact(1));
        assert_eq!(bench.pass(200, &status(), Wish::default()), [Act::Contact(1, true)]);
        bench.closed.clear();
        assert_eq!(bench.pass(200, &status(), Wish::default()), [Act::Contact(1, false)]);
    }

    #[test]
    fn the_keys_of_a_dead_modem_are_pressed() {
        let mut bench = Bench::new();
        let dead = Wish { dead: 1, model: None };
        assert_eq!(bench.pass(1000, &status(), dead), [Act::ModemKey]);
        assert_eq!(bench.on.get(&Output::PowerKey), Some(&true));
        assert_eq!(bench.pass(1000, &status(), dead), []);
        assert_eq!(bench.on.get(&Output::PowerKey), Some(&false));
    }
}
