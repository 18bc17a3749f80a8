//! `[web]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::section::Section;
use super::smtp::{read_allow, read_certificate};
use super::value::{address, boolean, count, size_within, time_within};
use crate::config::{ByteSize, Web};

pub(super) fn read(mut section: Section<'_>) -> Web {
    let minute = Duration::from_mins(1);
    let month = Duration::from_hours(30 * 24);
    let web = Web {
        enabled: section.get("enabled", boolean).unwrap_or(true),
        listen: section
            .get("listen", address)
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443))),
        https: section.get("https", boolean).unwrap_or(true),
        certificate: read_certificate(&mut section),
        allow: read_allow(&mut section),
        max_connections: section.get("max_connections", count(4..=1000)).unwrap_or(64),
        max_upload: section
            .get("max_upload", size_within(ByteSize::kib(64)..=ByteSize::mib(64)))
            .unwrap_or(ByteSize::mib(4)),
        session_idle: section
            .get("session_idle", time_within(minute..=month))
            .unwrap_or(Duration::from_hours(1)),
        session_length: section
            .get("session_length", time_within(minute..=month))
            .unwrap_or(Duration::from_hours(12)),
        open_metrics: section.get("open_metrics", boolean).unwrap_or(false),
    };
    section.finish();
    web
}
