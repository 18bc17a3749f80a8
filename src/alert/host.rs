//! Which machine a mail is about.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::label;
use super::words::{Token, fold, tokens};

/// Labels that name the machine, the surest first.
const LABELS: &[&str] = &[
    "host",
    "hostname",
    "host name",
    "host affected",
    "affected host",
    "server",
    "server name",
    "servername",
    "servidor",
    "nombre del servidor",
    "equipo",
    "nombre del equipo",
    "maquina",
    "nombre de host",
    "anfitrion",
    "node",
    "nodo",
    "node name",
    "device",
    "device name",
    "nombre del dispositivo",
    "dispositivo",
    "computer",
    "computer name",
    "machine",
    "machine name",
    "system name",
    "nas name",
    "instance",
    "instancia",
    "hote",
    "serveur",
    "rechner",
    "gerat",
    "servidor afectado",
    "equipo afectado",
    "system",
    "sistema",
    "ordenador",
    "vm",
    "vm name",
    "virtual machine",
    "appliance",
    "ups name",
    "router",
    "switch",
    "ap name",
    "access point",
    "camera",
    "site",
    "target",
    "objetivo",
    "sysname",
    "source host",
    "entity",
    "managed object",
    "resource",
    "recurso",
    "endpoint",
    "nas",
    "node id",
    "ip address",
    "ip",
    "direccion ip",
    "address",
    "location",
    "ubicacion",
];

/// The machine named by a label of the body.
pub(super) fn from_labels(body: &str) -> Option<String> {
    let named = LABELS.iter().find_map(|name| label::value(body, &[name]))?;
    // "web1 (10.0.0.1)" and "Servidor web nº 2 (Logroño)" are both kept: they are what people say.
    let named = named.trim_matches(['"', '\'', ',', ';']).trim();
    (!named.is_empty() && named.chars().count() <= 80 && !named.contains("://"))
        .then(|| named.to_owned())
}

/// `host=web1`, `host:web1`, `instance=web1:9100` within a line.
pub(super) fn from_pairs(line: &str) -> Option<String> {
    const KEYS: &[&str] =
        &["host", "hostname", "instance", "server", "node", "device", "servidor", "equipo", "nodo"];
    line.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '{' | '}' | ';'))
        .find_map(|word| {
            let (key, value) = word.split_once(['=', ':'])?;
            let value = value.trim_matches(['"', '\'', '.', '!', ']', '[']);
            (KEYS.contains(&fold(key.trim_start_matches(['[', '"'])).as_str()) && !value.is_empty())
                .then(|| value.to_owned())
        })
}

/// Words before a machine's name.
const NOUNS: &[&str] = &[
    "host",
    "server",
    "servidor",
    "node",
    "nodo",
    "equipo",
    "maquina",
    "machine",
    "device",
    "dispositivo",
    "computer",
    "router",
    "switch",
    "nas",
    "vm",
    "appliance",
    "hostname",
    "serveur",
    "rechner",
    "ordenador",
    "instance",
    "ap",
];
const PREPOSITIONS: &[&str] = &[
    "on", "at", "for", "from", "en", "de", "del", "of", "sur", "auf", "em", "desde", "para", "by",
];
/// Words that follow a preposition and name no machine.
const NO_HOST: &[&str] = &[
    "the",
    "a",
    "an",
    "your",
    "line",
    "battery",
    "batteries",
    "bateria",
    "la",
    "el",
    "los",
    "las",
    "linea",
    "mains",
    "all",
    "this",
    "that",
    "behalf",
    "time",
    "demand",
    "hold",
    "fire",
    "site",
    "disk",
    "disco",
    "drive",
    "volume",
    "port",
    "puerto",
    "production",
    "produccion",
    "progress",
    "curso",
    "error",
    "errors",
    "errores",
    "today",
    "hoy",
    "monday",
    "backup",
    "copia",
    "network",
    "red",
    "internet",
    "startup",
    "boot",
    "login",
    "my",
    "su",
    "tu",
    "un",
    "una",
    "service",
    "servicio",
    "device",
    "equipo",
    "host",
    "server",
    "servidor",
    "battery.",
    "at",
    "date",
    "schedule",
    "maintenance",
    "mantenimiento",
    "utility",
    "power",
    "root",
    "user",
    "usuario",
    "seguridad",
    "datos",
    "room",
    "rack",
    "racks",
    "farm",
    "side",
    "name",
    "load",
    "cpu",
    "memory",
    "certificate",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "status",
    "sala",
    "cpd",
    "standby",
    "schedule",
    "behalf",
    "windows",
    "linux",
    "http",
    "https",
    "ssl",
    "prueba",
    "test",
    "es",
    "com",
    "org",
    "net",
    "aplicacion",
    "application",
    "more",
];

