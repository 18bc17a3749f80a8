//! Values of the file: text with a unit becomes a type. Each says what it expected.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use toml::de::DeValue;

use crate::config::{ByteSize, Ignore, Secret};

/// Largest compiled pattern of the ignore list, in bytes.
const MAX_PATTERN: usize = 256 * 1024;

/// The networks meant by `private`: RFC 1918, loopback, RFC 4193, link-local.
const PRIVATE: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

pub(super) fn text(value: &DeValue<'_>) -> Result<String, String> {
    let text = value.as_str().ok_or("expected a text in quotes")?;
    if text.trim().is_empty() {
        return Err("expected a text that is not empty".to_owned());
    }
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return Err("expected a text without control characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn path(value: &DeValue<'_>) -> Result<PathBuf, String> {
    text(value).map(PathBuf::from).map_err(|_| "expected a path in quotes".to_owned())
}

pub(super) fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "expected true or false".to_owned())
}

pub(super) fn secret(value: &DeValue<'_>) -> Result<Secret, String> {
    text(value).map(Secret::new)
}

/// A value that parses itself.
pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(value: &DeValue<'_>) -> Result<T, String> {
    text(value)?.parse().map_err(|error: T::Err| error.to_string())
}

/// A whole number within limits.
pub(super) fn number(
    value: &DeValue<'_>,
    limits: std::ops::RangeInclusive<u64>,
) -> Result<u64, String> {
    let expected =
        || format!("expected a whole number from {} to {}", limits.start(), limits.end());
    let integer = value.as_integer().ok_or_else(expected)?;
    let digits: u64 =
        u64::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| expected())?;
    if limits.contains(&digits) { Ok(digits) } else { Err(expected()) }
}

pub(super) fn count(
    limits: std::ops::RangeInclusive<u64>,
) -> impl Fn(&DeValue<'_>) -> Result<usize, String> {
    move |value| {
        let number = number(value, limits.clone())?;
        usize::try_from(number).map_err(|_| "too large for this machine".to_owned())
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(
    words: &'static [(&'static str, T)],
) -> impl Fn(&DeValue<'_>) -> Result<T, String> {
    move |value| {
        let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            format!("expected {}", names.join(" or "))
        })
    }
}

/// `"30 min"`, `"1 h 30 min"`, `"500 ms"`; a whole number counts seconds.
pub(super) fn duration(value: &DeValue<'_>) -> Result<Duration, String> {
    let expected =
        || "expected a time, such as \"30 s\", \"10 min\", \"6 h\" or \"30 d\"".to_owned();
    if value.is_integer() {
        return number(value, 0..=u64::from(u32::MAX))
            .map(Duration::from_secs)
            .map_err(|_| expected());
    }
    let text = value.as_str().ok_or_else(expected)?;
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(expected());
    }
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        let (unit, after) = split_where(after.trim_start(), |c| !c.is_ascii_alphabetic());
        let number: u64 = number.parse().map_err(|_| expected())?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" | "sec" => 1000,
            "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(expected()),
        };
        let part = number.checked_mul(millis).map(Duration::from_millis).ok_or_else(expected)?;
        total = total.checked_add(part).ok_or_else(expected)?;
        rest = after.trim_start();
    }
    if total > Duration::from_hours(24 * 36_500) {
        return Err(expected());
    }
    Ok(total)
}

/// A duration that is not zero.
pub(super) fn some_time(value: &DeValue<'_>) -> Result<Duration, String> {
    match duration(value)? {
        Duration::ZERO => Err("expected a time longer than nothing".to_owned()),
        time => Ok(time),
    }
}

/// `"4 MiB"`, `"64 KiB"`, `"10 MB"`; a whole number counts bytes.
pub(super) fn size(value: &DeValue<'_>) -> Result<ByteSize, String> {
    let expected =
        || "expected a size, such as \"4 MiB\", \"64 KiB\" or a number of bytes".to_owned();
    if value.is_integer() {
        return number(value, 0..=1 << 50).map(ByteSize).map_err(|_| expected());
    }
    let text = value.as_str().ok_or_else(expected)?.trim();
    let (number, unit) = split_where(text, |c| !c.is_ascii_digit());
    let number: u64 = number.parse().map_err(|_| expected())?;
    let unit: u64 = match unit.trim() {
        "B" | "" => 1,
        "kB" | "KB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return Err(expected()),
    };
    number.checked_mul(unit).filter(|size| *size <= 1 << 50).map(ByteSize).ok_or_else(expected)
}

/// A size within limits.
pub(super) fn size_within(
    limits: std::ops::RangeInclusive<ByteSize>,
) -> impl Fn(&DeValue<'_>) -> Result<ByteSize, String> {
    move |value| {
        let size = size(value)?;
        if limits.contains(&size) {
            return Ok(size);
        }
        Err(format!("expected a size from {} to {} bytes", limits.start().0, limits.end().0))
    }
}

/// `"0.0.0.0:25"`, `"[::]:25"`.
pub(super) fn address(value: &DeValue<'_>) -> Result<SocketAddr, String> {
    let expected = "expected an address with a port, such as \"0.0.0.0:25\" or \"[::]:25\"";
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| expected.to_owned())
}

