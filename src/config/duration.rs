//! Durations as they stand in the file: `"30 min"`, `"500 ms"`, `"1 h 30 min"`.

use std::time::Duration;

/// The units, longest first, in milliseconds. A month or a year has no fixed length, and a lone
/// `m` could be either a minute or a month, so neither is a unit.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

/// Reads one or more whole numbers, each with its unit (`d h min s ms`); blanks do not matter.
/// `None` if the text is anything else, or longer than 2^64 ms.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(millis)?)?;
        rest = tail.trim_start();
    }
    (!text.trim().is_empty()).then(|| Duration::from_millis(total))
}

/// Writes a duration such that [`parse`] reads it back (to the millisecond): `1 h 30 min`.
#[must_use]
pub fn show(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            parts.push(format!("{} {unit}", rest / millis));
            rest %= millis;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("30 min", Some(1_800_000)),
            ("1800 s", Some(1_800_000)),
            ("2 h", Some(7_200_000)),
            ("7 d", Some(604_800_000)),
            ("500 ms", Some(500)),
            ("1 h 30 min", Some(5_400_000)),
            ("1h30min", Some(5_400_000)),
            (" 0 s ", Some(0)),
            ("", None),
            ("30", None),
            ("s", None),
            ("30 m", None),
            ("30 Min", None),
            ("-1 s", None),
            ("1.5 h", None),
            ("1 h,", None),
            ("30 minn", None),
            ("99999999999999999999 s", None),
            ("300000000000 d", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_back_what_it_writes(millis: u64) {
            let duration = Duration::from_millis(millis);
            proptest::prop_assert_eq!(parse(&show(duration)), Some(duration));
        }
    }
}
