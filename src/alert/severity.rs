//! How grave an event is, on one scale for all sources.

use serde::{Deserialize, Serialize};

/// The four grades every source's own words are mapped to; `Ord` puts the gravest highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Zabbix Information and Not classified, NOTICE, NORMAL, OK, UP.
    Info,
    /// Zabbix Warning, MINOR, Caution, UNKNOWN.
    Warning,
    /// Zabbix Average, ERROR, Failed, MAJOR.
    Error,
    /// Zabbix High and Disaster, CRITICAL, DOWN, FATAL, EMERGENCY, ALERT.
    Critical,
}

impl Severity {
    /// Every grade, the gravest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Error, Self::Warning, Self::Info];

    /// The word used in the configuration, in JSON and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}
