//! Headers as what they mean. What cannot be read is not there.

use super::challenge::{self, Challenge};
use super::grammar;
use super::headers::Headers;
use super::method::Method;
use super::name::Name;
use super::name_addr::NameAddr;
use super::via::Via;
use super::{MAX_HEADERS, Uri};

/// `CSeq`: the place of a request among those of its dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// Its number.
    pub number: u32,
    /// Its method.
    pub method: Method,
}

impl std::fmt::Display for CSeq {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.number, self.method)
    }
}

/// `RAck` (RFC 3262 section 7.2): which provisional response a PRACK confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// Its `RSeq`.
    pub rseq: u32,
    /// Its `CSeq`.
    pub cseq: CSeq,
}

/// Who refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answered it.
    Uas,
}

/// Session-Expires (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// How long the session lasts without a refresh.
    pub seconds: u32,
    /// Who refreshes it, if that is said.
    pub refresher: Option<Refresher>,
}

impl Headers {
    /// All Via, the topmost first.
    #[must_use]
    pub fn vias(&self) -> Vec<Via> {
        self.items(&Name::Via).filter_map(|item| item.parse().ok()).collect()
    }

    /// The topmost Via.
    #[must_use]
    pub fn top_via(&self) -> Option<Via> {
        self.items(&Name::Via).next()?.parse().ok()
    }

    /// From.
    #[must_use]
    pub fn from(&self) -> Option<NameAddr> {
        self.get(&Name::From)?.parse().ok()
    }

    /// To.
    #[must_use]
    pub fn to(&self) -> Option<NameAddr> {
        self.get(&Name::To)?.parse().ok()
    }

    /// All Contact addresses; `*` is none.
    #[must_use]
    pub fn contacts(&self) -> Vec<NameAddr> {
        self.addresses(&Name::Contact)
    }

    /// Whether Contact is `*`: all of them.
    #[must_use]
    pub fn contact_is_star(&self) -> bool {
        self.all(&Name::Contact).any(|value| value == "*")
    }

    /// Route, the next station first.
    #[must_use]
    pub fn routes(&self) -> Vec<NameAddr> {
        self.addresses(&Name::Route)
    }

    /// Record-Route, in the order of the message.
    #[must_use]
    pub fn record_routes(&self) -> Vec<NameAddr> {
        self.addresses(&Name::RecordRoute)
    }

    /// Service-Route (RFC 3608).
    #[must_use]
    pub fn service_routes(&self) -> Vec<NameAddr> {
        self.addresses(&Name::ServiceRoute)
    }

    /// All addresses of a header that lists them.
    #[must_use]
    pub fn addresses(&self, name: &Name) -> Vec<NameAddr> {
        self.items(name).filter_map(|item| item.parse().ok()).collect()
    }

    /// `CSeq`.
    #[must_use]
    pub fn cseq(&self) -> Option<CSeq> {
        read_cseq(self.get(&Name::CSeq)?)
    }

    /// Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.get(&Name::CallId).filter(|id| !id.is_empty())
    }

    /// Expires, in seconds.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.number(&Name::Expires)
    }

    /// Min-Expires, in seconds.
    #[must_use]
    pub fn min_expires(&self) -> Option<u32> {
        self.number(&Name::MinExpires)
    }

    /// Max-Forwards.
    #[must_use]
    pub fn max_forwards(&self) -> Option<u32> {
        self.number(&Name::MaxForwards)
    }

    /// Session-Expires.
    #[must_use]
    pub fn session_expires(&self) -> Option<SessionExpires> {
        let value = self.get(&Name::SessionExpires)?;
        let params = value.split_once(';').map_or("", |(_, params)| params);
        let params = super::Params::of_header(params);
        let refresher = params.get("refresher").map(str::to_ascii_lowercase);
        let refresher = match refresher.as_deref() {
            Some("uac") => Some(Refresher::Uac),
            Some("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Some(SessionExpires { seconds: grammar::number(value)?, refresher })
    }

    /// Min-SE, in seconds.
    #[must_use]
    pub fn min_se(&self) -> Option<u32> {
        self.number(&Name::MinSe)
    }

    /// `RSeq`.
    #[must_use]
    pub fn rseq(&self) -> Option<u32> {
        self.number(&Name::RSeq)
    }

    /// `RAck`.
    #[must_use]
    pub fn rack(&self) -> Option<RAck> {
        let (rseq, cseq) = self.get(&Name::RAck)?.split_once([' ', '\t'])?;
        Some(RAck { rseq: rseq.parse().ok()?, cseq: read_cseq(cseq)? })
    }

    /// Retry-After, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.number(&Name::RetryAfter)
    }

    /// The words of a list, in lower case: Require, Supported, Allow.
    #[must_use]
    pub fn tokens(&self, name: &Name) -> Vec<String> {
        self.items(name).map(str::to_ascii_lowercase).collect()
    }

    /// All challenges by Digest, of the registrar or the called side and of proxies.
    #[must_use]
    pub fn challenges(&self) -> Vec<Challenge> {
        let of = |name: Name, proxy| self.all(&name).map(move |v| (v.to_owned(), proxy)).collect();
        let mut lines: Vec<(String, bool)> = of(Name::WwwAuthenticate, false);
        lines.append(&mut of(Name::ProxyAuthenticate, true));
        let all = lines.iter().flat_map(|(line, proxy)| challenge::read(line, *proxy));
        all.take(MAX_HEADERS).collect()
    }

    /// The address of the first Contact.
    #[must_use]
    pub fn contact_uri(&self) -> Option<Uri> {
        self.contacts().into_iter().next().map(|contact| contact.uri)
    }

    fn items(&self, name: &Name) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(grammar::list).take(MAX_HEADERS)
    }

    fn number(&self, name: &Name) -> Option<u32> {
        self.get(name).and_then(grammar::number)
    }
}