/// `"private"`, `"192.0.2.0/24"`, `"2001:db8::1"`.
pub(super) fn networks(value: &DeValue<'_>) -> Result<Vec<IpNet>, String> {
    let expected = || {
        "expected a network, such as \"private\", \"192.0.2.0/24\", \"2001:db8::/32\" or an address"
            .to_owned()
    };
    match value.as_str().ok_or_else(expected)? {
        "private" => Ok(private()),
        text => {
            let single = || text.parse::<IpAddr>().map(IpNet::from).ok();
            text.parse().ok().or_else(single).map(|network| vec![network]).ok_or_else(expected)
        }
    }
}

/// The networks meant by `private`.
pub(super) fn private() -> Vec<IpNet> {
    PRIVATE.iter().filter_map(|network| network.parse().ok()).collect()
}

/// `"exact subject"` or `"/pattern/"`.
pub(super) fn ignore(value: &DeValue<'_>) -> Result<Ignore, String> {
    let text = text(value)?;
    let pattern = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    match pattern.filter(|pattern| !pattern.is_empty()) {
        None => Ok(Ignore::Exact(text)),
        Some(pattern) => compile(pattern).map(Ignore::Pattern),
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build();
    built.map_err(|error| {
        let line = error.to_string().lines().last().unwrap_or_default().to_owned();
        let line = line.trim_start_matches("error: ");
        format!("expected a subject or a /pattern/; this pattern is wrong: {line}")
    })
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    /// Reads `text` as the value of a key.
    fn read<T>(text: &str, parse: impl Fn(&DeValue<'_>) -> Result<T, String>) -> Result<T, String> {
        let text = format!("x = {text}");
        let table = DeTable::parse(&text).unwrap();
        parse(table.get_ref().get("x").unwrap().get_ref())
    }

    #[test]
    fn times() {
        let millis = |text| read(text, duration).map(|time| time.as_millis());
        for (text, expected) in [
            ("0", 0),
            ("90", 90_000),
            ("1_000", 1_000_000),
            ("\"500 ms\"", 500),
            ("\"30s\"", 30_000),
            ("\" 1 h 30 min \"", 5_400_000),
            ("\"30 d\"", 2_592_000_000),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        for text in [
            "\"\"",
            "\"30\"",
            "\"30 m\"",
            "\"1.5 h\"",
            "\"-1 s\"",
            "-1",
            "1.5",
            "true",
            "\"99999999 d\"",
        ] {
            assert!(millis(text).unwrap_err().starts_with("expected a time"), "{text}");
        }
        assert!(read("\"0 s\"", some_time).is_err());
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("512", 512),
            ("\"512\"", 512),
            ("\"512 B\"", 512),
            ("\"64 KiB\"", 65_536),
            ("\"4MiB\"", 4_194_304),
            ("\"10 MB\"", 10_000_000),
        ] {
            assert_eq!(read(text, size), Ok(ByteSize(expected)), "{text}");
        }
        for text in ["\"\"", "\"MiB\"", "\"4 Mb\"", "\"1.5 MiB\"", "-1", "\"9999999999 GiB\""] {
            assert!(read(text, size).unwrap_err().starts_with("expected a size"), "{text}");
        }
    }

    #[test]
    fn numbers_in_every_notation() {
        for text in ["255", "+255", "2_55", "0xff", "0o377", "0b1111_1111"] {
            assert_eq!(read(text, |value| number(value, 1..=255)), Ok(255), "{text}");
        }
        for text in ["0", "256", "-1", "1.0", "\"1\"", "99999999999999999999999"] {
            assert!(read(text, |value| number(value, 1..=255)).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_and_addresses() {
        assert_eq!(read("\"private\"", networks).map(|all| all.len()), Ok(PRIVATE.len()));
        assert_eq!(private().len(), PRIVATE.len());
        for text in ["\"192.0.2.0/24\"", "\"192.0.2.7\"", "\"2001:db8::/32\"", "\"::1\""] {
            assert_eq!(read(text, networks).map(|all| all.len()), Ok(1), "{text}");
        }
        for text in ["\"\"", "\"example.org\"", "\"192.0.2.0/33\"", "7"] {
            assert!(read(text, networks).is_err(), "{text}");
        }
        assert!(read("\"[::]:25\"", address).is_ok());
        assert!(read("\"localhost:25\"", address).is_err());
    }

    #[test]
    fn subjects_to_ignore() {
        let is_pattern = |text| read(text, ignore).map(|one| matches!(one, Ignore::Pattern(_)));
        assert_eq!(is_pattern("\"Test mail\""), Ok(false));
        assert_eq!(is_pattern("\"/\""), Ok(false));
        assert_eq!(is_pattern("\"//\""), Ok(false));
        assert_eq!(is_pattern("'/^Backup \\d+/'"), Ok(true));
        assert!(is_pattern("\"/(/\"").unwrap_err().ends_with("unclosed group"));
    }

    #[test]
    fn texts_carry_no_control_characters() {
        assert!(read("\"a\\u001bb\"", text).is_err());
        assert!(read("\"  \"", text).is_err());
        assert_eq!(read("\"ñ\\n🔥\"", text), Ok("ñ\n🔥".to_owned()));
    }
}
