//! fail2ban: `[Fail2Ban] jail: banned ADDRESS from host`, `jail: started on host`.

use super::{Event, Kind, Mail, short_name};

pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<Event>> {
    let rest = mail.subject.strip_prefix("[Fail2Ban]")?.trim();
    let (jail, what) = rest.split_once(':').unwrap_or((rest, ""));
    let what = what.trim();
    let host = what.rsplit_once([' ']).map(|(_, host)| host);
    let banned = what.strip_prefix("banned ").and_then(|rest| rest.split(' ').next());
    let unbanned = what.strip_prefix("unbanned ").and_then(|rest| rest.split(' ').next());
    let kind = match (banned, unbanned) {
        (Some(_), _) => Kind::Problem,
        (None, Some(_)) => Kind::Recovery,
        (None, None) => Kind::Report,
    };
    let object = banned.or(unbanned).unwrap_or("jail");
    let key = format!("{}/{jail}/{object}", host.unwrap_or_default());
    let name = host.map(short_name);
    Event::new("fail2ban", kind).on(name.as_deref()).about(jail).told(rest).known_by(&key).alone()
}
