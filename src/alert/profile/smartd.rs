//! smartd: `SMART error (FAILTYPE) detected on host: NAME`. It never says that all is well again.

use super::{Event, Kind, Mail};
use crate::alert::label;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "SMART error (")?;
    let (failure, rest) = rest.split_once(')')?;
    let body = mail.body();
    let host = mail
        .label(&["host name"])
        .or_else(|| rest.rsplit_once("host: ").map(|(_, host)| host.trim()));
    let device = mail
        .label(&["device", "test email from smartd for device"])
        .map(|device| device.split([' ', ',']).next().unwrap_or(device))
        .filter(|device| !device.is_empty());
    let kind = if failure == "EmailTest" { Kind::Test } else { Kind::Problem };
    let line = body.lines().find(|line| line.starts_with("Device: /"));
    let key = format!("{}/{}/{failure}", host.unwrap_or_default(), device.unwrap_or_default());
    let mut event = Event::new("smartd", kind).on(host).known_by(&key);
    event.check = device.map(str::to_owned);
    if let (Some(line), Some(host)) = (line, host) {
        event.summary = format!("{host}: {}", line.trim_start_matches("Device: "));
    }
    event.alone()
}
