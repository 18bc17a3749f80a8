//! mdadm: `DegradedArray event on /dev/md0:host`. What is well again is not mailed.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let (event, place) = mail.subject.split_once(" event on ")?;
    let (device, host) = match place.rsplit_once(':') {
        Some((device, host)) => (device, Some(host)),
        None => (place, label::between(mail.body(), "running on ", "")),
    };
    let named = device.starts_with("/dev/md") || fold(&mail.text.from).contains("mdadm");
    if !named || event.contains(' ') {
        return None;
    }
    let kind = match event {
        "TestMessage" => Kind::Test,
        "SpareActive" | "RebuildFinished" => Kind::Recovery,
        "NewArray" | "RebuildStarted" | "MoveSpare" => Kind::Update,
        event if event.starts_with("Rebuild") => Kind::Update,
        _ => Kind::Problem,
    };
    let found = Event::new("mdadm", kind).on(host).about(device);
    if kind != Kind::Problem {
        return found.alone();
    }
    // The second disk to fail is the one that costs the data: it is no repeat of the first.
    let component = label::between(mail.body(), "related to component device ", "");
    let component = component.unwrap_or_default().trim_end_matches('.');
    let key = format!("{}/{device}/{event}/{component}", host.unwrap_or_default());
    found.known_by(&key).alone()
}
