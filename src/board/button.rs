//! A button with a bouncing contact: a short press, or one that lasts.

use std::time::{Duration, Instant};

/// A contact that changes for less than this only bounces.
const SETTLE: Duration = Duration::from_millis(40);

/// Released before this, it was short; after it and before [`HOLD`], somebody thought again.
const SHORT: Duration = Duration::from_secs(2);

/// Held for so long, it is meant.
const HOLD: Duration = Duration::from_secs(5);

/// What was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Short,
    Held,
}

/// A contact that has settled.
#[derive(Debug, Clone, Default)]
pub(super) struct Contact {
    closed: bool,
    /// Since when it is otherwise.
    changing: Option<Instant>,
}

impl Contact {
    /// Looks at the contact; the new state if it has changed for good.
    pub(super) fn look(&mut self, closed: bool, now: Instant) -> Option<bool> {
        if closed == self.closed {
            self.changing = None;
            return None;
        }
        let since = *self.changing.get_or_insert(now);
        if now.saturating_duration_since(since) < SETTLE {
            return None;
        }
        (self.closed, self.changing) = (closed, None);
        Some(closed)
    }
}

/// The button.
#[derive(Debug, Clone, Default)]
pub(super) struct Button {
    contact: Contact,
    pressed: Option<Instant>,
    held: bool,
}

impl Button {
    /// Looks at the contact.
    pub(super) fn look(&mut self, closed: bool, now: Instant) -> Option<Press> {
        match self.contact.look(closed, now) {
            Some(true) => (self.pressed, self.held) = (Some(now), false),
            Some(false) => {
                let pressed = self.pressed.take()?;
                let short = now.saturating_duration_since(pressed) < SHORT;
                return (short && !self.held).then_some(Press::Short);
            }
            None => {}
        }
        let lasts = self.pressed.map(|since| now.saturating_duration_since(since));
        if lasts.is_some_and(|lasts| lasts >= HOLD) && !self.held {
            self.held = true;
            return Some(Press::Held);
        }
        None
    }

    /// Whether a finger is on it.
    pub(super) fn is_pressed(&self) -> bool {
        self.pressed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths of closed and open.
    type Course = &'static [(bool, u64)];

    /// Plays lengths of closed and open, looking every 20 ms; what was meant, and when.
    fn play(course: Course) -> Vec<(Press, u64)> {
        let (begun, mut button, mut at) =
            (tokio::time::Instant::now().into_std(), Button::default(), 0);
        let mut presses = Vec::new();
        for (closed, millis) in course {
            for _ in 0..millis / 20 {
                let now = begun + Duration::from_millis(at);
                presses.extend(button.look(*closed, now).map(|press| (press, at)));
                at += 20;
            }
        }
        presses
    }

    #[test]
    fn short_long_and_thought_again() {
        let rows: &[(Course, &[(Press, u64)])] = &[
            (&[(true, 200), (false, 200)], &[(Press::Short, 240)]),
            // Dirt and static.
            (&[(true, 20), (false, 200)], &[]),
            (
                &[(true, 20), (false, 20), (true, 200), (false, 20), (true, 20), (false, 60)],
                &[(Press::Short, 320)],
            ),
            (&[(true, 3000), (false, 200)], &[]),
            (&[(true, 9000), (false, 200)], &[(Press::Held, 5040)]),
            (
                &[(true, 60), (false, 100), (true, 60), (false, 100)],
                &[(Press::Short, 100), (Press::Short, 260)],
            ),
        ];
        for (course, expected) in rows {
            assert_eq!(play(course), *expected, "{course:?}");
        }
    }
}
