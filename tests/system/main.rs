//! The appliance against real programs from Debian, `PyPI` and npm.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails there"
)]

#[path = "../support"]
mod support {
    pub(crate) mod exim;
    pub(crate) mod mail;
    pub(crate) mod postfix;
    pub(crate) mod programs;
    pub(crate) mod voice;
}

mod hearing;
mod listening;
mod modem_clients;
mod path_quality;
mod postfix_relay;
mod receiver;
mod smtp_clients;
mod web_browser;
