//! `Label: value` lines, the way most mails tell their facts.

use std::ops::Range;

use memchr::memchr3;

use super::words::fold;

/// Longest label, in bytes.
const MAX_LABEL: usize = 48;
/// Labels kept of one text; what matters stands at the beginning.
const MAX_LABELS: usize = 500;

/// Every `label: value`, `label = value` and `label | value` of a text, in order.
pub(super) fn labels(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(label)
}

/// Where the labels of a text stand, read once for the many questions of the profiles.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The labels themselves, folded, one behind the other.
    names: String,
    /// Where each label stands in `names` and its value in the text.
    entries: Vec<(Range<usize>, Range<usize>)>,
}

impl Table {
    /// The labels of `text` that have a value.
    pub(super) fn of(text: &str) -> Self {
        let mut table = Self::default();
        let filled = labels(text).filter(|(_, value)| !value.is_empty());
        for (name, value) in filled.take(MAX_LABELS) {
            let start = table.names.len();
            table.names.push_str(&fold(name));
            let value_start = value.as_ptr().addr() - text.as_ptr().addr();
            let value = value_start..value_start + value.len();
            table.entries.push((start..table.names.len(), value));
        }
        table
    }
}

/// The labels of a text. Names to look for are folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    text: &'a str,
    table: &'a Table,
}

impl<'a> Labels<'a> {
    /// `table` was made of `text`.
    pub(super) const fn new(text: &'a str, table: &'a Table) -> Self {
        Self { text, table }
    }

    /// The value of the first label with one of these names.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.all().find(|(label, _)| names.contains(label)).map(|(_, value)| value)
    }

    /// The value of the best label: names earlier in the list win wherever they stand.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<&'a str> {
        if self.table.entries.is_empty() {
            return None;
        }
        names.iter().find_map(|name| self.value(&[name]))
    }

    fn all(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let Self { text, table } = *self;
        table.entries.iter().filter_map(move |(name, value)| {
            Some((table.names.get(name.clone())?, text.get(value.clone())?))
        })
    }
}

fn label(line: &str) -> Option<(&str, &str)> {
    let separator = |line: &str| memchr3(b':', b'=', b'|', line.as_bytes());
    // Most lines have none.
    separator(line)?;
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "*-•>|#_".contains(c));
    let end = separator(line)?;
    let (label, value) = line.split_at(end);
    let mut value = value.get(1..)?;
    if value.starts_with("//") {
        return None;
    }
    // `key:=value`, `key => value`, `**Key:** value`
    value = value.trim_start_matches(['=', '>']);
    let strip = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`' | '"' | '.');
    let label = label.trim_matches(strip);
    let value = value.trim().trim_start_matches(['*', '`']).trim_end_matches(['*', '`']).trim();
    (!label.is_empty() && label.len() <= MAX_LABEL).then_some((label, value))
}

/// What stands between `before` and `after` (or the end of the line), trimmed, if not empty.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let rest = rest.split(['\n']).next().unwrap_or(rest);
    let found = if after.is_empty() { rest } else { rest.split_once(after)?.0 };
    Some(found.trim()).filter(|found| !found.is_empty())
}

/// The text after `prefix`, whatever its case.
pub(super) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Labels, Table, between};

    #[test]
    fn finds_labels() {
        let body = "Intro\n  Host:   web1\n- severity = high\n**State:** DOWN\nhttp://x/y\nÚltimo: a:b\nEmpty:\nEmpty: later";
        let cases = [
            (&["host"][..], Some("web1")),
            (&["severity"], Some("high")),
            (&["state"], Some("DOWN")),
            (&["ultimo"], Some("a:b")),
            (&["empty"], Some("later")),
            (&["http"], None),
        ];
        let table = Table::of(body);
        let labels = Labels::new(body, &table);
        for (names, found) in cases {
            assert_eq!(labels.value(names), found);
        }
        assert_eq!(labels.first_of(&["host", "state"]), Some("web1"));
        assert_eq!(labels.first_of(&["state", "host"]), Some("DOWN"));
        assert_eq!(between("SMART error (Health) on", "(", ")"), Some("Health"));
    }
}
