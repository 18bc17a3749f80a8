//! Any other source: what the words, labels and names of a mail tell.

use super::{Event, Kind, Mail};
use crate::alert::label::Labels;
use crate::alert::words::{
    Sense, fold, marker, read_kind, senses, severity_beside, severity_of, severity_word, tokens,
};
use crate::alert::{Severity, host, identity};

/// Characters of the subject (or first line) that are read.
const MAX_LINE: usize = 400;

const STATE: &[&str] = &[
    "status",
    "state",
    "estado",
    "alert state",
    "alarm state",
    "alert status",
    "alarm status",
    "current state",
    "current status",
    "new state",
    "new status",
    "estado actual",
    "nuevo estado",
    "notification type",
    "tipo de notificacion",
    "event type",
    "tipo de evento",
    "transition",
    "result",
    "resultado",
    "outcome",
    "job status",
    "backup status",
    "condition",
    "etat",
    "zustand",
    "situacion",
    "situacao",
];
const SEVERITY: &[&str] = &[
    "severity",
    "gravedad",
    "severidad",
    "alert severity",
    "event severity",
    "alarm severity",
    "severity level",
    "priority",
    "prioridad",
    "level",
    "nivel",
    "criticality",
    "criticidad",
    "urgency",
    "urgencia",
    "importance",
    "importancia",
    "alert level",
    "nivel de alerta",
    "schweregrad",
    "severite",
    "gravite",
    "gravidade",
    "severidade",
    "alarm level",
    "log level",
];
const CHECK: &[&str] = &[
    "service",
    "servicio",
    "sensor",
    "check",
    "check name",
    "monitor",
    "monitor name",
    "trigger",
    "disparador",
    "alert name",
    "alertname",
    "alarm name",
    "rule",
    "rule name",
    "regla",
    "job name",
    "job",
    "trabajo",
    "tarea",
    "task",
    "problem name",
    "nombre del problema",
    "probe",
    "metric",
    "metrica",
    "alarm",
    "alarma",
    "component",
    "componente",
    "service description",
    "event name",
    "comprobacion",
];
const ID: &[&str] = &[
    "problem id",
    "alert id",
    "incident id",
    "incident number",
    "incident",
    "alarm id",
    "issue id",
    "id del problema",
    "id de alerta",
    "id de incidente",
    "id del incidente",
    "incidente",
    "numero de incidente",
    "original problem id",
    "identificador",
    "ticket",
    "ticket id",
    "event number",
    "alert number",
];

pub(super) fn read(mail: &Mail<'_>) -> Vec<Event> {
    let body = mail.body();
    let line = if mail.subject.is_empty() {
        body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
    } else {
        mail.subject.as_str()
    };
    let line: String = line.chars().take(MAX_LINE).collect();
    let line = line.as_str();
    let labels = mail.labels();
    let folded = fold(line);
    // "Out of office" answers nothing about any machine.
    let answered = mail.header("auto-submitted").is_some_and(|how| fold(&how).contains("replied"))
        || mail.has_header("x-autoreply")
        || ["automatic reply", "respuesta automatica", "out of office", "fuera de la oficina"]
            .iter()
            .any(|start| folded.starts_with(start));
    let kind = if answered { Kind::Other } else { kind(line, body, &labels) };
    let (severity, severity_text) = severity(kind, line, &labels);
    let host = host::from_pairs(line)
        .or_else(|| host::from_labels(&labels))
        .or_else(|| host::from_line(line))
        .or_else(|| body.lines().take(8).find_map(host_in_body))
        .or_else(|| host::from_sender(&mail.text.from));
    let told = !matches!(kind, Kind::Test | Kind::Other);
    let check = labels
        .first_of(CHECK)
        .filter(|check| check.chars().count() <= 80)
        .map(str::to_owned)
        .or_else(|| if told { identity::topic(line, host.as_deref()) } else { None });
    let problem_id = labels
        .first_of(ID)
        .filter(|id| id.len() <= 60 && !id.contains(' ') && id.bytes().any(|b| b.is_ascii_digit()))
        .map(str::to_owned)
        .or_else(|| number_sign(line));
    let sender = mail.text.from.rsplit('<').next().unwrap_or_default().trim_end_matches('>');
    let place = host.clone().unwrap_or_else(|| sender.to_owned());
    let key = problem_id.clone().unwrap_or_else(|| {
        let core = identity::core(line);
        // A subject of nothing but state words ("ALERT") leaves the telling to the label.
        let core =
            if core.is_empty() { check.as_deref().map(fold).unwrap_or_default() } else { core };
        format!("{place}/{core}")
    });
    vec![Event {
        source: "generic".to_owned(),
        kind,
        severity,
        severity_text,
        host,
        check,
        problem_id,
        summary: line.to_owned(),
        identity: key,
    }]
}

