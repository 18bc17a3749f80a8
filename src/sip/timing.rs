//! The times of the protocol. Tests shrink or step them.

use std::time::Duration;

/// How long everything may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// T1 of RFC 3261 section 17.1.1.1: the round trip that is reckoned with.
    pub t1: Duration,
    /// T2: longest wait between two of the same request.
    pub t2: Duration,
    /// T4: how long a message may stay in the network.
    pub t4: Duration,
    /// How often an exchange is asked by OPTIONS whether it is there.
    pub look: Duration,
    /// How often the way through a router is kept open (RFC 5626 section 4.4 says 24 to 29 s for
    /// UDP).
    pub keep_alive: Duration,
    /// Wait after the first failed registration; doubled each time, up to `retry_max`.
    pub retry_first: Duration,
    /// Longest wait between two tries to register.
    pub retry_max: Duration,
    /// Wait after an exchange that said no (403, a wrong password).
    pub refused: Duration,
    /// How long unregistering may take when the appliance stops.
    pub farewell: Duration,
    /// How often it is looked whether our own address changed.
    pub watch_network: Duration,
    /// How long finding and connecting to a server may take, all of its addresses together.
    pub connect: Duration,
}

impl Timing {
    /// 64·T1, what RFC 3261 calls timers B, F, H, J and L.
    #[must_use]
    pub const fn transaction(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            look: Duration::from_mins(1),
            keep_alive: Duration::from_secs(27),
            retry_first: Duration::from_secs(4),
            retry_max: Duration::from_mins(2),
            refused: Duration::from_mins(10),
            farewell: Duration::from_secs(2),
            watch_network: Duration::from_secs(5),
            connect: Duration::from_secs(8),
        }
    }
}
