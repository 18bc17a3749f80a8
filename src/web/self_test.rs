//! The self-test: the program asks itself what `doctor` asks, by its own command, so that both say the
//! same.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::site::Site;

/// This program, even if its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";

/// Longest self-test: a relay that does not answer takes its own timeout.
const LONGEST: Duration = Duration::from_mins(2);

/// Longest report, in bytes.
const LONGEST_REPORT: u64 = 256 * 1024;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) grade: Grade,
    pub(super) seen: String,
    #[serde(default)]
    pub(super) advice: Option<String>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Grade {
    Ok,
    Warning,
    Failed,
}

impl Grade {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A self-test that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) at: Timestamp,
    pub(super) findings: Vec<Finding>,
}

/// Why there is no report, for a person.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("a self-test is under way")]
    Busy,
    #[error("the self-test cannot be started: {0}")]
    Start(std::io::Error),
    #[error("the self-test took longer than {} s", LONGEST.as_secs())]
    TooLong,
    #[error("the self-test said nothing that can be read")]
    Unreadable,
}

/// Runs it, one at a time, and keeps what it found.
pub(super) async fn run(site: &Site) -> Result<Arc<Report>, Fault> {
    let Ok(_only_one) = site.self_testing.try_acquire() else { return Err(Fault::Busy) };
    let text = tokio::time::timeout(LONGEST, ask(site)).await.map_err(|_| Fault::TooLong)??;
    let findings = serde_json::from_slice(&text).map_err(|_| Fault::Unreadable)?;
    let report = Arc::new(Report { at: Timestamp::now(), findings });
    site.keep_self_test(Arc::clone(&report));
    Ok(report)
}

async fn ask(site: &Site) -> Result<Vec<u8>, Fault> {
    let mut child = Command::new(PROGRAM)
        .arg("--config")
        .arg(&site.parts.config_file)
        .args(["doctor", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Fault::Start)?;
    let mut text = Vec::new();
    if let Some(said) = child.stdout.take() {
        said.take(LONGEST_REPORT).read_to_end(&mut text).await.map_err(Fault::Start)?;
    }
    // Whether something failed stands in the report, too.
    drop(child.wait().await);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_what_the_command_says() {
        let text = r#"[{"check":"relay","grade":"failed","seen":"no answer","advice":"look"},
                       {"check":"clock","grade":"ok","seen":"right"}]"#;
        let findings: Vec<Finding> = serde_json::from_str(text).unwrap();
        assert_eq!(findings.first().map(|found| found.grade), Some(Grade::Failed));
        assert_eq!(findings.last().and_then(|found| found.advice.clone()), None);
    }
}
