//! What the appliance promises, a file per promise, tried on the built parts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy knows tests by #[test], not what they share"
)]

mod mail_relay;

#[path = "../support"]
mod support {
    pub(crate) mod relay;
}