/// A machine named in a line: after a noun ("server web1"), after a preposition ("on web1", "en
/// web1"), in brackets, or standing there with a full domain name or an address.
pub(super) fn from_line(line: &str) -> Option<String> {
    if let Some(host) = from_pairs(line) {
        return Some(host);
    }
    let words = tokens(line);
    let original = |token: &Token| line.get(token.start..token.end).unwrap_or_default();
    let after = |list: &'static [&'static str], fits: &dyn Fn(&Token, &str) -> bool| {
        words.windows(2).find_map(|pair| {
            let [before, token] = pair else { return None };
            (list.contains(&before.text.as_str()) && fits(token, original(token)))
                .then(|| original(token).to_owned())
        })
    };
    after(NOUNS, &|token, word| !token.break_before && is_host_like(word))
        .or_else(|| after(PREPOSITIONS, &|_, word| is_host_like(word)))
        .or_else(|| words.iter().map(original).find(|word| is_domain_name(word)).map(str::to_owned))
        .or_else(|| in_brackets(line))
        .or_else(|| words.iter().map(original).find(|word| is_address(word)).map(str::to_owned))
        .or_else(|| subject_of(line, &words))
        .or_else(|| plain_name(line, &words))
}

/// A machine's name without a word that says so: `web-01`, or `db1` where a sentence has its
/// subject.
fn subject_of(line: &str, words: &[Token]) -> Option<String> {
    const VERBS: &[&str] = &[
        "is",
        "has",
        "was",
        "esta",
        "ha",
        "se",
        "down",
        "up",
        "offline",
        "online",
        "unreachable",
        "caido",
        "caida",
        "not",
        "no",
        "failed",
        "does",
        "fuera",
        "stopped",
        "rebooted",
        "lost",
        "went",
        "cannot",
        "did",
    ];
    words.iter().enumerate().find_map(|(at, token)| {
        let word = line.get(token.start..token.end).filter(|word| is_machine_name(word))?;
        let next = words.get(at + 1);
        let stands = at == 0 || next.is_some_and(|next| VERBS.contains(&next.text.as_str()));
        (word.contains('-') || stands).then(|| word.to_owned())
    })
}

/// `on zeus`, `on NAS-OFICINA`: a word without digits where only a name can stand, before the end
/// or a verb.
fn plain_name(line: &str, words: &[Token]) -> Option<String> {
    words.windows(2).find_map(|pair| {
        let [before, token] = pair else { return None };
        let rest = line.get(token.start..)?;
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')));
        let word = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches('-');
        let capital = word.starts_with(char::is_uppercase);
        let preposition = match before.text.as_str() {
            "on" | "host" | "server" | "node" | "servidor" => true,
            "en" | "nodo" | "at" | "from" | "for" => capital,
            _ => false,
        };
        let next = words.iter().find(|next| next.start >= token.start + word.len());
        let ends = next.is_none_or(|next| {
            next.break_before
                || matches!(
                    next.text.as_str(),
                    "is" | "has" | "was" | "esta" | "ha" | "no" | "failed" | "fallo"
                )
        });
        let name =
            word.len() >= 2 && !NO_HOST.contains(&token.text.as_str()) && !token.break_before;
        (preposition && ends && name).then(|| word.to_owned())
    })
}

/// `[web-01]`, `(db1.example.org)`.
fn in_brackets(line: &str) -> Option<String> {
    line.split(['[', '(']).skip(1).find_map(|part| {
        let (inner, _) = part.split_once([']', ')'])?;
        let inner = inner.trim();
        let joined = inner.contains('-') && inner.starts_with(char::is_uppercase);
        let word = inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (is_host_like(inner) || joined && word).then(|| inner.to_owned())
    })
}

/// A word that can only be a machine's name: `web-01`, `db1`, `srv1.example.org`, `10.0.0.1:443`.
pub(super) fn is_host_like(word: &str) -> bool {
    is_domain_name(word) || is_address(word) || is_machine_name(word)
}

