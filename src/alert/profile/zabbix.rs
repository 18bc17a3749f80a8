//! Zabbix. Its `In-Reply-To: <EVENTID.hash.MEDIATYPEID.INSTANCE@zabbix.com>` is in every mail, also
//! the first, and is the same from the problem to its recovery, whatever the templates say.

use std::borrow::Cow;

use super::{Event, Kind, Mail};
use crate::alert::words::{fold, read_kind};
use crate::alert::{host, label};

const HOST: &[&str] = &[
    "host",
    "equipo",
    "host name",
    "nombre del equipo",
    "nombre de host",
    "hostname",
    "servidor",
    "maquina",
    "hote",
    "gerat",
    "dispositivo",
    "anfitrion",
    "nodo",
    "device",
];
const SEVERITY: &[&str] = &[
    "severity",
    "gravedad",
    "severidad",
    "problem severity",
    "trigger severity",
    "criticidad",
    "prioridad",
    "nivel",
    "schweregrad",
    "severite",
    "gravite",
    "gravidade",
    "severidade",
];
const NAME: &[&str] = &[
    "problem name",
    "nombre del problema",
    "service problem name",
    "trigger",
    "disparador",
    "trigger name",
    "problem",
    "problema",
    "nom du probleme",
    "problemname",
    "nome do problema",
];
const ID: &[&str] = &[
    "original problem id",
    "original event id",
    "identificador original",
    "problem id",
    "event id",
    "id del problema",
    "id original del problema",
    "id de evento",
    "id del evento",
];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let thread = mail.header("in-reply-to").filter(|id| id.contains("@zabbix"));
    let stock = || {
        mail.label(&["original problem id", "original event id"]).is_some()
            || mail.label(&["trigger severity"]).is_some()
            || (fold(&mail.text.from).contains("zabbix") && mail.label(ID).is_some())
    };
    if thread.is_none() && !stock() {
        return None;
    }
    let (id, instance) = match &thread {
        Some(thread) => key(thread),
        None => (mail.label(ID).and_then(number), None),
    };
    if id == Some("0") {
        let test = Event::new("zabbix", Kind::Test).about("media type test");
        return test.numbered("0").known_by("test").alone();
    }
    let mut event = special(mail).unwrap_or_else(|| trigger(mail));
    if let Some(id) = id {
        let instance = instance.map(|instance| format!("@{instance}")).unwrap_or_default();
        event = event.numbered(id).known_by(&format!("{id}{instance}"));
    }
    event.alone()
}

/// Event number and instance of the thread header.
fn key(thread: &str) -> (Option<&str>, Option<&str>) {
    let inner = thread.trim().trim_start_matches('<');
    let parts = inner.split('@').next().unwrap_or(inner);
    let instance = (parts.matches('.').count() >= 3).then(|| parts.rsplit('.').next()).flatten();
    (number(parts), instance)
}

fn number(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).filter(|digits| !digits.is_empty())
}

/// Mails about other things than triggers: services, items, discovery.
fn special(mail: &Mail<'_>) -> Option<Event> {
    let subject = &mail.subject;
    for (word, check) in [
        ("autoregistration", "autoregistration"),
        ("autorregistro", "autoregistration"),
        ("discovery", "discovery"),
        ("descubrimiento", "discovery"),
    ] {
        if fold(subject).starts_with(word) {
            let named = mail.label(HOST).or_else(|| label::between(subject, ":", ""));
            return Some(Event::new("zabbix", Kind::Other).on(named).about(check));
        }
    }
    if let Some(service) = label::between(subject, "Service \"", "\"") {
        let event = Event::new("zabbix", kind(mail)).about(&format!("service {service}"));
        return Some(event.graded(mail.label(SEVERITY)));
    }
    let (what, state) = subject.rsplit_once(": ")?;
    let kind = match state {
        "Not supported" | "Unknown" => Kind::Problem,
        "Normal" => Kind::Recovery,
        _ => return None,
    };
    let (what, named) = what.rsplit_once(" on ").map_or((what, None), |(w, h)| (w, Some(h)));
    let item = what.strip_prefix("Item ").map(|name| format!("item {name}"));
    let named = mail.label(HOST).or(named);
    Some(Event::new("zabbix", kind).on(named).about(item.as_deref().unwrap_or(what)))
}

/// The subject's part after `Problem:`, `Resolved in 5m 3s:`, `Actualizado tras 40s:`.
fn event_name(subject: &str) -> &str {
    match subject.split_once(": ") {
        Some((prefix, name)) if prefix_kind(prefix).is_some() => name,
        _ => subject,
    }
}

fn trigger(mail: &Mail<'_>) -> Event {
    let name = mail.label(NAME).unwrap_or_else(|| event_name(&mail.subject));
    let named = mail.label(HOST).map(str::to_owned).or_else(|| host::from_line(name));
    let check = check(name, named.as_deref());
    Event::new("zabbix", kind(mail)).on(named.as_deref()).about(&check).graded(mail.label(SEVERITY))
}

