//! What is taken out of text before a person, a telephone or a log sees it.

/// Whether a character has no business in text: controls, and the invisible ones that turn or hide
/// what stands beside them.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a text is ASCII that may stay as it is, as most is.
fn is_plain(text: &str) -> bool {
    // To the end whatever comes: so many octets are looked at at once.
    text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
}

/// One line: line breaks and tabs become blanks, other controls vanish, at most `max` characters.
pub(in crate::alert) fn one_line(text: &str, max: usize) -> String {
    let text = text.trim();
    if text.len() <= max && is_plain(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len().min(max));
    let shown = text.chars().filter_map(|c| match c {
        '\r' => None,
        '\n' | '\t' | '\u{a0}' => Some(' '),
        c if is_unwanted(c) => None,
        c => Some(c),
    });
    for (count, c) in shown.enumerate() {
        if count + 1 > max {
            line.truncate(line.trim_end().len());
            line.push('…');
            break;
        }
        line.push(c);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Several lines: ends as `\n`, no controls, no blanks at line ends, at most one empty line in a
/// row, none at the beginning or the end; cut at `max` bytes with a mark.
pub(super) fn lines(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max));
    let mut empty = 0_usize;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !clean.is_empty() {
            clean.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        if is_plain(line) {
            clean.push_str(line);
        } else {
            let visible = line.chars().filter(|&c| c == '\t' || !is_unwanted(c));
            clean.extend(visible.map(|c| if c == '\u{a0}' { ' ' } else { c }));
        }
        if clean.len() > max {
            clean.truncate(clean.floor_char_boundary(max));
            clean.truncate(clean.trim_end().len());
            clean.push_str(CUT);
            break;
        }
    }
    clean
}

/// The mark that says text was cut.
pub(super) const CUT: &str = "\n[…]";

#[cfg(test)]
mod tests {
    use super::{lines, one_line};

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line(" a\r\n b\tc\0\u{1b}[0m\u{202e}d ", 100), "a  b c[0md");
        assert_eq!(one_line("áéíóú", 3), "áéí…");
        assert_eq!(one_line("áéí", 3), "áéí");
    }

    #[test]
    fn lines_are_clean_and_bounded() {
        assert_eq!(lines("\r\n\r\na \r\n\r\n\r\n\r\nb\0\r\n\r\n", 100), "a\n\nb");
        assert_eq!(lines("ñññ", 3), "ñ\n[…]");
        assert!(lines(&"x\n".repeat(100_000), 65_536).len() < 65_550);
    }
}
