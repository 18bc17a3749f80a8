//! Their description and ours → what was agreed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::crypto::CryptoKey;
use super::error::{KeyFault, SdpError};
use super::read::{Connection, Description, Media, connection};
use super::{Agreed, COMFORT_NOISE, Codec, EVENTS, Encryption, Local, PACKET_TIME};

/// Clock rate of telephone sound, as it is written.
const RATE: &str = "8000";

/// What their description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The answer to our offer.
    Answers,
    /// An offer that we answer.
    Offers,
}

/// The stream to use, and what is agreed about it: an encrypted one before a plain one, if we
/// encrypt at all; else the first that works. Devices that leave the choice to us offer two.
pub(super) fn best(
    local: &Local,
    theirs: &Description,
    side: Side,
) -> Result<(usize, Agreed), SdpError> {
    let mut best: Option<(usize, Agreed)> = None;
    let mut fault = None;
    for (place, media) in theirs.media.iter().enumerate() {
        if !media.kind.eq_ignore_ascii_case("audio") {
            continue;
        }
        match stream(local, theirs, media, side) {
            Ok(agreed) => {
                let better = best.as_ref().is_none_or(|(_, best)| {
                    agreed.encryption.is_some() && best.encryption.is_none()
                });
                if better {
                    best = Some((place, agreed));
                }
            }
            // The fault of a stream that is there says more than that one is not.
            Err(found) if fault.is_none() || fault == Some(SdpError::Refused) => {
                fault = Some(found);
            }
            Err(_) => {}
        }
    }
    best.ok_or(fault.unwrap_or(SdpError::NoSound))
}

fn stream(
    local: &Local,
    theirs: &Description,
    media: &Media,
    side: Side,
) -> Result<Agreed, SdpError> {
    let port = media.port.ok_or(SdpError::Port)?;
    if port == 0 {
        return Err(SdpError::Refused);
    }
    let encryption = encryption(local, media, side)?;
    let (codec, payload) = codec(local, media, side)?;
    let direction = theirs.direction_of(media);
    let address = address(theirs, media)?;
    // An address of zeros is how telephones held a call before RFC 3264 (its section 8.4).
    let we_send = direction.receives() && !address.is_unspecified();
    if we_send {
        check_address(address, local.address)?;
    }
    let events = event_payload(media);
    let events_received = match side {
        Side::Answers => events.map(|_| EVENTS),
        Side::Offers => events,
    };
    Ok(Agreed {
        remote: SocketAddr::new(address, port),
        remote_rtcp: rtcp(media, address, port, local.address),
        codec,
        payload,
        events,
        events_received,
        comfort_noise: comfort_noise(media).filter(|_| local.comfort_noise),
        packet_time: packet_time(theirs, media),
        we_send,
        we_receive: direction.sends(),
        encryption,
    })
}

/// The codec: of an answer the first that it names, since that is what the other side prefers of
/// our offer; of an offer the first of ours.
fn codec(local: &Local, media: &Media, side: Side) -> Result<(Codec, u8), SdpError> {
    let known = media.formats.iter().filter_map(|format| {
        let payload: u8 = format.parse().ok().filter(|payload| *payload < 128)?;
        let codec = match media.mapped(format) {
            Some((name, rate)) => codec_named(name, rate),
            None => [Codec::Pcmu, Codec::Pcma].into_iter().find(|c| c.payload() == payload),
        };
        codec.filter(|codec| local.codecs.contains(codec)).map(|codec| (codec, payload))
    });
    let rank = |codec: &Codec| local.codecs.iter().position(|ours| ours == codec);
    let chosen = match side {
        Side::Answers => known.into_iter().next(),
        // The first of equals counts.
        Side::Offers => known.min_by_key(|(codec, _)| rank(codec)),
    };
    chosen.ok_or_else(|| SdpError::NoCodec(names(media)))
}

fn codec_named(name: &str, rate: Option<&str>) -> Option<Codec> {
    let fits = |codec: &Codec| name.eq_ignore_ascii_case(codec.as_str());
    [Codec::Pcmu, Codec::Pcma].into_iter().find(fits).filter(|_| rate.is_none_or(|r| r == RATE))
}

/// What they have, for a person.
fn names(media: &Media) -> String {
    let name = |format: &String| match media.mapped(format) {
        Some((name, _)) => name.to_owned(),
        None => format!("payload type {format}"),
    };
    let names: Vec<_> = media.formats.iter().take(8).map(name).collect();
    let names: String = names.join(", ").chars().take(120).collect();
    if names.is_empty() { "none".to_owned() } else { names }
}

/// The payload type of a stream that `a=rtpmap` gives that name, at our clock rate.
fn payload_named(media: &Media, wanted: &str) -> Option<u8> {
    let fits = |format: &&String| {
        media.mapped(format).is_some_and(|(name, rate)| {
            name.eq_ignore_ascii_case(wanted) && rate.is_none_or(|rate| rate == RATE)
        })
    };
    media.formats.iter().find(fits)?.parse().ok().filter(|payload| *payload < 128)
}

