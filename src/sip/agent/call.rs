//! A call as it is held by whoever asked for it.

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use crate::sip::call::{CallEnd, CallEvent, CallRequest};

/// Most events that wait to be taken; others beyond it are lost, the end never is.
const MAX_EVENTS: usize = 64;

/// A call under way. Dropping it hangs up.
#[derive(Debug)]
pub struct Call {
    events: mpsc::Receiver<CallEvent>,
    /// Cancelled by hand or by its drop.
    hang_up: CancellationToken,
    _dropped: DropGuard,
    ended: bool,
}

impl Call {
    /// The call, and the agent's side of it.
    pub(super) fn new(request: CallRequest) -> (Self, CallJob) {
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let hang_up = CancellationToken::new();
        let job = CallJob { request, events: sender, hang_up: hang_up.clone(), ended: false };
        let dropped = hang_up.clone().drop_guard();
        (Self { events, hang_up, _dropped: dropped, ended: false }, job)
    }

    /// What happens next; `None` after the end. Cancel safe.
    pub async fn next(&mut self) -> Option<CallEvent> {
        if self.ended {
            return None;
        }
        // An agent that is gone has not told the end.
        let event = self.events.recv().await.unwrap_or(CallEvent::Ended(CallEnd::Stopping));
        self.ended = matches!(event, CallEvent::Ended(_));
        Some(event)
    }

    /// Asks for the end, in any state; [`CallEvent::Ended`] follows.
    pub fn hang_up(&self) {
        self.hang_up.cancel();
    }
}

/// A request with the way back.
#[derive(Debug)]
pub(super) struct CallJob {
    pub(super) request: CallRequest,
    events: mpsc::Sender<CallEvent>,
    /// Cancelled when the caller wants the end, or is gone.
    pub(super) hang_up: CancellationToken,
    ended: bool,
}

impl CallJob {
    /// Tells an event. The last place of the mailbox is the end's.
    pub(super) fn tell(&mut self, event: CallEvent) {
        let is_end = matches!(event, CallEvent::Ended(_));
        if self.ended || (!is_end && self.events.capacity() <= 1) {
            return;
        }
        debug!(%event, "call");
        self.ended = is_end;
        // Who has dropped the call wants to hear no more of it.
        let _gone = self.events.try_send(event);
    }
}
