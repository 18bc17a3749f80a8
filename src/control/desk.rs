//! What the running appliance answers.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use super::sip_view::SipAccountView;
use super::view::{list, show};
use super::{Answer, Request};
use crate::alert::{self, Alert, AlertId, Origin};
use crate::channel::call::{CallByHand, Happening, Progress, try_line};
use crate::channel::{Job, Outcome};
use crate::config::{ChannelName, Config, PersonName};
use crate::dispatch::{Command, CommandError};
use crate::health::Status;
use crate::queue::{Queue, Read, ReadError};
use crate::sip::Agent;

/// Most alerts in one answer of a search.
const MOST_FOUND: usize = 1000;

/// What answers are made from; the command line and the web ask the same one.
#[derive(Debug)]
pub struct Desk {
    /// Where alerts stand.
    pub queue: Queue,
    /// The dispatcher's mailbox.
    pub commands: mpsc::Sender<Command>,
    /// Has the configuration read again.
    pub reload: mpsc::Sender<oneshot::Sender<Result<(), String>>>,
    /// What happens in calls.
    pub calls: broadcast::Sender<Progress>,
    /// The SIP user agent of the moment.
    pub agent: watch::Receiver<Option<Agent>>,
    /// The settings of the moment.
    pub settings: watch::Receiver<Arc<Config>>,
    /// How the appliance is.
    pub health: watch::Receiver<Arc<Status>>,
    /// Tells the watch over it that somebody has taken note of the alarms.
    pub silence: Arc<Notify>,
}

/// Which of all calls is the one that was asked for.
#[derive(Debug)]
pub(super) struct Ours {
    person: PersonName,
    call: Option<u64>,
}

impl Desk {
    /// Does what is asked; an error is for a person to read.
    ///
    /// # Errors
    /// Why it was not done, for a person.
    pub async fn answer(&self, request: Request) -> Result<Answer, String> {
        match request {
            Request::List { all, limit } => {
                let alerts = self.read(move |reader| list(reader, all, limit)).await?;
                Ok(Answer::List { alerts })
            }
            Request::Search { wanted, limit } => {
                let found = wanted.find(&self.queue, limit.min(MOST_FOUND)).await.map_err(text)?;
                Ok(Answer::Found { alerts: found.alerts, next: found.next })
            }
            Request::Show { id } => {
                let alert = self.read(move |reader| show(reader, id)).await?;
                let alert = alert.ok_or_else(|| CommandError::UnknownAlert(id).to_string())?;
                Ok(Answer::Show { alert: Box::new(alert) })
            }
            Request::Retry { id } => {
                let deliveries = self.command(|answer| Command::Retry(id, answer)).await?;
                Ok(Answer::Retried { deliveries })
            }
            Request::Drop { id } => {
                self.command(|answer| Command::Drop(id, answer)).await?;
                Ok(Answer::Done)
            }
            Request::Acknowledge { id, who } => {
                self.command(|answer| Command::Acknowledge(id, who, answer)).await?;
                Ok(Answer::Done)
            }
            Request::SendTest { person, channel } => {
                let outcomes = self.send_test(&person, channel).await?;
                Ok(Answer::Tested { outcomes })
            }
            Request::Call(call) => {
                let outcomes = self.call(&call).await?;
                Ok(Answer::Tested { outcomes })
            }
            Request::SipStatus => {
                let accounts = self.agent()?.status();
                let now = tokio::time::Instant::now().into_std();
                let accounts = accounts.iter().map(|account| SipAccountView::of(account, now));
                Ok(Answer::SipStatus { accounts: accounts.collect() })
            }
            Request::SipTest { to } => {
                let config = Arc::clone(&self.settings.borrow());
                let trial = try_line(&self.agent()?, &to, &config).await?;
                Ok(Answer::SipTested { trial })
            }
            Request::Health => {
                let status = Status::clone(&self.health.borrow());
                Ok(Answer::Health { status: Box::new(status) })
            }
            Request::Silence => {
                if !self.health.borrow().is_alarming() {
                    return Err("there is no alarm that somebody has not taken note of".to_owned());
                }
                self.silence.notify_one();
                Ok(Answer::Done)
            }
            Request::Reload => {
                let (answer, answered) = oneshot::channel();
                self.reload.send(answer).await.map_err(text)?;
                answered.await.map_err(text)??;
                Ok(Answer::Done)
            }
        }
    }

