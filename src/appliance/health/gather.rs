//! From each part's own words to facts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Sources;
use super::beat::Beat;
use super::look::Looked;
use crate::alert::AlertId;
use crate::board::Wish;
use crate::config::{ChannelName, Config, ModemModel};
use crate::health::{
    Alarm, Disk, Facts, Gsm, People, Pulse, Queue, Receiver, Sip, SipAccount, SipState, Speech,
};
use crate::modem::ModemStatus;
use crate::modem::quirks::family;
use crate::queue::Stock;
use crate::sip::{self, AccountStatus};

/// Parts that have not answered for this long are not vouched for: the service manager starts the
/// process anew.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Gatherer {
    sources: Sources,
    begun: Instant,
    dispatcher: Option<watch::Receiver<Beat<()>>>,
    writer: Option<watch::Receiver<Beat<Stock>>>,
    /// The family of the modem when it answered last.
    family: std::cell::Cell<Option<ModemModel>>,
    /// The alert that waits longest, and when it came.
    oldest: std::cell::Cell<Option<(AlertId, Timestamp)>>,
    /// Alarms that somebody has taken note of.
    silenced: Vec<Alarm>,
}

impl Gatherer {
    pub(super) fn new(sources: Sources, begun: Instant) -> Self {
        let (family, oldest, silenced) = Default::default();
        Self { sources, begun, dispatcher: None, writer: None, family, oldest, silenced }
    }

    pub(super) fn listen_to(
        &mut self,
        dispatcher: watch::Receiver<Beat<()>>,
        writer: watch::Receiver<Beat<Stock>>,
    ) {
        (self.dispatcher, self.writer) = (Some(dispatcher), Some(writer));
    }

    /// Somebody has taken note of these alarms.
    pub(super) fn silence(&mut self, alarms: &[Alarm]) {
        self.silenced = alarms.to_vec();
    }

    /// An alarm that is over and comes again is a new one.
    pub(super) fn forget_all_but(&mut self, alarms: &[Alarm]) {
        self.silenced.retain(|alarm| alarms.contains(alarm));
    }

    pub(super) fn settings(&self) -> watch::Receiver<Arc<Config>> {
        self.sources.settings.clone()
    }

    pub(super) fn silenced_from_afar(&self) -> Arc<Notify> {
        Arc::clone(&self.sources.silence)
    }

    pub(super) fn ports(&self) -> watch::Receiver<usize> {
        self.sources.ports.clone()
    }

    /// Whether everything that matters answers.
    pub(super) fn answers(&self, now: Instant) -> bool {
        let pulse = self.pulse(now);
        pulse.dispatcher < PATIENCE && pulse.writer < PATIENCE
    }

    /// What the modem's driver asks of the board.
    pub(super) fn wish(&self) -> Wish {
        let dead = self.modem().map_or(0, |status| status.dead);
        let configured = self.sources.settings.borrow().modem.as_ref().and_then(|it| it.model);
        Wish { dead, model: configured.or(self.family.get()) }
    }

    pub(super) fn facts(&self, looked: &Looked, now: Instant) -> Facts {
        let config = Arc::clone(&self.sources.settings.borrow());
        let stock = self.writer.as_ref().map(|beat| beat.borrow().what.clone());
        let wrong = self.sources.wrong.borrow().clone();
        Facts {
            people: people(&config),
            configuration: wrong.or_else(|| looked.provisioning.clone()),
            under_voltage: looked.under_voltage,
            receiver: Receiver {
                ports: config.smtp.listeners.len(),
                open: *self.sources.ports.borrow(),
            },
            pulse: rounded(self.pulse(now)),
            queue: self.queue(stock.unwrap_or_default(), config.queue.max_pending),
            disk: Disk {
                free: looked.free,
                kept: config.queue.min_free_space.0,
                read_only: looked.read_only,
                fault: looked.card_fault.clone(),
            },
            clock: looked.clock,
            network: looked.network.clone(),
            gsm: self.gsm(&config),
            sip: self.sip(&config),
            relay: config.mail.relay.is_some(),
            speech: Speech { missing: looked.missing_voices.clone() },
            telling: self.sources.telling.borrow().clone(),
            silenced: self.silenced.clone(),
            channels: config.channels.enabled.clone(),
        }
    }

