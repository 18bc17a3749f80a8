//! Numbers, and what they measure.

use std::sync::LazyLock;

use regex::Regex;

use super::language::Unit;
use super::read::{Reader, pattern};

/// Digits of a number without a unit that is said; longer ones are codes nobody can remember.
const MAX_DIGITS: usize = 9;
/// Digits of a number with a unit that is said.
const MAX_MEASURED_DIGITS: usize = 15;
/// Digits after the leading zeros of a fraction that are said.
const MAX_DECIMALS: usize = 3;

/// A number as written, without its grouping.
#[derive(Debug, PartialEq, Eq)]
struct Number<'a> {
    whole: String,
    fraction: Option<&'a str>,
}

/// Reads `1,234.5`; `decimal_comma` decides what `1,234` and `1.234` are. Nothing for `1.2.3`.
fn parse(text: &str, decimal_comma: bool) -> Option<Number<'_>> {
    let (grouping, decimal) = if decimal_comma { ('.', ',') } else { (',', '.') };
    let whole = |text: &str| text.chars().filter(char::is_ascii_digit).collect();
    let Some(last) = text.rfind(['.', ',']) else {
        return Some(Number { whole: whole(text), fraction: None });
    };
    let (head, tail) = text.split_at(last);
    let separator = if tail.starts_with('.') { '.' } else { ',' };
    let fraction = tail.trim_start_matches(separator);
    let once = !head.contains(separator);
    let other = head.contains(if separator == '.' { ',' } else { '.' });
    let grouped = || {
        let mut groups = text.split(separator);
        let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
        first && !text.starts_with('0') && groups.all(|group| group.len() == 3)
    };
    let is_group = if other {
        !once
    } else if once {
        separator == grouping && separator != decimal && grouped()
    } else if grouped() {
        true
    } else {
        return None;
    };
    Some(if is_group {
        Number { whole: whole(text), fraction: None }
    } else {
        Number { whole: whole(head), fraction: Some(fraction) }
    })
}

