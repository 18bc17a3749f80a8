//! What the running appliance would answer, from the store itself.

use std::path::Path;

use anyhow::{Context, bail};
use smtp_appliance::alert::AlertId;
use smtp_appliance::control::{self, Answer, Request, State};
use smtp_appliance::queue::{self, Delivery, Offline, Progress};

use crate::cli::output::complain;

pub(super) fn answer(store: &Path, request: &Request) -> anyhow::Result<Answer> {
    let folder = store.join("queue");
    if !folder.is_dir() {
        // Opening would make an empty store, of the wrong owner.
        bail!("there is no queue in {}: the appliance has never run here", store.display());
    }
    let offline = queue::open_offline(folder)
        .with_context(|| format!("cannot open the queue in {}", store.display()))?;
    if let Some(damage) = &offline.damage {
        let (reason, place) = (&damage.reason, damage.set_aside.display());
        complain(&format!("the store is damaged ({reason}); see {place}"));
    }
    let reader = offline.reader();
    match request {
        Request::List { all, limit } => {
            Ok(Answer::List { alerts: control::list(reader, *all, *limit)? })
        }
        Request::Search { wanted, limit } => {
            let found = wanted.look(reader, *limit)?;
            Ok(Answer::Found { alerts: found.alerts, next: found.next })
        }
        Request::Show { id } => {
            let alert = control::show(reader, *id)?.with_context(|| unknown(*id))?;
            Ok(Answer::Show { alert: Box::new(alert) })
        }
        Request::Retry { id } => retry(&offline, *id),
        Request::Drop { id } => {
            reader.record(*id)?.with_context(|| unknown(*id))?;
            if reader.pending(AlertId(id.0.saturating_sub(1)), 1)?.first() != Some(id) {
                bail!("alert {id} is not on the queue");
            }
            settle(&offline, *id)?;
            Ok(Answer::Done)
        }
        Request::Acknowledge { .. }
        | Request::SendTest { .. }
        | Request::Call(_)
        | Request::SipStatus
        | Request::SipTest { .. }
        | Request::Reload
        | Request::Health
        | Request::Silence => {
            bail!("the appliance is not running")
        }
    }
}

/// Gives up what waits of an alert.
pub(super) fn settle(offline: &Offline, id: AlertId) -> anyhow::Result<()> {
    let mut deliveries = offline.reader().deliveries(id)?;
    for delivery in &mut deliveries {
        if delivery.progress == Progress::Open {
            delivery.progress = Progress::Failed;
        }
    }
    Ok(offline.finish(id, &deliveries)?)
}

/// Puts an alert back onto the queue: what is not told begins anew at the next start. Deliveries
/// never tried have no record; the start makes them.
fn retry(offline: &Offline, id: AlertId) -> anyhow::Result<Answer> {
    let reader = offline.reader();
    let view = control::show(reader, id)?.with_context(|| unknown(id))?;
    match view.state {
        State::Told => return Ok(Answer::Retried { deliveries: 0 }),
        State::Dropped => bail!("alert {id} was dropped by the filter; its mail was not kept"),
        State::Waiting | State::Partly | State::Failed => {}
    }
    let mut deliveries = reader.deliveries(id)?;
    let open = deliveries.iter_mut().map(begin_anew).filter(|open| *open).count();
    offline.reopen(id, &deliveries)?;
    Ok(Answer::Retried { deliveries: open.max(1) })
}

fn begin_anew(delivery: &mut Delivery) -> bool {
    match delivery.progress {
        Progress::Told(_) | Progress::Spared => return false,
        Progress::Open | Progress::Failed => {}
    }
    delivery.progress = Progress::Open;
    delivery.waited_ms = 0;
    true
}

fn unknown(id: AlertId) -> String {
    format!("there is no alert {id}")
}
