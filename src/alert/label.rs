//! `Label: value` lines, the way most mails tell their facts.

use super::words::same;

/// Longest label, in bytes.
const MAX_LABEL: usize = 48;

/// Every `label: value`, `label = value` and `label | value` of a text, in order.
pub(super) fn labels(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(label)
}

/// The value of the first label with one of these names (folded), if it is not empty.
pub(super) fn value<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    labels(text)
        .find(|(label, value)| !value.is_empty() && names.iter().any(|name| same(label, name)))
        .map(|(_, value)| value)
}

/// The value of the best label: names earlier in the list win wherever they stand.
pub(super) fn first_of<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| value(text, &[name]))
}

fn label(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "*-•>|#_".contains(c));
    let end = line.find([':', '=', '|'])?;
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
    use super::{between, first_of, value};

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
        for (names, found) in cases {
            assert_eq!(value(body, names), found);
        }
        assert_eq!(first_of(body, &["state", "host"]), Some("DOWN"));
        assert_eq!(between("SMART error (Health) on", "(", ")"), Some("Health"));
    }
}
