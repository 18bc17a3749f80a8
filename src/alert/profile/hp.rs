//! HP Onboard Administrator: `HP AlertMail-010: (CRITICAL) Power Supply #1: Failed`. The number only
//! counts mails; the enclosure's name is the sender's display name.

use super::{Event, Kind, Mail};
use crate::alert::label;
use crate::alert::words::fold;

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = label::strip_prefix(&mail.subject, "hp alertmail-")
        .or_else(|| label::strip_prefix(&mail.subject, "hpe alertmail-"))?;
    let (_, rest) = rest.split_once(':')?;
    let (severity, text) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let text = text.trim();
    let check = text.rsplit_once(':').map_or(text, |(check, _)| check);
    let kind = match fold(severity).as_str() {
        _ if fold(text).contains("test") => Kind::Test,
        "normal" => Kind::Recovery,
        _ => Kind::Problem,
    };
    let from = &mail.text.from;
    let name = from.split('<').next().unwrap_or_default().trim_matches(['"', ' ']);
    let host = Some(name).filter(|name| !name.is_empty() && !name.contains('@'));
    Event::new("hp-oa", kind).on(host).about(check).graded(Some(severity)).told(text).alone()
}
