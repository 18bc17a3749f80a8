//! The difference of two texts, line by line. Pure.

/// Beyond so many lines on either side that differ, all of them count as replaced: the table below
/// grows with their product.
const MOST: usize = 1500;

/// Lines shown around a change.
const AROUND: usize = 3;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// It stays.
    Same(String),
    /// It is new.
    Add(String),
    /// It goes.
    Del(String),
    /// Here are others that stay.
    Gap,
}

/// What becomes of `old` to be `new`; nothing where they are the same.
#[must_use]
pub fn diff(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old == new {
        return Vec::new();
    }
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[&str]| lines.len() - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = tail.min(rest(&old)).min(rest(&new));
    let middle = |lines: &'_ [&str]| -> Vec<String> {
        let end = lines.len() - tail;
        lines.get(head..end).unwrap_or_default().iter().map(|line| (*line).to_owned()).collect()
    };
    let (gone, come) = (middle(&old), middle(&new));
    let same = |line: &&str| Line::Same((*line).to_owned());
    let mut lines: Vec<Line> = old.iter().take(head).map(same).collect();
    lines.extend(changed(&gone, &come));
    lines.extend(old.iter().skip(old.len() - tail).map(same));
    shortened(lines)
}

/// By the longest common subsequence.
fn changed(old: &[String], new: &[String]) -> Vec<Line> {
    let (rows, columns) = (old.len(), new.len());
    let all = |lines: &[String], of: fn(String) -> Line| -> Vec<Line> {
        lines.iter().cloned().map(of).collect()
    };
    if rows > MOST || columns > MOST {
        return [all(old, Line::Del), all(new, Line::Add)].concat();
    }
    let width = columns + 1;
    // How long the common part of what follows is, for each pair of places.
    let mut common = vec![0u16; (rows + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    let get = |common: &[u16], place: usize| common.get(place).copied().unwrap_or(0);
    for (row, left) in old.iter().enumerate().rev() {
        for (column, right) in new.iter().enumerate().rev() {
            let value = if left == right {
                get(&common, at(row + 1, column + 1)) + 1
            } else {
                get(&common, at(row + 1, column)).max(get(&common, at(row, column + 1)))
            };
            if let Some(place) = common.get_mut(at(row, column)) {
                *place = value;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::new();
    while let (Some(left), Some(right)) = (old.get(row), new.get(column)) {
        if left == right {
            lines.push(Line::Same(left.clone()));
            (row, column) = (row + 1, column + 1);
        } else if get(&common, at(row + 1, column)) >= get(&common, at(row, column + 1)) {
            lines.push(Line::Del(left.clone()));
            row += 1;
        } else {
            lines.push(Line::Add(right.clone()));
            column += 1;
        }
    }
    lines.extend(all(old.get(row..).unwrap_or_default(), Line::Del));
    lines.extend(all(new.get(column..).unwrap_or_default(), Line::Add));
    lines
}

/// Without what is far from any change.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let is_same = |line: &Line| matches!(line, Line::Same(_));
    let changes: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !is_same(line)).map(|(at, _)| at).collect();
    let near = |at: usize| {
        let next = changes.partition_point(|change| *change < at);
        let after = changes.get(next).is_some_and(|change| change - at <= AROUND);
        let before = next.checked_sub(1).and_then(|before| changes.get(before));
        after || before.is_some_and(|change| at - change <= AROUND)
    };
    let mut kept = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        if near(at) {
            kept.push(line);
        } else if kept.last() != Some(&Line::Gap) {
            kept.push(Line::Gap);
        }
    }
    kept
}

/// The changed lines alone, as text: for the audit log.
#[must_use]
pub fn as_text(lines: &[Line]) -> String {
    let text = lines.iter().filter_map(|line| match line {
        Line::Add(text) => Some(format!("+ {text}")),
        Line::Del(text) => Some(format!("- {text}")),
        Line::Same(_) | Line::Gap => None,
    });
    text.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_shown_with_what_is_around() {
        let old = (1..=20).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let new = old.replace("\n10\n", "\nten\n10b\n");
        let lines = diff(&old, &new);
        assert_eq!(as_text(&lines), "- 10\n+ ten\n+ 10b");
        assert_eq!(lines.first(), Some(&Line::Gap));
        assert_eq!(lines.len(), 2 + 6 + 3);
        assert_eq!(diff(&old, &old), []);
        assert_eq!(as_text(&diff("", "a\n")), "+ a");
        assert_eq!(as_text(&diff("a\nb\nc", "c\nb\na")).lines().count(), 4);
    }

    proptest::proptest! {
        #[test]
        fn a_difference_makes_the_new_text(old in "[abc\n]{0,60}", new in "[abc\n]{0,60}") {
            let (from, to): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
            let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
            let lines = changed(&own(&from), &own(&to));
            let side = |keep: fn(&Line) -> Option<&String>| lines.iter().filter_map(keep).cloned().collect::<Vec<_>>();
            let before = side(|line| match line { Line::Same(t) | Line::Del(t) => Some(t), Line::Add(_) | Line::Gap => None });
            let after = side(|line| match line { Line::Same(t) | Line::Add(t) => Some(t), Line::Del(_) | Line::Gap => None });
            proptest::prop_assert_eq!(before, own(&from));
            proptest::prop_assert_eq!(after, own(&to));
        }
    }
}
