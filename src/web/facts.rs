//! What is known of the appliance at this moment, and whether it would wake anybody.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::lights::{Shine, shine};
use super::self_test::Report;
use super::site::{Site, now};
use super::words::Words;
use crate::alert::AlertId;
use crate::board::Led;
use crate::channel::Outcome;
use crate::channel::call::Progress as CallProgress;
use crate::config::{ChannelName, Config};
use crate::control::{AlertView, Answer, Request, SipAccountView, complete, show};
use crate::health::{Part, Status, Wakes};
use crate::queue::{Queue, Read, ReadError, aside};

/// Alerts of the history in which the last outcome of each channel is looked for.
const RECENT: usize = 30;

/// Most alerts shown as in progress.
const MOST_WAITING: usize = 20;

/// Most newest alerts shown.
const MOST_NEWEST: usize = 8;

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    Good,
    /// It works, and somebody should look.
    Fault,
    /// A mail would go out, which wakes nobody.
    MailOnly,
    /// Nobody would be told.
    Bad,
}

/// A channel and how it did last.
type Last = (ChannelName, Option<(Timestamp, Outcome)>);

/// The facts.
pub(super) struct Facts {
    pub(super) health: Arc<Status>,
    pub(super) pending: usize,
    pub(super) max_pending: usize,
    pub(super) oldest: Option<Timestamp>,
    pub(super) waiting: Vec<AlertView>,
    pub(super) newest: Vec<AlertView>,
    /// The enabled channels, and how each did last.
    pub(super) channels: Vec<Last>,
    pub(super) people: usize,
    unreachable: Vec<String>,
    pub(super) free_space: Option<u64>,
    pub(super) memory: Option<u64>,
    pub(super) running: Duration,
    /// Calls under way: the newest of each.
    pub(super) calls: Vec<CallProgress>,
    /// The accounts of the SIP telephone.
    pub(super) sip: Vec<SipAccountView>,
    /// How the lights shine; none without a board.
    pub(super) lights: Vec<(Led, Shine)>,
    /// Of the processor, in °C.
    pub(super) temperature: Option<i64>,
    /// What the newest self-test found.
    pub(super) self_test: Option<Arc<Report>>,
}

impl Facts {
    /// Asks around.
    pub(super) async fn gather(site: &Arc<Site>) -> Result<Self, ReadError> {
        let (queue, config) = (site.parts.queue.clone(), site.config());
        let running = now().saturating_duration_since(site.begun);
        let calls = site.calls_now();
        let health = Arc::clone(&site.parts.desk.health.borrow());
        // Without a telephone the desk says why; so does its part.
        let sip = match site.parts.desk.answer(Request::SipStatus).await {
            Ok(Answer::SipStatus { accounts }) => accounts,
            Ok(_) | Err(_) => Vec::new(),
        };
        let facts = aside(move || Self::ask(&queue, &config, running, calls, health)).await?;
        Ok(Self { sip, self_test: site.self_test(), ..facts })
    }

    fn ask(
        queue: &Queue,
        config: &Config,
        running: Duration,
        calls: Vec<CallProgress>,
        health: Arc<Status>,
    ) -> Result<Self, ReadError> {
        let reader = queue.reader();
        let pending = reader.pending(AlertId(0), config.queue.max_pending)?;
        let first = pending.first().map(|id| reader.record(*id)).transpose()?.flatten();
        let newest_waiting = pending.iter().rev().take(MOST_WAITING);
        let waiting: Result<Vec<_>, _> =
            newest_waiting.filter_map(|id| show(reader, *id).transpose()).collect();
        let waiting = waiting?;
        let newest = views(reader, AlertId(u64::MAX), MOST_NEWEST)?;
        let enabled = &config.channels.enabled;
        let channels = last_outcomes(reader, enabled, &newest, &waiting)?;
        let people = &config.directory.people;
        let reached = |name: &&crate::config::Person| {
            !enabled.iter().any(|channel| name.is_reachable_by(*channel))
        };
        let unreachable = people.values().filter(reached).map(|person| person.name.to_string());
        Ok(Self {
            pending: pending.len(),
            max_pending: config.queue.max_pending,
            oldest: first.map(|record| record.alert.received),
            waiting,
            channels,
            newest,
            people: people.len(),
            unreachable: unreachable.collect(),
            free_space: free_space(config),
            lights: config.board.as_ref().map_or_else(Vec::new, |_| shine(&health)),
            temperature: temperature(),
            sip: Vec::new(),
            self_test: None,
            health,
            memory: memory(),
            running,
            calls,
        })
    }

