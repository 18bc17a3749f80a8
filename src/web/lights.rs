//! The lights of the board as a person across the room sees them. Pure.

use std::time::Duration;

use crate::board::{Led, is_lit};
use crate::health::Status;

/// How long a light is watched, after the trial of the lamps: every pattern repeats in it.
const WATCHED: Duration = Duration::from_secs(10);

/// The shortest that a light is on or off for is longer.
const STEP: Duration = Duration::from_millis(50);

/// How a light shines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shine {
    Dark,
    Lit,
    /// How often it comes on in ten seconds.
    Blinks(u32),
}

/// How each light shines.
pub(super) fn shine(status: &Status) -> Vec<(Led, Shine)> {
    Led::ALL.into_iter().map(|led| (led, one(led, status))).collect()
}

fn one(led: Led, status: &Status) -> Shine {
    let alarm = status.is_alarming();
    let mut on_before = is_lit(led, status, alarm, WATCHED.saturating_sub(STEP));
    let (mut lit, mut dark, mut begun) = (0, 0, 0);
    let mut time = WATCHED;
    while time < 2 * WATCHED {
        let on = is_lit(led, status, alarm, time);
        if on {
            lit += 1;
        } else {
            dark += 1;
        }
        if on && !on_before {
            begun += 1;
        }
        on_before = on;
        time += STEP;
    }
    match (lit, dark) {
        (0, _) => Shine::Dark,
        (_, 0) => Shine::Lit,
        (_, _) => Shine::Blinks(begun),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::AlertId;
    use crate::config::ChannelName;
    use crate::health::{Alarm, Alert, Figures, Part, State, Wakes};

    #[test]
    fn a_light_is_dark_lit_or_blinks() {
        let mut status = Status {
            parts: [(Part::Network, State::Ok), (Part::Sip, State::Down("x".into()))].into(),
            wakes: Wakes::Hardly("x".into()),
            alert: Alert::Telling,
            alarms: Vec::new(),
            silenced: Vec::new(),
            proven: true,
            figures: Figures::default(),
            last_failure: None,
        };
        let course = [
            (Led::Health, Shine::Blinks(5)),
            (Led::Network, Shine::Lit),
            (Led::Gsm, Shine::Dark),
            (Led::Sip, Shine::Blinks(33)),
            (Led::Alert, Shine::Blinks(10)),
            // Seven flashes, then a pause.
            (Led::Fault, Shine::Blinks(11)),
        ];
        let seen = shine(&status);
        assert_eq!(seen.get(..5), course.get(..5));
        assert!(matches!(seen.last(), Some((Led::Fault, Shine::Blinks(_)))));
        // An alarm, until somebody has taken note of it.
        status.alarms = vec![Alarm::Untold(AlertId(7))];
        assert_eq!(shine(&status).get(4), Some(&(Led::Alert, Shine::Blinks(33))));
        status.silenced.clone_from(&status.alarms);
        assert_eq!(shine(&status).get(4), Some(&(Led::Alert, Shine::Blinks(10))));
        status.wakes = Wakes::Yes(vec![ChannelName::Gsm]);
        assert_eq!(shine(&status).first(), Some(&(Led::Health, Shine::Lit)));
    }
}
