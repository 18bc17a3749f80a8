//! Mail through a relay (RFC 5321, RFC 6409): the whole message, the appliance as its sender, once
//! to all its people.
//!
//! lettre speaks SMTP; the steps are driven here one by one, because each recipient has an outcome
//! of its own.

mod connect;
mod encoded_word;
mod fault;
mod header;
mod pool;
pub mod rewrite;
mod stream;
mod transaction;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::{Semaphore, watch};

use self::connect::Connector;
use self::fault::Fault;
use self::pool::{Pool, say_goodbye};
use self::rewrite::{Facts, Rewritten, rewrite};
use self::transaction::{Envelope, deliver};
use super::{Channel, Job, Outcome, Report};
use crate::alert::AlertId;
use crate::config::{ChannelName, Config, Mail, MailAddress};

/// Most connections to the relay at a time: providers allow few, and one that hangs must not hold
/// up the rest.
const MAX_CONNECTIONS: usize = 4;

/// The mail channel. Takes its settings from the configuration anew for each mail.
pub struct MailChannel {
    config: watch::Receiver<Arc<Config>>,
    connector: Connector,
    pool: Pool,
    slots: Semaphore,
}

impl MailChannel {
    /// A channel that follows this configuration.
    #[must_use]
    pub fn new(config: watch::Receiver<Arc<Config>>) -> Self {
        Self {
            config,
            connector: Connector::default(),
            pool: Pool::default(),
            slots: Semaphore::new(MAX_CONNECTIONS),
        }
    }

    async fn send(&self, job: Job) -> Vec<Outcome> {
        let config = Arc::clone(&self.config.borrow());
        let Some(relay) = config.mail.relay.as_deref() else {
            let reason = "no relay set: set mail.relay in the configuration";
            return vec![Outcome::Refused(reason.to_owned()); job.people.len()];
        };
        let mut to: Vec<&MailAddress> = Vec::new();
        for mail in job.people.iter().filter_map(|person| person.mail.as_ref()) {
            if !to.contains(&mail) {
                to.push(mail);
            }
        }
        let outcomes = match rewritten(&job, &config) {
            Ok(_) if to.is_empty() => Vec::new(),
            Ok(mail) => self.relay(relay, &config, &job, &to, &mail).await,
            Err(error) => vec![Outcome::Refused(error.to_string()); to.len()],
        };
        let of_person = |mail: &MailAddress| {
            to.iter()
                .zip(&outcomes)
                .find(|(to, _)| **to == mail)
                .map(|(_, outcome)| outcome.clone())
        };
        let people = job.people.iter().map(|person| person.mail.as_ref().and_then(of_person));
        let nowhere = || Outcome::Refused("no mail address".to_owned());
        people.map(|outcome| outcome.unwrap_or_else(nowhere)).collect()
    }

    /// One outcome per address of `to`.
    async fn relay(
        &self,
        relay: &str,
        config: &Config,
        job: &Job,
        to: &[&MailAddress],
        mail: &Rewritten,
    ) -> Vec<Outcome> {
        let alert = alert_id(job);
        // Never closed while the channel lives; without a permit the limit would only not hold.
        let _slot = self.slots.acquire().await.ok();
        match self.transaction(relay, config, to, mail).await {
            Ok(outcomes) => {
                let told = outcomes.iter().filter(|o| matches!(o, Outcome::Told { .. })).count();
                tracing::debug!(alert_id = %alert, recipients = to.len(), told, "mail handed to the relay");
                outcomes
            }
            Err(fault) => {
                tracing::debug!(alert_id = %alert, recipients = to.len(), %fault, "mail not handed over");
                vec![fault.outcome(); to.len()]
            }
        }
    }

    async fn transaction(
        &self,
        relay: &str,
        config: &Config,
        to: &[&MailAddress],
        mail: &Rewritten,
    ) -> Result<Vec<Outcome>, Fault> {
        let settings = &config.mail;
        if let Some(kept) = self.pool.take(settings).await {
            match self.attempt(kept, settings, to, mail).await {
                Err(fault) if fault.connection_lost() => {
                    tracing::debug!(%fault, "the kept connection was dead");
                    self.pool.clear();
                }
                ended => return ended,
            }
        }
        let fresh = self.connector.open(relay, settings, &config.appliance.name).await?;
        self.attempt(fresh, settings, to, mail).await
    }

    async fn attempt(
        &self,
        mut connection: AsyncSmtpConnection,
        settings: &Mail,
        to: &[&MailAddress],
        mail: &Rewritten,
    ) -> Result<Vec<Outcome>, Fault> {
        let envelope = Envelope { from: &settings.from, to };
        let delivery = deliver(&mut connection, envelope, mail, settings.timeout).await;
        if delivery.as_ref().is_ok_and(|delivery| delivery.reusable) {
            self.pool.put(connection, settings);
        } else {
            say_goodbye(connection);
        }
        delivery.map(|delivery| delivery.outcomes)
    }
}

impl Channel for MailChannel {
    fn name(&self) -> ChannelName {
        ChannelName::Mail
    }

    fn reaches_many(&self) -> bool {
        true
    }

    fn lanes(&self) -> usize {
        MAX_CONNECTIONS
    }

    fn tell(&self, job: Job) -> BoxFuture<'_, Vec<Report>> {
        self.send(job).map(|outcomes| outcomes.into_iter().map(Report::from).collect()).boxed()
    }
}

/// Whether the relay would take a mail: connects to it, begins TLS, logs in, and says goodbye.
///
/// # Errors
/// Why not, for a person to read.
pub async fn check_relay(config: &Config) -> Result<(), String> {
    let relay = config.mail.relay.as_deref().ok_or("no relay is set")?;
    let connector = Connector::default();
    let opened = connector.open(relay, &config.mail, &config.appliance.name).await;
    let mut connection = opened.map_err(|fault| fault.to_string())?;
    // Who is logged in has all that was asked for.
    drop(tokio::time::timeout(config.mail.timeout, connection.quit()).await);
    Ok(())
}

fn alert_id(job: &Job) -> AlertId {
    job.alerts.first().map_or_else(AlertId::default, |alert| alert.id)
}

fn rewritten(job: &Job, config: &Config) -> Result<Rewritten, rewrite::Loop> {
    let alert = job.alerts.first();
    let event = alert.and_then(|alert| alert.events.first());
    rewrite(
        &job.raw,
        &Facts {
            from: &config.mail.from,
            name: &config.appliance.name,
            alert: alert_id(job),
            received: alert.map_or(jiff::Timestamp::UNIX_EPOCH, |alert| alert.received),
            client: alert.map_or("", |alert| &alert.origin.client),
            helo: alert.map_or("", |alert| &alert.origin.helo),
            summary: event.map_or("", |event| &event.summary),
        },
    )
}
