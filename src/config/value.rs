//! Values with a unit, and values nobody may see.

use std::fmt;
use std::str::FromStr;

use super::NameError;

/// A number of bytes, written `4 MiB` in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// `n` KiB.
    #[must_use]
    pub const fn kib(n: u64) -> Self {
        Self(n * 1024)
    }

    /// `n` MiB.
    #[must_use]
    pub const fn mib(n: u64) -> Self {
        Self(n * 1024 * 1024)
    }
}

/// The units, largest first of those a size is shown in, then those it is only read in.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1024 * 1024 * 1024),
    ("MiB", 1024 * 1024),
    ("KiB", 1024),
    ("B", 1),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
];

impl FromStr for ByteSize {
    type Err = NameError;

    /// Reads a whole number with its unit, blank between or not, units in either case.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = text.split_at(number.len());
        let unit = UNITS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let size = unit.and_then(|(_, bytes)| {
            let number = number.trim_end();
            // `u64::from_str` would take a plus sign.
            let digits = number.bytes().all(|b| b.is_ascii_digit());
            number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(bytes)
        });
        size.map(Self).ok_or(NameError { expected: "a size with its unit, such as \"4 MiB\"" })
    }
}

impl fmt::Display for ByteSize {
    /// In the largest unit that divides it: what is shown reads back as the same size.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |bytes: u64| self.0 >= bytes && self.0.is_multiple_of(bytes);
        let (unit, bytes) =
            UNITS.into_iter().take(4).find(|(_, bytes)| fits(*bytes)).unwrap_or(("B", 1));
        write!(out, "{} {unit}", self.0 / bytes)
    }
}

/// A password or PIN: printed as `***` wherever it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that must send or compare it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("4 MiB", Some(4_194_304)),
            ("64 KiB", Some(65_536)),
            ("10 MB", Some(10_000_000)),
            ("10kb", Some(10_000)),
            ("1 gib", Some(1_073_741_824)),
            ("512 B", Some(512)),
            ("512", None),
            ("", None),
            ("MiB", None),
            ("4 M", None),
            ("+4 MiB", None),
            ("-4 MiB", None),
            ("4.5 MiB", None),
            ("4 MiB 1 B", None),
            ("99999999999999 GiB", None),
        ] {
            assert_eq!(text.parse().ok(), bytes.map(ByteSize), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_back_what_it_writes(bytes: u64) {
            proptest::prop_assert_eq!(ByteSize(bytes).to_string().parse(), Ok(ByteSize(bytes)));
        }
    }
}
