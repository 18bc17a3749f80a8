//! The text format of Prometheus (version 0.0.4). Pure.

use std::fmt::Write;

/// Before each name.
const PREFIX: &str = "smtp_appliance_";

/// What kind of figure a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// What is written.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.write(format_args!("# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}\n"));
    }

    /// One figure of it.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.write(format_args!("{PREFIX}{name}"));
        for (index, (label, text)) in labels.iter().enumerate() {
            let before = if index == 0 { "{" } else { "," };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            self.write(format_args!("{before}{label}=\"{text}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.write(format_args!("{end} {value}\n"));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn write(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        self.0.write_fmt(what).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_prometheus_reads() {
        let mut text = Text::default();
        text.family("x_total", Kind::Counter, "Things.");
        text.sample("x_total", &[("a", "b\"\\\n"), ("c", "d")], 3.0);
        text.sample("y", &[], 0.5);
        assert_eq!(
            text.finish(),
            "# HELP smtp_appliance_x_total Things.\n# TYPE smtp_appliance_x_total counter\n\
             smtp_appliance_x_total{a=\"b\\\"\\\\\\n\",c=\"d\"} 3\nsmtp_appliance_y 0.5\n"
        );
    }
}
