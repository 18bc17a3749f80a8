//! The label sets that Alertmanager and Grafana print for each alert of a mail.

use super::{Event, Kind, Mail};
use crate::alert::words::{fold, same};
use crate::alert::{identity, label};

/// One alert of a mail.
#[derive(Debug, Default)]
struct Alert {
    resolved: bool,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
}

/// Which lines are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Outside,
    Labels,
    Annotations,
}

/// The alerts a text lists: a `Firing` or `Resolved` heading, then for each alert `Labels` and
/// `Annotations` with `name = value` lines.
pub(super) fn events(source: &str, text: &str, resolved: bool) -> Vec<Event> {
    let mut alerts: Vec<Alert> = Vec::new();
    let mut resolved = resolved;
    let mut section = Section::Outside;
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['-', '*', '•', ' ']);
        let heading = heading(line);
        match heading.as_str() {
            "firing" | "alerts firing" | "firing alerts" => {
                (resolved, section) = (false, Section::Outside)
            }
            "resolved" | "alerts resolved" | "resolved alerts" => {
                (resolved, section) = (true, Section::Outside)
            }
            "labels" | "etiquetas" => {
                alerts.push(Alert { resolved, ..Alert::default() });
                section = Section::Labels;
            }
            "annotations" | "anotaciones" => section = Section::Annotations,
            _ if heading.starts_with("source") => section = Section::Outside,
            _ => {
                let pair = line.split_once(" = ").or_else(|| label::labels(line).next());
                if let (Some(alert), Some((name, value))) = (alerts.last_mut(), pair) {
                    let pair = (name.trim().to_owned(), value.trim().to_owned());
                    match section {
                        Section::Labels => alert.labels.push(pair),
                        Section::Annotations => alert.annotations.push(pair),
                        Section::Outside => {}
                    }
                }
            }
        }
    }
    alerts
        .iter()
        .filter(|alert| !alert.labels.is_empty())
        .map(|alert| alert.event(source))
        .collect()
}

/// `[2] Firing`, `🔥 1 firing instances`, `**Resolved**`, `(1) RESOLVED` as one or two words.
fn heading(line: &str) -> String {
    if line.len() > 40 || line.contains('=') {
        return String::new();
    }
    let letters: String = fold(line).chars().filter(|c| c.is_alphabetic() || *c == ' ').collect();
    letters.split_whitespace().filter(|word| *word != "instances").collect::<Vec<_>>().join(" ")
}

impl Alert {
    fn label(&self, names: &[&str]) -> Option<&str> {
        let named = |name: &&str| self.labels.iter().find(|(label, _)| same(label, name));
        names
            .iter()
            .find_map(named)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn event(&self, source: &str) -> Event {
        let kind = if self.resolved { Kind::Recovery } else { Kind::Problem };
        let host = self.label(&[
            "instance",
            "host",
            "hostname",
            "node",
            "nodename",
            "server",
            "device",
            "target",
            "pod",
            "container",
            "vm",
        ]);
        let name = self.label(&["alertname", "rulename", "alert"]).unwrap_or("alert");
        let severity = self.label(&["severity", "level", "priority", "gravedad"]);
        let annotation = ["summary", "description", "message", "title"].iter().find_map(|name| {
            self.annotations.iter().find(|(label, value)| same(label, name) && !value.is_empty())
        });
        let summary = match (annotation, host) {
            (Some((_, text)), Some(host)) if !text.contains(host) => {
                format!("{name} {host}: {text}")
            }
            (Some((_, text)), _) => format!("{name}: {text}"),
            (None, Some(host)) => format!("{name} {host}"),
            (None, None) => name.to_owned(),
        };
        let mut set: Vec<String> =
            self.labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
        set.sort_unstable();
        let key = format!("{name}:{:016x}", identity::hash(&set.join("\n")));
        Event::new(source, kind).on(host).about(name).graded(severity).told(&summary).known_by(&key)
    }
}

/// The state at the beginning of the subject, `[FIRING:2]`, `[FIRING:1, RESOLVED:2]` or
/// `[RESOLVED]`, in capitals as both programs write it, and the rest.
pub(super) fn subject_state<'a>(mail: &'a Mail<'_>) -> Option<(bool, &'a str)> {
    let (state, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let resolved = state.starts_with("RESOLVED");
    (resolved || state.starts_with("FIRING")).then_some((resolved, rest.trim()))
}