    fn pulse(&self, now: Instant) -> Pulse {
        let silence = |at: Option<Instant>| now.saturating_duration_since(at.unwrap_or(self.begun));
        Pulse {
            dispatcher: silence(self.dispatcher.as_ref().map(|beat| beat.borrow().at)),
            writer: silence(self.writer.as_ref().map(|beat| beat.borrow().at)),
        }
    }

    fn modem(&self) -> Option<ModemStatus> {
        let modem = self.sources.modem.borrow();
        let status = modem.as_ref()?.status();
        let status = status.borrow().clone();
        if let Some(model) = status.model.as_deref().and_then(family) {
            self.family.set(Some(model));
        }
        Some(status)
    }

    fn gsm(&self, config: &Config) -> Option<Gsm> {
        config.modem.as_ref()?;
        Some(self.modem().unwrap_or_default().into())
    }

    fn sip(&self, config: &Config) -> Option<Sip> {
        if config.sip.accounts.is_empty() {
            return None;
        }
        let agent = self.sources.agent.borrow().clone();
        let Some(agent) = agent else {
            let state = SipState::Failed("its port cannot be opened".to_owned());
            let accounts = vec![SipAccount { name: config.sip.listen.to_string(), state }];
            return Some(Sip { accounts });
        };
        Some(Sip { accounts: agent.status().into_iter().map(account).collect() })
    }

    fn queue(&self, stock: Stock, most: usize) -> Queue {
        let Stock { waiting, oldest, unreachable, damage, failing } = stock;
        Queue { waiting, most, oldest: self.age(oldest), unreachable, damage, failing }
    }

    /// How long an alert has been waiting, in whole minutes, by the wall clock: for people only.
    fn age(&self, oldest: Option<AlertId>) -> Option<Duration> {
        let id = oldest?;
        let received = match self.oldest.get() {
            Some((known, received)) if known == id => received,
            Some(_) | None => {
                let record = self.sources.queue.reader().record(id).ok().flatten()?;
                self.oldest.set(Some((id, record.alert.received)));
                record.alert.received
            }
        };
        let age = Timestamp::now().duration_since(received);
        let minutes = Duration::try_from(age).unwrap_or_default().as_secs() / 60;
        Some(Duration::from_mins(minutes))
    }
}

/// In steps: facts that are the same need not be judged again.
fn rounded(pulse: Pulse) -> Pulse {
    let round = |silence: Duration| Duration::from_secs(silence.as_secs() / 10 * 10);
    Pulse { dispatcher: round(pulse.dispatcher), writer: round(pulse.writer) }
}

fn people(config: &Config) -> People {
    let reached = |channel: ChannelName| {
        config.directory.people.values().any(|person| person.is_reachable_by(channel))
    };
    People {
        mail: reached(ChannelName::Mail),
        phone: reached(ChannelName::Sms),
        extension: reached(ChannelName::SipMessage),
    }
}

/// An account, as it is told.
fn account(status: AccountStatus) -> SipAccount {
    let silent = || status.last_error.clone().unwrap_or_else(|| "it does not answer".to_owned());
    let state = match status.state {
        sip::Registration::Off if status.usable => SipState::Unregistered,
        sip::Registration::Off => SipState::Failed(silent()),
        sip::Registration::Trying => SipState::Trying,
        sip::Registration::Registered { .. } => SipState::Registered,
        sip::Registration::Failed { why, .. } => SipState::Failed(why),
    };
    SipAccount { name: status.account, state }
}
