//! What each client address has used of what it may: connections, messages, failed logins.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::reply;
use crate::config::Smtp;

/// Failed logins of one address in a minute, after which no login is tried any more.
const FAILED_LOGINS_PER_MINUTE: u32 = 10;

const MINUTE: Duration = Duration::from_mins(1);

/// Table size from which on addresses that are at rest are looked for and forgotten.
const FIRST_SWEEP: usize = 1024;

/// All clients, shared by listeners and sessions.
#[derive(Debug)]
pub struct Clients {
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    connections: usize,
    clients: HashMap<IpAddr, Client>,
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Client {
    connections: usize,
    messages: Rate,
    failed_logins: Rate,
}

/// So many per minute, all at once or spread out (the generic cell rate algorithm).
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When everything used so far would be free again.
    full_again: Option<Instant>,
}

impl Rate {
    fn next(&self, per_minute: u32, now: Instant) -> Option<Instant> {
        // None per minute means no limit.
        let Some(each) = MINUTE.checked_div(per_minute) else { return Some(now) };
        let full_again = self.full_again.map_or(now, |at| at.max(now)) + each;
        // Some slack, because `each` was rounded down.
        (full_again - now <= MINUTE + Duration::from_micros(1)).then_some(full_again)
    }

    /// Uses one; false if there is none left.
    pub(super) fn take(&mut self, per_minute: u32, now: Instant) -> bool {
        let next = self.next(per_minute, now);
        if next.is_some() {
            self.full_again = next;
        }
        next.is_some()
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_again.is_none_or(|at| at <= now)
    }
}

impl Default for Clients {
    fn default() -> Self {
        let table = Table { connections: 0, clients: HashMap::new(), sweep_at: FIRST_SWEEP };
        Self { table: Mutex::new(table) }
    }
}

impl Clients {
    /// Counts a connection of `address`, or tells the reply to refuse it with.
    pub(super) fn connect(
        &self,
        address: IpAddr,
        limits: &Smtp,
        now: Instant,
    ) -> Result<(), &'static str> {
        let mut table = self.table();
        if table.connections >= limits.max_connections {
            return Err(reply::TOO_MANY_CONNECTIONS);
        }
        let client = table.client(address, now);
        if client.connections >= limits.max_connections_per_client {
            return Err(reply::TOO_MANY_FROM_YOU);
        }
        client.connections += 1;
        table.connections += 1;
        Ok(())
    }

    /// Counts the end of a connection.
    pub(super) fn disconnect(&self, address: IpAddr) {
        let mut table = self.table();
        table.connections = table.connections.saturating_sub(1);
        if let Some(client) = table.clients.get_mut(&key(address)) {
            client.connections = client.connections.saturating_sub(1);
        }
    }

    /// Counts a message, unless there were too many in the last minute (false).
    pub(super) fn take_message(&self, address: IpAddr, limits: &Smtp, now: Instant) -> bool {
        self.table().client(address, now).messages.take(limits.max_messages_per_minute, now)
    }

    /// Whether the address may try to log in.
    pub(super) fn may_log_in(&self, address: IpAddr, now: Instant) -> bool {
        let mut table = self.table();
        table.client(address, now).failed_logins.next(FAILED_LOGINS_PER_MINUTE, now).is_some()
    }

    /// Counts a failed login.
    pub(super) fn login_failed(&self, address: IpAddr, now: Instant) {
        self.table().client(address, now).failed_logins.take(FAILED_LOGINS_PER_MINUTE, now);
    }

    /// Connections open now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.table().connections
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // The numbers are right at every step, so another task's panic does not spoil them.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn client(&mut self, address: IpAddr, now: Instant) -> &mut Client {
        if self.clients.len() >= self.sweep_at {
            self.clients.retain(|_, client| !client.is_at_rest(now));
            self.sweep_at = FIRST_SWEEP.max(self.clients.len() * 2);
        }
        self.clients.entry(key(address)).or_default()
    }
}

impl Client {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.connections == 0 && self.messages.is_full(now) && self.failed_logins.is_full(now)
    }
}

/// One client: an IPv4 address, or a /64 of IPv6, whose addresses cost nothing.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            if address.is_loopback() { address.into() } else { Ipv6Addr::from(network).into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[test]
    fn so_many_in_a_minute() {
        let now = start();
        let mut rate = Rate::default();
        for limit in [1, 3, 7, 60, 1000] {
            let now = now + MINUTE * limit;
            assert!((0..limit).all(|_| rate.take(limit, now)), "{limit}");
            assert!(!rate.take(limit, now), "{limit}");
            // One comes back at a time.
            let later = now + MINUTE / limit;
            assert!(rate.take(limit, later) && !rate.take(limit, later), "{limit}");
            assert!(rate.is_full(now + 2 * MINUTE));
        }
    }

    #[test]
    fn nought_is_no_limit() {
        let now = start();
        let mut rate = Rate::default();
        assert!((0..100_000).all(|_| rate.take(0, now)));
        assert!(rate.is_full(now));
    }

    #[test]
    fn clients_are_told_apart_as_networks_are() {
        let same =
            |one: &str, other: &str| key(one.parse().unwrap()) == key(other.parse().unwrap());
        assert!(same("10.0.0.1", "::ffff:10.0.0.1"));
        assert!(same("fd00::1", "fd00::ffff:1:2"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
        assert!(!same("fd00:0:0:1::1", "fd00:0:0:2::1"));
        assert!(!same("::1", "::2"));
    }

    #[test]
    fn clients_at_rest_are_forgotten() {
        let clients = Clients::default();
        let now = start();
        for number in 0..10_000_u32 {
            let now = now + Duration::from_millis(u64::from(number) * 100);
            clients.login_failed(IpAddr::from(number.to_be_bytes()), now);
        }
        // Each is at rest after six seconds, so about sixty are not.
        assert!(clients.table().clients.len() <= 2 * FIRST_SWEEP);
    }
}
