//! Times and sizes as people read them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// A moment, in the appliance's own time zone.
pub(in crate::web) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (local(at, "%Y-%m-%d %H:%M:%S")) } }
}

/// As [`moment`], where the day is known.
pub(in crate::web) fn clock(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (local(at, "%H:%M:%S")) } }
}

fn local(at: Timestamp, format: &str) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime(format).to_string()
}

/// `3 d 4 h`, `4 h 5 min`, `12 s`, `0.4 s`.
pub(in crate::web) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days} d {hours} h")
    } else if hours > 0 {
        format!("{hours} h {minutes} min")
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else if seconds >= 10 {
        format!("{seconds} s")
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// `3.4 GB`, `12 MB`.
pub(in crate::web) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1_000_000_000.. => (1_000_000_000, "GB"),
        1_000_000.. => (1_000_000, "MB"),
        _ => (1_000, "kB"),
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes() {
        for (ms, text) in [
            (0, "0.0 s"),
            (420, "0.4 s"),
            (12_000, "12 s"),
            (65_000, "1 min 5 s"),
            (3_700_000, "1 h 1 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(length(Duration::from_millis(ms)), text);
        }
        for (bytes, text) in [(0, "0.0 kB"), (1_234_567, "1.2 MB"), (34_500_000_000, "34.5 GB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