fn event_payload(media: &Media) -> Option<u8> {
    payload_named(media, "telephone-event")
}

fn comfort_noise(media: &Media) -> Option<u8> {
    let number = COMFORT_NOISE.to_string();
    let is_plain = media.formats.contains(&number) && media.mapped(&number).is_none();
    payload_named(media, "CN").or_else(|| is_plain.then_some(COMFORT_NOISE))
}

fn address(theirs: &Description, media: &Media) -> Result<IpAddr, SdpError> {
    match theirs.connection_of(media) {
        Some(Connection::Address(address)) => Ok(*address),
        Some(Connection::Name(name)) => Err(SdpError::HostName(name.chars().take(80).collect())),
        None => Err(SdpError::NoAddress),
    }
}

/// Sound is sent to one host that we can reach, whatever a description says.
fn check_address(theirs: IpAddr, ours: IpAddr) -> Result<(), SdpError> {
    let is_broadcast = matches!(theirs, IpAddr::V4(address) if address.is_broadcast());
    if theirs.is_multicast() || is_broadcast {
        return Err(SdpError::NotOneHost(theirs));
    }
    if theirs.is_ipv4() != ours.is_ipv4() {
        return Err(SdpError::OtherFamily(theirs, ours));
    }
    Ok(())
}

/// Where RTCP goes: the next port, or what `a=rtcp` says (RFC 3605).
fn rtcp(media: &Media, address: IpAddr, port: u16, ours: IpAddr) -> SocketAddr {
    let usual = SocketAddr::new(address, port.checked_add(1).unwrap_or(port));
    let Some(value) = media.all("rtcp").next() else { return usual };
    let (number, place) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    let Some(port) = number.parse().ok().filter(|port| *port != 0) else { return usual };
    match connection(place) {
        Some(Connection::Address(other)) if check_address(other, ours).is_ok() => {
            SocketAddr::new(other, port)
        }
        Some(Connection::Address(_) | Connection::Name(_)) | None => SocketAddr::new(address, port),
    }
}

/// How much sound they want in a packet: tens of milliseconds, if it is sensible.
fn packet_time(theirs: &Description, media: &Media) -> Duration {
    let millis = |name| {
        let value = theirs.attribute_of(media, name)?;
        let whole = value.split('.').next()?;
        whole.trim().parse::<u64>().ok().filter(|millis| (10..=150).contains(millis))
    };
    let usual = u64::try_from(PACKET_TIME.as_millis()).unwrap_or(20);
    let wanted = millis("ptime").unwrap_or(usual).min(millis("maxptime").unwrap_or(u64::MAX));
    Duration::from_millis(wanted / 10 * 10)
}

/// Our key and theirs, if the stream is encrypted.
fn encryption(
    local: &Local,
    media: &Media,
    side: Side,
) -> Result<Option<(CryptoKey, CryptoKey)>, SdpError> {
    let is_secure = match media.protocol.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" => false,
        "RTP/SAVP" | "RTP/SAVPF" => true,
        "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => return Err(SdpError::Dtls),
        other => return Err(SdpError::Protocol(other.chars().take(40).collect())),
    };
    match local.encryption {
        Encryption::Off if is_secure => return Err(SdpError::EncryptionOff),
        Encryption::Off => return Ok(None),
        Encryption::Optional | Encryption::Required => {}
    }
    match key_pair(local, media, side) {
        Ok(Some(pair)) => Ok(Some(pair)),
        // A key that cannot be used is as good as none, where none is needed.
        Ok(None) | Err(_) if !is_secure && local.encryption == Encryption::Optional => Ok(None),
        Ok(None) if is_secure => Err(SdpError::NoKey),
        Ok(None) => Err(SdpError::NotEncrypted),
        Err(fault) => Err(SdpError::Key(fault)),
    }
}

/// The first of their keys that goes with one of ours.
fn key_pair(
    local: &Local,
    media: &Media,
    side: Side,
) -> Result<Option<(CryptoKey, CryptoKey)>, KeyFault> {
    let mut fault = None;
    for line in media.all("crypto") {
        let theirs = match CryptoKey::read(line) {
            Ok(theirs) => theirs,
            Err(found) => {
                fault = fault.or(Some(found));
                continue;
            }
        };
        let mut fitting = local.keys.iter().filter(|ours| ours.suite == theirs.suite);
        let ours = match side {
            // Some devices number their answer anew; the suite tells which key is meant.
            Side::Answers => {
                let first = fitting.next();
                let exact = first.into_iter().chain(fitting).find(|ours| ours.tag == theirs.tag);
                exact.or(first).cloned()
            }
            Side::Offers => {
                fitting.next().map(|ours| CryptoKey { tag: theirs.tag, ..ours.clone() })
            }
        };
        match ours {
            Some(ours) => return Ok(Some((ours, theirs))),
            None => fault = fault.or(Some(KeyFault::Suite)),
        }
    }
    fault.map_or(Ok(None), Err)
}
