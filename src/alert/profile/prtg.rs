//! PRTG: `[site] device sensor Down (message)`, also `Down ended (now: Up)`. Weakly documented;
//! known by its name somewhere in the mail.

use super::{Event, Kind, Mail};
use crate::alert::host;
use crate::alert::words::fold;

/// Status words with the kind they mean, longer ones before what they begin with.
const STATUS: &[(&str, Kind)] = &[
    (" down ended", Kind::Recovery),
    (" warning ended", Kind::Recovery),
    (" unusual ended", Kind::Recovery),
    (" down (acknowledged)", Kind::Acknowledgement),
    (" paused", Kind::Downtime),
    (" down", Kind::Problem),
    (" warning", Kind::Problem),
    (" unusual", Kind::Problem),
    (" unknown", Kind::Problem),
    (" error", Kind::Problem),
    (" up", Kind::Recovery),
    (" ok", Kind::Recovery),
];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (_, rest) = mail.subject.strip_prefix('[')?.split_once(']')?;
    let mailer = mail.header("x-mailer").unwrap_or_default();
    let named =
        [&mail.text.from, &mail.subject, &mailer].iter().any(|text| fold(text).contains("prtg"))
            || mail.body().contains("PRTG Network Monitor");
    if !named {
        return None;
    }
    let rest = rest.trim();
    let lower = rest.to_ascii_lowercase();
    let end = lower.find(" (").unwrap_or(lower.len());
    let found = STATUS.iter().find_map(|(word, kind)| {
        let at = lower.rfind(word).filter(|at| *at <= end)?;
        let after = lower.get(at + word.len()..).and_then(|after| after.chars().next());
        (!after.is_some_and(char::is_alphanumeric)).then_some((at, word.len(), *kind))
    });
    let (at, length, kind) = found?;
    let object = rest.get(..at)?.trim();
    let status = rest.get(at..at + length)?.trim();
    let status = status.split(' ').next().unwrap_or(status);
    let status = if kind == Kind::Recovery && fold(status) != "up" { "Up" } else { status };
    let device = mail
        .label(&["device", "dispositivo"])
        .map(str::to_owned)
        .or_else(|| host::from_line(object))
        .or_else(|| object.split_whitespace().next().map(str::to_owned));
    let sensor = mail.label(&["sensor"]).map_or_else(
        || {
            let device = device.as_deref().unwrap_or_default();
            object.strip_prefix(device).unwrap_or(object).trim().to_owned()
        },
        str::to_owned,
    );
    Event::new("prtg", kind)
        .on(device.as_deref())
        .about(&sensor)
        .graded(Some(status))
        .told(rest)
        .known_by(object)
        .alone()
}
