//! The appliance's own words in each language. English is complete and stands in for the rest.

use crate::alert::{Kind, Severity};
use crate::config::Language;

/// The words of one language.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub from: &'static str,
    pub subject: &'static str,
    pub date: &'static str,
    /// "12 alerts": what follows the number.
    pub alerts: &'static str,
    /// "and 3 more": what stands around the number.
    pub more: (&'static str, &'static str),
    /// By [`Severity`], from the mildest.
    severities: [&'static str; 4],
    /// By [`Kind`], in its order.
    kinds: [&'static str; 9],
}

const ENGLISH: Vocabulary = Vocabulary {
    from: "From",
    subject: "Subject",
    date: "Date",
    alerts: "alerts",
    more: ("and", "more"),
    severities: ["info", "warning", "error", "critical"],
    kinds: [
        "problem",
        "resolved",
        "update",
        "acknowledged",
        "downtime",
        "flapping",
        "test",
        "report",
        "notice",
    ],
};

const SPANISH: Vocabulary = Vocabulary {
    from: "De",
    subject: "Asunto",
    date: "Fecha",
    alerts: "alertas",
    more: ("y", "más"),
    severities: ["información", "aviso", "error", "crítico"],
    kinds: [
        "problema",
        "resuelto",
        "actualización",
        "reconocido",
        "parada programada",
        "inestable",
        "prueba",
        "informe",
        "notificación",
    ],
};

/// The words of a language, or the English ones.
pub(super) fn vocabulary(language: &Language) -> &'static Vocabulary {
    match language.primary() {
        "es" => &SPANISH,
        _ => &ENGLISH,
    }
}

impl Vocabulary {
    pub(super) const fn severity(&self, severity: Severity) -> &'static str {
        let [info, warning, error, critical] = self.severities;
        match severity {
            Severity::Info => info,
            Severity::Warning => warning,
            Severity::Error => error,
            Severity::Critical => critical,
        }
    }

    pub(super) const fn kind(&self, kind: Kind) -> &'static str {
        let [problem, recovery, update, acknowledgement, downtime, flapping, test, report, other] =
            self.kinds;
        match kind {
            Kind::Problem => problem,
            Kind::Recovery => recovery,
            Kind::Update => update,
            Kind::Acknowledgement => acknowledgement,
            Kind::Downtime => downtime,
            Kind::Flapping => flapping,
            Kind::Test => test,
            Kind::Report => report,
            Kind::Other => other,
        }
    }

    /// "and 3 more".
    pub(super) fn and_more(&self, count: usize) -> String {
        format!("{} {count} {}", self.more.0, self.more.1)
    }
}
