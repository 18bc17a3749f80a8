//! What the appliance promises, a file per promise, tried on the built parts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails there"
)]

mod cli;
mod config_bad;
mod config_edit;
mod config_example;
