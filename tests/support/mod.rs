//! What the tests share: built parts, and peers that speak the real protocol.

pub(crate) mod appliance;
pub(crate) mod browser;
pub(crate) mod door;
pub(crate) mod fuzz_entry;
pub(crate) mod mail;
pub(crate) mod modem;
pub(crate) mod receiver;
pub(crate) mod relay;
pub(crate) mod voice;

/// How attempts ended, without what happened on their way.
pub(crate) fn ends(
    reports: Vec<smtp_appliance::channel::Report>,
) -> Vec<smtp_appliance::channel::Outcome> {
    reports.into_iter().map(|report| report.outcome).collect()
}
