//! How long the driver waits for what.

use std::time::Duration;

/// How long the driver waits for what. The times of single commands are
/// [`Command::timeout`](crate::modem::at::Command::timeout).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Wait after the first failure to bring the modem up; it doubles up to `reopen_max`.
    pub reopen_first: Duration,
    /// Longest wait between two tries to bring the modem up.
    pub reopen_max: Duration,
    /// How long one `AT` waits for its answer while the speed is looked for.
    pub probe: Duration,
    /// How often registration and signal are asked for.
    pub poll: Duration,
    /// How long messages are held back while the modem looks for its network, before they are
    /// answered with an error.
    pub registration_grace: Duration,
    /// How long the network may take to accept a message (60 s by the SIM900 manual).
    pub submit: Duration,
    /// Wait before a part is sent once more after a temporary error.
    pub resend: Duration,
    /// How long nobody must have wanted anything else before the balance is asked for.
    pub balance_quiet: Duration,
    /// How long the network may take to tell it.
    pub balance_answer: Duration,
    /// How long a message on the line may go on after the stop.
    pub overtime: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            reopen_first: Duration::from_secs(1),
            reopen_max: Duration::from_secs(30),
            probe: Duration::from_millis(400),
            poll: Duration::from_secs(30),
            registration_grace: Duration::from_secs(30),
            submit: Duration::from_mins(1),
            resend: Duration::from_secs(2),
            balance_quiet: Duration::from_secs(5),
            balance_answer: Duration::from_secs(30),
            overtime: Duration::from_secs(10),
        }
    }
}
