//! The log: for people on a terminal, into the journal under systemd.
//!
//! One event per station of an alert's way, with fields by which the journal finds it:
//!
//! | field | holds |
//! |---|---|
//! | `ALERT_ID` | number of the alert |
//! | `OUTCOME` | `queued`, `dropped`, `nobody`; of an attempt `handed-over`, `delivered`, `answered`, `acknowledged`, `retry`, `failed`, `spared` |
//! | `CHANNEL` | `mail`, `sms`, `voip`, `gsm`, `sip-message` |
//! | `PERSON` | short name of who is told |
//!
//! `journalctl -u smtp-appliance ALERT_ID=17` tells one alert from its coming to its end. Telephone
//! numbers, mail addresses and mail text are never logged above DEBUG.

mod recent;

use std::env;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use recent::{Line, recent};

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info,rustls=warn";

/// Begins to log what is of interest to whoever runs the appliance.
pub fn begin() {
    begin_with(DEFAULT_FILTER);
}

/// Begins to log. Under systemd (`JOURNAL_STREAM` is set) into the journal, with the fields kept;
/// else to standard error, in colour on a terminal. `RUST_LOG` goes before `filter`.
pub fn begin_with(filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| filter.into());
    let registry = tracing_subscriber::registry().with(filter).with(recent::Keep);
    let journal = env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    // Without a prefix `alert_id` is `ALERT_ID`.
    let journal = journal.map(|layer| layer.with_field_prefix(None));
    let begun = if let Some(journal) = journal {
        registry.with(journal).try_init()
    } else {
        let colour = rustix::termios::isatty(rustix::stdio::stderr());
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(colour)
            .with_target(false);
        registry.with(lines).try_init()
    };
    // A second call (tests) finds the log begun already.
    drop(begun);
}
