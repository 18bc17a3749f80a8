//! Connections kept between mails.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::{Instant, timeout};

use crate::config::Mail;

/// Most connections kept.
const MAX_IDLE: usize = 4;

/// Longest a connection is kept. Relays close idle ones after one to five minutes.
const KEEP: Duration = Duration::from_mins(1);

/// A connection used this recently is taken without asking; it costs no round trip.
const FRESH: Duration = Duration::from_secs(5);

/// How long an older one may take to answer NOOP. A firewall may have forgotten it, and then
/// nothing ever comes back.
const PROBE: Duration = Duration::from_secs(2);

/// Open connections that wait for the next mail.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    /// What it was opened with.
    settings: Mail,
    since: Instant,
}

impl Pool {
    /// A connection that was opened with these settings and is most likely alive.
    pub(super) async fn take(&self, settings: &Mail) -> Option<AsyncSmtpConnection> {
        while let Some(mut idle) = self.pop() {
            let age = idle.since.elapsed();
            if idle.settings != *settings || age > KEEP {
                say_goodbye(idle.connection);
                continue;
            }
            let alive = age < FRESH
                || timeout(PROBE, idle.connection.test_connected()).await.unwrap_or(false);
            if alive {
                return Some(idle.connection);
            }
        }
        None
    }

    /// Keeps a connection for the next mail.
    pub(super) fn put(&self, connection: AsyncSmtpConnection, settings: &Mail) {
        let idle = Idle { connection, settings: settings.clone(), since: Instant::now() };
        let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(idle);
        if kept.len() > MAX_IDLE {
            say_goodbye(kept.remove(0).connection);
        }
    }

    /// Drops all: one was found dead, and the others most likely died with it.
    pub(super) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The one used last, so that the others may grow old and go.
    fn pop(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// Ends a connection in order (RFC 5321 section 4.1.1.10), but does not wait for the answer to
/// QUIT: the one poll writes it, as far as the socket takes it.
pub(super) fn say_goodbye(mut connection: AsyncSmtpConnection) {
    drop(connection.quit().now_or_never());
}
