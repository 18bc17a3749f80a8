//! Watches over the whole: makes the status from what every part tells, owns the board, and speaks to
//! the service manager. It waits on: the next look (20 a second with a board, else 2), the ports, somebody
//! who takes note of an alarm, the stop.

mod acts;
mod beat;
mod gather;
mod look;
mod rig;
mod systemd;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::config::Config;
use crate::dispatch::Command;
use crate::health::{Facts, Status, Telling};
use crate::modem::Modem;
use crate::queue::Queue;
use crate::sip::Agent;

use gather::Gatherer;
use look::Looked;
use rig::Rig;
use systemd::Manager;

/// How often inputs are looked at and lights switched.
const TICK: Duration = Duration::from_millis(50);

/// How often the facts are looked at where there is no board.
const TICK_WITHOUT_BOARD: Duration = Duration::from_millis(500);

/// What the status is made of: each part's own word.
pub(super) struct Sources {
    pub(super) settings: watch::Receiver<Arc<Config>>,
    /// Why the configuration file is not in force.
    pub(super) wrong: watch::Receiver<Option<String>>,
    /// How many SMTP ports are served.
    pub(super) ports: watch::Receiver<usize>,
    pub(super) telling: watch::Receiver<Telling>,
    pub(super) modem: watch::Receiver<Option<Modem>>,
    /// The SIP telephone's user agent, while there is one.
    pub(super) agent: watch::Receiver<Option<Agent>>,
    pub(super) queue: Queue,
    pub(super) commands: mpsc::Sender<Command>,
    /// Tells that somebody far from the button has taken note of the alarms.
    pub(super) silence: Arc<Notify>,
}

/// The task that watches over the whole.
pub(super) struct Health {
    gatherer: Gatherer,
    commands: mpsc::Sender<Command>,
    queue: Queue,
    config_file: Arc<Path>,
    status: watch::Sender<Arc<Status>>,
    /// A board that was brought along.
    board: Option<Box<dyn Board>>,
}

impl Health {
    pub(super) fn new(
        sources: Sources,
        config_file: &Path,
    ) -> (Self, watch::Receiver<Arc<Status>>) {
        let (commands, queue) = (sources.commands.clone(), sources.queue.clone());
        let gatherer = Gatherer::new(sources, Instant::now());
        let facts = gatherer.facts(&Looked::default(), Instant::now());
        let (status, watched) = watch::channel(Arc::new(facts.assess()));
        let config_file = Arc::from(config_file);
        (Self { gatherer, commands, queue, config_file, status, board: None }, watched)
    }

    /// Takes this board, whatever is configured.
    pub(super) fn with_board(&mut self, board: Box<dyn Board>) {
        self.board = Some(board);
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut helpers = JoinSet::new();
        let dispatcher = beat::of_dispatcher(&mut helpers, self.commands.clone());
        let writer = beat::of_writer(&mut helpers, self.queue);
        self.gatherer.listen_to(dispatcher, writer);
        let settings = self.gatherer.settings();
        let looked = look::begin(&mut helpers, settings.clone(), self.config_file);
        let mut rig = Rig::new(settings, self.commands, self.board.take());
        let mut manager = Manager::new();
        let mut ports = self.gatherer.ports();
        let silence = self.gatherer.silenced_from_afar();
        let mut facts: Option<Facts> = None;
        loop {
            let now = Instant::now();
            let found = self.gatherer.facts(&looked.borrow(), now);
            // Ages change all the time and mean little; what is judged by them changes seldom.
            if facts.as_ref() != Some(&found) {
                let status = found.assess();
                self.gatherer.forget_all_but(&status.alarms);
                self.status.send_if_modified(|known| {
                    let changed = **known != status;
                    if changed {
                        *known = Arc::new(status);
                    }
                    changed
                });
                facts = Some(found);
            }
            let status = Arc::clone(&self.status.borrow());
            let followed = rig.follow(&status, self.gatherer.wish(), now.into_std());
            if followed.silenced {
                self.gatherer.silence(&status.alarms);
            }
            manager.tell(&status, self.gatherer.answers(now), now);
            let tick = if followed.has_board { TICK } else { TICK_WITHOUT_BOARD };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep_until(now + tick) => {}
                Ok(()) = ports.changed() => {}
                () = silence.notified() => {
                    tracing::warn!("somebody has taken note of the alarm");
                    self.gatherer.silence(&status.alarms);
                }
            }
        }
        rig.shut().await;
        helpers.shutdown().await;
    }
}

/// Tells the service manager that the end has begun.
pub(super) fn stopping() {
    systemd::stopping();
}

/// A tick that does not hurry after a delay.
fn every(length: Duration) -> tokio::time::Interval {
    let mut every = interval(length);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}
