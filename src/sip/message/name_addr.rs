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
        let display = Some(grammar::unquote(display)).filter(|display| !display.is_empty());
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
