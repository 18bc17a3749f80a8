//! Aligned columns.

/// Columns between two cells.
const GAP: usize = 2;

/// Narrowest the last column is cut to.
const NARROWEST: usize = 12;

/// Rows under a heading; every row has as many cells as the heading.
pub(super) fn render(heading: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    let all: Vec<&[String]> =
        std::iter::once(heading.as_slice()).chain(rows.iter().map(Vec::as_slice)).collect();
    let width_of = |column: usize| {
        all.iter().filter_map(|row| row.get(column)).map(|cell| count(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width_of).collect();
    let lines = all.iter().map(|row| render_row(row, &widths, width));
    lines.collect()
}

fn render_row(row: &[String], widths: &[usize], width: Option<usize>) -> String {
    let mut line = String::new();
    let mut used = 0;
    for (index, (cell, column)) in row.iter().zip(widths).enumerate() {
        if index + 1 == row.len() {
            let room = width.map_or(usize::MAX, |width| width.saturating_sub(used).max(NARROWEST));
            line.push_str(&cut(cell, room));
        } else {
            let blanks = column + GAP - count(cell);
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', blanks));
            used += column + GAP;
        }
    }
    format!("{}\n", line.trim_end())
}

/// The text, or its beginning with an ellipsis.
pub(super) fn cut(text: &str, room: usize) -> String {
    if count(text) <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn count(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_one_is_cut() {
        let rows = [
            vec!["1".to_owned(), "a long subject of a mail".to_owned()],
            vec!["1000".to_owned(), "ñ".to_owned()],
        ];
        let table = render(&["ID", "SUBJECT"], &rows, Some(21));
        assert_eq!(table, "ID    SUBJECT\n1     a long subject…\n1000  ñ\n");
        assert!(render(&["ID", "SUBJECT"], &rows, None).contains("of a mail"));
    }
}
