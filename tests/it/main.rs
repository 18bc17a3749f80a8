//! What the appliance promises, a file per promise, tried on the built parts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails there"
)]

#[path = "../support/mod.rs"]
mod support;

mod fuzz_corpora;
mod mail_relay;
mod tidy;