fn read_cseq(text: &str) -> Option<CSeq> {
    let (number, method) = text.trim().split_once([' ', '\t'])?;
    let method = method.trim();
    // A sign before the number would be read as well.
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number)?;
    grammar::is_token(method).then(|| CSeq { number, method: method.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: Name, value: &str) -> Headers {
        let mut headers = Headers::default();
        headers.push(name, value);
        headers
    }

    #[test]
    fn numbers_of_requests_are_read() {
        let invite = |number| Some(CSeq { number, method: Method::Invite });
        let rows = [
            ("1 INVITE", invite(1)),
            ("0009\t  INVITE", invite(9)),
            ("4294967295 INVITE", invite(u32::MAX)),
            ("4294967296 INVITE", None),
            ("-1 INVITE", None),
            ("+1 INVITE", None),
            ("1", None),
            ("1INVITE", None),
            ("1 INV ITE", None),
            ("1 invite", Some(CSeq { number: 1, method: Method::Other("invite".to_owned()) })),
        ];
        for (text, expected) in rows {
            assert_eq!(of(Name::CSeq, text).cseq(), expected, "{text}");
        }
        let rack = of(Name::RAck, "776656 1 INVITE").rack();
        assert_eq!(rack.map(|rack| (rack.rseq, rack.cseq)), invite(1).map(|cseq| (776_656, cseq)));
        assert_eq!(of(Name::RAck, "1 INVITE").rack(), None);
    }

    #[test]
    fn sessions_and_lists_are_read() {
        let rows = [
            ("1800", Some((1800, None))),
            ("1800;refresher=uac", Some((1800, Some(Refresher::Uac)))),
            (" 90 ; x ; Refresher = UAS", Some((90, Some(Refresher::Uas)))),
            ("soon", None),
        ];
        for (text, expected) in rows {
            let found = of(Name::SessionExpires, text).session_expires();
            assert_eq!(found.map(|found| (found.seconds, found.refresher)), expected, "{text}");
        }
        let mut headers = of(Name::Supported, "Timer, 100rel");
        headers.push(Name::Supported, " ,path,");
        assert_eq!(headers.tokens(&Name::Supported), ["timer", "100rel", "path"]);
        assert!(of(Name::Contact, "*").contact_is_star());
    }

    #[test]
    fn several_addresses_stand_in_a_line_or_in_several() {
        let mut headers =
            of(Name::Contact, "\"A, B\" <sip:a@b;x=1>;expires=5, sip:c@d;expires=60, *");
        headers.push(Name::Contact, "<sip:e@f?a=b,c>");
        let found = headers.contacts();
        let users: Vec<_> =
            found.iter().map(|one| (one.uri.user.as_deref(), one.expires())).collect();
        assert_eq!(users, [(Some("a"), Some(5)), (Some("c"), Some(60)), (Some("e"), None)]);
        let mut many = Headers::default();
        many.push(Name::Route, "sip:a,".repeat(5000));
        assert_eq!(many.routes().len(), MAX_HEADERS);
    }
}
