//! Asks dispatcher and writer again and again whether they work. Who hangs does not answer, and the
//! time of the last answer tells.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::every;
use crate::dispatch::Command;
use crate::queue::{Queue, Stock};

/// How often is asked.
const EVERY: Duration = Duration::from_secs(2);

/// The last answer.
#[derive(Debug, Clone)]
pub(super) struct Beat<T> {
    pub(super) at: Instant,
    pub(super) what: T,
}

pub(super) fn of_dispatcher(
    helpers: &mut JoinSet<()>,
    commands: mpsc::Sender<Command>,
) -> watch::Receiver<Beat<()>> {
    let (sender, beat) = watch::channel(Beat { at: Instant::now(), what: () });
    helpers.spawn(async move {
        let mut every = every(EVERY);
        loop {
            every.tick().await;
            let (answer, answered) = oneshot::channel();
            // A dispatcher that has ended ends the process in its own way.
            if commands.send(Command::Pulse(answer)).await.is_err() || answered.await.is_err() {
                return;
            }
            sender.send_replace(Beat { at: Instant::now(), what: () });
        }
    });
    beat
}

pub(super) fn of_writer(helpers: &mut JoinSet<()>, queue: Queue) -> watch::Receiver<Beat<Stock>> {
    let (sender, beat) = watch::channel(Beat { at: Instant::now(), what: Stock::default() });
    helpers.spawn(async move {
        let mut every = every(EVERY);
        loop {
            every.tick().await;
            let Ok(stock) = queue.pulse().await else { return };
            sender.send_replace(Beat { at: Instant::now(), what: stock });
        }
    });
    beat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dispatcher_that_hangs_does_not_answer() {
        let mut helpers = JoinSet::new();
        let (commands, mut mailbox) = mpsc::channel(1);
        let beat = of_dispatcher(&mut helpers, commands);
        for _ in 0..3 {
            let Some(Command::Pulse(answer)) = mailbox.recv().await else { panic!("not asked") };
            answer.send(()).unwrap();
        }
        tokio::time::sleep(EVERY / 2).await;
        let answered = beat.borrow().at;
        let Some(Command::Pulse(_kept)) = mailbox.recv().await else { panic!("not asked") };
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(beat.borrow().at, answered);
        assert!(mailbox.try_recv().is_err(), "who does not answer is not asked again");
    }
}
