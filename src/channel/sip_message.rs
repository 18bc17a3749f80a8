//! Telling by a text on the telephones of the exchange: SIP MESSAGE (RFC 3428).

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::call::{target, without_agent};
use super::sms::SmsText;
use super::{Channel, Job, Outcome, Reach, Report};
use crate::config::{ChannelName, Config, Person};
use crate::sip::{Agent, MessageError};

/// Longest text, in bytes: the whole request must fit into 1300 bytes (RFC 3428 section 8).
const MOST_BYTES: usize = 700;

/// The channel of texts by SIP.
pub struct SipMessageChannel {
    config: watch::Receiver<Arc<Config>>,
    /// Changes when the settings do; `None` while there is no account.
    agent: watch::Receiver<Option<Agent>>,
    text: Arc<SmsText>,
}

impl SipMessageChannel {
    /// A channel that sends by whatever accounts there are. It says what an SMS does.
    #[must_use]
    pub const fn new(
        config: watch::Receiver<Arc<Config>>,
        agent: watch::Receiver<Option<Agent>>,
        text: Arc<SmsText>,
    ) -> Self {
        Self { config, agent, text }
    }

    async fn tell_one(&self, job: &Job, person: &Person) -> Outcome {
        let to = match target(person) {
            Ok(to) => to,
            Err(reason) => return Outcome::Refused(reason),
        };
        let agent = self.agent.borrow().clone();
        let Some(agent) = agent else { return without_agent(&self.config.borrow()) };
        let text = shorten(&(self.text)(job, person));
        match agent.message(to, &text).await {
            Ok(()) => Outcome::Told {
                reach: Reach::HandedOver,
                detail: "the exchange took it".to_owned(),
                receipts: Vec::new(),
            },
            Err(error @ MessageError::Refused(_)) => Outcome::Refused(error.to_string()),
            Err(error @ (MessageError::Unavailable { .. } | MessageError::Stopping)) => {
                Outcome::Retry(error.to_string())
            }
        }
    }
}

impl Channel for SipMessageChannel {
    fn name(&self) -> ChannelName {
        ChannelName::SipMessage
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(job.people.len());
            for person in &job.people {
                reports.push(self.tell_one(&job, person).await.into());
            }
            reports
        })
    }
}

/// The text, cut between two characters where it is too long.
fn shorten(text: &str) -> String {
    if text.len() <= MOST_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MOST_BYTES - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shorten("short"), "short");
        let long = shorten(&"ñ".repeat(1000));
        assert!(long.len() <= MOST_BYTES && long.ends_with("ñ…"), "{long}");
    }
}
