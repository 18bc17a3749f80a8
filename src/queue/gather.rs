//! Whose operations share a sync: all that wait and, while they are few, those that come at once.
//!
//! A sync and its hand-overs between threads cost about as much processor as a mail, however many
//! share them; and who is answered together comes back together. So a few wait for company, but not
//! for everybody: else all would wait for the same sync, and nobody would use the processor meanwhile.

use tokio::sync::mpsc::Receiver;
use tokio::task::yield_now;

use super::operation::Operation;

/// Most operations that share a sync.
pub(super) const MOST_OPERATIONS: usize = 256;

/// Most mail bytes that share a sync, which bounds what a batch holds in memory.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// So many go without waiting for more.
const COMPANY: usize = 6;

/// How often all other tasks of the thread have had a turn without anybody coming, until those who
/// wait go as they are. Nobody else ready, a turn takes about a microsecond.
const PATIENCE: u32 = 30;

/// Takes operations from their mailbox, batch by batch.
#[derive(Default)]
pub(super) struct Gathering {
    /// How many shared the last sync.
    last: usize,
}

impl Gathering {
    /// Gathers the next batch into `operations`, which is empty; false if nobody can send any more.
    pub(super) async fn gather(
        &mut self,
        mailbox: &mut Receiver<Operation>,
        operations: &mut Vec<Operation>,
    ) -> bool {
        let Some(first) = mailbox.recv().await else { return false };
        let mut bytes = first.bytes();
        operations.push(first);
        let mut turns = 0;
        loop {
            // Who was answered just now goes first.
            yield_now().await;
            turns += 1;
            while operations.len() < MOST_OPERATIONS && bytes < MOST_BYTES {
                let Ok(next) = mailbox.try_recv() else { break };
                bytes += next.bytes();
                operations.push(next);
                turns = 0;
            }
            // Who came alone the last time is not made to wait.
            let alone = operations.len() == 1 && self.last <= 1;
            if alone || operations.len() >= COMPANY || bytes >= MOST_BYTES || turns >= PATIENCE {
                self.last = operations.len();
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::alert::{Alert, AlertId, MailText, Origin};

    fn pulse() -> Operation {
        Operation::Pulse { answer: oneshot::channel().0 }
    }

    fn mail(bytes: usize) -> Operation {
        let alert = Alert {
            id: AlertId::default(),
            received: jiff::Timestamp::UNIX_EPOCH,
            origin: Origin::default(),
            people: Vec::new(),
            text: MailText::default(),
            events: Vec::new(),
        };
        let (answer, now) = (oneshot::channel().0, tokio::time::Instant::now().into_std());
        Operation::Admit { alert: Box::new(alert), raw: Bytes::from(vec![0; bytes]), now, answer }
    }

    /// Another comes after so many turns, if nobody is faster; how many went before it, or with it.
    async fn gathered_with_one_after(turns: u32, last: usize, waiting: usize) -> usize {
        let (sender, mut mailbox) = mpsc::channel(512);
        for _ in 0..waiting {
            sender.try_send(pulse()).unwrap();
        }
        let later = tokio::spawn(async move {
            for _ in 0..turns {
                yield_now().await;
            }
            sender.try_send(pulse()).unwrap();
        });
        let mut operations = Vec::new();
        assert!(Gathering { last }.gather(&mut mailbox, &mut operations).await);
        later.abort();
        operations.len()
    }

    #[tokio::test]
    async fn who_comes_alone_goes_alone() {
        assert_eq!(gathered_with_one_after(5, 0, 1).await, 1);
        assert_eq!(gathered_with_one_after(5, 1, 1).await, 1);
    }

    #[tokio::test]
    async fn a_few_wait_for_company() {
        assert_eq!(gathered_with_one_after(5, 2, 1).await, 2);
        assert_eq!(gathered_with_one_after(5, 0, 2).await, 3);
    }

    #[tokio::test]
    async fn patience_ends() {
        assert_eq!(gathered_with_one_after(10 * PATIENCE, 10, 1).await, 1);
        assert_eq!(gathered_with_one_after(10 * PATIENCE, 10, COMPANY - 1).await, COMPANY - 1);
    }

    #[tokio::test]
    async fn who_are_enough_do_not_wait() {
        assert_eq!(gathered_with_one_after(5, 10, COMPANY).await, COMPANY);
        assert_eq!(gathered_with_one_after(5, 10, 100).await, 100);
    }

    #[tokio::test]
    async fn a_batch_is_bounded() {
        assert_eq!(gathered_with_one_after(5, 10, 400).await, MOST_OPERATIONS);

        let (sender, mut mailbox) = mpsc::channel(8);
        for _ in 0..5 {
            sender.try_send(mail(MOST_BYTES / 2)).unwrap();
        }
        let (mut gathering, mut operations) = (Gathering::default(), Vec::new());
        assert!(gathering.gather(&mut mailbox, &mut operations).await);
        assert_eq!(operations.len(), 2);
    }

    #[tokio::test]
    async fn it_ends_with_the_last_handle() {
        let (sender, mut mailbox) = mpsc::channel(8);
        sender.try_send(pulse()).unwrap();
        drop(sender);
        let (mut gathering, mut operations) = (Gathering::default(), Vec::new());
        assert!(gathering.gather(&mut mailbox, &mut operations).await);
        assert!(!gathering.gather(&mut mailbox, &mut operations).await);
    }
}