/// The subject tells; where it does not, or only says "alert", the body's labels and first lines.
fn kind(subject: &str, body: &str, labels: &Labels<'_>) -> Kind {
    let spoken = read_kind(subject);
    let labelled = || {
        let state = labels.first_of(STATE).filter(|state| state.len() <= 80)?;
        read_kind(state).filter(|reading| !reading.weak).map(|reading| reading.kind)
    };
    match spoken {
        Some(reading) if reading.kind == Kind::Report => match labelled() {
            Some(Kind::Problem) => Kind::Problem,
            _ => Kind::Report,
        },
        Some(reading) if !reading.weak => reading.kind,
        weak => labelled().or_else(|| in_body(body)).or(weak.map(|weak| weak.kind)).unwrap_or_else(
            || {
                let grade = labels.first_of(SEVERITY).and_then(severity_of);
                let wrong = grade.is_some_and(|grade| grade > Severity::Info);
                if wrong { Kind::Problem } else { Kind::Other }
            },
        ),
    }
}

/// The first line of the body's beginning that tells a state; quotations, links and signatures
/// tell none.
fn in_body(body: &str) -> Option<Kind> {
    let lines = body.lines().take_while(|line| line.trim_end() != "--").filter(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('>') && !line.contains("://") && line.len() <= 300
    });
    let readings: Vec<_> = lines.take(12).filter_map(read_kind).collect();
    let sure = readings.iter().find(|reading| !reading.weak && reading.kind != Kind::Report);
    sure.or_else(|| readings.iter().find(|reading| reading.kind == Kind::Report))
        .or_else(|| readings.first())
        .map(|reading| reading.kind)
}

/// By label, by the mark at the beginning of the subject, by its words.
fn severity(kind: Kind, subject: &str, labels: &Labels<'_>) -> (Option<Severity>, Option<String>) {
    let labelled = labels.first_of(SEVERITY).filter(|word| word.chars().count() <= 30);
    if let Some(word) = labelled
        && let Some(severity) = severity_of(word)
    {
        return (Some(severity), Some(word.to_owned()));
    }
    let marked = marker(subject).and_then(|(mark, _)| spoken(kind, mark));
    let free = matches!(
        kind,
        Kind::Problem | Kind::Recovery | Kind::Acknowledgement | Kind::Downtime | Kind::Flapping
    );
    let found = marked.or_else(|| {
        let rest = spoken(kind, subject).filter(|_| free);
        rest.or_else(|| {
            let state = labels.first_of(STATE).filter(|state| free && state.len() <= 80)?;
            spoken(kind, state)
        })
    });
    found.map_or((None, None), |(severity, word)| (Some(severity), Some(word)))
}

/// The gravest grading word of a line that fits the kind: a recovery is not as grave as what it
/// ends, a problem is no "OK".
fn spoken(kind: Kind, line: &str) -> Option<(Severity, String)> {
    let words = tokens(line);
    if let Some((severity, token)) = severity_beside(&words) {
        return Some((severity, line.get(token.start..token.end)?.to_owned()));
    }
    let negated: Vec<_> =
        senses(&words).into_iter().filter(|f| f.sense == Sense::Success).collect();
    let fits = |severity: Severity| match kind {
        Kind::Recovery => severity == Severity::Info,
        Kind::Problem => severity > Severity::Info,
        Kind::Update
        | Kind::Acknowledgement
        | Kind::Downtime
        | Kind::Flapping
        | Kind::Test
        | Kind::Report
        | Kind::Other => true,
    };
    let graded = words.iter().enumerate().filter_map(|(at, token)| {
        let quiet = negated.iter().any(|found| (found.at..found.at + found.words).contains(&at));
        let severity = severity_word(token).filter(|severity| !quiet && fits(*severity))?;
        let word = line.get(token.start..token.end)?;
        // A sign such as 🔴 is no word to read aloud.
        Some((
            severity,
            if word.is_ascii() || word.chars().any(char::is_alphabetic) {
                word
            } else {
                token.text.as_str()
            }
            .to_owned(),
        ))
    });
    graded.reduce(|best, next| if next.0 > best.0 { next } else { best })
}

/// A machine in running text: only what cannot be anything else.
fn host_in_body(line: &str) -> Option<String> {
    if !host::may_be_host_like(line) || line.contains("://") || line.len() > 300 {
        return None;
    }
    host::from_line(line).filter(|found| host::is_host_like(found))
}

/// `#12345` of a subject.
fn number_sign(subject: &str) -> Option<String> {
    subject.split('#').skip(1).find_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(20).collect();
        (digits.len() >= 3).then_some(digits)
    })
}
