//! A telephone exchange with one telephone, on loopback: takes registrations and calls over UDP, and
//! keeps what was heard. It speaks real SIP and RTP, and calls nobody.

mod telephone;

pub use telephone::{Habit, HeardCall};

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use telephone::Telephone;

/// Longest datagram that is read.
const MAX_DATAGRAM: usize = 64 * 1024;

/// Most orders that wait.
const MAILBOX: usize = 16;

/// The exchange at work; dropping it ends it, calls and all.
#[derive(Debug)]
pub struct Exchange {
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    _task: JoinSet<()>,
}

/// What the telephone's owner does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Presses a key in the call.
    Press(char),
    /// Is like this from the next call on.
    Be(Habit),
    /// Hangs up.
    HangUp,
}

impl Exchange {
    /// Starts one. Each call that was answered is told to `calls` at its end.
    ///
    /// # Errors
    /// No port can be opened.
    pub async fn start(habit: Habit, calls: mpsc::Sender<HeardCall>) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let (orders, inbox) = mpsc::channel(MAILBOX);
        let mut task = JoinSet::new();
        task.spawn(run(socket, Telephone::new(address, habit, calls), inbox));
        Ok(Self { address, orders, _task: task })
    }

    /// Where it is reached.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has the owner do something; in vain when there is no call for it.
    pub async fn order(&self, order: Order) {
        // It ends by panic only; then nobody is at the telephone.
        let _taken = self.orders.send(order).await;
    }

    /// To give orders from elsewhere.
    #[must_use]
    pub fn orders(&self) -> mpsc::Sender<Order> {
        self.orders.clone()
    }
}

/// It waits on: a datagram, an order, the end of a ringing, a word of the sound.
async fn run(socket: UdpSocket, mut telephone: Telephone, mut orders: mpsc::Receiver<Order>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let due = telephone.due();
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An error is that of a datagram sent before.
                let Ok((length, from)) = received else { continue };
                telephone.take(buffer.get(..length).unwrap_or_default(), from).await;
            }
            Some(order) = orders.recv() => telephone.obey(order).await,
            () = sleep_until(due), if due.is_some() => telephone.answer().await,
        }
        for (datagram, to) in telephone.outgoing() {
            if let Err(error) = socket.send_to(&datagram, to).await {
                tracing::debug!(%error, "the exchange cannot answer");
            }
        }
    }
}

async fn sleep_until(due: Option<tokio::time::Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}
