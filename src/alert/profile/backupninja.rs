//! backupninja: `backupninja: HOST`, the results one per line in the body.

use super::{Event, Kind, Mail};
use crate::alert::label;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "backupninja:")?.trim();
    let host = rest.split_whitespace().next();
    let mut results = mail.body().lines().filter_map(|line| line.split_once(" -- "));
    let bad = |result: &str| {
        let result = result.trim_matches(['*', ' ']);
        ["fatal", "error", "failed", "halt"]
            .iter()
            .any(|bad| label::strip_prefix(result, bad).is_some())
    };
    let failed = results.any(|(result, _)| bad(result))
        || rest.split_whitespace().skip(1).any(|word| bad(word.trim_matches(['[', ']', '(', ')'])));
    let kind = if failed { Kind::Problem } else { Kind::Report };
    Event::new("backupninja", kind).on(host).alone()
}
