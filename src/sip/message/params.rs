//! Parameters `;name=value` of headers and of URIs.

use std::fmt;

use super::grammar;

/// Characters that cannot stand in the parameter of a URI.
const RESERVED: &str = ";?@";

/// Parameters in their order. Names are the same in any case. Values of headers stand here without
/// their quotes, those of URIs with their escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Reads `a=b;c="d e";f` of a header.
    pub(super) fn of_header(text: &str) -> Self {
        let pairs = grammar::split(text, |byte| byte == b';').map(|piece| {
            let (name, value) = match grammar::split_once(piece, b'=') {
                Some((name, value)) => (name, Some(grammar::unquote(value))),
                None => (piece, None),
            };
            (name.trim().to_owned(), value)
        });
        Self(pairs.filter(|(name, _)| is_name(name)).collect())
    }

    /// Reads `a=b;c` of a URI.
    pub(super) fn of_uri(text: &str) -> Self {
        let pairs = text.split(';').map(|piece| {
            let (name, value) = match piece.split_once('=') {
                Some((name, value)) => (name, Some(grammar::escape(value.trim(), RESERVED))),
                None => (piece, None),
            };
            (name.trim().to_owned(), value)
        });
        Self(pairs.filter(|(name, _)| is_name(name)).collect())
    }

    /// The value; empty for a parameter that has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Whether there is such a parameter, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a parameter, in its place if it is there.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn write_header(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter().filter(|(name, _)| is_name(name)) {
            match value {
                None => write!(out, ";{name}")?,
                Some(value) if is_plain(value) => write!(out, ";{name}={value}")?,
                Some(value) => write!(out, ";{name}={}", grammar::quote(value))?,
            }
        }
        Ok(())
    }

    pub(super) fn write_uri(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter().filter(|(name, _)| is_name(name)) {
            match value {
                None => write!(out, ";{name}")?,
                Some(value) => write!(out, ";{name}={}", grammar::escape(value, RESERVED))?,
            }
        }
        Ok(())
    }
}

/// Names of URIs may hold more than a token (RFC 3261 section 25.1, `param-unreserved`).
fn is_name(name: &str) -> bool {
    let fits = |c: char| grammar::is_token_char(c) || "[]/:&$()".contains(c);
    !name.is_empty() && name.chars().all(fits)
}

/// A token, or an address without or with brackets: needs no quotes.
fn is_plain(value: &str) -> bool {
    let fits = |c: char| grammar::is_token_char(c) || "[]:".contains(c);
    !value.is_empty() && value.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_headers_are_read() {
        let params =
            Params::of_header(" tag = abc ;q=0.5; +sip.instance=\"<urn:a;b=\\\"c\\\">\" ;lr;;");
        assert_eq!(params.get("TAG"), Some("abc"));
        assert_eq!(params.get("q"), Some("0.5"));
        assert_eq!(params.get("+sip.instance"), Some("<urn:a;b=\"c\">"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.iter().count(), 4);
        assert!(params.has("lr") && !params.has("ob"));
    }

    #[test]
    fn they_are_set_in_their_place() {
        let mut params = Params::of_header("rport;branch=z");
        params.set("RPORT", Some("5060"));
        params.set("received", Some("::1"));
        params.remove("Branch");
        let all: Vec<_> = params.iter().collect();
        assert_eq!(all, [("rport", Some("5060")), ("received", Some("::1"))]);
    }
}
