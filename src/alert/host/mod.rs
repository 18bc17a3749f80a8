//! Which machine a mail is about.

mod name;

pub(super) use name::{is_host_like, may_be_host_like};

use name::{
    SURE_PREFIXES, has_machine_prefix, has_prefix, is_address, is_domain_name, is_machine_name,
};

use super::label::Labels;
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
pub(super) fn from_labels(labels: &Labels<'_>) -> Option<String> {
    let named = labels.first_of(LABELS)?;
    // "web1 (10.0.0.1)" and "Servidor web nº 2 (Logroño)" are both kept: they are what people say.
    let named = named.trim_matches(['"', '\'', ',', ';']).trim();
    (!named.is_empty() && named.chars().count() <= 80 && !named.contains("://"))
        .then(|| named.to_owned())
}

/// `host=web1`, `host:web1`, `instance=web1:9100` within a line.
pub(super) fn from_pairs(line: &str) -> Option<String> {
    const KEYS: &[&str] =
        &["host", "hostname", "instance", "server", "node", "device", "servidor", "equipo", "nodo"];
    memchr::memchr2(b'=', b':', line.as_bytes())?;
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
    let original = |token: &Token| machine_word(line, token);
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
        .or_else(|| {
            memchr::memchr(b'-', line.as_bytes())?;
            let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            words.into_iter().find(|word| has_prefix(word, SURE_PREFIXES)).map(str::to_owned)
        })
}

/// The word itself; of "web-01/HTTP" the part before what runs on the machine.
fn machine_word<'a>(line: &'a str, token: &Token) -> &'a str {
    let word = line.get(token.start..token.end).unwrap_or_default();
    word.split_once('/').map(|(host, _)| host).filter(|host| is_host_like(host)).unwrap_or(word)
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
        let word = Some(machine_word(line, token)).filter(|word| is_machine_name(word))?;
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
        let prefixed = has_machine_prefix(word);
        let capital = word.starts_with(char::is_uppercase);
        let preposition = match before.text.as_str() {
            "on" | "host" | "server" | "node" | "servidor" => true,
            "en" | "nodo" | "at" | "from" | "for" => capital || prefixed,
            "de" | "of" | "del" => prefixed,
            _ => false,
        };
        let next = words.iter().find(|next| next.start >= token.start + word.len());
        let ends = prefixed
            || next.is_none_or(|next| {
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
    memchr::memchr2(b'[', b'(', line.as_bytes())?;
    line.split(['[', '(']).skip(1).find_map(|part| {
        let (inner, _) = part.split_once([']', ')'])?;
        let inner = inner.trim();
        let joined = inner.contains('-') && inner.starts_with(char::is_uppercase);
        let word = inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (is_host_like(inner) || joined && word).then(|| inner.to_owned())
    })
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
    use super::super::label::Table;
    use super::{Labels, from_labels, from_line, from_sender};

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
        let text = "Device Name: SW-1\nSeverity: x";
        let table = Table::of(text);
        assert_eq!(from_labels(&Labels::new(text, &table)).as_deref(), Some("SW-1"));
        assert_eq!(
            from_sender("root <root@web1.example.org>").as_deref(),
            Some("web1.example.org")
        );
        assert_eq!(from_sender("ana@web1.example.org"), None);
        assert_eq!(from_sender("root@example.org"), None);
    }
}
