//! Values of the file: text with a unit becomes a type. Each says what it expected.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use toml::de::DeValue;

use crate::config::{Amount, AmountError, ByteSize, Ignore, Pattern, Secret};

/// Largest compiled pattern, in bytes.
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

/// `"alerts.example.org"`, for a name of this machine.
pub(super) fn host_name(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a host name, such as \"alerts.example.org\"";
    text(value).ok().filter(|name| is_host_name(name)).ok_or_else(|| expected.to_owned())
}

/// A host name (RFC 1123 section 2.1).
pub(super) fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// `"mail.example.org"`, `"192.0.2.1"`, `"2001:db8::1"`: another machine. Such names may hold
/// underscores, as containers' do.
pub(super) fn host(value: &DeValue<'_>) -> Result<String, String> {
    let expected =
        "expected a host name or address, such as \"mail.example.org\"; the port has its own key";
    let right =
        |text: &String| text.parse::<IpAddr>().is_ok() || is_host_name(&text.replace('_', "x"));
    text(value).ok().filter(right).ok_or_else(|| expected.to_owned())
}

/// `"example.org"`: what stands behind the `@` of an address.
pub(super) fn domain(value: &DeValue<'_>) -> Result<String, String> {
    let expected = "expected a host name, such as \"example.org\", without \"@\"";
    let name = text(value).ok().filter(|name| is_host_name(&name.replace('_', "x")));
    name.map(|name| name.to_ascii_lowercase()).ok_or_else(|| expected.to_owned())
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

/// A duration within limits.
pub(super) fn time_within(
    limits: std::ops::RangeInclusive<Duration>,
) -> impl Fn(&DeValue<'_>) -> Result<Duration, String> {
    move |value| {
        let time = duration(value)?;
        if limits.contains(&time) {
            return Ok(time);
        }
        Err(format!("expected a time from {:?} to {:?}", limits.start(), limits.end()))
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
        Some(pattern) => compile(pattern).map(Ignore::Pattern).map_err(|why| {
            format!("expected a subject or a /pattern/; this pattern is wrong: {why}")
        }),
    }
}

/// A regular expression with a group for what is looked for.
pub(super) fn pattern(value: &DeValue<'_>) -> Result<Pattern, String> {
    let pattern = compile(&text(value)?)
        .map_err(|why| format!("expected a regular expression; this one is wrong: {why}"))?;
    if pattern.captures_len() < 2 {
        return Err("expected a group (…) around what is looked for".to_owned());
    }
    Ok(Pattern(pattern))
}

/// `5`, `5.0`, `"5,00"`: an amount of money.
pub(super) fn amount(value: &DeValue<'_>) -> Result<Amount, String> {
    let expected = || AmountError.to_string();
    match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse(),
        DeValue::Float(number) => number.as_str().parse(),
        DeValue::String(text) => text.trim().parse(),
        DeValue::Integer(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => Err(AmountError),
    }
    .map_err(|_| expected())
}

/// The reason of a wrong one in a line.
fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build();
    built.map_err(|error| {
        let line = error.to_string().lines().last().unwrap_or_default().to_owned();
        line.trim_start_matches("error: ").to_owned()
    })
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn a_wrong_pattern_is_told_in_a_line() {
        let fault = read("'/(/'", ignore).unwrap_err();
        assert!(fault.ends_with("this pattern is wrong: unclosed group"), "{fault}");
    }

    /// What `read` makes of a value written in TOML.
    fn read<T>(
        written: &str,
        read: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let text = format!("key = {written}");
        let table = DeTable::parse(&text).unwrap();
        read(table.get_ref().get("key").unwrap().get_ref())
    }

    #[test]
    fn durations() {
        let right = [
            ("5", 5_000),
            ("0", 0),
            ("'500 ms'", 500),
            ("'30s'", 30_000),
            ("'30 sec'", 30_000),
            ("' 1 h 30 min '", 5_400_000),
            ("'1h30min'", 5_400_000),
            ("'30 d'", 2_592_000_000),
            ("'36500 d'", 3_153_600_000_000),
        ];
        for (written, millis) in right {
            assert_eq!(read(written, duration), Ok(Duration::from_millis(millis)), "{written}");
        }
        let wrong = [
            "''",
            "'5'",
            "'h'",
            "'5 m'",
            "'5 minutes'",
            "'-5 s'",
            "'1.5 h'",
            "'1 h,'",
            "'36501 d'",
            "'18446744073709551615 d'",
            "'99999999999999999999 s'",
            "-1",
            "4294967296",
            "1.5",
            "true",
        ];
        for written in wrong {
            let fault = read(written, duration).unwrap_err();
            assert!(fault.starts_with("expected a time, such as"), "{written}: {fault}");
        }
        assert!(read("'0 s'", some_time).is_err() && read("0", some_time).is_err());
    }

    #[test]
    fn sizes() {
        let right = [
            ("512", 512),
            ("'512'", 512),
            ("'512 B'", 512),
            ("'4 MiB'", 4 << 20),
            ("'64KiB'", 64 << 10),
            ("'10 MB'", 10_000_000),
            ("'1 kB'", 1000),
            ("'2 GiB'", 2 << 30),
            ("'1048576 GiB'", 1 << 50),
        ];
        for (written, bytes) in right {
            assert_eq!(read(written, size), Ok(ByteSize(bytes)), "{written}");
        }
        for written in ["''", "'MiB'", "'4 mib'", "'4 M'", "'-4 B'", "'1048577 GiB'", "-1", "1e3"] {
            assert!(read(written, size).is_err(), "{written}");
        }
        let within = |written| read(written, size_within(ByteSize(512)..=ByteSize::kib(4)));
        assert_eq!(within("'4 KiB'"), Ok(ByteSize(4096)));
        assert_eq!(within("511"), Err("expected a size from 512 to 4096 bytes".to_owned()));
    }

    #[test]
    fn numbers() {
        assert_eq!(read("0x10", |value| number(value, 1..=16)), Ok(16));
        assert_eq!(read("1_0", |value| number(value, 1..=16)), Ok(10));
        for written in ["0", "17", "-1", "'1'", "1.0"] {
            let fault = read(written, |value| number(value, 1..=16)).unwrap_err();
            assert_eq!(fault, "expected a whole number from 1 to 16", "{written}");
        }
    }

    #[test]
    fn network_lists() {
        let right = [
            ("'192.0.2.0/24'", "192.0.2.0/24"),
            ("'192.0.2.1'", "192.0.2.1/32"),
            ("'2001:db8::1'", "2001:db8::1/128"),
            ("'0.0.0.0/0'", "0.0.0.0/0"),
        ];
        for (written, network) in right {
            assert_eq!(read(written, networks), Ok(vec![network.parse().unwrap()]), "{written}");
        }
        let all = read("'private'", networks).unwrap();
        assert_eq!((all.len(), &all), (PRIVATE.len(), &private()));
        for written in ["'Private'", "'192.0.2.0/33'", "'192.0.2'", "'host'", "''", "1"] {
            assert!(read(written, networks).is_err(), "{written}");
        }
    }

    #[test]
    fn ignored_subjects() {
        let matches = |written, subject: &str| match read(written, ignore).unwrap() {
            Ignore::Exact(exact) => exact == subject,
            Ignore::Pattern(pattern) => pattern.is_match(subject),
        };
        assert!(matches("'Test mail'", "Test mail") && !matches("'Test mail'", "Test mail 2"));
        assert!(matches("'/^Test/'", "Test mail 2") && !matches("'/^Test/'", "A Test"));
        assert!(matches("'//'", "//") && matches("'/'", "/") && matches("'/a'", "/a"));
        for written in ["'/(/'", "'/a{9999}{9999}/'", "''", "1"] {
            assert!(read(written, ignore).is_err(), "{written}");
        }
    }

    #[test]
    fn hosts() {
        let cases = [
            // written, name of this machine, another machine, domain
            ("'mail'", true, true, true),
            ("'mail.example.org'", true, true, true),
            ("'192.0.2.1'", true, true, true),
            ("'2001:db8::1'", false, true, false),
            ("'mail_1'", false, true, true),
            ("'mail.'", false, false, false),
            ("'mail:25'", false, false, false),
            ("'@example.org'", false, false, false),
            ("'smtp://mail'", false, false, false),
            ("'.mail'", false, false, false),
            ("'-mail'", false, false, false),
            ("''", false, false, false),
            ("1", false, false, false),
        ];
        for (written, own, other, behind_at) in cases {
            assert_eq!(read(written, host_name).is_ok(), own, "{written}");
            assert_eq!(read(written, host).is_ok(), other, "{written}");
            assert_eq!(read(written, domain).is_ok(), behind_at, "{written}");
        }
        assert_eq!(read("'Example.ORG'", domain), Ok("example.org".to_owned()));
    }
}
