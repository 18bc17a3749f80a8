//! What each channel says: the mail's own words, in the shape the channel and the person want.

mod vocabulary;

use std::cmp::Reverse;

use super::mail::clean::one_line;
use super::{Alert, Event, Kind};
use crate::config::{Field, Language, Template, Templates, TextTemplates};
use vocabulary::{Vocabulary, vocabulary};

/// Characters of one line of a digest.
const MAX_DIGEST_LINE: usize = 70;
/// Lines of a digest; the rest is counted.
const MAX_DIGEST_LINES: usize = 40;

/// What an SMS says: sender, subject, date and text of the mail, or the configured template.
#[must_use]
pub fn sms(alert: &Alert, language: &Language, templates: &Templates) -> String {
    let words = vocabulary(language);
    if let Some(template) = template_of(templates, language, |texts| texts.sms.as_ref()) {
        return fill(template, alert, words);
    }
    let mail = &alert.text;
    let headers =
        [(words.from, &mail.from), (words.subject, &mail.subject), (words.date, &mail.date)];
    let mut text = String::new();
    for (label, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&[label, ": ", value, "\n"].concat());
    }
    if !text.is_empty() && !mail.body.is_empty() {
        text.push('\n');
    }
    text.push_str(&mail.body);
    text.trim_end().to_owned()
}

/// What a call says: the subject, the whole text of a mail without one, or the configured template.
#[must_use]
pub fn call(alert: &Alert, language: &Language, templates: &Templates) -> String {
    if let Some(template) = template_of(templates, language, |texts| texts.call.as_ref()) {
        return fill(template, alert, vocabulary(language));
    }
    mail(alert)
}

/// How the mail channel's message is spoken of: its subject, or the text of a mail without one. The
/// mail itself goes out as it came in.
#[must_use]
pub fn mail(alert: &Alert) -> String {
    let text = if alert.text.subject.is_empty() { &alert.text.body } else { &alert.text.subject };
    if text.is_empty() { alert.text.from.clone() } else { text.clone() }
}

/// Several alerts as one short message, the gravest first, a line each.
#[must_use]
pub fn digest(alerts: &[Alert], language: &Language) -> String {
    let words = vocabulary(language);
    let mut text = format!("{} {}:", alerts.len(), words.alerts);
    for alert in gravest_first(alerts).into_iter().take(MAX_DIGEST_LINES) {
        text.push('\n');
        text.push_str(&digest_line(alert, words));
    }
    if alerts.len() > MAX_DIGEST_LINES {
        text.push('\n');
        text.push_str(&words.and_more(alerts.len() - MAX_DIGEST_LINES));
    }
    text
}

/// Alerts in the order in which people want to know of them: problems before the rest, the gravest
/// first.
#[must_use]
pub fn gravest_first(alerts: &[Alert]) -> Vec<&Alert> {
    let mut alerts: Vec<&Alert> = alerts.iter().collect();
    alerts.sort_by_key(|alert| Reverse(leading_event(alert).map(weight)));
    alerts
}

/// `critical: web-01: disk full`, `resolved: web-01: disk full`.
fn digest_line(alert: &Alert, words: &Vocabulary) -> String {
    let Some(event) = leading_event(alert) else { return one_line(&mail(alert), MAX_DIGEST_LINE) };
    let state = match (event.kind, event.severity) {
        (Kind::Problem, Some(severity)) => words.severity(severity),
        (kind, _) => words.kind(kind),
    };
    let what = match (&event.host, &event.check) {
        (Some(host), Some(check)) if !check.contains(host.as_str()) => format!("{host}: {check}"),
        _ => event.summary.clone(),
    };
    let line = one_line(&format!("{state}: {what}"), MAX_DIGEST_LINE);
    match alert.events.len() {
        0 | 1 => line,
        count => format!("{line} (+{})", count - 1),
    }
}

/// The event that a text about one event is about: the gravest that raises, else the gravest.
fn leading_event(alert: &Alert) -> Option<&Event> {
    // The first of equals: sources put the important one first.
    alert.events.iter().rev().max_by_key(|event| weight(event))
}

fn weight(event: &Event) -> (bool, Option<super::Severity>) {
    (event.kind == Kind::Problem, event.severity)
}

/// The template of a language, of its primary subtag, or none.
fn template_of<'a>(
    templates: &'a Templates,
    language: &Language,
    text: impl Fn(&'a TextTemplates) -> Option<&'a Template>,
) -> Option<&'a Template> {
    let by_language = &templates.by_language;
    let exact = by_language.get(language).and_then(&text);
    let primary = || {
        let primary = language.primary().parse::<Language>().ok()?;
        by_language.get(&primary).and_then(&text)
    };
    exact.or_else(primary)
}

