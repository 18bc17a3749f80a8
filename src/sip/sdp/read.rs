//! A description taken apart: only what matters to one stream of sound; the rest, whatever it is,
//! is passed over.

use std::net::IpAddr;

use super::error::SdpError;
use crate::sip::message::MAX_MESSAGE_BYTES;

/// Most streams of a description; those behind are not there.
const MAX_MEDIA: usize = 32;
/// Most attributes of a stream, or of the whole; those behind are not there.
const MAX_ATTRIBUTES: usize = 512;
/// Most formats of a stream; those behind are not there.
const MAX_FORMATS: usize = 64;

/// Where a stream goes (`c=`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    Address(IpAddr),
    Name(String),
}

/// Which way the sound goes, as the sender of the description sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Both,
    Send,
    Receive,
    Neither,
}

impl Direction {
    const ALL: [Self; 4] = [Self::Both, Self::Send, Self::Receive, Self::Neither];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "sendrecv",
            Self::Send => "sendonly",
            Self::Receive => "recvonly",
            Self::Neither => "inactive",
        }
    }

    /// Direction of a side that sends and receives so.
    pub(super) const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::Both,
            (true, false) => Self::Send,
            (false, true) => Self::Receive,
            (false, false) => Self::Neither,
        }
    }

    pub(super) const fn sends(self) -> bool {
        matches!(self, Self::Both | Self::Send)
    }

    pub(super) const fn receives(self) -> bool {
        matches!(self, Self::Both | Self::Receive)
    }
}

/// A stream (`m=`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    /// `audio`, `video`, `image` …
    pub(super) kind: String,
    /// Nothing if it is no number.
    pub(super) port: Option<u16>,
    /// `RTP/AVP` …
    pub(super) protocol: String,
    /// Payload types, or words of another protocol.
    pub(super) formats: Vec<String>,
    connection: Option<Connection>,
    attributes: Vec<(String, String)>,
}

impl Media {
    /// The values of an attribute.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        values(&self.attributes, name)
    }

    /// What `a=rtpmap` says a payload type is: name and clock rate.
    pub(super) fn mapped(&self, payload: &str) -> Option<(&str, Option<&str>)> {
        let value = self.all("rtpmap").find_map(|value| {
            let (number, rest) = value.split_once([' ', '\t'])?;
            (number == payload).then(|| rest.trim())
        })?;
        let mut parts = value.split('/').map(str::trim);
        Some((parts.next()?, parts.next()))
    }
}

/// What one side says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Description {
    connection: Option<Connection>,
    attributes: Vec<(String, String)>,
    pub(super) media: Vec<Media>,
}

impl Description {
    pub(super) fn read(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(SdpError::TooLong);
        }
        // What matters is ASCII; a session name may be anything.
        let text = String::from_utf8_lossy(body);
        let mut description = Self::default();
        // A tab is a blank.
        let is_end = |c: char| c.is_control() && c != '\t';
        for line in text.split(is_end) {
            let Some((letter, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match letter.trim() {
                "m" if description.media.len() < MAX_MEDIA => description.media.push(media(value)),
                "m" => break,
                "c" => description.connection(value),
                "a" => description.attribute(value),
                _ => {}
            }
        }
        Ok(description)
    }

    fn connection(&mut self, value: &str) {
        let place = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        // The first of several counts.
        if place.is_none() {
            *place = connection(value);
        }
    }

    fn attribute(&mut self, value: &str) {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        let pair = (name.trim().to_owned(), value.trim().to_owned());
        let place = match self.media.last_mut() {
            Some(media) => &mut media.attributes,
            None => &mut self.attributes,
        };
        if place.len() < MAX_ATTRIBUTES {
            place.push(pair);
        }
    }

    /// Where a stream goes.
    pub(super) fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The first value of an attribute of a stream, or else of the whole.
    pub(super) fn attribute_of<'a>(&'a self, media: &'a Media, name: &str) -> Option<&'a str> {
        media.all(name).next().or_else(|| values(&self.attributes, name).next())
    }

    /// Which way a stream goes: both, if nothing is said (RFC 8866 section 6.7).
    pub(super) fn direction_of(&self, media: &Media) -> Direction {
        let said = |attributes: &[(String, String)]| {
            attributes.iter().find_map(|(name, _)| {
                let is = |direction: &Direction| name.eq_ignore_ascii_case(direction.as_str());
                Direction::ALL.into_iter().find(is)
            })
        };
        said(&media.attributes).or_else(|| said(&self.attributes)).unwrap_or(Direction::Both)
    }
}

fn values<'a>(attributes: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    let same = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
    attributes.iter().filter(same).map(|(_, value)| value.as_str())
}

/// Reads `audio 4000 RTP/AVP 0 8`, also `4000/2`.
fn media(value: &str) -> Media {
    let mut words = value.split_whitespace().map(str::to_owned);
    let kind = words.next().unwrap_or_default();
    let port = words.next().unwrap_or_default();
    let port = port.split('/').next().and_then(|port| port.parse().ok());
    let protocol = words.next().unwrap_or_default();
    let formats = words.take(MAX_FORMATS).collect();
    Media { kind, port, protocol, formats, connection: None, attributes: Vec::new() }
}

/// Reads `IN IP4 192.0.2.1`, also with a scope behind it (`/127`). What kind of address it is, the
/// address says itself: some devices write `IP4` before one of IPv6.
pub(super) fn connection(value: &str) -> Option<Connection> {
    let mut words = value.split_whitespace();
    let (_net, _kind, place) = (words.next()?, words.next()?, words.next()?);
    let place = place.split('/').next().unwrap_or_default();
    let bare = place.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(address) => Some(Connection::Address(address)),
        Err(_) => Some(Connection::Name(place.to_owned())),
    }
}
