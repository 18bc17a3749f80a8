//! Finds the balance in what an operator writes about it. Pure.
//!
//! Every operator writes as it likes, and about more than the balance: until when it is valid, what a
//! minute costs, what else could be bought. So a figure beside a currency, after a word for a balance,
//! is the best; a figure beside a currency the next best; and the last resort one that only stands
//! after such a word. Dates, times, codes and numbers of anything else are none.

mod words;

use std::ops::Range;

use words::{BALANCE, BALANCE_ALONE, COUNTED, CURRENCIES};

use crate::config::{Amount, Pattern};

/// How far after a word for a balance its figure may stand, in octets.
const FAR: usize = 60;
/// Most figures of a text that are looked at.
const MAX_FIGURES: usize = 32;
/// More digits than this without decimals and currency are a telephone number.
const MAX_BARE_DIGITS: usize = 6;

/// A figure in a text.
struct Figure {
    place: Range<usize>,
    amount: Amount,
    /// A currency stands beside it.
    has_currency: bool,
}

/// The balance in a text: by the pattern, if there is one, else where balances stand as a rule.
#[must_use]
pub fn find(text: &str, pattern: Option<&Pattern>) -> Option<Amount> {
    if let Some(Pattern(pattern)) = pattern {
        return amount(pattern.captures(text)?.get(1)?.as_str().trim());
    }
    let text = text.to_lowercase();
    let figures: Vec<Figure> = figures(&text).take(MAX_FIGURES).collect();
    let words = ends_of_words(&text);
    let after =
        |end: &usize| figures.iter().find(|it| (*end..*end + FAR).contains(&it.place.start));
    let told: Vec<&Figure> = words.iter().filter_map(after).collect();
    let has_currency = |figure: &&Figure| figure.has_currency;
    let best = told.iter().copied().find(has_currency);
    let next_best = || figures.iter().find(has_currency);
    best.or_else(next_best).or(told.first().copied()).map(|figure| figure.amount)
}

/// Where words for a balance end, in order.
fn ends_of_words(text: &str) -> Vec<usize> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let alone = |at: usize, word: &str| {
        let (before, after) = (text.get(..at), text.get(at + word.len()..));
        !is_letter(before.and_then(|text| text.chars().next_back()))
            && !is_letter(after.and_then(|text| text.chars().next()))
    };
    let anywhere = BALANCE.split(' ').flat_map(|word| text.match_indices(word));
    let only_alone = BALANCE_ALONE.split(' ').flat_map(|word| text.match_indices(word));
    let only_alone = only_alone.filter(|(at, word)| alone(*at, word));
    let mut ends: Vec<usize> =
        anywhere.chain(only_alone).map(|(at, word)| at + word.len()).collect();
    ends.sort_unstable();
    ends
}

/// The figures that may be an amount, in order.
fn figures(text: &str) -> impl Iterator<Item = Figure> {
    let mut from = 0;
    let runs = std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(|c: char| c.is_ascii_digit())?;
        let end = start + length_of_number(text.get(start..)?);
        from = end;
        Some(start..end)
    });
    runs.filter_map(|place| {
        let (before, number, after) =
            (text.get(..place.start)?, text.get(place.clone())?, text.get(place.end..)?);
        let (before, is_negative) = sign(before);
        if is_part_of_more(before, after) {
            return None;
        }
        let has_currency = currency_before(before) || currency_after(after);
        if !has_currency && !may_stand_alone(before, number, after) {
            return None;
        }
        let size = amount(number)?;
        let amount = if is_negative { format!("-{size}").parse().ok()? } else { size };
        Some(Figure { place, amount, has_currency })
    })
}

