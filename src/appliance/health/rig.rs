//! The board of the moment, as it is configured, and the panel that drives it.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::acts;
use crate::board::{self, Act, Board, Panel, Seen, Wish};
use crate::config::{self, Config};
use crate::dispatch::Command;
use crate::health::Status;

pub(super) struct Rig {
    settings: watch::Receiver<Arc<Config>>,
    commands: mpsc::Sender<Command>,
    /// Settings by which the board was opened, or could not be.
    opened: Option<config::Board>,
    board: Option<(Box<dyn Board>, Panel)>,
    /// One that was brought along stays, whatever is configured.
    is_brought: bool,
    /// Test calls on their way.
    tests: JoinSet<()>,
}

/// What came of a look at the board.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Followed {
    pub(super) has_board: bool,
    /// Somebody has taken note of the alarms.
    pub(super) silenced: bool,
}

impl Rig {
    pub(super) fn new(
        settings: watch::Receiver<Arc<Config>>,
        commands: mpsc::Sender<Command>,
        brought: Option<Box<dyn Board>>,
    ) -> Self {
        let is_brought = brought.is_some();
        let now = tokio::time::Instant::now().into_std();
        let board = brought.map(|board| (board, Panel::new(now)));
        Self { settings, commands, opened: None, board, is_brought, tests: JoinSet::new() }
    }

    /// Shows the status and sees to the inputs.
    pub(super) fn follow(&mut self, status: &Status, modem: Wish, now: Instant) -> Followed {
        let config = Arc::clone(&self.settings.borrow());
        if !self.is_brought && self.opened != config.board {
            self.open(config.board.as_ref(), now);
        }
        while self.tests.try_join_next().is_some() {}
        let Some((board, panel)) = &mut self.board else { return Followed::default() };
        let contacts = config.board.as_ref().map_or(0, |board| board.pins.contacts.len());
        let tick = {
            let is_closed = |input| board.is_closed(input);
            panel.look(&Seen { status, modem, contacts, is_closed: &is_closed }, now)
        };
        for (output, on) in tick.outputs {
            board.set(output, on);
        }
        let silenced = tick.acts.contains(&Act::Silenced);
        for act in tick.acts {
            self.act(act, &config);
        }
        Followed { has_board: true, silenced }
    }

    fn open(&mut self, settings: Option<&config::Board>, now: Instant) {
        self.opened = settings.cloned();
        // The old pins are let go of before the new ones are taken.
        self.board = None;
        let Some(settings) = settings else { return };
        match board::open(settings) {
            Ok(board) => {
                tracing::info!(
                    board = board.name(),
                    "lights, button and the modem's keys are there"
                );
                self.board = Some((board, Panel::new(now)));
            }
            Err(error) => tracing::warn!("{error}"),
        }
    }

    fn act(&mut self, act: Act, config: &Arc<Config>) {
        match act {
            Act::Silenced => tracing::warn!("somebody has taken note of the alarm by the button"),
            Act::Test if self.tests.is_empty() => {
                self.tests.spawn(acts::test(self.commands.clone(), Arc::clone(config)));
            }
            Act::Test => tracing::info!("the button is pressed; a test is on its way already"),
            Act::Reprovision => acts::reprovision(&config.appliance.store),
            Act::ModemKey => {
                tracing::warn!("the modem does not answer; its power key or reset is pressed");
            }
            Act::Contact(place, closed) => {
                let state = if closed { "closed" } else { "open" };
                tracing::info!(contact = place + 1, state, "a dry contact changed");
            }
        }
    }

    /// Lets go of the pins: the lights go dark.
    pub(super) async fn shut(mut self) {
        self.tests.shutdown().await;
    }
}
