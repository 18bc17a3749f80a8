//! How a mail is understood and what each channel would say, telling nobody: `explain FILE.eml`.

use jiff::Timestamp;
use serde::Serialize;

use super::text;
use super::{Alert, AlertId, Event, Kind, Origin, Severity, understand};
use crate::config::{Language, Templates};

/// What the mail reports; one element per event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The events, each with the texts of the whole mail.
    pub alerts: Vec<Explained>,
}

/// One event of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Name of the profile that read it.
    pub source: String,
    /// Kind of news.
    pub kind: Kind,
    /// On the common scale; null if the mail does not tell.
    pub severity: Option<Severity>,
    /// In the mail's own word; null if it does not tell.
    pub severity_text: Option<String>,
    /// The machine; null if the mail does not tell.
    pub host: Option<String>,
    /// What is wrong on it; null if the mail does not tell.
    pub check: Option<String>,
    /// The source's number for the problem; null if the mail does not tell.
    pub problem_id: Option<String>,
    /// One line a person understands.
    pub summary: String,
    /// What is the same from the problem to its recovery.
    pub identity: String,
    /// What the channels say.
    pub texts: Texts,
}

/// What each channel says about the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Texts {
    /// Subject of the relayed mail; the mail itself goes out as it came in.
    pub mail: String,
    /// Text of the SMS, before it is cut into parts.
    pub sms: String,
    /// What a call says.
    pub call: String,
}

/// Explains a mail as a person of this language would be told of it.
#[must_use]
pub fn explain(raw: &[u8], language: &Language, templates: &Templates) -> Explanation {
    let (mail, events) = understand(raw, &Origin::default());
    let alert = Alert {
        id: AlertId::default(),
        received: Timestamp::UNIX_EPOCH,
        origin: Origin::default(),
        people: Vec::new(),
        text: mail,
        events,
    };
    let texts = Texts {
        mail: text::mail(&alert),
        sms: text::sms(&alert, language, templates),
        call: text::call(&alert, language, templates),
    };
    let explained = |event: Event| Explained {
        source: event.source,
        kind: event.kind,
        severity: event.severity,
        severity_text: event.severity_text,
        host: event.host,
        check: event.check,
        problem_id: event.problem_id,
        summary: event.summary,
        identity: event.identity,
        texts: texts.clone(),
    };
    Explanation { alerts: alert.events.into_iter().map(explained).collect() }
}

impl Explanation {
    /// For a terminal: a block of facts per event, then the texts once.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut table = String::new();
        for (number, alert) in self.alerts.iter().enumerate() {
            if self.alerts.len() > 1 {
                table.push_str(&format!("event {} of {}\n", number + 1, self.alerts.len()));
            }
            let severity = match (alert.severity, alert.severity_text.as_deref()) {
                (Some(severity), Some(word)) => Some(format!("{} (\"{word}\")", severity.as_str())),
                (Some(severity), None) => Some(severity.as_str().to_owned()),
                (None, word) => word.map(|word| format!("\"{word}\"")),
            };
            let rows = [
                ("source", Some(alert.source.clone())),
                ("kind", Some(alert.kind.as_str().to_owned())),
                ("severity", severity),
                ("host", alert.host.clone()),
                ("check", alert.check.clone()),
                ("problem id", alert.problem_id.clone()),
                ("summary", Some(alert.summary.clone())),
                ("identity", Some(alert.identity.clone())),
            ];
            for (label, value) in rows {
                table.push_str(&format!("{label:<11} {}\n", value.as_deref().unwrap_or("-")));
            }
        }
        if let Some(alert) = self.alerts.first() {
            let texts = &alert.texts;
            for (channel, text) in
                [("mail", &texts.mail), ("sms", &texts.sms), ("call", &texts.call)]
            {
                table.push_str(&format!("{channel}\n"));
                for line in text.lines() {
                    table.push_str(format!("| {line}").trim_end());
                    table.push('\n');
                }
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::explain;
    use crate::config::Templates;

    const MAIL: &[u8] =
        b"From: mon@example.org\r\nSubject: [Resolved] Disk full on web-01\r\n\r\nAll is well.\r\n";

    #[test]
    fn as_a_table_and_as_json() {
        let explanation = explain(MAIL, &"en".parse().unwrap(), &Templates::default());
        insta::assert_snapshot!(explanation.to_table(), @r"
        source      generic
        kind        recovery
        severity    -
        host        web-01
        check       Disk full
        problem id  -
        summary     [Resolved] Disk full on web-01
        identity    generic:web-01/disk full web-01
        mail
        | [Resolved] Disk full on web-01
        sms
        | From: mon@example.org
        | Subject: [Resolved] Disk full on web-01
        |
        | All is well.
        call
        | [Resolved] Disk full on web-01
        ");
        insta::assert_snapshot!(serde_json::to_string_pretty(&explanation).unwrap(), @r#"
        {
          "alerts": [
            {
              "source": "generic",
              "kind": "recovery",
              "severity": null,
              "severity_text": null,
              "host": "web-01",
              "check": "Disk full",
              "problem_id": null,
              "summary": "[Resolved] Disk full on web-01",
              "identity": "generic:web-01/disk full web-01",
              "texts": {
                "mail": "[Resolved] Disk full on web-01",
                "sms": "From: mon@example.org\nSubject: [Resolved] Disk full on web-01\n\nAll is well.",
                "call": "[Resolved] Disk full on web-01"
              }
            }
          ]
        }
        "#);
    }
}