/// Letters and digits, such as `srv-db-01`, `NAS2`, `web01`.
fn is_machine_name(word: &str) -> bool {
    let name = word.split_once(':').map_or(word, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { name } else { word }
    });
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let hyphenated = parts.len() >= 2 && letters >= 1 && name.contains('-');
    let plain = parts.len() == 1 && letters >= 2;
    let no_host = [
        "tcp", "udp", "ipv4", "ipv6", "sha1", "sha256", "md5", "utf8", "raid", "p1", "eth", "sda",
        "sdb", "ens", "eno", "enp", "vlan", "md", "nvme", "disk", "disco", "port", "gi0", "tls1",
        "http2", "smtp", "cpu", "ram", "fan", "psu", "lun", "bay", "slot", "x86", "exit", "log4j",
        "s3", "cve", "kb", "fail2ban", "ups", "covid", "phase", "base64", "zone", "sev", "id",
        "job", "temp", "sensor", "vol", "volume", "pool", "evento", "event", "error", "err",
        "code", "line", "build", "release", "ver", "version", "rev", "self", "ipmi", "nvme0n",
        "disk-", "usb", "com", "tty", "dimm", "core", "zfs", "ext",
    ]
    .iter()
    .any(|no| {
        let rest = name.to_ascii_lowercase();
        rest.strip_prefix(no).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.')
        })
    });
    allowed
        && digits > 0
        && digits <= 8
        && name.len() <= 63
        && (hyphenated || plain)
        && !no_host
        && !is_file(name)
}

/// A full domain name: two dots or a known ending, no file name.
fn is_domain_name(word: &str) -> bool {
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

fn is_address(word: &str) -> bool {
    let bare = word.trim_matches(['[', ']']);
    let v4 = bare.split_once(':').map_or(bare, |(address, _)| address);
    // The machine's own view of itself names none.
    v4.parse::<Ipv4Addr>().is_ok_and(|v4| !v4.is_loopback() && !v4.is_unspecified())
        || bare.parse::<Ipv6Addr>().is_ok_and(|v6| !v6.is_loopback() && !v6.is_unspecified())
}

/// The machine part of a mail address that a daemon sends from: `root@web1.example.org`.
pub(super) fn from_sender(from: &str) -> Option<String> {
    const DAEMONS: &[&str] = &[
        "root",
        "cron",
        "daemon",
        "admin",
        "administrator",
        "system",
        "monitor",
        "alerts",
        "noreply",
        "no-reply",
        "backup",
        "nagios",
    ];
    let address = from.rsplit_once('<').map_or(from, |(_, address)| address);
    let (local, domain) = address.trim_end_matches('>').trim().split_once('@')?;
    let domain = domain.split_whitespace().next()?;
    let machine = domain.matches('.').count() >= 2 || (!domain.contains('.') && !domain.is_empty());
    (DAEMONS.contains(&local.to_ascii_lowercase().as_str()) && machine && domain != "localhost")
        .then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{from_labels, from_line, from_sender};

    #[test]
    fn finds_machines_in_lines() {
        let cases = [
            ("Disk full on srv-db-01", Some("srv-db-01")),
            ("Copia terminada con errores en srv-bk-01", Some("srv-bk-01")),
            ("web01.example.org: load too high", Some("web01.example.org")),
            ("[CRITICAL] [nas-02] volume degraded", Some("nas-02")),
            ("CPU high on host:web-1", Some("web-1")),
            ("Backup failed on zeus", Some("zeus")),
            ("Copia fallida en Zeus", Some("Zeus")),
            ("Host 10.0.0.7 is down", Some("10.0.0.7")),
            ("Service nginx on web1 (10.0.0.1) is down", Some("web1")),
            ("https://www.example.com is DOWN", Some("www.example.com")),
            ("UPS on battery", None),
            ("Error en la aplicación: tiempo de espera agotado", None),
            ("backup.sh failed", None),
            ("Disk sda1 failed", None),
            ("Fallo en disco", None),
            ("Sensor temp1: 41.5 C at 12:30", None),
        ];
        for (line, host) in cases {
            assert_eq!(from_line(line).as_deref(), host, "{line}");
        }
    }

    #[test]
    fn finds_machines_elsewhere() {
        assert_eq!(from_labels("Device Name: SW-1\nSeverity: x").as_deref(), Some("SW-1"));
        assert_eq!(
            from_sender("root <root@web1.example.org>").as_deref(),
            Some("web1.example.org")
        );
        assert_eq!(from_sender("ana@web1.example.org"), None);
        assert_eq!(from_sender("root@example.org"), None);
    }
}
