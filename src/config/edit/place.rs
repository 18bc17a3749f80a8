//! Where a thing stands in the text, in whole lines.

use std::ops::Range;

use toml_edit::{Item, Table};

/// A `[[table]]`: its header, its keys, the comments directly above the header and those that
/// follow its last key and belong to nothing else.
pub(super) fn of_table(text: &str, table: &Table) -> Option<Range<usize>> {
    let header = table.span()?;
    let prefix = table.decor().prefix().and_then(toml_edit::RawString::span);
    let floor = prefix.map_or(header.start, |prefix| prefix.start.min(header.start));
    let above = text.get(floor..line_start(text, header.start))?;
    let comments: usize =
        above.split_inclusive('\n').rev().take_while(|line| is_comment(line)).map(str::len).sum();
    let end = line_end(text, last_value(table).unwrap_or(header.end));
    Some(line_start(text, header.start) - comments..own_comments_end(text, end))
}

/// Where the last value below its own header ends.
fn last_value(table: &Table) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(dotted) if dotted.is_dotted() => last_value(dotted),
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => None,
    });
    ends.max()
}

/// The end of the line that shows an example of a key (`#key = …`) below a table's header, where its
/// value is looked for by whoever reads the file.
pub(super) fn after_example(text: &str, table: &Table, key: &str) -> Option<usize> {
    let mut at = line_end(text, table.span()?.end);
    for line in text.get(at..)?.split_inclusive('\n') {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if bare.trim_start().starts_with('[') {
            return None;
        }
        at += line.len();
        let example = line.strip_prefix('#').and_then(|line| line.strip_prefix(key));
        if example.is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return line.ends_with('\n').then_some(at);
        }
    }
    None
}

/// A key with its value.
pub(super) fn of_key(text: &str, table: &Table, key: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(key)?;
    let (key, value) = (key.span()?, item.span()?);
    Some(line_start(text, key.start)..line_end(text, value.end.max(key.end)))
}

/// The text without these lines, and without the blank lines that would meet.
pub(super) fn cut(text: &str, lines: &Range<usize>) -> String {
    let before = text.get(..lines.start).unwrap_or_default();
    let after = text.get(lines.end..).unwrap_or_default();
    let blank_above = before.is_empty() || before.ends_with("\n\n");
    let after = match after.strip_prefix('\n') {
        Some(rest) if blank_above => rest,
        Some(_) | None => after,
    };
    if after.is_empty() && before.ends_with("\n\n") {
        return before.strip_suffix('\n').unwrap_or(before).to_owned();
    }
    format!("{before}{after}")
}

/// The text with a block of lines put in, a blank line around it.
pub(super) fn insert(text: &str, at: usize, block: &str) -> String {
    let before = text.get(..at).unwrap_or(text);
    let after = text.get(at..).unwrap_or_default();
    let above = match before {
        "" => "",
        _ if before.ends_with("\n\n") => "",
        _ if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let below = if after.is_empty() || after.starts_with('\n') { "" } else { "\n" };
    format!("{before}{above}{block}{below}{after}")
}

/// Comments directly below belong to what stands above, unless something follows them directly.
fn own_comments_end(text: &str, end: usize) -> usize {
    let after = text.get(end..).unwrap_or_default();
    let comments: usize =
        after.split_inclusive('\n').take_while(|line| is_comment(line)).map(str::len).sum();
    match after.get(comments..) {
        Some("") | None => end + comments,
        Some(rest) if rest.starts_with('\n') => end + comments,
        Some(_) => end,
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, offset: usize) -> usize {
    let newline = text.get(offset..).and_then(|after| after.find('\n'));
    newline.map_or(text.len(), |newline| offset + newline + 1)
}