impl Reader<'_> {
    /// `98.4 %`, `1,234`, `5/10`, `1.5e6`, `$5`, `10-20`.
    pub(super) fn number(&mut self, rest: &str) -> Option<usize> {
        static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^([$€£]\s?)?(\d+(?:[.,]\d+){0,8})(?:[eE]([+-]?)(\d{1,3}))?(st\b|nd\b|rd\b|th\b)?",
            )
        });
        let found = NUMBER.captures(rest)?;
        let (text, used) = (found.get(2)?.as_str(), found.get(0)?.end());
        let after = rest.get(used..)?;
        if found.get(5).is_some() {
            self.out.say(rest.get(..used)?);
            return Some(used);
        }
        let currency = found.get(1).and_then(|sign| self.unit(sign.as_str().trim()));
        if let Some((unit, _)) = currency {
            self.measure(text, unit);
            return Some(used);
        }
        if let Some(exponent) = found.get(4) {
            self.quantity(text, MAX_DIGITS);
            self.out.say(self.reading.words.power);
            if found.get(3).is_some_and(|sign| sign.as_str() == "-") {
                self.out.say(self.reading.words.minus);
            }
            self.out.say(exponent.as_str().trim_start_matches('0'));
            return Some(used);
        }
        let blank = usize::from(after.starts_with(' '));
        if let Some((unit, length)) = after.get(blank..).and_then(|after| self.unit(after)) {
            self.measure(text, unit);
            let used = used + blank + length;
            return Some(used + self.per(rest.get(used..)?));
        }
        if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        self.quantity(text, MAX_DIGITS);
        let digits = |after: &str| after.starts_with(|c: char| c.is_ascii_digit());
        if after.strip_prefix('/').is_some_and(digits) {
            self.out.say(self.reading.words.of);
            return Some(used + 1);
        }
        if let Some(next) = after.strip_prefix('-').filter(|next| digits(next)) {
            let end = next.find(|c: char| !c.is_ascii_digit()).unwrap_or(next.len());
            let rises = text.parse::<u64>().ok() < next.get(..end)?.parse::<u64>().ok();
            self.out.say(if rises { self.reading.words.to } else { self.reading.words.dash });
            return Some(used + 1);
        }
        Some(used)
    }

    /// `5m`, `1h 3m 20s`, `2d4h`: after a digit `m` means minutes.
    pub(super) fn duration(&mut self, rest: &str) -> Option<usize> {
        static DURATION: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^\d+(?:[.,]\d+)?(?:ms|[wdhms])(?: ?\d+(?:ms|[wdhms])){0,5}\b")
        });
        static PART: LazyLock<Regex> = LazyLock::new(|| pattern(r"([\d.,]+)(ms|[wdhms])"));
        if self.reading.units.len() < 2 {
            return None;
        }
        let found = DURATION.find(rest)?.as_str();
        for part in PART.captures_iter(found) {
            let (_, [count, sign]) = part.extract();
            let sign = if sign == "m" { "min" } else { sign };
            let (unit, _) = self.unit(sign)?;
            self.measure(count, unit);
        }
        Some(found.len())
    }

    /// `1.2.3`, `v1.2`.
    pub(super) fn version(&mut self, rest: &str) -> Option<usize> {
        static VERSION: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^(?:[vV]\d{1,6}(?:\.\d{1,8}){0,8}|\d{1,6}(?:\.\d{1,8}){2,8})")
        });
        let found = VERSION.find(rest)?.as_str();
        let numbers = found.trim_start_matches(['v', 'V']);
        let grouped =
            numbers.len() == found.len() && parse(numbers, self.reading.decimal_comma).is_some();
        let goes_on = rest.get(found.len()..)?.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !self.begins() || grouped || goes_on {
            return None;
        }
        if numbers.len() < found.len() {
            self.out.say(self.reading.words.version);
        }
        self.dotted(numbers);
        Some(found.len())
    }

    /// Numbers between points.
    pub(super) fn dotted(&mut self, text: &str) {
        for (index, number) in text.split('.').enumerate() {
            if index > 0 {
                self.out.say(self.reading.words.dot);
            }
            self.digits(number);
        }
    }

    /// `+34 911 222 333`: by its groups, else by threes, digit after digit.
    pub(super) fn phone(&mut self, rest: &str) -> Option<usize> {
        static PHONE: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"^\+\d(?:[ ().-]{0,2}\d){7,14}\b"));
        let found = PHONE.find(rest)?.as_str();
        let number = found.trim_start_matches('+');
        let grouped = number.contains(|c: char| !c.is_ascii_digit());
        self.out.say(self.reading.words.plus);
        let mut group = String::new();
        for (index, c) in number.char_indices() {
            let ends = if grouped { !c.is_ascii_digit() } else { (number.len() - index) % 3 == 0 };
            if ends {
                self.one_by_one(&group);
                self.out.pause(',');
                group.clear();
            }
            group.push(c);
        }
        self.one_by_one(&group);
        self.out.pause(',');
        Some(found.len())
    }

    /// `0x1f` by its digits, a longer one by name only.
    pub(super) fn hex(&mut self, rest: &str) -> Option<usize> {
        static HEX: LazyLock<Regex> = LazyLock::new(|| pattern(r"^0[xX]([0-9a-fA-F]+)\b"));
        let found = HEX.captures(rest)?;
        let digits = found.get(1)?.as_str();
        if digits.len() > 4 {
            self.out.say(self.reading.words.hex_code);
        } else {
            self.out.say(self.reading.words.hex);
            self.spell(digits);
        }
        Some(found.get(0)?.len())
    }

    /// A whole number in a name: as a number when that keeps it apart from every other.
    pub(super) fn digits(&mut self, digits: &str) {
        match digits.len() {
            2.. if digits.starts_with('0') => self.one_by_one(digits),
            0..=4 => self.out.say(digits),
            5..=6 => self.one_by_one(digits),
            _ => self.out.say(self.reading.words.long_number),
        }
    }

    /// Digits in words, one after the other.
    fn one_by_one(&mut self, digits: &str) {
        for digit in digits.chars().filter_map(|c| c.to_digit(10)) {
            let word = usize::try_from(digit).ok().and_then(|at| self.reading.digits.get(at));
            self.out.say(word.copied().unwrap_or_default());
        }
    }

    fn measure(&mut self, text: &str, unit: &Unit) {
        if text == "1" {
            self.out.say(unit.one);
        } else {
            self.quantity(text, MAX_MEASURED_DIGITS);
            self.out.say(unit.many);
        }
    }

    fn quantity(&mut self, text: &str, max_digits: usize) {
        let Some(point) = self.reading.point else {
            // The voice knows how its language writes decimals.
            let number = if text.len() <= max_digits { text } else { "" };
            return self.out.say(number);
        };
        let Some(Number { whole, fraction }) = parse(text, self.reading.decimal_comma) else {
            return self.dotted(&text.replace(',', "."));
        };
        if whole.len() > max_digits {
            return self.out.say(self.reading.words.long_number);
        }
        if whole.len() > 1 && whole.starts_with('0') {
            self.one_by_one(&whole);
        } else {
            self.out.say(&whole);
        }
        let Some(fraction) = fraction else { return };
        let zeros = fraction.len() - fraction.trim_start_matches('0').len();
        let end = fraction.len().min(zeros.min(MAX_DIGITS) + MAX_DECIMALS);
        let fraction = fraction.get(..end).unwrap_or(fraction);
        self.out.say(point);
        // `0,75` is a number to a Spanish ear, digits to an English one.
        if fraction.len() == 1 || (self.reading.decimal_comma && fraction.len() == 2 && zeros == 0)
        {
            self.out.say(fraction);
        } else {
            self.one_by_one(fraction);
        }
    }

    /// The unit a text begins with and the length of its sign.
    fn unit(&self, text: &str) -> Option<(&'static Unit, usize)> {
        let signs =
            self.reading.units.iter().flat_map(|unit| unit.signs.iter().map(move |s| (unit, *s)));
        let whole = |sign: &str| {
            let after = text.strip_prefix(sign)?;
            (sign == "%" || !after.starts_with(|c: char| c.is_alphanumeric() || "_'".contains(c)))
                .then_some(sign.len())
        };
        signs
            .filter_map(|(unit, sign)| Some((unit, whole(sign)?)))
            .max_by_key(|(_, length)| *length)
    }

    /// Says `/s`; its length.
    fn per(&mut self, rest: &str) -> usize {
        let ends = |sign: &str| {
            rest.strip_prefix(sign)
                .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
        };
        let Some((sign, said)) = self.reading.per.iter().find(|(sign, _)| ends(sign)) else {
            return 0;
        };
        self.out.say(said);
        sign.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, parse};

    #[test]
    fn grouping_and_decimals() {
        let cases = [
            // text, with a decimal point, with a decimal comma
            ("300", Some("300"), Some("300")),
            ("98.4", Some("98|4"), Some("98|4")),
            ("98,4", Some("98|4"), Some("98|4")),
            ("1,234", Some("1234"), Some("1|234")),
            ("1.234", Some("1|234"), Some("1234")),
            ("0.123", Some("0|123"), Some("0|123")),
            ("1,234.5", Some("1234|5"), Some("1234|5")),
            ("1.234,5", Some("1234|5"), Some("1234|5")),
            ("1,234,567", Some("1234567"), Some("1234567")),
            ("1.234.567", Some("1234567"), Some("1234567")),
            ("1.2.3", None, None),
            ("1,2,3", None, None),
            ("2026.11.23", None, None),
        ];
        let shown = |number: Number<'_>| match number.fraction {
            Some(fraction) => format!("{}|{fraction}", number.whole),
            None => number.whole,
        };
        for (text, with_point, with_comma) in cases {
            assert_eq!(parse(text, false).map(shown).as_deref(), with_point, "{text}");
            assert_eq!(parse(text, true).map(shown).as_deref(), with_comma, "{text}");
        }
    }
}
