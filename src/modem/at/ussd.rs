//! `+CUSD` (3GPP TS 27.007 section 7.15): what a network writes when it is asked by a code. Pure.
//!
//! Modules give its text as octets of the GSM alphabet, as plain characters, or as hexadecimal digits
//! of octets, of packed septets or of UCS2, and not always as `<dcs>` (3GPP TS 23.038 section 5) and
//! `AT+CSCS` would have it. So the shape of the text has its say, too.

use super::command::{Field, fields};
use crate::modem::charset::{decode_gsm7, to_gsm7, unpack};
use crate::modem::pdu::from_hex;

/// What its lines begin with.
pub(super) const START: &[u8] = b"+CUSD:";
/// Longest text of `+CUSD` that is put together of several lines: 182 characters and what stands
/// around them.
const MAX_BYTES: usize = 320;
/// Most characters of a text: 160 octets are 182 septets.
const MAX_CHARS: usize = 182;
/// Fewer hexadecimal digits than this may be an ordinary number.
const MIN_HEX_DIGITS: usize = 16;

/// What a network says in a dialogue of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ussd {
    /// What becomes of the dialogue.
    pub state: UssdState,
    /// The text, without control characters and at most 182 characters long; empty if there is none.
    pub text: String,
}

/// `<m>`: what becomes of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UssdState {
    /// 0, and 2 ("terminated by network"), which some networks send with an answer: it is over.
    Over,
    /// 1: the network waits for an answer.
    Question,
    /// 3: somebody else has answered.
    Elsewhere,
    /// 4, and what no standard knows: not supported.
    Unsupported,
    /// 5: the network was too slow.
    TimedOut,
}

/// How a text is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Gsm7,
    Octets,
    Ucs2,
}

impl Ussd {
    /// Reads a line, in which each character below U+0100 may stand for an octet.
    pub(super) fn read(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("+CUSD:")?;
        let head = rest.split('"').next()?;
        let state = match fields(head).first()?.number()? {
            0 | 2 => UssdState::Over,
            1 => UssdState::Question,
            3 => UssdState::Elsewhere,
            5 => UssdState::TimedOut,
            _ => UssdState::Unsupported,
        };
        let text = rest.get(head.len() + 1..).map(|rest| {
            // Quotation marks inside are not marked in any way: the last one ends the text.
            let (text, tail) = rest.rsplit_once('"').unwrap_or((rest, ""));
            let dcs = fields(tail).get(1).and_then(Field::number);
            decode(text, alphabet(dcs.unwrap_or(15)))
        });
        Some(Self { state, text: tame(&text.unwrap_or_default()) })
    }
}

/// The alphabet of a cell broadcast data coding scheme (23.038 section 5).
const fn alphabet(dcs: u32) -> Alphabet {
    match dcs {
        0x11 => Alphabet::Ucs2,
        0x40..=0x7F | 0x90..=0x9F => match dcs >> 2 & 3 {
            1 => Alphabet::Octets,
            2 => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        },
        0xF0..=0xFF if dcs & 4 != 0 => Alphabet::Octets,
        _ => Alphabet::Gsm7,
    }
}

fn decode(text: &str, alphabet: Alphabet) -> String {
    match (of_hex(text), alphabet) {
        (Some(octets), Alphabet::Ucs2) => ucs2(&octets),
        (Some(octets), Alphabet::Octets) => octets.iter().copied().map(char::from).collect(),
        (Some(octets), Alphabet::Gsm7) if text.len() >= MIN_HEX_DIGITS => of_gsm7(&octets),
        (_, _) if text.is_ascii() => decode_gsm7(text.as_bytes()),
        (_, _) => text.to_owned(),
    }
}

/// The octets of hexadecimal digits; a text may be longer than a message.
fn of_hex(text: &str) -> Option<Vec<u8>> {
    const PIECE: usize = 64;
    let pieces =
        text.as_bytes().chunks(PIECE).map(|piece| from_hex(str::from_utf8(piece).ok()?).ok());
    Some(pieces.collect::<Option<Vec<_>>>()?.concat())
}

/// Characters of the GSM alphabet in UCS2, each in an octet, or packed.
fn of_gsm7(octets: &[u8]) -> String {
    let wide = ucs2(octets);
    let is_gsm7 = |c: char| c == '\r' || c == '\n' || to_gsm7(c).is_some();
    if octets.len().is_multiple_of(2) && wide.chars().all(is_gsm7) {
        wide
    } else if octets.is_ascii() {
        decode_gsm7(octets)
    } else {
        decode_gsm7(&unpack(octets, 0, octets.len() * 8 / 7))
    }
}

