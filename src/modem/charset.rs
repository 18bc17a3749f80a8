//! The GSM 7 bit default alphabet and its extension table (3GPP TS 23.038 section 6.2.1).

/// Introduces a character of the extension table.
const ESCAPE: u8 = 0x1B;

/// The default alphabet by code; the escape stands as a no-break space, which is how a receiver
/// without the extension table shows it.
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_',
    'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{a0}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#',
    '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6',
    '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I',
    'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö',
    'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: code after the escape, and character.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// One character in the default alphabet: a septet, or an escape pair that must stay together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gsm7 {
    /// In the default table.
    One(u8),
    /// After an escape.
    Escaped(u8),
}

/// A character's code, or `None` if the alphabet lacks it.
#[must_use]
pub fn to_gsm7(c: char) -> Option<Gsm7> {
    if c == '\u{a0}' {
        return None;
    }
    if let Some(code) = DEFAULT.iter().position(|known| *known == c) {
        return u8::try_from(code).ok().map(Gsm7::One);
    }
    EXTENSION.iter().find(|(_, known)| *known == c).map(|(code, _)| Gsm7::Escaped(*code))
}

/// A text's septets, or `None` if the alphabet lacks one of its characters.
#[must_use]
pub fn encode_gsm7(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match to_gsm7(c)? {
            Gsm7::One(code) => septets.push(code),
            Gsm7::Escaped(code) => septets.extend([ESCAPE, code]),
        }
    }
    Some(septets)
}

/// The text of septets. An unknown escape pair reads as its second character of the default
/// table, as the standard demands; a lone escape at the end as a space.
#[must_use]
pub fn decode_gsm7(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut septets = septets.iter();
    while let Some(&code) = septets.next() {
        if code & 0x7F != ESCAPE {
            text.push(default_char(code));
            continue;
        }
        let Some(&code) = septets.next() else {
            text.push(' ');
            break;
        };
        let extended = EXTENSION.iter().find(|(known, _)| *known == code & 0x7F);
        text.push(extended.map_or_else(|| default_char(code), |(_, c)| *c));
    }
    text
}

fn default_char(code: u8) -> char {
    DEFAULT.get(usize::from(code & 0x7F)).copied().unwrap_or(' ')
}

/// Packs septets into octets, beginning `fill` bits into the first one (section 6.1.2.1.1; the
/// fill aligns septets after a user data header).
#[must_use]
pub fn pack(septets: &[u8], fill: u8) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len());
    let mut bits: u32 = 0;
    let mut count = u32::from(fill % 8);
    for septet in septets {
        bits |= u32::from(septet & 0x7F) << count;
        count += 7;
        while count >= 8 {
            octets.push((bits & 0xFF) as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        octets.push((bits & 0xFF) as u8);
    }
    octets
}

/// Takes at most `count` septets out of octets, beginning `fill` bits into the first one.
#[must_use]
pub fn unpack(octets: &[u8], fill: u8, count: usize) -> Vec<u8> {
    let mut septets = Vec::with_capacity(count.min(octets.len() * 8 / 7));
    let mut bits: u32 = 0;
    let mut held: u32 = 0;
    let mut skip = u32::from(fill % 8);
    for octet in octets {
        bits |= u32::from(*octet) << held;
        held += 8;
        let skipped = skip.min(held);
        bits >>= skipped;
        held -= skipped;
        skip -= skipped;
        while held >= 7 && septets.len() < count {
            septets.push((bits & 0x7F) as u8);
            bits >>= 7;
            held -= 7;
        }
        if septets.len() == count {
            break;
        }
    }
    septets
}

/// Characters the default alphabet lacks and that lose nothing by another spelling: typographic
/// quotes, dashes and blanks. Accented letters are not among them.
#[must_use]
pub fn plain_typography(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2032}' | '`' | '´' => "'",
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2026}' => "...",
        '\u{2022}' | '\u{b7}' => "*",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' => " ",
        '\u{ad}' | '\u{200B}' | '\u{FEFF}' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_code_is_its_own() {
        for code in (0u8..128).filter(|code| *code != ESCAPE) {
            assert_eq!(to_gsm7(default_char(code)), Some(Gsm7::One(code)));
        }
        for (code, c) in EXTENSION {
            assert_eq!(to_gsm7(c), Some(Gsm7::Escaped(code)));
        }
        for c in ['á', '🔥', '\u{a0}', '’', '\t'] {
            assert_eq!(to_gsm7(c), None);
        }
    }

    #[test]
    fn odd_escapes_are_readable() {
        let rows: [(&[u8], &str); 4] =
            [(&[0x1B, 0x65], "€"), (&[0x1B, 0x41], "A"), (&[0x1B], " "), (&[0x1B, 0x1B], "\u{a0}")];
        for (septets, text) in rows {
            assert_eq!(decode_gsm7(septets), text);
        }
    }

    #[test]
    fn packing_is_that_of_the_standard() {
        let septets = encode_gsm7("hellohello").unwrap();
        assert_eq!(pack(&septets, 0), [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(septets in proptest::collection::vec(0u8..128, 0..200), fill in 0u8..8) {
            prop_assert_eq!(unpack(&pack(&septets, fill), fill, septets.len()), septets);
        }
    }
}
