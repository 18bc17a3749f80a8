//! Which deliveries of an alert are to be tried. Pure.

use super::plan::Key;
use crate::alert::{Alert, Kind};
use crate::channel::Reach;
use crate::config::{ChannelName, Config, PersonName, Unacknowledged};
use crate::queue::{Delivery, Progress};

/// The deliveries of an alert that are still to be tried: every person by every enabled channel
/// that reaches her, without what is settled.
pub(super) fn open_deliveries(alert: &Alert, tried: &[Delivery], config: &Config) -> Vec<Key> {
    let mut open = Vec::new();
    for channel in &config.channels.enabled {
        if channel.is_call() && !is_called(alert, config) {
            continue;
        }
        for name in &alert.people {
            let person = config.directory.people.get(name);
            let reachable = person.is_some_and(|person| person.is_reachable_by(*channel));
            if reachable && !is_settled(tried, name, *channel, config) {
                open.push(Key { alert: alert.id, channel: *channel, person: name.clone() });
            }
        }
    }
    open
}

/// Whether an alert is worth a call: unless it reports nothing but that something is well, or
/// looked after.
fn is_called(alert: &Alert, config: &Config) -> bool {
    let good = |kind| match kind {
        Kind::Recovery | Kind::Acknowledgement | Kind::Downtime => true,
        Kind::Problem | Kind::Update | Kind::Flapping | Kind::Test | Kind::Report | Kind::Other => {
            false
        }
    };
    config.call.recoveries || !alert.events.iter().all(|event| good(event.kind))
}

fn is_settled(
    tried: &[Delivery],
    person: &PersonName,
    channel: ChannelName,
    config: &Config,
) -> bool {
    let mut hers = tried.iter().filter(|delivery| delivery.person == *person);
    hers.any(|delivery| {
        let itself = delivery.channel == channel && delivery.progress != Progress::Open;
        itself || spares(delivery.channel, delivery.progress, config).is_some_and(|of| of(channel))
    })
}

/// Which other channels need not tell a person any more when one came so far: all of them after an
/// acknowledgement; other kinds of call after an answered one, where that is enough.
pub(super) fn spares(
    channel: ChannelName,
    progress: Progress,
    config: &Config,
) -> Option<fn(ChannelName) -> bool> {
    let answered_is_enough = config.call.unacknowledged == Unacknowledged::Told;
    match progress {
        Progress::Told(Reach::Acknowledged) => Some(|_| true),
        Progress::Told(Reach::Answered) if channel.is_call() && answered_is_enough => {
            Some(ChannelName::is_call)
        }
        Progress::Told(Reach::HandedOver | Reach::Delivered | Reach::Answered)
        | Progress::Open
        | Progress::Failed
        | Progress::Spared => None,
    }
}
