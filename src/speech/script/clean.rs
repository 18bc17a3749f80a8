//! Text as it came, made fit for reading: bounded, composed, without what nobody can hear.

/// Bytes of a text that are looked at. What is said of it is far shorter.
const MAX_INPUT: usize = 16 * 1024;

/// The beginning of a text with plain quotes, blanks and hyphens, composed letters, and no control,
/// formatting or invisible characters. Line feeds stay.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(MAX_INPUT));
    let mut chars = text.chars().peekable();
    let mut seen = 0;
    while let Some(c) = chars.next() {
        seen += c.len_utf8();
        if seen > MAX_INPUT {
            break;
        }
        match c {
            // Colours of a terminal: ESC [ … letter.
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars.next_if(|c| matches!(c, '0'..='9' | ';' | '?')).is_some() {}
                    chars.next_if(char::is_ascii_alphabetic);
                }
            }
            '\u{300}'..='\u{36f}' => compose_last(&mut clean, c),
            '\u{ff01}'..='\u{ff5e}' => {
                clean.extend(u32::from(c).checked_sub(0xfee0).and_then(char::from_u32));
            }
            c if is_silent(c) => {}
            c => clean.push(plain(c)),
        }
    }
    clean
}

/// Zero-width, direction and variation marks, and the sign for lost bytes.
fn is_silent(c: char) -> bool {
    matches!(c,
        '\r' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

fn plain(c: char) -> char {
    match c {
        '\n' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_control() || c.is_whitespace() => ' ',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' => '\'',
        '\u{201c}'..='\u{201f}' | '«' | '»' | '´' | '`' => '"',
        '\u{2010}'..='\u{2012}' | '\u{2212}' | '\u{fe63}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        'µ' | 'μ' => 'µ',
        c => c,
    }
}

/// Letters that take each mark, and what they become.
const COMPOSED: [(char, &str, &str); 8] = [
    ('\u{300}', "aeiouAEIOU", "àèìòùÀÈÌÒÙ"),
    ('\u{301}', "aeiouyncszlrAEIOUYNCSZLR", "áéíóúýńćśźĺŕÁÉÍÓÚÝŃĆŚŹĹŔ"),
    ('\u{302}', "aeiouAEIOU", "âêîôûÂÊÎÔÛ"),
    ('\u{303}', "anoANO", "ãñõÃÑÕ"),
    ('\u{308}', "aeiouyAEIOU", "äëïöüÿÄËÏÖÜ"),
    ('\u{30a}', "auAU", "åůÅŮ"),
    ('\u{30c}', "cszenrdtCSZENRDT", "čšžěňřďťČŠŽĚŇŘĎŤ"),
    ('\u{327}', "csCS", "çşÇŞ"),
];

/// Puts a combining mark on the last letter; a mark that does not fit is lost.
fn compose_last(text: &mut String, mark: char) {
    let Some(last) = text.chars().next_back() else { return };
    let row = COMPOSED.iter().find(|(known, ..)| *known == mark);
    let composed = row.and_then(|(_, plain, composed)| {
        plain.chars().zip(composed.chars()).find(|(plain, _)| *plain == last)
    });
    if let Some((_, composed)) = composed {
        text.pop();
        text.push(composed);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_INPUT, clean};

    #[test]
    fn what_is_read() {
        let cases = [
            ("a\tb\u{a0}c\r\nd", "a b c\nd"),
            ("cai\u{301}do, an\u{303}adido", "caído, añadido"),
            ("x\u{301}y\u{301}\u{301}", "xý"),
            ("\u{301}a", "a"),
            ("\u{1b}[1;31mred\u{1b}[0m \u{1b}", "red "),
            ("it\u{2019}s \u{201c}up\u{201d}", "it's \"up\""),
            ("\u{feff}a\u{200b}b\u{202e}c\u{fe0f}\u{fffd}", "abc"),
            ("ＣＰＵ　９", "CPU 9"),
            ("\u{2212}5\u{0}\u{7}x", "-5  x"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected, "{text:?}");
        }
        assert_eq!(clean(&"ñ".repeat(MAX_INPUT)).len(), MAX_INPUT);
    }
}
