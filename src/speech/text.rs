//! What an engine is given: words without what only an eye can use, and cut into sentences.

/// Longest text that is said at once, in characters.
pub(super) const MAX_TEXT: usize = 2000;

/// Longest word, in characters. No language needs more, and the rules of espeak-ng are not made for
/// words of hundreds of letters.
const MAX_WORD: usize = 48;

/// Most equal signs in a row: a rule of dashes is no text.
const MAX_RUN: usize = 3;

/// The text as it is spoken; empty if nothing in it can be.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut word = 0;
    let mut run = 0;
    let mut before = ' ';
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        let c = if c.is_whitespace() || c.is_control() || is_meaningless(c) { ' ' } else { c };
        run = if c == before { run + 1 } else { 1 };
        if (c == ' ' && before == ' ') || (run > MAX_RUN && !c.is_alphanumeric()) {
            continue;
        }
        before = c;
        word = if c == ' ' { 0 } else { word + 1 };
        if word > MAX_WORD {
            cleaned.push(' ');
            word = 1;
        }
        cleaned.push(c);
    }
    let cleaned = cleaned.trim_end();
    if cleaned.chars().any(is_spoken) { cleaned.to_owned() } else { String::new() }
}

/// Letters, digits, and the signs and pictures that have names.
fn is_spoken(c: char) -> bool {
    c.is_alphanumeric() || "$€£%&@+=".contains(c) || c >= '\u{2190}'
}

/// Marks of direction and of joining, selectors of a picture's style: they have no sound.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

/// What stands for something unknown, and private characters.
fn is_meaningless(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Ends a sentence when a blank follows.
const SENTENCE: &str = ".!?…؟۔";
/// Ends one also without.
const FULL_WIDTH: &str = "。！？";

/// The sentences of a text, with their marks.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut begin = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((_, c)) = characters.next() {
        let next = characters.peek().copied();
        let after = next.is_none_or(|(_, next)| next.is_whitespace());
        if FULL_WIDTH.contains(c) || (SENTENCE.contains(c) && after) {
            let end = next.map_or(text.len(), |(index, _)| index);
            sentences.extend(text.get(begin..end));
            begin = end;
        }
    }
    sentences.extend(text.get(begin..));
    sentences.into_iter().map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_sound_goes() {
        let long = "a".repeat(100);
        let cut = format!("{} {} {}", "a".repeat(48), "a".repeat(48), "a".repeat(4));
        for (text, cleaned) in [
            ("  Disk\r\n\tfull \u{0}now\u{7} ", "Disk full now"),
            ("", ""),
            (" \u{200b}\u{feff}\n", ""),
            ("... --- !!!", ""),
            ("-----=====-----", "---===---"),
            ("fire \u{1f525}\u{fe0f} here", "fire \u{1f525} here"),
            ("\u{202e}القرص ممتلئ\u{202c}", "القرص ممتلئ"),
            ("a\u{fffd}b\u{e000}c", "a b c"),
            ("100 000 000", "100 000 000"),
            ("1000000", "1000000"),
            (&long, &cut),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn sentences_end_where_a_mark_meets_a_blank() {
        for (text, expected) in [
            ("One. Two! Three", vec!["One.", "Two!", "Three"]),
            ("Version 3.5 is out.", vec!["Version 3.5 is out."]),
            ("¿Qué? ¡Ya!", vec!["¿Qué?", "¡Ya!"]),
            ("磁盘已满。请检查！", vec!["磁盘已满。", "请检查！"]),
            ("Wait... now", vec!["Wait...", "now"]),
            ("", vec![]),
        ] {
            assert_eq!(sentences(text), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_becomes_a_tame_one(text in "\\PC{0,300}|[\\x00-\\x7f]{0,300}") {
            let cleaned = clean(&text);
            proptest::prop_assert!(!cleaned.chars().any(char::is_control));
            let longest = cleaned.split(' ').map(|word| word.chars().count()).max();
            proptest::prop_assert!(longest.unwrap_or(0) <= MAX_WORD);
            proptest::prop_assert_eq!(clean(&cleaned), cleaned.clone());
            let kept: usize = sentences(&cleaned).iter().map(|s| s.trim().len()).sum();
            proptest::prop_assert!(kept <= cleaned.len());
        }
    }
}
