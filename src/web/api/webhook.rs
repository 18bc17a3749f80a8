//! The webhooks of Alertmanager and Grafana as the mails that both would have sent. Pure.

use std::collections::BTreeMap;

use super::message::one_line;
use super::model::{Webhook, WebhookAlert};

/// Most alerts of one webhook that are read.
const MOST: usize = 200;

/// Subject and text.
pub(super) fn mail(webhook: &Webhook, product: &str) -> (String, String) {
    let resolved = |alert: &&WebhookAlert| alert.status == "resolved";
    let alerts = || webhook.alerts.iter().take(MOST);
    let (gone, firing): (Vec<_>, Vec<_>) = alerts().partition(resolved);
    let group: Vec<_> = webhook.group_labels.values().map(|value| one_line(value)).collect();
    let named =
        || alerts().find_map(|alert| alert.labels.get("alertname")).map(|name| one_line(name));
    let group = if group.is_empty() { named().unwrap_or_default() } else { group.join(" ") };
    let all_gone = firing.is_empty() && (webhook.status == "resolved" || !gone.is_empty());
    let subject = if all_gone {
        format!("[RESOLVED] {group}")
    } else {
        format!("[FIRING:{}] {group}", firing.len())
    };
    let mut text = String::new();
    for (heading, listed) in [("Firing", firing), ("Resolved", gone)] {
        if listed.is_empty() {
            continue;
        }
        line(&mut text, format_args!("[{}] {heading}", listed.len()));
        for alert in listed {
            pairs(&mut text, "Labels", &alert.labels);
            pairs(&mut text, "Annotations", &alert.annotations);
            text.push('\n');
        }
    }
    line(&mut text, format_args!("Sent by {product}"));
    if !webhook.external_url.is_empty() {
        line(&mut text, format_args!("Source: {}", one_line(&webhook.external_url)));
    }
    (subject, text)
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&what.to_string());
    text.push('\n');
}

fn pairs(text: &mut String, heading: &str, pairs: &BTreeMap<String, String>) {
    text.push_str(heading);
    text.push('\n');
    for (name, value) in pairs {
        line(text, format_args!(" - {} = {}", one_line(name), one_line(value)));
    }
}

#[cfg(test)]
mod tests {
    use crate::alert::{Kind, Origin, Severity, understand};

    use super::super::message::message;
    use super::*;

    const TWO: &str = r#"{
        "version": "4", "status": "firing", "receiver": "phone", "groupKey": "{}",
        "groupLabels": {"alertname": "InstanceDown"},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am:9093",
        "alerts": [
            {"status": "firing", "startsAt": "2026-11-28T12:00:00Z", "generatorURL": "",
             "labels": {"alertname": "InstanceDown", "instance": "web-01:9100", "severity": "critical"},
             "annotations": {"summary": "web-01 is down"}},
            {"status": "resolved",
             "labels": {"alertname": "InstanceDown", "instance": "web-02:9100", "severity": "critical"},
             "annotations": {}}
        ]}"#;

    fn read(json: &str, product: &str) -> Vec<crate::alert::Event> {
        let webhook: Webhook = serde_json::from_str(json).unwrap();
        let (subject, text) = mail(&webhook, product);
        let raw = message("a@b.example", product, &subject, "date", &text);
        understand(&raw, &Origin::default()).1
    }

    #[test]
    fn the_profiles_of_the_mails_read_them() {
        for (product, source) in [("Alertmanager", "alertmanager"), ("Grafana", "grafana")] {
            let events = read(TWO, product);
            let seen: Vec<_> = events
                .iter()
                .map(|event| (event.source.as_str(), event.kind, event.host.as_deref()))
                .collect();
            assert_eq!(
                seen,
                [
                    (source, Kind::Problem, Some("web-01:9100")),
                    (source, Kind::Recovery, Some("web-02:9100")),
                ]
            );
            assert_eq!(events[0].severity, Some(Severity::Critical));
            assert_eq!(events[0].check.as_deref(), Some("InstanceDown"));
        }
    }

    #[test]
    fn a_recovery_has_the_identity_of_its_problem() {
        let problem = read(TWO, "Alertmanager");
        let gone = TWO.replace("\"firing\"", "\"resolved\"");
        let recovery = read(&gone, "Alertmanager");
        assert_eq!(problem[0].identity, recovery[0].identity);
        assert!(recovery.iter().all(|event| event.kind == Kind::Recovery));
    }
}
