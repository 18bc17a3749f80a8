//! What the tests share: built parts, and peers that speak the real protocol.

pub(crate) mod door;
pub(crate) mod receiver;