fn ucs2(octets: &[u8]) -> String {
    let units = octets.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// One line of what can be shown.
fn tame(text: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let shown: String = text
        .chars()
        .filter(|c| !invisible(*c))
        .map(|c| if c.is_control() || c.is_whitespace() && c != '\u{a0}' { ' ' } else { c })
        .collect();
    let words: Vec<&str> = shown.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(MAX_CHARS).collect()
}

/// Where the line of `+CUSD` that begins `bytes` ends; `None` until more bytes tell. Its text may go
/// over several lines. One whose end was lost goes no further than to the next line of the modem,
/// which has an empty one before it.
pub(super) fn line_end(bytes: &[u8], first: usize) -> Option<usize> {
    const BETWEEN: &[u8] = b"\r\n\r\n";
    let ends = bytes.iter().enumerate().skip(first).take(MAX_BYTES);
    for (end, _) in ends.filter(|(_, byte)| matches!(byte, b'\r' | b'\n')) {
        let (line, after) = bytes.split_at_checked(end)?;
        if is_closed(line) || after.starts_with(BETWEEN) {
            return Some(end);
        }
        if BETWEEN.starts_with(after) {
            return None;
        }
    }
    (bytes.len() >= first + MAX_BYTES).then_some(first)
}

/// Whether the text of `+CUSD`, if there is one, has its closing quotation mark.
fn is_closed(line: &[u8]) -> bool {
    let mark = |byte: &u8| *byte == b'"';
    let Some(first) = line.iter().position(mark) else { return true };
    let last = line.iter().rposition(mark).unwrap_or(first);
    let tail = line.iter().skip(last + 1);
    first < last && tail.copied().all(|byte| matches!(byte, b',' | b' ' | b'0'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_shape_a_text_has_it_is_read() {
        let rows = [
            ("+CUSD: 0,\"Saldo: 12.50 EUR\",15", UssdState::Over, "Saldo: 12.50 EUR"),
            // Octets of the GSM alphabet, over several lines.
            (
                "+CUSD: 0,\"Balance \u{1}4.20\nThank you\",15",
                UssdState::Over,
                "Balance £4.20 Thank you",
            ),
            ("+CUSD: 0,\"Cr\u{5}dit 3 \u{1b}e\",0", UssdState::Over, "Crédit 3 €"),
            // Plain characters.
            (
                "+CUSD: 0, \"Votre crédit s'élève à CHF 3.75.\", 2",
                UssdState::Over,
                "Votre crédit s'élève à CHF 3.75.",
            ),
            ("+CUSD: 2,\"He said \"hi\", 5,00\"", UssdState::Over, "He said \"hi\", 5,00"),
            // UCS2, and a module set to it.
            (
                "+CUSD: 0,\"04110430043B0430043D0441003A0032003200320030002C003700360440\",72",
                UssdState::Over,
                "Баланс:2220,76р",
            ),
            (
                "+CUSD: 1,\"00530061006C0064006F00200035002020AC\",15",
                UssdState::Question,
                "Saldo 5 €",
            ),
            ("+CUSD: 2,\"003600310031002E0032003000200440002E\",17", UssdState::Over, "611.20 р."),
            // Octets and packed septets as digits.
            (
                "+CUSD: 1,\"536973612070756C73612052702E333030302E\",0",
                UssdState::Question,
                "Sisa pulsa Rp.3000.",
            ),
            ("+CUSD: 0,\"42616C616E636520352E3030\",68", UssdState::Over, "Balance 5.00"),
            // A number is no code.
            ("+CUSD: 0,\"12345678\",15", UssdState::Over, "12345678"),
            ("+CUSD: 2", UssdState::Over, ""),
            ("+CUSD: 4", UssdState::Unsupported, ""),
            ("+CUSD: 5,\"\",0", UssdState::TimedOut, ""),
            ("+CUSD: 3", UssdState::Elsewhere, ""),
            ("+CUSD: 0,\"cut", UssdState::Over, "cut"),
            ("+CUSD: 0,\"a\u{7}b\u{1b}[2Jc\u{202e}d\",15", UssdState::Over, "a b [2Jcd"),
        ];
        for (line, state, text) in rows {
            let found = Ussd::read(line).unwrap();
            assert_eq!((found.state, found.text.as_str()), (state, text), "{line}");
        }
        for line in ["+CUSD:", "+CUSD: x", "+CUSD: \"0\"", "+CMTI: 0"] {
            assert_eq!(Ussd::read(line), None, "{line}");
        }
    }

    #[test]
    fn packed_septets_are_unpacked() {
        let packed = crate::modem::charset::pack(
            &crate::modem::charset::encode_gsm7("Your balance is 5.00").unwrap(),
            0,
        );
        let line = format!("+CUSD: 0,\"{}\",0", crate::modem::pdu::to_hex(&packed));
        assert_eq!(Ussd::read(&line).unwrap().text, "Your balance is 5.00");
    }

    #[test]
    fn a_text_has_its_limit() {
        let long = format!("+CUSD: 0,\"{}\",15", "a ".repeat(1000));
        assert_eq!(Ussd::read(&long).unwrap().text.chars().count(), MAX_CHARS);
    }

    #[test]
    fn schemes_are_those_of_the_standard() {
        let rows = [
            (0, Alphabet::Gsm7),
            (15, Alphabet::Gsm7),
            (0x10, Alphabet::Gsm7),
            (0x11, Alphabet::Ucs2),
            (64, Alphabet::Gsm7),
            (68, Alphabet::Octets),
            (72, Alphabet::Ucs2),
            (0x98, Alphabet::Ucs2),
            (0xF0, Alphabet::Gsm7),
            (0xF4, Alphabet::Octets),
            (999, Alphabet::Gsm7),
        ];
        for (dcs, expected) in rows {
            assert_eq!(alphabet(dcs), expected, "{dcs}");
        }
    }
}
