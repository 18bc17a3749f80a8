//! The thread that sends the packets of all calls, each at its deadline.
//!
//! A thread of its own, since a task waits for its turn among others, and tokio's clock ticks in
//! milliseconds. Where the system allows it (`LimitRTPRIO=10` in a unit of systemd, or
//! `CAP_SYS_NICE`), it goes before all other threads: on a busy machine that makes the difference
//! between microseconds and milliseconds. It sleeps until the next deadline, and for as long as there
//! is no call.

use std::io;
use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tracing::debug;

use super::packet::MAX_DATAGRAM;

/// Most orders that wait; the thread takes them within a packet's sending.
const MAX_ORDERS: usize = 256;
/// Among real-time threads a low one (1 to 99): whoever else is one has its reasons.
const PRIORITY: u8 = 10;

/// What sends packets at deadlines.
pub(super) trait Paced: Send + Sync {
    /// Sends what is due, and says when the next is; `None` when it is over.
    fn send(&self, packet: &mut Vec<u8>) -> Option<Instant>;

    /// Whether it is over.
    fn is_over(&self) -> bool;
}

enum Order {
    /// A stream begins, at once.
    Begin(Arc<dyn Paced>),
    /// Some stream is over.
    Look,
}

struct Pacer {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

/// One for the process: deadlines of a second thread would only contend with those of the first.
static PACER: Mutex<Option<Pacer>> = Mutex::new(None);

/// Starts the thread, unless it runs.
pub(super) fn start() -> io::Result<()> {
    let mut pacer = PACER.lock().unwrap_or_else(PoisonError::into_inner);
    if pacer.as_ref().is_some_and(|pacer| !pacer.thread.is_finished()) {
        return Ok(());
    }
    let (orders, received) = sync_channel(MAX_ORDERS);
    let thread = thread::Builder::new().name("rtp".to_owned()).spawn(move || {
        hurry();
        run(&received);
    })?;
    *pacer = Some(Pacer { orders, thread });
    Ok(())
}

/// Sends the packets of a stream from now on, until it is over.
pub(super) fn begin(stream: Arc<dyn Paced>) -> io::Result<()> {
    start()?;
    order(Order::Begin(stream))
}

/// Lets go of streams that are over.
pub(super) fn look() {
    // If it cannot be told, the next deadline shows it.
    let _told = order(Order::Look);
}

fn order(order: Order) -> io::Result<()> {
    let pacer = PACER.lock().unwrap_or_else(PoisonError::into_inner);
    let orders = pacer.as_ref().map(|pacer| pacer.orders.clone());
    drop(pacer);
    let Some(orders) = orders else { return Err(io::ErrorKind::NotConnected.into()) };
    orders.try_send(order).map_err(|error| match error {
        TrySendError::Full(_) => io::ErrorKind::WouldBlock.into(),
        TrySendError::Disconnected(_) => io::ErrorKind::BrokenPipe.into(),
    })
}

/// Asks to be woken exactly, and before others.
fn hurry() {
    // The kernel may be late by 50 µs to wake several threads at once. Real-time threads never are.
    if let Err(error) = rustix::thread::set_current_timer_slack(NonZeroU64::new(1)) {
        debug!(%error, "the timer of the thread that sends sound keeps its slack");
    }
    let priority = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let set = priority
        .map(|priority| set_thread_priority_and_policy(thread_native_id(), priority, policy));
    if !matches!(set, Ok(Ok(()))) {
        debug!("the thread that sends sound has no priority over others");
    }
}

fn run(orders: &Receiver<Order>) {
    let mut streams: Vec<(Instant, Arc<dyn Paced>)> = Vec::new();
    let mut packet = Vec::with_capacity(MAX_DATAGRAM);
    loop {
        let next = streams.iter().map(|(due, _)| *due).min();
        let order = match next {
            Some(due) => orders.recv_timeout(due.saturating_duration_since(now())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(Order::Begin(stream)) => streams.push((now(), stream)),
            Ok(Order::Look) => streams.retain(|(_, stream)| !stream.is_over()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        streams.retain_mut(|(due, stream)| {
            if *due > now() {
                return true;
            }
            let next = stream.send(&mut packet);
            *due = next.unwrap_or(*due);
            next.is_some()
        });
    }
}

/// The time; outside the runtime it is never stepped.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    /// Sends three packets, a moment apart.
    struct Three {
        sent: AtomicU32,
        ended: SyncSender<()>,
    }

    impl Paced for Three {
        fn send(&self, _packet: &mut Vec<u8>) -> Option<Instant> {
            let sent = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
            if sent == 3 {
                self.ended.send(()).unwrap();
                return None;
            }
            Some(now() + Duration::from_millis(1))
        }

        fn is_over(&self) -> bool {
            false
        }
    }

    #[test]
    fn streams_are_sent_until_they_are_over() {
        let (ended, end) = sync_channel(20);
        let streams: Vec<Arc<Three>> = (0..20)
            .map(|_| Arc::new(Three { sent: AtomicU32::new(0), ended: ended.clone() }))
            .collect();
        for stream in &streams {
            begin(Arc::<Three>::clone(stream)).unwrap();
        }
        for _ in 0..20 {
            end.recv().unwrap();
        }
        assert!(streams.iter().all(|stream| stream.sent.load(Ordering::Relaxed) == 3));
    }
}