    /// Reads in the store, beside the tasks.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Read) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, String> {
        let queue = self.queue.clone();
        let reading = tokio::task::spawn_blocking(move || read(queue.reader())).await;
        reading.map_err(text)?.map_err(text)
    }

    fn agent(&self) -> Result<Agent, String> {
        let agent = self.agent.borrow().clone();
        agent.ok_or_else(|| {
            if self.settings.borrow().sip.accounts.is_empty() {
                "no account of an exchange is configured; add a [[sip.account]]".to_owned()
            } else {
                "the SIP telephone is being started; see the log".to_owned()
            }
        })
    }

    async fn command<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, CommandError>>) -> Command,
    ) -> Result<T, String> {
        let stopped = || CommandError::Stopped.to_string();
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?.map_err(text)
    }

    async fn call(&self, call: &CallByHand) -> Result<Vec<(ChannelName, Outcome)>, String> {
        let config = Arc::clone(&self.settings.borrow());
        let channel = call.channel(&config)?;
        let call = call.clone();
        let job = tokio::task::spawn_blocking(move || call.job(&config)).await;
        let job = job.map_err(|error| error.to_string())??;
        let told = self.command(|answer| Command::Test(Box::new(job), channel, answer)).await?;
        Ok(told.into_iter().map(|outcome| (channel, outcome)).collect())
    }

    /// By what to know the call among all others.
    pub(super) fn ours(&self, call: &CallByHand) -> Option<Ours> {
        let person = call.person(&self.settings.borrow()).ok()?;
        Some(Ours { person: person.name, call: None })
    }

    async fn send_test(
        &self,
        person: &PersonName,
        channel: Option<ChannelName>,
    ) -> Result<Vec<(ChannelName, Outcome)>, String> {
        let config = Arc::clone(&self.settings.borrow());
        let unknown = || format!("there is no person {person} in the configuration");
        let person = config.directory.people.get(person).ok_or_else(unknown)?;
        let channels = channel.map_or_else(|| config.channels.enabled.clone(), |one| vec![one]);
        let (alert, raw) = test_alert(&config);
        let mut outcomes = Vec::new();
        for channel in channels {
            let job = Job {
                alerts: vec![alert.clone()],
                raw: raw.clone(),
                people: vec![person.clone()],
                sound: None,
            };
            let told = self.command(|answer| Command::Test(Box::new(job), channel, answer)).await?;
            outcomes.extend(told.into_iter().map(|outcome| (channel, outcome)));
        }
        Ok(outcomes)
    }
}

impl Ours {
    /// Whether this happened in the call that was asked for: the first one from then on that tells
    /// her no alert of the queue.
    pub(super) fn is(&mut self, progress: &Progress) -> bool {
        let begins = matches!(progress.what, Happening::Begun(_));
        let by_hand = progress.alerts == [AlertId::default()];
        if self.call.is_none() && begins && by_hand && progress.person == self.person {
            self.call = Some(progress.call);
        }
        self.call == Some(progress.call)
    }
}

/// The mail of `send-test`: harmless, and marked as a test.
fn test_alert(config: &Config) -> (Alert, Bytes) {
    let name = &config.appliance.name;
    let from = &config.mail.from;
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let raw = Bytes::from(format!(
        "From: {from}\r\nSubject: Test message from {name}\r\nDate: {date}\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         This is a test of the way to you. Nothing is wrong.\r\n"
    ));
    let origin = Origin { sender: from.to_string(), ..Origin::default() };
    let (text, events) = alert::understand(&raw, &origin);
    let id = AlertId::default();
    let alert = Alert { id, received: Timestamp::now(), origin, people: Vec::new(), text, events };
    (alert, raw)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
