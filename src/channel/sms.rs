//! Telling by SMS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tracing::debug;

use super::{Channel, Job, Outcome, Reach, Report};
use crate::config::{ChannelName, Config, Person, Sms};
use crate::modem::pdu::{shorten, split};
use crate::modem::{Modem, SmsError, SmsRequest};

/// What an SMS says to a person.
pub type SmsText = dyn Fn(&Job, &Person) -> String + Send + Sync;

/// The SMS channel.
pub struct SmsChannel {
    config: watch::Receiver<Arc<Config>>,
    /// Changes when the modem's settings do; `None` while there is no driver.
    modem: watch::Receiver<Option<Modem>>,
    text: Arc<SmsText>,
    /// Marks the parts of a message as belonging together.
    reference: AtomicU8,
}

impl SmsChannel {
    /// A channel that sends by whatever modem there is, by the settings as they stand.
    #[must_use]
    pub fn new(
        config: watch::Receiver<Arc<Config>>,
        modem: watch::Receiver<Option<Modem>>,
        text: Arc<SmsText>,
    ) -> Self {
        // After a restart a phone may still wait for parts of an earlier message.
        Self { config, modem, text, reference: AtomicU8::new(fastrand::u8(..)) }
    }

    async fn tell_one(&self, job: &Job, person: &Person) -> Outcome {
        let Some(to) = person.phone.clone() else {
            return Outcome::Refused("no telephone number".into());
        };
        let (settings, has_modem) = {
            let config = self.config.borrow();
            (config.sms.clone(), config.modem.is_some())
        };
        let modem = self.modem.borrow().clone();
        let Some(modem) = modem else {
            return if has_modem {
                Outcome::Retry("the modem is being started".into())
            } else {
                Outcome::Refused("no modem is configured; set modem.device".into())
            };
        };
        let text = shorten(&(self.text)(job, person), max_parts(&settings));
        let parts = split(&text, self.reference.fetch_add(1, Ordering::Relaxed));
        let request = SmsRequest { to, parts, report: settings.delivery_report };
        let alert = job.alerts.first().map(|alert| alert.id.to_string());
        let outcome = outcome(modem.send_sms(request).await);
        match &outcome {
            Outcome::Told { detail, .. } => {
                debug!(alert, person = %person.name, "SMS handed over: {detail}");
            }
            Outcome::Retry(reason) | Outcome::Refused(reason) | Outcome::Spared(reason) => {
                debug!(alert, person = %person.name, "SMS not sent: {reason}");
            }
        }
        outcome
    }
}

impl Channel for SmsChannel {
    fn name(&self) -> ChannelName {
        ChannelName::Sms
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(job.people.len());
            // One after the other, since there is one modem.
            for person in &job.people {
                reports.push(self.tell_one(&job, person).await.into());
            }
            reports
        })
    }
}

const fn max_parts(settings: &Sms) -> usize {
    if settings.full_text { settings.max_parts } else { 1 }
}

fn outcome(sent: Result<Vec<u8>, SmsError>) -> Outcome {
    match sent {
        Ok(receipts) => {
            let detail = detail(&receipts);
            Outcome::Told { reach: Reach::HandedOver, detail, receipts }
        }
        Err(error) if error.is_permanent() => Outcome::Refused(error.to_string()),
        Err(error) => Outcome::Retry(error.to_string()),
    }
}

/// `1 part, reference 17`, `2 parts, references 17, 18`
fn detail(references: &[u8]) -> String {
    let s = if references.len() == 1 { "" } else { "s" };
    let numbers: Vec<String> = references.iter().map(u8::to_string).collect();
    format!("{} part{s}, reference{s} {}", references.len(), numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::SmsFailure;
    use crate::modem::at::{Failure, ModemFault};

    #[test]
    fn what_came_of_a_message_says_whether_to_try_again() {
        let told = |detail: &str, receipts: &[u8]| Outcome::Told {
            reach: Reach::HandedOver,
            detail: detail.into(),
            receipts: receipts.into(),
        };
        let rejected = |code| SmsFailure::Rejected(ModemFault::read(Failure::Cms, code));
        let rows = [
            (Ok(vec![17]), told("1 part, reference 17", &[17])),
            (Ok(vec![17, 18]), told("2 parts, references 17, 18", &[17, 18])),
            (
                Err(SmsError { failure: rejected("38"), sent: vec![17] }),
                Outcome::Retry("network out of order (CMS error 38), after 1 part was sent".into()),
            ),
            (
                Err(SmsError { failure: rejected("1"), sent: vec![] }),
                Outcome::Refused("unassigned (unallocated) number (CMS error 1)".into()),
            ),
            (
                Err(SmsError {
                    failure: SmsFailure::Unknown("the modem fell silent".into()),
                    sent: vec![],
                }),
                Outcome::Retry("unknown whether sent: the modem fell silent".into()),
            ),
        ];
        for (sent, expected) in rows {
            assert_eq!(outcome(sent), expected);
        }
    }
}
