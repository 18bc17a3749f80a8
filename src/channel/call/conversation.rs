//! What is said and heard from the answer on. Pure: time is an argument, and whoever carries out
//! a [`Step`] says when it is over.
//!
//! The key is a digit chosen anew for each call, and it counts only once the prompt has named it:
//! before that nobody can know it. What remains to luck: one key at random is right in 1 of 10,
//! and three tries with a pause between them, the most there are, in 1 - 0.9³ = 27 of 100. Keys
//! that follow one another faster than a person who listens (a pocket, a fault of the tone
//! detector) count as one try for as long as they go on, so they stay at 1 of 10. A key that is
//! held or stuck is one digit: 1 of 10. A voicemail presses none.

use std::time::{Duration, Instant};

/// Wrong keys after which the call ends.
const MOST_WRONG_KEYS: u32 = 3;

/// A key that follows another within this time is no answer of its own.
const KEY_PAUSE: Duration = Duration::from_secs(1);

/// What the configuration asks of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Silence between the answer and the first word.
    pub lead_in: Duration,
    /// How often the message is said.
    pub times: u32,
    /// How long a key is waited for after each time.
    pub key_wait: Duration,
    /// Silence between the thanks and the hanging up.
    pub lead_out: Duration,
}

/// A part of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passage {
    /// Who calls.
    Greeting,
    /// The news.
    Message,
    /// Which key accepts it.
    Prompt,
    /// After the right key.
    Thanks,
    /// After another key.
    WrongKey,
}

/// How many sentences each passage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Of the greeting.
    pub greeting: usize,
    /// Of the message.
    pub message: usize,
    /// Of the prompt.
    pub prompt: usize,
    /// Of the thanks.
    pub thanks: usize,
    /// Of what is said after a wrong key.
    pub wrong_key: usize,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Be silent for this long.
    Pause(Duration),
    /// Say this sentence of this passage.
    Say(Passage, usize),
    /// Wait for a key for this long.
    Listen(Duration),
    /// Be silent for this long after the last word.
    Linger(Duration),
    /// Hang up.
    HangUp,
}

/// What came of the conversation so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// How often the message was said to its end.
    pub times: u32,
    /// Sentences of the message that were said to their end since it was begun last.
    pub sentences: usize,
    /// Wrong keys.
    pub wrong_keys: u32,
    /// How often she asked for the message again.
    pub again: u32,
    /// The right key was pressed.
    pub acknowledged: bool,
}

/// A conversation. Begins with [`Conversation::begin`].
#[derive(Debug, Clone)]
pub struct Conversation {
    rules: Rules,
    lengths: Lengths,
    key: char,
    step: Step,
    /// Times the message is still to be begun, those that she asked for not counted.
    times_left: u32,
    /// The prompt has been begun: the key can be known.
    prompted: bool,
    last_key: Option<Instant>,
    account: Account,
}

impl Conversation {
    /// A conversation in which `key` accepts.
    #[must_use]
    pub const fn new(rules: Rules, lengths: Lengths, key: char) -> Self {
        Self {
            rules,
            lengths,
            key,
            step: Step::Pause(rules.lead_in),
            times_left: rules.times,
            prompted: false,
            last_key: None,
            account: Account {
                times: 0,
                sentences: 0,
                wrong_keys: 0,
                again: 0,
                acknowledged: false,
            },
        }
    }

    /// What came of it so far.
    #[must_use]
    pub const fn account(&self) -> Account {
        self.account
    }

    /// The first step, when the call is answered.
    #[must_use]
    pub const fn begin(&self) -> Step {
        self.step
    }

    /// The step has come to its end; the next one.
    pub fn done(&mut self) -> Step {
        let next = match self.step {
            Step::Pause(_) => self.say(Passage::Greeting, 0),
            Step::Say(passage, index) => {
                if passage == Passage::Message {
                    self.account.sentences = index + 1;
                    self.account.times += u32::from(index + 1 >= self.lengths.message);
                }
                self.say(passage, index + 1)
            }
            Step::Listen(_) => self.say_again(),
            Step::Linger(_) | Step::HangUp => Step::HangUp,
        };
        self.enter(next)
    }

    /// The far end's sound is there. If it was waited for: the step that takes the place of the one
    /// under way.
    pub fn heard(&mut self) -> Option<Step> {
        matches!(self.step, Step::Pause(_)).then(|| self.done())
    }

    /// A key was pressed. If it changes anything: the step that takes the place of the one under
    /// way, which is to be broken off.
    pub fn key(&mut self, key: char, now: Instant) -> Option<Step> {
        let before = self.last_key.replace(now);
        let hasty = before.is_some_and(|last| now.saturating_duration_since(last) < KEY_PAUSE);
        if hasty || self.account.acknowledged || self.step == Step::HangUp {
            return None;
        }
        let next = if key == '*' {
            self.account.again += 1;
            self.say(Passage::Message, 0)
        } else if !self.prompted {
            return None;
        } else if key == self.key {
            self.account.acknowledged = true;
            self.say(Passage::Thanks, 0)
        } else {
            self.account.wrong_keys += 1;
            if self.account.wrong_keys >= MOST_WRONG_KEYS {
                Step::HangUp
            } else {
                self.say(Passage::WrongKey, 0)
            }
        };
        Some(self.enter(next))
    }

    fn enter(&mut self, step: Step) -> Step {
        match step {
            Step::Say(Passage::Message, 0) => self.account.sentences = 0,
            Step::Say(Passage::Prompt, _) => self.prompted = true,
            Step::Say(..) | Step::Pause(_) | Step::Listen(_) | Step::Linger(_) | Step::HangUp => {}
        }
        self.step = step;
        step
    }

    /// This sentence, or what comes after the passage's last one.
    fn say(&mut self, passage: Passage, index: usize) -> Step {
        let length = match passage {
            Passage::Greeting => self.lengths.greeting,
            Passage::Message => self.lengths.message,
            Passage::Prompt => self.lengths.prompt,
            Passage::Thanks => self.lengths.thanks,
            Passage::WrongKey => self.lengths.wrong_key,
        };
        if index < length {
            return Step::Say(passage, index);
        }
        match passage {
            Passage::Greeting => self.say_again(),
            Passage::Message | Passage::WrongKey => self.say(Passage::Prompt, 0),
            Passage::Prompt => Step::Listen(self.rules.key_wait),
            Passage::Thanks if self.rules.lead_out.is_zero() => Step::HangUp,
            Passage::Thanks => Step::Linger(self.rules.lead_out),
        }
    }

    /// The message, if it has not been said often enough.
    fn say_again(&mut self) -> Step {
        if self.times_left == 0 {
            return Step::HangUp;
        }
        self.times_left -= 1;
        self.say(Passage::Message, 0)
    }
}

/// The key of the next call: a digit by chance, never the one of the call before.
#[must_use]
pub fn next_key(last: Option<char>, chance: u32) -> char {
    let digits = ('0'..='9').filter(|digit| Some(*digit) != last);
    let nth = chance % if last.is_some() { 9 } else { 10 };
    digits.cycle().nth(nth as usize).unwrap_or('4')
}

#[cfg(test)]
mod tests;
