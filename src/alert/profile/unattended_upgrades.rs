//! unattended-upgrades: `unattended-upgrades result for HOST: SUCCESS`, with marks such as
//! `[reboot required]` before it.

use super::{Event, Kind, Mail, short_name};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (_, rest) = mail.subject.split_once("nattended-upgrades result for ")?;
    let (host, result) = rest.split_once(": ").unwrap_or((rest, ""));
    let host = host.trim_matches(['\'', ' ']);
    let failed = result.starts_with("FAIL") || result.starts_with("False");
    let kind = if failed { Kind::Problem } else { Kind::Report };
    Event::new("unattended-upgrades", kind).on(Some(&short_name(host))).known_by(host).alone()
}
