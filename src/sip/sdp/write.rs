//! Our descriptions.

use std::fmt::Write as _;

use super::read::{Description, Direction, Media};
use super::{Agreed, COMFORT_NOISE, CryptoKey, EVENTS, Encryption, Local, PACKET_TIME};

/// The longest packet we take, in milliseconds of sound.
const MAX_PACKET_MILLIS: u32 = 150;

/// A stream of ours.
struct Sound<'a> {
    protocol: &'a str,
    /// Payload types, and what `a=rtpmap` says they are.
    payloads: Vec<(u8, &'static str)>,
    events: Option<u8>,
    direction: Direction,
    keys: &'a [CryptoKey],
}

pub(super) fn offer(local: &Local) -> String {
    let mut payloads: Vec<_> =
        local.codecs.iter().map(|codec| (codec.payload(), codec.as_str())).collect();
    payloads.extend(local.comfort_noise.then_some((COMFORT_NOISE, "CN")));
    let keys = local.keys.as_slice();
    // Who knows encryption answers keys under the plain name too, and who does not passes over
    // them; the other name would be refused.
    let (protocol, keys) = match local.encryption {
        Encryption::Off => ("RTP/AVP", &[][..]),
        Encryption::Optional => ("RTP/AVP", keys),
        Encryption::Required => ("RTP/SAVP", keys),
    };
    let events = Some(EVENTS);
    let mut text = session(local);
    sound(
        &mut text,
        local,
        &Sound { protocol, payloads, events, direction: Direction::Both, keys },
    );
    text
}

/// The answer to `theirs`: a line for each of their streams, all refused but the one at `place`.
pub(super) fn answer(local: &Local, theirs: &Description, place: usize, agreed: &Agreed) -> String {
    let mut text = session(local);
    for (at, media) in theirs.media.iter().enumerate() {
        if at != place {
            refuse(&mut text, media);
            continue;
        }
        let mut payloads = vec![(agreed.payload, agreed.codec.as_str())];
        payloads.extend(agreed.comfort_noise.map(|payload| (payload, "CN")));
        let stream = Sound {
            protocol: &media.protocol,
            payloads,
            events: agreed.events_received,
            direction: their_direction(theirs, media),
            keys: agreed.encryption.as_ref().map_or(&[], |(ours, _)| std::slice::from_ref(ours)),
        };
        sound(&mut text, local, &stream);
    }
    text
}

/// Their direction, seen from our side (RFC 3264 section 6.1).
fn their_direction(theirs: &Description, media: &Media) -> Direction {
    let direction = theirs.direction_of(media);
    Direction::of(direction.receives(), direction.sends())
}

fn session(local: &Local) -> String {
    let Local { address, session_id, version, .. } = local;
    let kind = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=- {session_id} {version} IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\n\
         t=0 0\r\n"
    )
}

fn sound(text: &mut String, local: &Local, sound: &Sound<'_>) {
    let events = sound.events.map(|payload| (payload, "telephone-event"));
    let payloads: Vec<_> = sound.payloads.iter().copied().chain(events).collect();
    let numbers: Vec<_> = payloads.iter().map(|(payload, _)| payload.to_string()).collect();
    let mut lines =
        vec![format!("m=audio {} {} {}", local.rtp_port, sound.protocol, numbers.join(" "))];
    lines.extend(payloads.iter().map(|(payload, name)| format!("a=rtpmap:{payload} {name}/8000")));
    // The keys of a telephone and the flash of its hook.
    lines.extend(sound.events.map(|payload| format!("a=fmtp:{payload} 0-16")));
    lines.push(format!("a=ptime:{}", PACKET_TIME.as_millis()));
    lines.push(format!("a=maxptime:{MAX_PACKET_MILLIS}"));
    lines.extend(sound.keys.iter().map(|key| format!("a=crypto:{}", key.line())));
    lines.push(format!("a={}", sound.direction.as_str()));
    for line in lines {
        text.push_str(&line);
        text.push_str("\r\n");
    }
}

/// Refuses a stream: port 0, the rest as it was offered, or something where nothing was.
fn refuse(text: &mut String, media: &Media) {
    let or =
        |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let (kind, protocol) = (or(&media.kind, "audio"), or(&media.protocol, "RTP/AVP"));
    // Writing to a string cannot fail.
    let _ = write!(text, "m={kind} 0 {protocol} {}\r\n", or(&media.formats.join(" "), "0"));
}
