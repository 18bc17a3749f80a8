//! One thing that a mail reports.

use serde::{Deserialize, Serialize};

use super::Severity;

/// What kind of news an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something broke, or is still broken.
    Problem,
    /// What was broken works again.
    Recovery,
    /// News about a known problem that neither raises nor clears it.
    Update,
    /// A person took a problem on.
    Acknowledgement,
    /// A planned silence begins, ends or is cancelled.
    Downtime,
    /// A state that changes too often, begins or ends to be reported as such.
    Flapping,
    /// A trial of the alert's way.
    Test,
    /// A regular report: cron, backup, updates.
    Report,
    /// None of the above could be told.
    Other,
}

impl Kind {
    /// The word used in JSON and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Recovery => "recovery",
            Self::Update => "update",
            Self::Acknowledgement => "acknowledgement",
            Self::Downtime => "downtime",
            Self::Flapping => "flapping",
            Self::Test => "test",
            Self::Report => "report",
            Self::Other => "other",
        }
    }
}

/// One problem, recovery or other news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Name of the profile that read it: `zabbix`, `nagios`, …, `generic`.
    pub source: String,
    /// What kind of news it is.
    pub kind: Kind,
    /// How grave, on the common scale, if the mail tells.
    pub severity: Option<Severity>,
    /// How grave, in the mail's own word.
    pub severity_text: Option<String>,
    /// The machine or device concerned.
    pub host: Option<String>,
    /// What is wrong on it: service, trigger, sensor, disk.
    pub check: Option<String>,
    /// The source's own number for the problem, the same in its recovery.
    pub problem_id: Option<String>,
    /// One line a person understands.
    pub summary: String,
    /// What stays the same from a problem through its repeats and updates to its recovery, and
    /// differs between problems: made of the id, else host and check, else the subject without
    /// state words, counts and times.
    pub identity: String,
}
