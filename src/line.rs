//! A call under way by either kind of telephone, from both its ends: whoever asked for it holds a
//! [`Call`], whoever carries it a [`CallJob`].

use std::fmt::Display;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

/// Most events that wait to be taken; others beyond it are lost, the end never is.
const MAX_EVENTS: usize = 64;

/// What happens in a call.
pub trait Happens: Display {
    /// Whether nothing follows.
    fn is_end(&self) -> bool;
    /// The end of a call whose carrier is gone without telling one.
    fn stopping() -> Self;
}

/// A call under way. Dropping it hangs up.
#[derive(Debug)]
pub struct Call<E> {
    events: mpsc::Receiver<E>,
    /// Cancelled by hand or by its drop.
    hang_up: CancellationToken,
    _dropped: DropGuard,
    ended: bool,
}

impl<E: Happens> Call<E> {
    /// The call, and the carrier's side of it.
    pub(crate) fn new<R>(request: R) -> (Self, CallJob<R, E>) {
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let hang_up = CancellationToken::new();
        let job = CallJob { request, events: sender, hang_up: hang_up.clone(), ended: false };
        let dropped = hang_up.clone().drop_guard();
        (Self { events, hang_up, _dropped: dropped, ended: false }, job)
    }

    /// What happens next; `None` after the end. Cancel safe.
    pub async fn next(&mut self) -> Option<E> {
        if self.ended {
            return None;
        }
        let event = self.events.recv().await.unwrap_or_else(E::stopping);
        self.ended = event.is_end();
        Some(event)
    }

    /// Asks for the end, in any state; it follows as the last event.
    pub fn hang_up(&self) {
        self.hang_up.cancel();
    }
}

/// A request with the way back.
#[derive(Debug)]
pub(crate) struct CallJob<R, E> {
    pub(crate) request: R,
    events: mpsc::Sender<E>,
    /// Cancelled when the caller wants the end, or is gone.
    pub(crate) hang_up: CancellationToken,
    ended: bool,
}

impl<R, E: Happens> CallJob<R, E> {
    /// Tells an event; none after the end. The last place of the mailbox is the end's.
    pub(crate) fn tell(&mut self, event: E) {
        let is_end = event.is_end();
        if self.ended || (!is_end && self.events.capacity() <= 1) {
            return;
        }
        debug!(%event, "call");
        self.ended = is_end;
        // Who has dropped the call wants to hear no more of it.
        let _gone = self.events.try_send(event);
    }
}
