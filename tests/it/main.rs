//! What the appliance promises, a file per promise, tried on the built parts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails there"
)]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod config_bad;
mod config_edit;
mod config_example;
mod config_read;
mod corpus;
mod fuzz_corpora;
mod mail_relay;
mod modem;
mod modem_quirks;
mod sms;
mod smtp_corpus;
mod smtp_dialog;
mod smtp_limits;
mod smtp_stop;
mod smtp_tls;
mod tidy;
mod unseen;