/// Words that go on with a sentence behind the host: what they say belongs to the check.
const VERBS: [&str; 4] = ["is ", "has ", "está ", "ha "];

/// The event's name without the host and the figures that follow it.
fn check<'a>(name: &'a str, host: Option<&str>) -> Cow<'a, str> {
    let mut check = name;
    if let Some(host) = host {
        for link in [" on ", " en ", " at ", " of ", " de ", " for "] {
            if let Some((before, after)) = check.split_once(&format!("{link}{host}")) {
                if VERBS.iter().any(|verb| after.trim_start().starts_with(verb)) {
                    return format!("{before}{after}").into();
                }
                check = before;
            }
        }
        if let Some(rest) = check.strip_prefix(host) {
            let rest = rest.trim_start_matches([':', ' ', '-']);
            check = VERBS.iter().find_map(|verb| rest.strip_prefix(verb)).unwrap_or(rest);
        }
    }
    // "caduca en 7 días": the number changes from day to day.
    for link in [" en ", " in "] {
        if let Some((before, after)) = check.rsplit_once(link)
            && after.starts_with(|c: char| c.is_ascii_digit())
            && after.split_whitespace().count() <= 2
        {
            check = before;
        }
    }
    if check.trim().is_empty() { name.into() } else { check.trim().into() }
}

fn kind(mail: &Mail<'_>) -> Kind {
    let subject = &mail.subject;
    let prefix = subject.split_once(':').map_or("", |(prefix, _)| prefix);
    if let Some(kind) = prefix_kind(prefix) {
        return kind;
    }
    if let Some(state) = mail.label(&["trigger status", "status", "estado"])
        && let Some(kind) = prefix_kind(state)
    {
        return kind;
    }
    let start: String = fold(mail.body()).chars().take(300).collect();
    if start.contains("has been resolved")
        || start.contains("se resolvio")
        || start.contains("resuelto")
    {
        return Kind::Recovery;
    }
    if start.contains("current problem status") || start.contains("acknowledged") {
        return Kind::Update;
    }
    // What Zabbix sends about a trigger without saying more is a problem.
    read_kind(subject).map_or(Kind::Problem, |reading| match reading.kind {
        Kind::Report | Kind::Other | Kind::Test => Kind::Problem,
        Kind::Problem
        | Kind::Recovery
        | Kind::Update
        | Kind::Acknowledgement
        | Kind::Downtime
        | Kind::Flapping => reading.kind,
    })
}

/// The kind by the words before the colon, in the languages Zabbix is translated to.
fn prefix_kind(prefix: &str) -> Option<Kind> {
    const WORDS: &[(Kind, &[&str])] = &[
        (
            Kind::Update,
            &[
                "updat",
                "actualiza",
                "aktualisi",
                "mis a jour",
                "mise a jour",
                "atualiza",
                "aggiorna",
            ],
        ),
        (
            Kind::Recovery,
            &[
                "resolved",
                "resuelt",
                "recover",
                "recupera",
                "solucionad",
                "behoben",
                "gelost",
                "resolu",
                "resolvid",
                "risolt",
                "ok",
                "cleared",
                "solved",
                "restablecid",
            ],
        ),
        (
            Kind::Problem,
            &[
                "problem",
                "disaster",
                "high",
                "average",
                "warning",
                "information",
                "not classified",
                "desastre",
                "alta",
                "media",
                "advertencia",
                "incidencia",
            ],
        ),
    ];
    let prefix = fold(prefix);
    if prefix.chars().count() > 60 {
        return None;
    }
    // `Service "Shop" resolved in 32s`: the state may stand after a name.
    let words: Vec<&str> = prefix.split(|c: char| !c.is_alphanumeric()).collect();
    let starts = |stem: &str| {
        if stem.contains(' ') {
            prefix.contains(stem)
        } else {
            words
                .iter()
                .any(|word| if stem.len() < 3 { *word == stem } else { word.starts_with(stem) })
        }
    };
    WORDS.iter().find(|(_, stems)| stems.iter().any(|stem| starts(stem))).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::{check, key};

    #[test]
    fn reads_the_thread_header() {
        let inner = "27.3244cb.36.fab27a@zabbix.com";
        for thread in [format!("<{inner}>"), inner.to_owned()] {
            assert_eq!(key(&thread), (Some("27"), Some("fab27a")));
        }
        assert_eq!(key("<x@zabbix.com>"), (None, None));
    }

    #[test]
    fn cuts_the_event_name() {
        let host = Some("srv-db-01");
        let cases = [
            ("Replication lag is over 300 s on srv-db-01", "Replication lag is over 300 s"),
            ("Espacio en disco en srv-db-01: queda el 5 %", "Espacio en disco"),
            ("srv-db-01 is unreachable", "unreachable"),
            ("Agent on srv-db-01 is unreachable", "Agent is unreachable"),
            ("El certificado caduca en 7 días", "El certificado caduca"),
            ("srv-db-01", "srv-db-01"),
        ];
        for (name, expected) in cases {
            assert_eq!(check(name, host), expected);
        }
    }
}