/// Digits, and the signs between them that group them or stand for the decimal point.
fn length_of_number(text: &str) -> usize {
    let mut length = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}')
            && chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !c.is_ascii_digit() && !joins {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

/// Whether a minus stands right before, also before a currency's sign, and the text without it.
fn sign(before: &str) -> (&str, bool) {
    let minus = |text: &str| {
        text.strip_suffix('-').is_some_and(|front| !front.ends_with(char::is_alphanumeric))
    };
    if minus(before) {
        return (before.strip_suffix('-').unwrap_or(before), true);
    }
    let front = before.trim_end_matches(is_currency_sign);
    (before, front.len() < before.len() && minus(front))
}

fn currency_before(before: &str) -> bool {
    let near = before.trim_end_matches([' ', '.', '\u{a0}']);
    if before.len() - near.len() > 3 {
        return false;
    }
    near.ends_with(is_currency_sign) || {
        let start = near.rfind(|c: char| !c.is_alphabetic() && c != '/').map_or(0, |at| {
            at + near.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        near.get(start..).is_some_and(|word| is_in(CURRENCIES, word))
    }
}

fn currency_after(after: &str) -> bool {
    let near = after.trim_start_matches([' ', '\u{a0}']);
    if after.len() - near.len() > 3 {
        return false;
    }
    near.starts_with(is_currency_sign) || {
        let end = near.find(|c: char| !c.is_alphabetic()).unwrap_or(near.len());
        near.get(..end).is_some_and(|word| is_in(CURRENCIES, word))
    }
}

/// Whether it is one of these words.
fn is_in(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// The signs of Unicode's currency symbols.
const fn is_currency_sign(c: char) -> bool {
    matches!(c, '$' | '¢'..='¥' | '฿' | '\u{20A0}'..='\u{20CF}')
}

/// Whether it belongs to a date, a time, another code or a telephone number.
fn is_part_of_more(before: &str, after: &str) -> bool {
    let joins = ['/', ':', '-'];
    let is_digit = |c: char| c.is_ascii_digit();
    before.strip_suffix(joins).is_some_and(|text| text.ends_with(is_digit))
        || after.strip_prefix(joins).is_some_and(|text| text.starts_with(is_digit))
        || before.ends_with(['*', '#', '+'])
        || after.starts_with(['*', '#'])
}

/// Whether a figure without a currency may be money: it counts nothing else, is no part of a word, and
/// no telephone number.
fn may_stand_alone(before: &str, number: &str, after: &str) -> bool {
    let has_decimals = number.contains(['.', ',']);
    let next = after.trim_start_matches(' ');
    let word =
        next.find(|c: char| !c.is_alphabetic()).map_or(next, |end| next.get(..end).unwrap_or(""));
    let counts = next.starts_with('%')
        || is_in(COUNTED, word)
        || !word.is_empty() && (!has_decimals || next.len() == after.len());
    let is_long = number.len() > MAX_BARE_DIGITS && !has_decimals;
    !counts && !is_long && !before.ends_with(char::is_alphabetic)
}

/// A number as people write it: `1.234,50`, `1,234.50`, `1'234.50`, `1234,5`. With one sign only, three
/// digits after it are thousands, unless a lone zero stands before it.
fn amount(number: &str) -> Option<Amount> {
    let is_mark = |c: char| c == '.' || c == ',';
    let number = number.trim();
    let last = number.rfind(is_mark);
    let plain: String =
        number.chars().filter(|c| c.is_ascii_digit() || is_mark(*c) || *c == '-').collect();
    let Some(last) = last else { return plain.parse().ok() };
    let mark = number.get(last..)?.chars().next()?;
    let (whole, decimals) = (number.get(..last)?, number.get(last + 1..)?);
    let others = whole.contains(is_mark);
    let repeated = whole.contains(mark);
    let groups_right = whole.split(is_mark).skip(1).all(|group| group.len() == 3);
    if !groups_right || repeated && decimals.len() != 3 {
        return None;
    }
    let is_group =
        repeated || (!others && decimals.len() == 3 && whole.trim_start_matches('-') != "0");
    let digits =
        |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect::<String>();
    if is_group {
        return digits(number).parse().ok();
    }
    // More decimals than money has are cut off.
    let decimals: String = digits(decimals).chars().take(3).collect();
    format!("{}.{decimals}", digits(whole)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_the_last_word() {
        let told = |pattern: &str, text: &str| {
            let pattern = Pattern(pattern.parse().unwrap());
            find(text, Some(&pattern)).map(|amount| amount.to_string())
        };
        let text = "Saldo: 5,00 EUR. Bono 1.250,5 EUR";
        assert_eq!(told(r"Bono ([\d.,]+)", text).as_deref(), Some("1250.50"));
        assert_eq!(told("Bonus (.*)", text), None);
        assert_eq!(told("(Bono)", text), None);
        assert_eq!(told(r"Bono (x)?", text), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,200}", figures in "[ $€a-z0-9.,:/*#'-]{0,200}") {
            let _any = (find(&text, None), find(&figures, None));
        }
    }
}
