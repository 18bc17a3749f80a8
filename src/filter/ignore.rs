//! The ignore list.

use crate::config::Ignore;

/// The first entry that matches the subject, as it is written in the configuration.
pub(super) fn matching(subject: &str, list: &[Ignore]) -> Option<String> {
    list.iter().find_map(|entry| match entry {
        Ignore::Exact(text) => (text == subject).then(|| format!("\"{text}\"")),
        Ignore::Pattern(regex) => regex.is_match(subject).then(|| format!("/{regex}/")),
    })
}
