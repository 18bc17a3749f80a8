//! What a machine's name looks like, and what only looks like one.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A word that can only be a machine's name: `web-01`, `db1`, `srv1.example.org`, `10.0.0.1:443`.
pub(in crate::alert) fn is_host_like(word: &str) -> bool {
    may_be_host_like(word) && (is_domain_name(word) || is_address(word) || is_machine_name(word))
}

/// Whether a text has what [`is_host_like`] words have in them; most have not, and this tells
/// quickly.
pub(in crate::alert) fn may_be_host_like(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':'))
}

/// Letters and digits, such as `srv-db-01`, `NAS2`, `web01`.
pub(super) fn is_machine_name(word: &str) -> bool {
    let name = word.split_once(':').map_or(word, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { name } else { word }
    });
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || digits > 8 || name.len() > 63 {
        return false;
    }
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let hyphenated = letters >= 1 && name.contains('-');
    let plain = letters >= 2 && !name.contains(['-', '_', '.']);
    let is_numbered_thing = || {
        NUMBERED.iter().any(|thing| {
            let rest = name.get(..thing.len()).filter(|start| start.eq_ignore_ascii_case(thing));
            rest.and_then(|_| name.get(thing.len()..)).is_some_and(|rest| {
                !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'))
            })
        })
    };
    allowed && (hyphenated || plain) && !is_numbered_thing() && !is_file(name)
}

/// What is numbered and no machine: `sda1`, `port-5`, `raid0`, `CVE-2024-1`.
const NUMBERED: &[&str] = &[
    "latin", "iso", "utf", "tcp", "udp", "ipv4", "ipv6", "sha1", "sha256", "md5", "utf8", "raid",
    "p1", "eth", "sda", "sdb", "ens", "eno", "enp", "vlan", "md", "nvme", "disk", "disco", "port",
    "gi0", "tls1", "http2", "smtp", "cpu", "ram", "fan", "psu", "lun", "bay", "slot", "x86",
    "exit", "log4j", "s3", "cve", "kb", "fail2ban", "ups", "covid", "phase", "base64", "zone",
    "sev", "id", "job", "temp", "sensor", "vol", "volume", "pool", "evento", "event", "error",
    "err", "code", "line", "build", "release", "ver", "version", "rev", "self", "ipmi", "nvme0n",
    "disk-", "usb", "com", "tty", "dimm", "core", "zfs", "ext",
];

/// A full domain name: two dots or a known ending, no file name.
pub(super) fn is_domain_name(word: &str) -> bool {
    if !word.contains('.') {
        return false;
    }
    let name = word.split_once(':').map_or(word, |(name, _)| name);
    let mut labels = name.split('.');
    let valid = labels.clone().count() >= 2
        && labels.clone().all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        });
    let end = labels.next_back().unwrap_or_default();
    let top = (2..=13).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphabetic());
    valid
        && top
        && name.len() <= 253
        && name.bytes().any(|b| b.is_ascii_alphabetic())
        && !is_file(name)
        && (name.matches('.').count() >= 2 || TOP.contains(&end.to_ascii_lowercase().as_str()))
}

/// Endings of two-label names that are domains rather than files or sentences without a blank.
const TOP: &[&str] = &[
    "com",
    "org",
    "net",
    "local",
    "lan",
    "localdomain",
    "internal",
    "intranet",
    "es",
    "gt",
    "mx",
    "home",
    "corp",
    "io",
    "eu",
    "de",
    "fr",
    "uk",
    "us",
    "info",
    "cloud",
    "edu",
    "gov",
    "lab",
    "priv",
    "test",
    "example",
    "dev",
    "ar",
    "co",
    "cl",
    "pe",
    "pt",
    "it",
    "br",
    "ad",
    "arpa",
];

fn is_file(name: &str) -> bool {
    const FILES: &[&str] = &[
        "sh", "log", "py", "service", "txt", "gz", "conf", "db", "vmdk", "exe", "zip", "tar",
        "sql", "bak", "json", "xml", "cfg", "iso", "img", "csv", "pdf", "php", "pl", "ps1", "bat",
        "cmd", "timer", "mount", "socket", "yml", "yaml", "ini", "dat", "html", "js", "rb", "vbk",
        "vib", "vhdx", "qcow2", "tgz", "xz", "bz2", "target", "slice", "rpm", "deb", "msi", "dll",
        "tmp", "zst", "vma", "raw",
    ];
    name.rsplit_once('.').is_some_and(|(_, end)| FILES.contains(&end.to_ascii_lowercase().as_str()))
}

pub(super) fn is_address(word: &str) -> bool {
    let bare = word.trim_matches(['[', ']']);
    let v4 = bare.split_once(':').map_or(bare, |(address, _)| address);
    // The machine's own view of itself names none.
    v4.parse::<Ipv4Addr>().is_ok_and(|v4| !v4.is_loopback() && !v4.is_unspecified())
        || bare.parse::<Ipv6Addr>().is_ok_and(|v6| !v6.is_loopback() && !v6.is_unspecified())
}

/// `srv-erp`, `nas-casa`: how machines are named the world over.
pub(super) fn has_machine_prefix(word: &str) -> bool {
    has_prefix(word, PREFIXES)
}

pub(super) fn has_prefix(word: &str, prefixes: &[&str]) -> bool {
    word.split_once('-').is_some_and(|(prefix, rest)| {
        prefixes.contains(&prefix.to_ascii_lowercase().as_str()) && rest.len() >= 2
    })
}

/// Those that begin no other word.
pub(super) const SURE_PREFIXES: &[&str] =
    &["srv", "nas", "esx", "esxi", "sw", "fw", "rtr", "pve", "san"];
const PREFIXES: &[&str] = &[
    "srv", "server", "nas", "web", "db", "sw", "fw", "pc", "vm", "esx", "esxi", "host", "ap",
    "rtr", "dc", "ups", "sai", "pve", "node", "k8s", "mail", "app", "bk", "san",
];
