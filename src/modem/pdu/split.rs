//! A text → as few parts as can be, none of which cuts what belongs together.

use super::user_data::{Body, Concatenation, Part};
use crate::modem::charset::{Gsm7, encode_gsm7, plain_typography, to_gsm7};

/// Most parts of one message: the total is one octet.
const MAX_PARTS: usize = 255;

/// Capacities of one part, alone and among others (3GPP TS 23.040 section 9.2.3.24.1).
const GSM7_ALONE: usize = 160;
const GSM7_CONCATENATED: usize = 153;
const UCS2_ALONE: usize = 70;
const UCS2_CONCATENATED: usize = 67;

/// Splits a text into parts, at most 255 (what is beyond is left out). The default alphabet is
/// used if it has every character, after typographic ones are spelt plainly; else UCS2, with the
/// text as it is. `reference` marks the parts as belonging together.
#[must_use]
pub fn split(text: &str, reference: u8) -> Vec<Part> {
    let text = with_line_feeds(text);
    let bodies = match plain(&text) {
        Some(plain) => gsm7_bodies(&plain),
        None => ucs2_bodies(&text),
    };
    let total = bodies.len().min(MAX_PARTS);
    let number = |index: usize| u8::try_from(index).unwrap_or(u8::MAX);
    let concatenation = |index| {
        (total > 1).then(|| Concatenation {
            reference: u16::from(reference),
            total: number(total),
            sequence: number(index + 1),
        })
    };
    let bodies = bodies.into_iter().take(MAX_PARTS).enumerate();
    bodies.map(|(index, body)| Part { body, concatenation: concatenation(index) }).collect()
}

/// The text if it fits into `max_parts`, else as much of it as does with an ellipsis at its end.
#[must_use]
pub fn shorten(text: &str, max_parts: usize) -> String {
    const ELLIPSIS: char = '…';
    let max_parts = max_parts.clamp(1, MAX_PARTS);
    // No part holds more characters than this, so what is beyond need not be looked at.
    let most = max_parts * GSM7_ALONE;
    let (bounded, has_more) = match text.char_indices().nth(most * 2) {
        Some((end, _)) => (text.get(..end).unwrap_or(text), true),
        None => (text, false),
    };
    let fits = |text: &str| count_parts(text) <= max_parts;
    if !has_more && fits(bounded) {
        return bounded.to_owned();
    }
    let ends: Vec<usize> = cluster_ends(bounded);
    let shortened = |end: usize| {
        let mut shortened = bounded.get(..end).unwrap_or("").trim_end().to_owned();
        shortened.push(ELLIPSIS);
        shortened
    };
    // Longer never fits better, so the longest is found by halving.
    let fitting = ends.partition_point(|end| fits(&shortened(*end)));
    let end = fitting.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0);
    shortened(end)
}

fn count_parts(text: &str) -> usize {
    let text = with_line_feeds(text);
    match plain(&text) {
        Some(plain) => gsm7_bodies(&plain).len(),
        None => ucs2_bodies(&text).len(),
    }
}

fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The text in characters of the default alphabet, if nothing is lost by that.
fn plain(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if to_gsm7(c).is_some() {
            plain.push(c);
        } else {
            plain.push_str(plain_typography(c)?);
        }
    }
    Some(plain)
}

fn gsm7_bodies(text: &str) -> Vec<Body> {
    let weigh = |c: char| match to_gsm7(c) {
        Some(Gsm7::Escaped(_)) => 2,
        Some(Gsm7::One(_)) | None => 1,
    };
    let pieces = fill(text, GSM7_ALONE, GSM7_CONCATENATED, weigh);
    pieces.into_iter().map(|piece| Body::Gsm7(encode_gsm7(piece).unwrap_or_default())).collect()
}

fn ucs2_bodies(text: &str) -> Vec<Body> {
    let pieces = fill(text, UCS2_ALONE, UCS2_CONCATENATED, char::len_utf16);
    pieces.into_iter().map(|piece| Body::Ucs2(piece.encode_utf16().collect())).collect()
}

/// Fills parts with as many clusters as fit. A cluster that no part can hold is cut between
/// characters.
fn fill(text: &str, alone: usize, concatenated: usize, weigh: fn(char) -> usize) -> Vec<&str> {
    let weight = |text: &str| text.chars().map(weigh).sum::<usize>();
    if weight(text) <= alone {
        return vec![text];
    }
    let mut ends = Vec::new();
    let mut start = 0;
    for end in cluster_ends(text) {
        let cluster = text.get(start..end).unwrap_or("");
        if weight(cluster) <= concatenated {
            ends.push(end);
        } else {
            ends.extend(cluster.char_indices().map(|(at, c)| start + at + c.len_utf8()));
        }
        start = end;
    }
    let mut pieces = Vec::new();
    let (mut piece_start, mut piece_end, mut filled) = (0, 0, 0);
    for end in ends {
        let added = weight(text.get(piece_end..end).unwrap_or(""));
        if filled + added > concatenated {
            pieces.push(text.get(piece_start..piece_end).unwrap_or(""));
            piece_start = piece_end;
            filled = 0;
            if pieces.len() == MAX_PARTS {
                return pieces;
            }
        }
        filled += added;
        piece_end = end;
    }
    pieces.push(text.get(piece_start..).unwrap_or(""));
    pieces
}

