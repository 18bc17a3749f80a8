//! What the tests share: built parts, and peers that speak the real protocol.

pub(crate) mod appliance;
pub(crate) mod door;
pub(crate) mod fuzz_entry;
pub(crate) mod mail;
pub(crate) mod receiver;
pub(crate) mod relay;
pub(crate) mod voice;
