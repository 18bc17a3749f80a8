//! Munin (`munin-limits`). One mail can hold fields in several states: an event for each state, the
//! gravest first, as in `WARNINGs: / is 85.` and `OKs: /var is 40.`. "OKs" lists what was bad
//! before. Contacts may have their own text; then the subject's state counts.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::fold;

const STATES: [(&str, &str); 4] =
    [("criticals", "CRITICAL"), ("warnings", "WARNING"), ("unknowns", "UNKNOWN"), ("oks", "OK")];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "munin")?;
    let words = || rest.split(|c: char| c.is_whitespace() || c == ':' || c == ',');
    let state = words().find(|word| STATES.iter().any(|(_, state)| state == word));
    let path = rest.split_whitespace().find(|word| word.contains("::"));
    let mut names = path.unwrap_or_default().rsplit("::").filter(|name| !name.is_empty());
    let (check, host) = match path {
        Some(_) => (names.next(), names.next()),
        None => (plugin_of(mail.body()), words().rfind(|word| is_host(word))),
    };
    let mut events = Vec::new();
    for (name, state) in STATES {
        for (_, fields) in label::labels(mail.body()).filter(|(label, _)| fold(label) == name) {
            let field = fields.split(" is ").next().unwrap_or(fields);
            let key = format!("{}/{}/{field}", host.unwrap_or_default(), check.unwrap_or_default());
            let line = mail.body().lines().next().unwrap_or_default();
            let summary = format!("{}: {state} {fields}", line.trim_end_matches(':'));
            events.push(event(state, host, check).told(&summary).known_by(&key));
        }
    }
    // The subject names the state that matters: it comes first.
    events.sort_by_key(|event| event.severity_text.as_deref() != state);
    if events.is_empty() {
        events.push(event(state?, host, check));
    }
    Some(events)
}

fn event(state: &str, host: Option<&str>, check: Option<&str>) -> Event {
    let kind = if state == "OK" { Kind::Recovery } else { Kind::Problem };
    let mut event = Event::new("munin", kind).on(host).graded(Some(state));
    event.check = check.map(str::to_owned);
    event
}

/// "Equipo srv-db-01, gráfica Espacio en disco: …", "Host a, graph b: …".
fn plugin_of(body: &str) -> Option<&str> {
    ["gráfica ", "graph ", "plugin "].iter().find_map(|word| label::between(body, word, ":"))
}

fn is_host(word: &str) -> bool {
    !word.is_empty()
        && STATES.iter().all(|(_, state)| *state != word)
        && !word.contains("notification")
        && word != "-notification"
}