    /// Whether it would wake anybody.
    pub(super) fn verdict(&self) -> Grade {
        match &self.health.wakes {
            Wakes::No(_) => Grade::Bad,
            Wakes::Hardly(_) => Grade::MailOnly,
            Wakes::Yes(_) if self.troubled().next().is_some() => Grade::Fault,
            Wakes::Yes(_) if !self.unreachable.is_empty() => Grade::Fault,
            Wakes::Yes(_) => Grade::Good,
        }
    }

    fn troubled(&self) -> impl Iterator<Item = (Part, &str)> {
        self.health.parts.iter().filter_map(|(part, state)| Some((*part, state.why()?)))
    }

    /// What speaks against it, in words.
    pub(super) fn findings(&self, words: &Words) -> Vec<String> {
        let mut findings = Vec::new();
        if let Wakes::No(why) | Wakes::Hardly(why) = &self.health.wakes {
            findings.push(why.clone());
        }
        if self.people == 0 {
            findings.push(words.reachable_none.to_owned());
        }
        if !self.unreachable.is_empty() {
            findings.push(format!("{} {}", words.not_reachable, self.unreachable.join(", ")));
        }
        if self.channels.is_empty() {
            findings.push(words.no_channels.to_owned());
        }
        for (part, why) in self.troubled() {
            findings.push(format!("{}: {why}", part_word(part, words)));
        }
        findings
    }
}

/// The name of a part.
pub(super) const fn part_word(part: Part, words: &Words) -> &'static str {
    match part {
        Part::Power => words.part_power,
        Part::Configuration => words.part_configuration,
        Part::Receiver => words.part_receiver,
        Part::Store => words.part_store,
        Part::Queue => words.queue,
        Part::Disk => words.disk,
        Part::Clock => words.clock,
        Part::Network => words.part_network,
        Part::Gsm => words.part_gsm,
        Part::Balance => words.balance,
        Part::Sip => words.part_sip,
        Part::Relay => words.part_relay,
        Part::Speech => words.part_speech,
    }
}

fn views(reader: &dyn Read, before: AlertId, most: usize) -> Result<Vec<AlertView>, ReadError> {
    let records = reader.history(before, most)?.into_iter();
    records.map(|record| complete(reader, record)).collect()
}

/// How each channel did last. Somebody looks at this page all the time: older alerts are read only if
/// those that are shown do not tell.
fn last_outcomes(
    reader: &dyn Read,
    channels: &[ChannelName],
    newest: &[AlertView],
    waiting: &[AlertView],
) -> Result<Vec<Last>, ReadError> {
    let of = |older: &[AlertView]| -> Vec<_> {
        let all = || newest.iter().chain(waiting).chain(older);
        channels.iter().map(|name| (*name, last_outcome(*name, all()))).collect()
    };
    let known = of(&[]);
    match newest.last() {
        Some(last) if known.iter().any(|(_, outcome)| outcome.is_none()) => {
            Ok(of(&views(reader, last.id, RECENT - MOST_NEWEST)?))
        }
        Some(_) | None => Ok(known),
    }
}

fn last_outcome<'a>(
    channel: ChannelName,
    recent: impl Iterator<Item = &'a AlertView>,
) -> Option<(Timestamp, Outcome)> {
    let deliveries = recent.flat_map(|alert| &alert.deliveries);
    let hers = deliveries.filter(|delivery| delivery.channel == channel);
    let attempts = hers.flat_map(|delivery| &delivery.attempts);
    let real = attempts.filter(|attempt| match attempt.outcome {
        Outcome::Told { .. } | Outcome::Retry(_) | Outcome::Refused(_) => true,
        Outcome::Spared(_) => false,
    });
    let last = real.max_by_key(|attempt| attempt.at)?;
    Some((last.at, last.outcome.clone()))
}

/// Free bytes on the disk of the store.
pub(super) fn free_space(config: &Config) -> Option<u64> {
    let disk = rustix::fs::statvfs(&config.appliance.store).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Of the processor, in °C; a machine in a machine has none.
fn temperature() -> Option<i64> {
    let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    let thousandths: i64 = text.trim().parse().ok()?;
    Some(thousandths / 1000)
}

/// Bytes of memory that the process holds.
pub(super) fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
