//! Words → the ids a Piper model speaks.
//!
//! espeak-ng gives phonemes without punctuation, but the models were trained with it and make their
//! melody of it: so a sentence is cut at its marks, and each mark put back after its clause.

use std::collections::HashMap;

use super::config::{BEGIN, END, PAD};

/// Most phonemes of one inference. Its memory grows with them: 100 need 240 MB, 200 would need 350.
pub(super) const MAX_PHONEMES: usize = 100;

/// Marks that the models know. Others are spoken of by espeak-ng or by nobody.
const MARKS: &str = ".,;:!?";

/// A sentence as its clauses: words, and the mark after them.
pub(super) fn clauses(sentence: &str) -> Vec<(&str, Option<char>)> {
    let mut clauses = Vec::new();
    let mut begin = 0;
    let mut characters = sentence.char_indices().peekable();
    while let Some((index, c)) = characters.next() {
        let ends = characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        if let Some(mark) = mark(c).filter(|_| ends) {
            clauses.extend(sentence.get(begin..index).map(|words| (words, Some(mark))));
            begin = index + c.len_utf8();
        }
    }
    clauses.extend(sentence.get(begin..).map(|words| (words, None)));
    clauses.retain(|(words, _)| words.chars().any(|c| !c.is_whitespace() && mark(c).is_none()));
    clauses
}

/// The mark of ours that a mark of any script is spoken as.
fn mark(c: char) -> Option<char> {
    match c {
        '…' | '۔' | '。' => Some('.'),
        '،' | '，' | '、' => Some(','),
        '؛' => Some(';'),
        '؟' | '？' => Some('?'),
        '！' => Some('!'),
        c if MARKS.contains(c) => Some(c),
        _ => None,
    }
}

/// The phonemes of a clause as the model knows them: without the marks by which espeak-ng says that
/// it changed the language, and decomposed as in the training.
pub(super) fn clean(phonemes: &str) -> impl Iterator<Item = char> {
    let mut in_brackets = false;
    let spoken = phonemes.trim().chars().filter(move |c| {
        in_brackets = (in_brackets || *c == '(') && *c != ')';
        !in_brackets && *c != ')' && *c != '\u{200d}'
    });
    spoken.flat_map(|c| {
        let (base, accent) = match c {
            'ç' => ('c', Some('\u{327}')),
            'ã' => ('a', Some('\u{303}')),
            'ẽ' => ('e', Some('\u{303}')),
            'ĩ' => ('i', Some('\u{303}')),
            'õ' => ('o', Some('\u{303}')),
            'ũ' => ('u', Some('\u{303}')),
            '\n' => (' ', None),
            c => (c, None),
        };
        std::iter::once(base).chain(accent)
    })
}

/// Cuts what is too long for one inference into parts of about the same length, rather at a mark
/// than between two words.
pub(super) fn parts(phonemes: &[char], most: usize) -> Vec<&[char]> {
    let mut parts = Vec::new();
    let mut rest = phonemes;
    while rest.len() > most {
        let even = rest.len().div_ceil(rest.len().div_ceil(most));
        let (part, after) = rest.split_at(cut(rest, even, most));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts.retain(|part| part.iter().any(|c| *c != ' '));
    parts
}

/// Where to cut: behind the blank that follows a mark or a word, near to `even`.
fn cut(phonemes: &[char], even: usize, most: usize) -> usize {
    let blanks = phonemes.iter().enumerate().take(most).skip(1).filter(|(_, c)| **c == ' ');
    let cost = |index: usize| {
        let mark = index.checked_sub(1).and_then(|before| phonemes.get(before));
        let at_mark = mark.is_some_and(|c| MARKS.contains(*c));
        index.abs_diff(even) + if at_mark { 0 } else { most / 3 }
    };
    let best = blanks.map(|(index, _)| index).min_by_key(|index| cost(*index));
    best.map_or(most, |index| index + 1)
}

/// The ids of phonemes, framed as the model wants them, each with a pad behind it, the beginning
/// too. Unknown phonemes are left out; `None` if nothing is left.
pub(super) fn ids(phonemes: &[char], map: &HashMap<char, Vec<i32>>) -> Option<Vec<i32>> {
    let known = |c: &char| map.get(c).map(Vec::as_slice).unwrap_or_default();
    let pad = known(&PAD);
    let mut ids = [known(&BEGIN), pad].concat();
    let mut sounds = false;
    for phoneme in phonemes {
        let own = known(phoneme);
        sounds |= !own.is_empty() && *phoneme != ' ' && !MARKS.contains(*phoneme);
        if !own.is_empty() {
            ids.extend_from_slice(own);
            ids.extend_from_slice(pad);
        }
    }
    ids.extend_from_slice(known(&END));
    sounds.then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_at_its_marks() {
        for (sentence, expected) in [
            ("Disk full, now.", vec![("Disk full", Some(',')), (" now", Some('.'))]),
            ("Version 3.5: out", vec![("Version 3.5", Some(':')), (" out", None)]),
            ("Wait... ", vec![("Wait..", Some('.'))]),
            (", . !", vec![]),
            ("ماذا؟ نعم", vec![("ماذا", Some('?')), (" نعم", None)]),
        ] {
            assert_eq!(clauses(sentence), expected, "{sentence:?}");
        }
    }

    #[test]
    fn marks_of_a_change_of_language_are_not_spoken() {
        let cleaned: String = clean("(en)sˈɜːvə(es) lˈiçt").collect();
        assert_eq!(cleaned, "sˈɜːvə lˈic\u{327}t");
    }

    #[test]
    fn ids_have_pads_behind_the_beginning_and_each_phoneme() {
        let map = [('_', 0), ('^', 1), ('$', 2), ('a', 14), ('.', 10)];
        let map = map.map(|(phoneme, id)| (phoneme, vec![id])).into_iter().collect();
        assert_eq!(ids(&['a', '€', '.'], &map), Some(vec![1, 0, 14, 0, 10, 0, 2]));
        assert_eq!(ids(&['€', '.', ' '], &map), None);
    }

    #[test]
    fn long_sentences_are_cut_at_marks_and_words() {
        for (text, expected) in [
            ("aaa bbb", vec!["aaa bbb"]),
            ("aaaa bbbb, cccc dddd", vec!["aaaa bbbb, ", "cccc dddd"]),
            ("aaaa bbbb cccc dddd", vec!["aaaa bbbb ", "cccc dddd"]),
            ("aaaaaaaaaaaaaaaaaa", vec!["aaaaaaaaaaaa", "aaaaaa"]),
        ] {
            let characters: Vec<char> = text.chars().collect();
            let parts: Vec<String> =
                parts(&characters, 12).iter().map(|p| p.iter().collect()).collect();
            assert_eq!(parts, expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_are_short_and_nothing_is_lost(text in "[ab ,.]{0,400}", most in 3usize..50) {
            let characters: Vec<char> = text.chars().collect();
            let parts = parts(&characters, most);
            proptest::prop_assert!(parts.iter().all(|part| part.len() <= most));
            let sounds = |text: &[char]| text.iter().filter(|c| **c != ' ').count();
            let kept: usize = parts.iter().map(|part| sounds(part)).sum();
            proptest::prop_assert_eq!(kept, sounds(&characters));
        }
    }
}
