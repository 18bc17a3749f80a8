//! What a relay can be told to do wrong, and where.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where in the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The connection is open, nothing said yet.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    Starttls,
    /// AUTH.
    Login,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The first line of the mail has come.
    Content,
    /// The final dot has come.
    Dot,
}

/// What happens instead of the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// These bytes are the answer: a refusal, or garbage.
    Reply(Vec<u8>),
    /// The right answer comes, and these bytes with it, as if somebody on the line added them.
    Inject(Vec<u8>),
    /// The right answer comes late.
    Late(Duration),
    /// No answer comes, the connection stays.
    Silence,
    /// The connection is closed without a word.
    Close,
    /// The right answer comes, then the connection is closed.
    CloseAfter,
    /// A line that never ends.
    Flood,
}

/// One fault at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub step: Step,
    /// Only if the command line holds this text: one recipient's address.
    pub about: Option<String>,
    /// What.
    pub fault: Fault,
    /// How often; for ever when unset.
    pub times: Option<usize>,
}

impl Trouble {
    /// This fault at this step, for ever.
    #[must_use]
    pub const fn always(step: Step, fault: Fault) -> Self {
        Self { step, about: None, fault, times: None }
    }

    /// This fault at this step, the next time.
    #[must_use]
    pub const fn once(step: Step, fault: Fault) -> Self {
        Self { step, about: None, fault, times: Some(1) }
    }

    /// This answer whenever the command names this address.
    #[must_use]
    pub fn reply_about(step: Step, about: &str, reply: &str) -> Self {
        Self { about: Some(about.to_owned()), ..Self::always(step, Fault::reply(reply)) }
    }
}

impl Fault {
    /// This line as the answer.
    #[must_use]
    pub fn reply(line: &str) -> Self {
        Self::Reply(format!("{line}\r\n").into_bytes())
    }
}

/// The faults a running relay still has to commit; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Arc<Mutex<Vec<Trouble>>>);

impl Troubles {
    /// Adds one. Of several that fit, the first added happens.
    pub fn add(&self, trouble: Trouble) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(trouble);
    }

    /// Takes all back.
    pub fn heal(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What goes wrong here and now, if anything does.
    pub(super) fn next(&self, step: Step, line: &str) -> Option<Fault> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |trouble: &&mut Trouble| {
            let about = trouble.about.as_ref().is_none_or(|about| line.contains(about.as_str()));
            trouble.step == step && about && trouble.times != Some(0)
        };
        let trouble = all.iter_mut().find(fits)?;
        trouble.times = trouble.times.map(|times| times.saturating_sub(1));
        Some(trouble.fault.clone())
    }
}
