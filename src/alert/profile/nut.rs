//! NUT (upsmon messages, mailed by a script): `UPS name@host on battery`.

use super::{Event, Kind, Mail};
use crate::alert::words::fold;

/// Texts of upsmon (`NOTIFYMSG`), folded: what it is about, whether it begins or ends.
const TEXTS: &[(&str, &str, Kind)] = &[
    ("battery is low", "low", Kind::Problem),
    ("no longer low", "low", Kind::Recovery),
    ("battery needs to be replaced", "replace", Kind::Problem),
    ("no longer needs to be replaced", "replace", Kind::Recovery),
    ("on line power", "power", Kind::Recovery),
    ("on battery", "power", Kind::Problem),
    ("established", "communications", Kind::Recovery),
    ("lost", "communications", Kind::Problem),
    ("is unavailable", "communications", Kind::Problem),
    ("shutdown in progress", "shutdown", Kind::Problem),
    ("logout and shutdown", "shutdown", Kind::Problem),
    ("no longer overloaded", "overload", Kind::Recovery),
    ("overloaded", "overload", Kind::Problem),
    ("no longer bypass", "bypass", Kind::Recovery),
    ("bypass", "bypass", Kind::Problem),
    ("no longer calibrat", "calibration", Kind::Update),
    ("calibrat", "calibration", Kind::Update),
    ("no longer off", "off", Kind::Recovery),
    ("is off", "off", Kind::Problem),
    ("no longer trimming", "trim", Kind::Recovery),
    ("no longer boosting", "boost", Kind::Recovery),
    ("trimming", "trim", Kind::Update),
    ("boosting", "boost", Kind::Update),
];

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let lines = std::iter::once(mail.subject.as_str()).chain(mail.body().lines().take(5));
    for line in lines {
        let ups = line.split_once("UPS ").and_then(|(_, rest)| {
            let name = rest.split_whitespace().next()?.trim_end_matches([':', ',', '.']);
            name.contains('@').then_some(name)
        });
        let Some(ups) = ups else { continue };
        let folded = fold(line);
        let text = TEXTS.iter().filter(|(words, _, _)| folded.contains(words));
        // "no longer low" holds "low": the longest text is meant.
        let text = text.max_by_key(|(words, _, _)| words.len());
        if let Some((_, topic, kind)) = text {
            let host = ups.split_once('@').map(|(_, host)| host);
            let key = format!("{ups}/{topic}");
            return Event::new("nut", *kind).on(host).about(ups).told(line).known_by(&key).alone();
        }
    }
    None
}
