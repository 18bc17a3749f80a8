//! Finds the balance in what an operator writes about it. Pure.
//!
//! Every operator writes as it likes, and about more than the balance: until when it is valid, what a
//! minute costs, what else could be bought. So a figure beside a currency, after a word for a balance,
//! is the best; a figure beside a currency the next best; and the last resort one that only stands
//! after such a word. Dates, times, codes and numbers of anything else are none.

use std::ops::Range;

use crate::config::{Amount, Pattern};

/// Words for a balance, of which one may be part of a longer one.
const BALANCE: &str = "\
    balance balans saldo credit crédit crédito guthaben kontostand solde tegoed kredit egyenleg \
    keret bakiye pulsa konta konto stav rahunku rachunku etebar υπόλοιπο баланс счет счёт рахунку \
    остаток";
/// Words for a balance that stand alone.
const BALANCE_ALONE: &str = "bal";

/// Currencies by the names operators give them, in small letters; signs of currencies are known.
const CURRENCIES: &str = "\
    aed ars aud b/ bam bdt bgn birr bob bolivianos brl bs cad cedis cfa chf clp cop crc czk \
    córdobas cordobas da dh dhs dkk dollar dollars dolares dólares dop dzd egp etb eur euro euros \
    fcfa fr francs frs ft gbp ghc ghs grn gtq hnl hrk huf idr ils inr iqd irr jod kc kes kn kr \
    kronor kroner ksh kshs kwd kzt kč l lei lek lempiras leva lv mad mdl mwk mxn myr mzn n naira \
    ngn nio nis nok nzd omr pab pen pesos php pkr pln pounds pyg q qar quetzales r rands reais \
    rial rials rm ron rp rs rsd rub rubl rupees rwf s/ sar sek sgd shs sol soles sr tenge thb tk \
    tl tnd toman tsh tzs uah ugx usd ush uyu ves vnd xaf xof zar zl zmw zł đ грн лв руб р сом тг \
    тенге";

/// What else is counted with decimals.
const COUNTED: &str = "b kb mb gb mo go ko min mins minutes minutos minuten sms";

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

    #[track_caller]
    fn check(rows: &[(&str, Option<&str>)]) {
        for (text, expected) in rows {
            let found = find(text, None).map(|amount| amount.to_string());
            assert_eq!(found.as_deref(), *expected, "{text}");
        }
    }

    #[test]
    fn operators_of_many_countries_are_understood() {
        check(&[
            ("Your account balance is 49.10 USD and will expire on 04/03/16.", Some("49.10")),
            ("Balance: £4.20", Some("4.20")),
            ("Your balance is -£1.20. Top up now!", Some("-1.20")),
            ("Dear Customer, your Main Bal:Rs.12.3,Validity:12-03-2026", Some("12.30")),
            ("Your airtime balance is KSh 1,250.50 expiring on 2026-05-30.", Some("1250.50")),
            ("Airtime R12.50, data 500MB", Some("12.50")),
            ("Acct Bal: N150.00. Dial *123*7# for 2GB at N500", Some("150.00")),
            ("Bal=GHS2.75. Bonus=GHS0.50", Some("2.75")),
            ("Credit expires on 12 May. Balance: 5.00 GBP", Some("5.00")),
            ("Su saldo es de 12,50 EUR. Valido hasta 31/12/2026", Some("12.50")),
            ("Tu saldo actual es: 3,07€ y caduca el 01.02.2027", Some("3.07")),
            ("Saldo principal: Q25.50, promocional: Q5.00 vence 30/11/2026", Some("25.50")),
            ("Tu saldo es $ 1.234,50. Recarga minima $ 500", Some("1234.50")),
            ("Saldo: S/ 3.50, vence 12/12", Some("3.50")),
            ("Su saldo es L 25.00. Marque *100# para promociones", Some("25.00")),
            ("Saldo disponible C$ 110.25", Some("110.25")),
            ("Seu saldo e R$ 10,00 valido ate 20/12/2026", Some("10.00")),
            ("O seu saldo é de 7,50€.", Some("7.50")),
            ("Ihr aktuelles Prepaid-Guthaben betraegt 12,34 Euro. Danke!", Some("12.34")),
            ("Guthaben: 9,85 EUR, gueltig bis 30.04.2027", Some("9.85")),
            ("Dein Guthaben: -0,15 EUR", Some("-0.15")),
            ("Ihr Kontostand: CHF 1'234.50", Some("1234.50")),
            ("Votre crédit s'élève à CHF 3.75.", Some("3.75")),
            ("Solde: 4,99EUR. Valable jusqu'au 12/05 a 23:59. Bonus 500 Mo", Some("4.99")),
            ("Forfait: 909DA. Recharge:0.0DA Min gratuites: 0Min.", Some("909.00")),
            ("Il tuo credito residuo e' di 12,50 euro", Some("12.50")),
            ("Uw beltegoed is € 10,00 en geldig tot 01-06-2026", Some("10.00")),
            ("Ditt saldo är 50,00 kr", Some("50.00")),
            ("Stan konta: 12,34 zl wazne do 20.12.2026", Some("12.34")),
            ("Vas kredit je 123,45 Kc", Some("123.45")),
            ("Havi keret: 0Ft. Felhasznalt belfoldi: 7777Ft", Some("0.00")),
            ("Bakiyeniz 12,50 TL'dir", Some("12.50")),
            ("Vash balans 968.98 r. Dlya vas - nedelya SMS! Podkl.: *320#", Some("968.98")),
            ("Баланс:2220,76р", Some("2220.76")),
            ("Ваш баланс: 2.22 руб.", Some("2.22")),
            ("Na Vashomu rahunku 8.05 grn. Nomer diysnyi do 28.12.2025 00:00:00.", Some("8.05")),
            ("Sisa pulsa Rp.3000.Aktif sd 26/02/2026. *123#", Some("3000.00")),
            (
                "Hazineye akherin tamas 160 Rial, va baghimande etebare asli 16764 Rial ast.",
                Some("16764.00"),
            ),
            ("Credit 5.000 KWD", Some("5000.00")),
            ("Credit 0.250 KWD", Some("0.25")),
        ]);
    }

    #[test]
    fn a_figure_after_a_word_is_the_last_resort() {
        check(&[
            ("Balance 12.50", Some("12.50")),
            ("Saldo: 7. Gracias", Some("7.00")),
            ("Su saldo es 12.50 valido hasta el 30/05", Some("12.50")),
            ("Saldo: 100 SMS, 1.5 GB, 20 min", None),
            ("Saldo 600000001", None),
            ("ZALYSHOK: 1424:00 HV NA INSHI MEREZHI; 1500 SMS", None),
            ("Balance: see *100*1#, call +34600000001 or 2026-01-31 12:30", None),
            ("Validity 28.12.2025", None),
            ("Bal 50%", None),
            ("The service is currently not available.", None),
            ("", None),
            ("Balance", None),
            ("1.2.3,4 USD", None),
            ("99999999999999999999 USD", None),
        ]);
    }

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