/// Where sequences end that a reader sees as one character: a letter with its combining marks,
/// an emoji with its modifiers and joined ones, a flag.
fn cluster_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut previous: Option<char> = None;
    let mut regional = 0;
    for (at, c) in text.char_indices() {
        let joined = previous == Some('\u{200D}')
            || extends(c)
            || (is_regional(c) && regional % 2 == 1)
            || (previous == Some('\r') && c == '\n');
        if !joined && at > 0 {
            ends.push(at);
        }
        regional = if is_regional(c) { regional + 1 } else { 0 };
        previous = Some(c);
    }
    if !text.is_empty() {
        ends.push(text.len());
    }
    ends
}

/// Characters that change the one before them: combining marks, joiners, variation selectors,
/// skin tones, tags.
const fn extends(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}'
        | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{93C}' | '\u{93E}'..='\u{94D}'
        | '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200C}'..='\u{200D}'
        | '\u{20D0}'..='\u{20FF}' | '\u{3099}'..='\u{309A}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}')
}

const fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::modem::pdu::Alphabet;

    fn texts(text: &str) -> Vec<String> {
        split(text, 7).iter().map(Part::text).collect()
    }

    #[test]
    fn limits_are_those_of_the_standard() {
        let rows = [
            ("a", 160, 1, Alphabet::Gsm7),
            ("a", 161, 2, Alphabet::Gsm7),
            ("a", 306, 2, Alphabet::Gsm7),
            ("a", 307, 3, Alphabet::Gsm7),
            ("€", 80, 1, Alphabet::Gsm7),
            ("€", 81, 2, Alphabet::Gsm7),
            // 153 holds 76 pairs, and one septet stays empty.
            ("€", 152, 2, Alphabet::Gsm7),
            ("€", 153, 3, Alphabet::Gsm7),
            ("á", 70, 1, Alphabet::Ucs2),
            ("á", 71, 2, Alphabet::Ucs2),
            ("á", 134, 2, Alphabet::Ucs2),
            ("á", 135, 3, Alphabet::Ucs2),
            ("🔥", 35, 1, Alphabet::Ucs2),
            ("🔥", 66, 2, Alphabet::Ucs2),
            ("🔥", 67, 3, Alphabet::Ucs2),
            ("ñé", 80, 1, Alphabet::Gsm7),
            ("", 0, 1, Alphabet::Gsm7),
        ];
        for (unit, count, parts, alphabet) in rows {
            let text = unit.repeat(count);
            let split = split(&text, 7);
            assert_eq!(split.len(), parts, "{count} × {unit}");
            assert!(split.iter().all(|part| part.alphabet() == alphabet), "{unit}");
            assert_eq!(texts(&text).concat(), text);
        }
    }

    #[test]
    fn typography_does_not_cost_the_alphabet() {
        assert_eq!(texts("“it’s” – 5\u{a0}% …\ta\r\nb`"), ["\"it's\" - 5 % ... a\nb'"]);
        assert_eq!(texts("“é” á…"), ["“é” á…"]);
    }

    #[test]
    fn what_a_reader_sees_as_one_is_not_cut() {
        for one in ["e\u{301}", "👨\u{200D}👩\u{200D}👧", "🇬🇹", "👍🏽", "1\u{FE0F}\u{20E3}"]
        {
            for before in 55..70 {
                let text = "á".repeat(before) + one + &"b".repeat(30);
                assert!(texts(&text).iter().any(|part| part.contains(one)), "{one} at {before}");
            }
        }
    }

    #[test]
    fn a_text_is_shortened_to_its_parts() {
        let rows = [
            ("a".repeat(160), 1, "a".repeat(160)),
            ("a".repeat(161), 1, "a".repeat(157) + "…"),
            ("a".repeat(10_000_000), 2, "a".repeat(303) + "…"),
            ("á".repeat(71), 1, "á".repeat(69) + "…"),
            // The emoji is cut off, and with it the need for UCS2.
            ("a".repeat(159) + "🔥", 1, "a".repeat(157) + "…"),
            ("word ".repeat(40), 1, "word ".repeat(31) + "wo…"),
            (String::new(), 1, String::new()),
        ];
        for (text, max, expected) in rows {
            let short = shorten(&text, max);
            assert_eq!(short, expected);
            assert!(split(&short, 0).len() <= max);
        }
    }

    proptest! {
        #[test]
        fn parts_make_the_text_again(text in "(?s)[a-zá€\\[\u{1F525}\u{301}\u{200D}]{0,600}") {
            let parts = split(&text, 3);
            prop_assert_eq!(parts.iter().map(Part::text).collect::<String>(), text);
            let limits = |part: &Part| match &part.body {
                Body::Gsm7(septets) => septets.len() <= if parts.len() > 1 { 153 } else { 160 },
                Body::Ucs2(units) => units.len() <= if parts.len() > 1 { 67 } else { 70 },
                Body::Data(_) => false,
            };
            prop_assert!(parts.iter().all(limits));
        }

        #[test]
        fn any_text_is_shortened(text in any::<String>(), max in 1usize..4) {
            prop_assert!(split(&shorten(&text, max), 0).len() <= max);
        }
    }
}
