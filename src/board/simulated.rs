//! A board without pins: it logs what they would do, and keeps a record of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Board, Input, Output};

/// Most changes kept; the oldest make room.
const MOST_CHANGES: usize = 4096;

/// The board itself.
#[derive(Debug, Clone, Default)]
pub struct Simulated {
    state: Arc<Mutex<State>>,
}

/// Whoever looks at the board and has a finger on its button.
#[derive(Debug, Clone)]
pub struct SimulatedControl(Simulated);

#[derive(Debug, Default)]
struct State {
    levels: BTreeMap<Output, bool>,
    changes: VecDeque<(Instant, Output, bool)>,
    closed: BTreeSet<Input>,
}

impl Simulated {
    /// A board with everything wired, and its other side.
    #[must_use]
    pub fn new() -> (Self, SimulatedControl) {
        let board = Self::default();
        (board.clone(), SimulatedControl(board))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board for Simulated {
    fn name(&self) -> String {
        "a simulated board".to_owned()
    }

    fn set(&mut self, output: Output, on: bool) {
        tracing::debug!(?output, on, "board");
        let mut state = self.state();
        if state.changes.len() == MOST_CHANGES {
            state.changes.pop_front();
        }
        let now = tokio::time::Instant::now().into_std();
        state.changes.push_back((now, output, on));
        state.levels.insert(output, on);
    }

    fn is_closed(&self, input: Input) -> bool {
        self.state().closed.contains(&input)
    }
}

impl SimulatedControl {
    /// Closes or opens an input.
    pub fn close(&self, input: Input, closed: bool) {
        let mut state = self.0.state();
        if closed {
            state.closed.insert(input);
        } else {
            state.closed.remove(&input);
        }
    }

    /// Whether an output is on.
    #[must_use]
    pub fn is_on(&self, output: Output) -> bool {
        self.0.state().levels.get(&output).copied().unwrap_or(false)
    }

    /// What an output did, the newest last.
    #[must_use]
    pub fn changes(&self, of: Output) -> Vec<(Instant, bool)> {
        let state = self.0.state();
        let changes = state.changes.iter().filter(|(_, output, _)| *output == of);
        changes.map(|(at, _, on)| (*at, *on)).collect()
    }
}
