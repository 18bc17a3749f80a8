//! How a mail is understood and what each channel would say, telling nobody: `explain FILE.eml`.

use jiff::Timestamp;
use serde::Serialize;

use super::text;
use super::{Alert, AlertId, Event, Origin, understand};
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
    /// What was read.
    #[serde(flatten)]
    pub event: Event,
    /// What the channels say.
    pub texts: Texts,
}

/// What each channel says about the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    let explained = |event| Explained { event, texts: texts.clone() };
    Explanation { alerts: alert.events.into_iter().map(explained).collect() }
}

impl Explanation {
    /// For a terminal: a block of facts per event, then the texts once.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut lines = Vec::new();
        for (number, alert) in self.alerts.iter().enumerate() {
            if self.alerts.len() > 1 {
                lines.push(format!("event {} of {}", number + 1, self.alerts.len()));
            }
            lines.extend(alert.rows());
        }
        if let Some(alert) = self.alerts.first() {
            let texts = &alert.texts;
            for (channel, text) in
                [("mail", &texts.mail), ("sms", &texts.sms), ("call", &texts.call)]
            {
                lines.push(channel.to_owned());
                lines.extend(text.lines().map(|line| format!("| {line}").trim_end().to_owned()));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Explained {
    fn rows(&self) -> Vec<String> {
        let event = &self.event;
        let severity = match (event.severity, event.severity_text.as_deref()) {
            (Some(severity), Some(word)) => Some(format!("{} (\"{word}\")", severity.as_str())),
            (Some(severity), None) => Some(severity.as_str().to_owned()),
            (None, word) => word.map(|word| format!("\"{word}\"")),
        };
        let rows = [
            ("source", Some(event.source.as_str())),
            ("kind", Some(event.kind.as_str())),
            ("severity", severity.as_deref()),
            ("host", event.host.as_deref()),
            ("check", event.check.as_deref()),
            ("problem id", event.problem_id.as_deref()),
            ("summary", Some(event.summary.as_str())),
            ("identity", Some(event.identity.as_str())),
        ];
        rows.map(|(label, value)| format!("{label:<11} {}", value.unwrap_or("-"))).into()
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
