//! `"Name" <address>;parameters` of From, To, Contact and routes (RFC 3261 section 20.10).

use std::fmt;
use std::str::FromStr;

use super::grammar;
use super::params::Params;
use super::uri::{Uri, UriError};

/// An address with a name and with the header's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The name a telephone shows.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// The header's parameters, such as the tag; those of the address are inside it.
    pub params: Params,
}

impl NameAddr {
    /// An address with nothing around it.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::default() }
    }

    /// The tag, which tells a dialog's side.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same with a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The `expires` parameter of a Contact, in seconds.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").and_then(grammar::number)
    }
}

impl FromStr for NameAddr {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // Without brackets the parameters are the header's (RFC 3261 section 20).
        let Some((display, rest)) = grammar::split_once(text, b'<') else {
            let (uri, params) = text.split_once(';').unwrap_or((text, ""));
            let params = Params::of_header(params);
            return Ok(Self { display: None, uri: uri.parse()?, params });
        };
        let (uri, params) = rest.split_once('>').ok_or(UriError::Host)?;
        let display =
            Some(grammar::unquote(display).trim().to_owned()).filter(|display| !display.is_empty());
        let params = params.split_once(';').map_or("", |(_, params)| params);
        Ok(Self { display, uri: uri.parse()?, params: Params::of_header(params) })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = self.display.as_ref().filter(|display| !display.is_empty()) {
            write!(out, "{} ", grammar::quote(display))?;
        }
        write!(out, "<{}>", self.uri)?;
        self.params.write_header(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let rows = [
            ("<sip:a@b>;tag=1", None, "sip:a@b", Some("1")),
            ("sip:a@b;tag=1", None, "sip:a@b", Some("1")),
            ("sip:a@b", None, "sip:a@b", None),
            (
                "\"A, \\\"B\\\" <c>; d\" <sip:a@b;lr>;tag=1",
                Some("A, \"B\" <c>; d"),
                "sip:a@b;lr",
                Some("1"),
            ),
            ("Ana  Lopez <sip:a@b>", Some("Ana  Lopez"), "sip:a@b", None),
            ("Ana<sip:a@b>", Some("Ana"), "sip:a@b", None),
            ("\"\" <sip:a@b>;x", None, "sip:a@b", None),
            ("Bell, Alexander <sip:a@b>;tag=1", Some("Bell, Alexander"), "sip:a@b", Some("1")),
            ("\"Never closed <sip:a@b>;tag=1", Some("Never closed"), "sip:a@b", Some("1")),
            ("< sip:a@b > ; TAG = 1", None, "sip:a@b", Some("1")),
            ("<tel:+34600000001>;tag=1;x=\";\"", None, "tel:+34600000001", Some("1")),
            ("José <sip:a@b>", Some("José"), "sip:a@b", None),
            ("<sip:a;b?c@d>;tag=", None, "sip:a;b?c@d", None),
        ];
        for (text, display, uri, tag) in rows {
            let found: NameAddr = text.parse().expect(text);
            assert_eq!((found.display.as_deref(), found.tag()), (display, tag), "{text}");
            assert_eq!(found.uri.to_string(), uri, "{text}");
            assert_eq!(found.to_string().parse(), Ok(found), "{text}");
        }
        for text in ["", "*", "<sip:a@b", "<>", "Ana", "\"<sip:a@b>\""] {
            assert!(text.parse::<NameAddr>().is_err(), "{text}");
        }
    }
}
