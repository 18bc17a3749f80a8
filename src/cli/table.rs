//! Aligned columns, measured in cells of the terminal: 火 and 🔥 fill two.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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
        all.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
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
            let blanks = column + GAP - cell.width();
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', blanks));
            used += column + GAP;
        }
    }
    format!("{}\n", line.trim_end())
}

/// The text, or its beginning with an ellipsis, in at most so many cells.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < room
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
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

    #[test]
    fn wide_and_combining_characters_keep_the_columns() {
        let rows = [["火事", "x"], ["🔥", "x"], ["cafe\u{301}", "火火火火火火火火"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let table = render(&["HOST", "WHAT"], &rows, Some(20));
        let expected = ["HOST  WHAT", "火事  x", "🔥    x", "cafe\u{301}  火火火火火火…"];
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }
}