fn fill(template: &Template, alert: &Alert, words: &Vocabulary) -> String {
    let event = leading_event(alert);
    let of_event =
        |value: fn(&Event) -> Option<&str>| event.and_then(value).unwrap_or_default().to_owned();
    let mut text = template.fill(|field| match field {
        Field::From => alert.text.from.clone(),
        Field::Subject => alert.text.subject.clone(),
        Field::Date => alert.text.date.clone(),
        Field::Body => alert.text.body.clone(),
        Field::Source => of_event(|event| Some(&event.source)),
        Field::Kind => event.map(|event| words.kind(event.kind).to_owned()).unwrap_or_default(),
        Field::Severity => event.map(|event| severity(event, words)).unwrap_or_default(),
        Field::Host => of_event(|event| event.host.as_deref()),
        Field::Check => of_event(|event| event.check.as_deref()),
        Field::ProblemId => of_event(|event| event.problem_id.as_deref()),
        Field::Summary => of_event(|event| Some(&event.summary)),
    });
    if template.tells_of_event() && alert.events.len() > 1 {
        text.push_str(&[" (", &words.and_more(alert.events.len() - 1), ")"].concat());
    }
    text.trim().to_owned()
}

/// In the person's language, else in the mail's own word.
fn severity(event: &Event, words: &Vocabulary) -> String {
    let own = || event.severity_text.clone().unwrap_or_default();
    event.severity.map_or_else(own, |severity| words.severity(severity).to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Alert, Language, Templates, TextTemplates, call, digest, sms};
    use crate::alert::{AlertId, Origin, understand};

    fn alert(raw: &str) -> Alert {
        let (text, events) = understand(raw.as_bytes(), &Origin::default());
        Alert {
            id: AlertId::default(),
            received: Timestamp::UNIX_EPOCH,
            origin: Origin::default(),
            people: Vec::new(),
            text,
            events,
        }
    }

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    fn templates(tag: &str, sms: &str) -> Templates {
        let texts = TextTemplates {
            sms: Some(sms.parse().unwrap()),
            call: Some("¡{severity}! {host}".parse().unwrap()),
        };
        Templates { by_language: [(language(tag), texts)].into() }
    }

    const MAIL: &str = "From: mon@example.org\r\nSubject: Disk full on web-01\r\nDate: today\r\n\r\nUsage: 97 %\r\nSeverity: High\r\n";

    #[test]
    fn built_in_texts() {
        let none = Templates::default();
        let alert_1 = alert(MAIL);
        insta::assert_snapshot!(sms(&alert_1, &language("en"), &none), @r"
        From: mon@example.org
        Subject: Disk full on web-01
        Date: today

        Usage: 97 %
        Severity: High
        ");
        insta::assert_snapshot!(sms(&alert_1, &language("es-GT"), &none), @r"
        De: mon@example.org
        Asunto: Disk full on web-01
        Fecha: today

        Usage: 97 %
        Severity: High
        ");
        assert_eq!(call(&alert_1, &language("en"), &none), "Disk full on web-01");
        let bare = alert("disk full on web-01\r\nnow");
        assert_eq!(call(&bare, &language("en"), &none), "disk full on web-01\nnow");
        assert_eq!(sms(&bare, &language("en"), &none), "disk full on web-01\nnow");
    }

    #[test]
    fn templates_by_language() {
        let templates = templates("es", "{kind} {severity}: {summary} [{problem_id}]");
        let alert = alert(MAIL);
        let spanish = "problema crítico: Disk full on web-01 []";
        assert_eq!(sms(&alert, &language("es"), &templates), spanish);
        assert_eq!(sms(&alert, &language("es-GT"), &templates), spanish);
        assert_eq!(call(&alert, &language("es"), &templates), "¡crítico! web-01");
        assert_eq!(call(&alert, &language("en"), &templates), "Disk full on web-01");
    }

    #[test]
    fn several_events_are_counted() {
        let raw = "Subject: TrueNAS nas.example.org: Alerts\r\n\r\nNew alerts:\r\n* Pool tank is DEGRADED\r\n* Disk ada3 failed\r\n\r\nThe following alert has been cleared:\r\n* Update available\r\n";
        let text = sms(&alert(raw), &language("en"), &templates("en", "{kind}: {summary}"));
        assert_eq!(text, "problem: nas.example.org: Pool tank is DEGRADED (and 2 more)");
    }

    #[test]
    fn a_storm_in_one_message() {
        let recovery = "Subject: [RESOLVED] Disk full on web-01\r\n\r\n";
        let alerts: Vec<_> = [recovery, MAIL, "Subject: hello\r\n\r\n"].map(alert).into();
        insta::assert_snapshot!(digest(&alerts, &language("en")), @r"
        3 alerts:
        critical: web-01: Disk full
        resolved: web-01: Disk full
        notice: hello
        ");
        let storm: Vec<_> = (0..100).map(|_| alert(MAIL)).collect();
        let text = digest(&storm, &language("es"));
        assert!(text.starts_with("100 alertas:\ncrítico: web-01: Disk full\n"));
        assert!(text.ends_with("\ny 60 más"));
    }
}
