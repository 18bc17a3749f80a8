//! The people who are called: how they react, and what their telephones live through.

use std::str::FromStr;
use std::time::Duration;

use super::order::{OrderError, duration};

/// Most keys one person presses in a call.
const MAX_KEYS: usize = 32;

/// How somebody reacts to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whether and when she answers.
    pub reaction: Reaction,
    /// Keys she presses, each so long after the answer.
    pub presses: Vec<(char, Duration)>,
    /// When she hangs up, after the answer; if ever.
    pub hangs_up: Option<Duration>,
}

/// Whether and when a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// After it rang so long.
    Answers(Duration),
    /// By a machine, after it rang so long, which presses no key.
    Voicemail(Duration),
    /// Never; it rings until the network has enough.
    Never,
    /// She is in another call.
    Busy,
    /// She rejects it after it rang so long.
    Rejects(Duration),
    /// Her telephone is switched off.
    Unreachable,
}

/// She answers after two seconds and listens until the other side hangs up.
impl Default for Person {
    fn default() -> Self {
        let reaction = Reaction::Answers(Duration::from_secs(2));
        Self { reaction, presses: Vec::new(), hangs_up: None }
    }
}

/// What happens at a telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCall {
    /// The number that is called.
    pub number: String,
    /// What happens.
    pub event: PhoneEvent,
}

/// What happens at a telephone that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneEvent {
    /// It rings.
    Ringing,
    /// It is answered; what is played from now on is heard.
    Answered,
    /// A key is pressed.
    Pressed(char),
    /// The call is over, also if it was never answered.
    Ended(EndedBy),
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The modem.
    Caller,
    /// The telephone that was called, or its owner.
    Callee,
    /// The network, or the modem that went away.
    Network,
}

/// `answers 3s presses 7 2s presses 4 5s hangs-up 9s`, `voicemail 20s`, `busy`, …
impl FromStr for Person {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        const EXPECTED: OrderError = OrderError::Expected(
            "person [NUMBER] with answers TIME, voicemail TIME, rejects [TIME], never, busy or \
             unreachable, then presses KEY TIME and hangs-up TIME",
        );
        let mut person = Self::default();
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none() {
            return Err(EXPECTED);
        }
        while let Some(word) = words.next() {
            let mut time = || words.next().and_then(duration).ok_or(EXPECTED);
            match word {
                "answers" => person.reaction = Reaction::Answers(time()?),
                "voicemail" => person.reaction = Reaction::Voicemail(time()?),
                "never" => person.reaction = Reaction::Never,
                "busy" => person.reaction = Reaction::Busy,
                "unreachable" => person.reaction = Reaction::Unreachable,
                "rejects" => {
                    let time = words.next_if(|word| duration(word).is_some()).and_then(duration);
                    person.reaction = Reaction::Rejects(time.unwrap_or_default());
                }
                "hangs-up" => person.hangs_up = Some(time()?),
                "presses" if person.presses.len() < MAX_KEYS => {
                    let pressed = words.next().and_then(key).ok_or(EXPECTED)?;
                    let time = words.next().and_then(duration).ok_or(EXPECTED)?;
                    person.presses.push((pressed, time));
                }
                _ => return Err(EXPECTED),
            }
        }
        Ok(person)
    }
}

/// A key of a telephone.
pub(super) fn key(text: &str) -> Option<char> {
    let mut pressed = text.chars();
    let key = pressed.next()?.to_ascii_uppercase();
    let is_key = matches!(key, '0'..='9' | 'A'..='D' | '*' | '#');
    (is_key && pressed.next().is_none()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read() {
        let seconds = Duration::from_secs;
        let person = |reaction, presses: &[(char, Duration)], hangs_up| {
            Some(Person { reaction, presses: presses.to_vec(), hangs_up })
        };
        let rows = [
            ("answers 3s", person(Reaction::Answers(seconds(3)), &[], None)),
            ("busy", person(Reaction::Busy, &[], None)),
            ("rejects", person(Reaction::Rejects(Duration::ZERO), &[], None)),
            ("rejects 2s", person(Reaction::Rejects(seconds(2)), &[], None)),
            (
                "answers 1s presses 7 2s presses # 5s hangs-up 9s",
                person(
                    Reaction::Answers(seconds(1)),
                    &[('7', seconds(2)), ('#', seconds(5))],
                    Some(seconds(9)),
                ),
            ),
            ("hangs-up 4s", person(Person::default().reaction, &[], Some(seconds(4)))),
            ("answers", None),
            ("presses 77 1s", None),
            ("sleeps", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(text.parse::<Person>().ok(), expected, "{text}");
        }
    }
}
