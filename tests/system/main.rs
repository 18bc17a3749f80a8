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
    #[expect(dead_code, reason = "other tests use the rest of it")]
    pub(crate) mod appliance;
    pub(crate) mod authority;
    pub(crate) mod baresip;
    pub(crate) mod demo;
    pub(crate) mod dnsmasq;
    #[expect(dead_code, reason = "other tests use the rest of it")]
    pub(crate) mod door;
    pub(crate) mod exim;
    pub(crate) mod kamailio;
    pub(crate) mod mail;
    pub(crate) mod postfix;
    pub(crate) mod programs;
    #[expect(dead_code, reason = "other tests use the rest of it")]
    pub(crate) mod receiver;
    pub(crate) mod sip;
    pub(crate) mod sipp;
    pub(crate) mod talk;
    pub(crate) mod tshark;
    pub(crate) mod voice;
}

mod hearing;
mod listening;
mod modem_clients;
mod path_quality;
mod postfix_relay;
mod receiver;
mod sip_appliance;
mod sip_far_ends;
mod sip_peers;
mod sip_phone;
mod sip_registration;
mod sip_sound;
mod smtp_clients;
mod web_browser;
mod web_newcomer;
mod web_schema;
