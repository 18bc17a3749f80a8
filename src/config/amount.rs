//! An amount of money, exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most digits before the decimal point.
const MAX_WHOLE_DIGITS: usize = 12;

/// An amount of money in thousandths of whatever currency it is: some have three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    thousandths: i64,
}

/// A text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount, such as 5.0")]
pub struct AmountError;

impl Amount {
    /// As a number, for programs that read it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an amount has at most fifteen digits")]
    pub fn as_f64(self) -> f64 {
        self.thousandths as f64 / 1000.0
    }
}

/// `5`, `5.0`, `-0,125`: a point or a comma, and at most three decimals.
impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=MAX_WHOLE_DIGITS).contains(&whole.len()) || !(1..=3).contains(&decimals.len()) {
            return Err(AmountError);
        }
        if !all_digits(whole) || !all_digits(decimals) {
            return Err(AmountError);
        }
        let thousandths: i64 = format!("{whole}{decimals:0<3}").parse().map_err(|_| AmountError)?;
        Ok(Self { thousandths: sign * thousandths })
    }
}

/// With two decimals, or three where they count.
impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.thousandths < 0 { "-" } else { "" };
        let size = self.thousandths.unsigned_abs();
        let (whole, rest) = (size / 1000, size % 1000);
        if rest.is_multiple_of(10) {
            write!(out, "{sign}{whole}.{:02}", rest / 10)
        } else {
            write!(out, "{sign}{whole}.{rest:03}")
        }
    }
}

/// As text: a number would lose what makes it exact.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_shown() {
        let rows = [
            ("5", Some("5.00")),
            ("5.0", Some("5.00")),
            ("12,34", Some("12.34")),
            ("0.125", Some("0.125")),
            ("-1.20", Some("-1.20")),
            ("-0.05", Some("-0.05")),
            ("999999999999.999", Some("999999999999.999")),
            ("1000000000000", None),
            ("1.2345", None),
            ("1.", None),
            (".5", None),
            ("+5", None),
            ("1e3", None),
            ("inf", None),
            ("", None),
        ];
        for (text, shown) in rows {
            let amount = text.parse::<Amount>().ok();
            assert_eq!(amount.map(|amount| amount.to_string()).as_deref(), shown, "{text}");
        }
        let amount: Amount = "-4.5".parse().unwrap();
        assert!(amount < "0".parse().unwrap());
        assert!((amount.as_f64() + 4.5).abs() < 1e-9);
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, "\"-4.50\"");
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
    }
}
