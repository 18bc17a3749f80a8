//! Numbers of emergency calls, which no alert may dial.

use super::PhoneNumber;

/// The numbers that a telephone takes for emergency calls (3GPP TS 22.101 section 10.1.1): the first
/// two always, the others without a SIM card or where it says so. A modem dials them as an emergency
/// call, past the SIM card and its network.
const EMERGENCY: [&str; 8] = ["112", "911", "000", "08", "110", "118", "119", "999"];

/// Whether a number is one of emergency calls. One that merely begins so is not.
#[must_use]
pub fn is_emergency(number: &PhoneNumber) -> bool {
    EMERGENCY.contains(&number.as_str().trim_start_matches('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_emergencies() {
        let rows = [
            ("112", true),
            ("+112", true),
            ("9-1-1", true),
            ("999", true),
            ("000", true),
            ("110", true),
            ("118", true),
            ("119", true),
            ("1120", false),
            ("911000000", false),
            ("+119123456", false),
            ("088", false),
            ("+34600000112", false),
            ("100", false),
        ];
        for (number, expected) in rows {
            assert_eq!(is_emergency(&number.parse().unwrap()), expected, "{number}");
        }
    }
}
