//! A mail channel and its relay, on loopback.

use std::sync::Arc;
use std::time::Duration;

use smtp_appliance::channel::mail::MailChannel;
use smtp_appliance::channel::{Channel, Outcome};
use smtp_appliance::config::{Config, Mail, Secret};
use smtp_appliance::demo::relay::{Relay, RelayedMail, Settings};
use tokio::sync::{mpsc, watch};

use super::mail::{config, job, mail_settings};

/// A relay, and a channel that is set to it.
pub(crate) struct Post {
    pub(crate) relay: Relay,
    pub(crate) channel: MailChannel,
    pub(crate) config: watch::Sender<Arc<Config>>,
    mails: mpsc::Receiver<RelayedMail>,
    /// Holds the relay's certificate.
    _directory: tempfile::TempDir,
}

impl Post {
    /// A relay made to these settings.
    pub(crate) async fn start(mut settings: Settings) -> Self {
        let (sender, mails) = mpsc::channel(512);
        settings.mails = Some(sender);
        let login = settings.login.clone();
        let tls = settings.tls;
        let relay = Relay::start(settings).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let ca = directory.path().join("ca.pem");
        std::fs::write(&ca, relay.certificate()).unwrap();
        let mut mail = mail_settings(relay.address().port());
        mail.tls = tls;
        mail.ca = Some(ca);
        if let Some((user, password)) = login {
            mail.user = Some(user);
            mail.password = Some(Secret::new(password));
        }
        let (config, watched) = watch::channel(Arc::new(config(mail)));
        Self { relay, channel: MailChannel::new(watched), config, mails, _directory: directory }
    }

    /// Changes the channel's settings.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Mail)) {
        self.config.send_modify(|config| change(&mut Arc::make_mut(config).mail));
    }

    /// Tells one person, whose mail address is `ana@example.org`.
    pub(crate) async fn tell(&self, raw: &[u8]) -> Outcome {
        let outcomes = self.channel.tell(job(raw, &[Some("ana@example.org")])).await;
        let [outcome]: [Outcome; 1] = super::ends(outcomes).try_into().unwrap();
        outcome
    }

    /// The next mail the relay took.
    pub(crate) async fn mail(&mut self) -> RelayedMail {
        let wait = Duration::from_secs(10);
        tokio::time::timeout(wait, self.mails.recv()).await.expect("no mail came").unwrap()
    }

    /// Whether the relay took no mail since the last was fetched.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.mails.try_recv().is_err()
    }
}
