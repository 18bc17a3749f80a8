//! Severity words on the common scale.

use super::{Token, fold, tokens};
use crate::alert::Severity;

/// Words that grade; compared folded. `None` in a mail ("severity = none") grades nothing.
const GRADES: &[(Severity, &[&str])] = &[
    (
        Severity::Critical,
        &[
            "critical",
            "crit",
            "critico",
            "critica",
            "critique",
            "kritisch",
            "critico/a",
            "disaster",
            "desastre",
            "high",
            "alta",
            "alto",
            "hoch",
            "haute",
            "very high",
            "muy alta",
            "highest",
            "down",
            "caido",
            "caida",
            "fatal",
            "emergency",
            "emerg",
            "emergencia",
            "alert",
            "severe",
            "grave",
            "urgent",
            "urgente",
            "blocker",
            "outage",
            "unreachable",
            "p0",
            "p1",
            "sev0",
            "sev1",
            "sev-1",
            "non recoverable",
            "non-recoverable",
        ],
    ),
    (
        Severity::Error,
        &[
            "average",
            "promedio",
            "media",
            "error",
            "err",
            "errors",
            "errores",
            "major",
            "mayor",
            "failed",
            "failure",
            "fail",
            "fallo",
            "fallido",
            "fallida",
            "fehler",
            "erreur",
            "erro",
            "serious",
            "p2",
            "sev2",
            "sev-2",
            "warning major",
        ],
    ),
    (
        Severity::Warning,
        &[
            "warning",
            "warn",
            "warnings",
            "warnung",
            "avertissement",
            "aviso",
            "advertencia",
            "minor",
            "menor",
            "caution",
            "precaucion",
            "unknown",
            "desconocido",
            "medium",
            "moderate",
            "moderada",
            "atencion",
            "degraded",
            "p3",
            "sev3",
            "sev-3",
            "warning minor",
            "down partial",
        ],
    ),
    (
        Severity::Info,
        &[
            "info",
            "information",
            "informational",
            "informacion",
            "informativo",
            "informativa",
            "notice",
            "normal",
            "ok",
            "up",
            "not classified",
            "no clasificado",
            "no clasificada",
            "sin clasificar",
            "success",
            "successful",
            "exito",
            "correcto",
            "low",
            "baja",
            "bajo",
            "lowest",
            "clear",
            "cleared",
            "resolved",
            "repaired",
            "healthy",
            "debug",
            "verbose",
            "p4",
            "p5",
            "sev4",
            "sev5",
            "recovered",
            "recovery",
            "good",
        ],
    ),
];

/// The grade of a mail's own word, such as `High`, `CRIT`, `Not classified`, `Alta`.
pub(in crate::alert) fn severity_of(word: &str) -> Option<Severity> {
    let folded = fold(word.trim().trim_matches(['"', '\'', '*', '[', ']', '(', ')', '.', '!']));
    let exact = |word: &str| {
        GRADES.iter().find(|(_, words)| words.contains(&word)).map(|(severity, _)| *severity)
    };
    exact(&folded).or_else(|| {
        // "4 - Critical", "Critical (5)", "Severity: CRITICAL since 5m": the gravest word counts.
        let short = folded.chars().count() <= 40;
        tokens(&folded).iter().filter(|_| short).filter_map(|token| exact(&token.text)).max()
    })
}

/// Words of free text that grade by themselves; narrower than [`GRADES`], because "low", "high",
/// "alert" or "media" in a sentence are no grades.
const SPOKEN: &[(Severity, &[&str])] = &[
    (
        Severity::Critical,
        &[
            "critical",
            "crit",
            "critico",
            "critica",
            "criticos",
            "criticas",
            "critique",
            "kritisch",
            "disaster",
            "desastre",
            "down",
            "caido",
            "caida",
            "caidos",
            "fatal",
            "emergency",
            "emergencia",
            "urgent",
            "urgente",
            "p1",
            "outage",
        ],
    ),
    (
        Severity::Error,
        &[
            "error", "errors", "errores", "err", "major", "failed", "failure", "failures", "fail",
            "fails", "failing", "fallo", "fallos", "fallido", "fallida", "fallaron", "falla",
            "fehler", "erreur", "erro",
        ],
    ),
    (
        Severity::Warning,
        &[
            "warning",
            "warnings",
            "warn",
            "aviso",
            "advertencia",
            "advertencias",
            "minor",
            "caution",
            "precaucion",
            "unknown",
            "warnung",
        ],
    ),
    (Severity::Info, &["info", "informational", "notice", "ok", "up", "normal"]),
];

/// The grade a word of free text gives, if it is a grading one.
pub(in crate::alert) fn severity_word(token: &Token) -> Option<Severity> {
    let words = |list: &&(Severity, &[&str])| list.1.contains(&token.text.as_str());
    SPOKEN.iter().find(words).map(|(severity, _)| *severity)
}

#[cfg(test)]
mod tests {
    use super::severity_of;
    use crate::alert::Severity;

    #[test]
    fn grades() {
        let cases = [
            ("Disaster", Some(Severity::Critical)),
            ("High", Some(Severity::Critical)),
            ("Average", Some(Severity::Error)),
            ("Warning", Some(Severity::Warning)),
            ("Information", Some(Severity::Info)),
            ("Not classified", Some(Severity::Info)),
            ("CRÍTICO", Some(Severity::Critical)),
            ("Alta", Some(Severity::Critical)),
            ("Advertencia", Some(Severity::Warning)),
            ("WARNING MAJOR", Some(Severity::Error)),
            ("WARNING MINOR", Some(Severity::Warning)),
            ("UP", Some(Severity::Info)),
            ("UNKNOWN", Some(Severity::Warning)),
            ("4 - Critical", Some(Severity::Critical)),
            ("none", None),
            ("", None),
        ];
        for (word, severity) in cases {
            assert_eq!(severity_of(word), severity, "{word}");
        }
    }
}
