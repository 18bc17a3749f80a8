//! Netdata (`alarm-notify.sh`): everything stands in `X-Netdata-*` headers.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let severity = mail.header("x-netdata-severity")?;
    let header = |name: &str| mail.header(name).filter(|value| !value.is_empty());
    let alert = header("x-netdata-alert-name").unwrap_or_default();
    let chart = header("x-netdata-chart").unwrap_or_default();
    let host = header("x-netdata-host");
    let kind = match fold(&severity).as_str() {
        _ if alert == "test_alarm" || chart == "test.chart" => Kind::Test,
        "clear" => Kind::Recovery,
        "warning" | "critical" => Kind::Problem,
        _ => Kind::Other,
    };
    let key = format!("{}/{chart}/{alert}", host.as_deref().unwrap_or_default());
    let mut event = Event::new("netdata", kind)
        .on(host.as_deref())
        .about(&alert)
        .graded(Some(&severity))
        .known_by(&key);
    // The number of this transition; what stays from problem to recovery is chart and alarm.
    event.problem_id = mail.body().split_once("alarm_event_id=").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(20).collect();
        (!digits.is_empty()).then_some(digits)
    });
    event.alone()
}
