//! The mail as it goes to the relay.

#![no_main]

#[path = "../../tests/support/fuzz_entry.rs"]
mod fuzz_entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_entry::run("mail_rewrite", bytes));
