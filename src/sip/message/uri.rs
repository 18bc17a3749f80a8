//! Addresses: `sip:`, `sips:` (RFC 3261 section 19.1) and `tel:` (RFC 3966).

use std::fmt;
use std::str::FromStr;

use super::grammar;
use super::host::{Host, host_port};
use super::params::Params;

/// The scheme of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`: TLS all the way.
    Sips,
    /// `tel`
    Tel,
    /// Another one, in lower case.
    Other(String),
}

impl Scheme {
    /// The word before the colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        }
    }
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// What stands before the `@`, with its escapes; of `tel:` the number, of an unknown scheme
    /// all there is.
    pub user: Option<String>,
    /// The host; an empty name if the scheme has none.
    pub host: Host,
    /// The port.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
    /// What stands behind the `?`: headers of the request to be made, with their escapes.
    pub headers: Option<String>,
}

/// Why a URI cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No scheme.
    #[error("does not begin with `sip:`")]
    Scheme,
    /// No host, or none that can be one.
    #[error("its host is neither a name nor an address")]
    Host,
    /// The port is no number up to 65535.
    #[error("its port is no number up to 65535")]
    Port,
    /// Blanks or control characters inside.
    #[error("there is a blank inside")]
    Blank,
}

impl Uri {
    /// `sip:user@host`; the user as plain text.
    #[must_use]
    pub fn sip(user: Option<&str>, host: Host) -> Self {
        // Here a per cent sign is one, and a colon would begin a password. Of the rest some may stand
        // in a user, but not everybody knows (RFC 3261 section 25.1).
        let user = user.map(|user| grammar::escape(user, "%@:;?/,#[]{}|\\^`"));
        let params = Params::default();
        Self { scheme: Scheme::Sip, user, host, port: None, params, headers: None }
    }

    /// The `transport` parameter, in lower case.
    #[must_use]
    pub fn transport(&self) -> Option<String> {
        self.params.get("transport").map(str::to_ascii_lowercase)
    }

    /// Whether a route is a loose one (`;lr`, RFC 3261 section 16.12).
    #[must_use]
    pub fn lr(&self) -> bool {
        self.params.has("lr")
    }

    /// The `maddr` parameter: where to send it, whatever the host says.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr")?.parse().ok()
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UriError::Blank);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(UriError::Scheme);
        }
        match scheme.to_ascii_lowercase().as_str() {
            "sip" => read_sip(Scheme::Sip, rest),
            "sips" => read_sip(Scheme::Sips, rest),
            "tel" => {
                let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
                Ok(hostless(Scheme::Tel, number, Params::of_uri(params)))
            }
            other => Ok(hostless(Scheme::Other(other.to_owned()), rest, Params::default())),
        }
    }
}

/// Characters that cannot stand in the user, or would begin the next part of a `tel:`.
fn user_reserved(scheme: &Scheme) -> &'static str {
    match scheme {
        Scheme::Sip | Scheme::Sips => "@",
        Scheme::Tel => "@;",
        Scheme::Other(_) => "",
    }
}

fn hostless(scheme: Scheme, user: &str, params: Params) -> Uri {
    let user = Some(grammar::escape(user, user_reserved(&scheme)));
    Uri { scheme, user, host: Host::Name(String::new()), port: None, params, headers: None }
}

fn read_sip(scheme: Scheme, rest: &str) -> Result<Uri, UriError> {
    // The user may hold `;` and `?`, so that it is taken off first.
    let (user, rest) = match rest.split_once('@') {
        Some((user, rest)) => (Some(grammar::escape(user, user_reserved(&scheme))), rest),
        None => (None, rest),
    };
    let (rest, headers) = match rest.split_once('?') {
        Some((rest, headers)) => (rest, Some(grammar::escape(headers, "@"))),
        None => (rest, None),
    };
    let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
    let (host, port) = host_port(place)?;
    Ok(Uri { scheme, user, host, port, params: Params::of_uri(params), headers })
}

impl fmt::Display for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_str();
        scheme
            .chars()
            .filter(|c| grammar::is_token_char(*c))
            .try_for_each(|c| write!(out, "{c}"))?;
        out.write_str(":")?;
        let user =
            self.user.as_ref().map(|user| grammar::escape(user, user_reserved(&self.scheme)));
        match self.scheme {
            Scheme::Other(_) => return out.write_str(&user.unwrap_or_default()),
            Scheme::Tel => out.write_str(&user.unwrap_or_default())?,
            Scheme::Sip | Scheme::Sips => {
                if let Some(user) = user {
                    write!(out, "{user}@")?;
                }
                write!(out, "{}", self.host)?;
                if let Some(port) = self.port {
                    write!(out, ":{port}")?;
                }
            }
        }
        self.params.write_uri(out)?;
        if let Some(headers) = &self.headers {
            write!(out, "?{}", grammar::escape(headers, "@"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let rows = [
            ("sip:300@pbx.example.org", Some("300"), "pbx.example.org", None),
            ("SIP:300@PBX.example.org:5070", Some("300"), "PBX.example.org", Some(5070)),
            ("sips:192.0.2.7", None, "192.0.2.7", None),
            ("sip:[2001:db8::1]:5060;transport=tcp", None, "[2001:db8::1]", Some(5060)),
            ("sip:a@[2001:db8::1]", Some("a"), "[2001:db8::1]", None),
            ("sip:a@2001:db8::1", Some("a"), "[2001:db8::1]", None),
            ("sip:+1-2;x=1?y@host:", Some("+1-2;x=1?y"), "host", None),
            ("sip:;,&:secret@host", Some(";,&:secret"), "host", None),
            ("sip:%61%40b@a_b.", Some("%61%40b"), "a_b.", None),
            ("sip:ñ@host?Subject=x@y", Some("%C3%B1"), "host", None),
            ("sip:@host", Some(""), "host", None),
        ];
        for (text, user, host, port) in rows {
            let uri: Uri = text.parse().expect(text);
            assert_eq!((uri.user.as_deref(), uri.port), (user, port), "{text}");
            assert_eq!(uri.host.to_string(), host, "{text}");
            assert_eq!(uri.to_string().parse(), Ok(uri), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let rows = [
            ("", UriError::Scheme),
            ("300", UriError::Scheme),
            ("<sip:a>", UriError::Scheme),
            ("sip:", UriError::Host),
            ("sip:a@", UriError::Host),
            ("sip:a@b@c", UriError::Host),
            ("sip:a@ho\"st", UriError::Host),
            ("sip:[2001:db8::1", UriError::Host),
            ("sip:[::x]", UriError::Host),
            ("sip:host:99999", UriError::Port),
            ("sip:host:sip", UriError::Port),
            ("sip:host; lr", UriError::Blank),
            ("sip:host\r\nX: y", UriError::Blank),
        ];
        for (text, expected) in rows {
            assert_eq!(text.parse::<Uri>(), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn parameters_and_headers_are_kept() {
        let text = "sip:a@b:5060;transport=TCP;lr;maddr=[2001:db8::2];x=%20=y?Subject=a%20b&c=d";
        let uri: Uri = text.parse().unwrap();
        assert_eq!(uri.to_string(), text);
        assert_eq!(uri.transport().as_deref(), Some("tcp"));
        assert!(uri.lr());
        assert_eq!(uri.maddr(), "2001:db8::2".parse().ok());
        assert_eq!(uri.headers.as_deref(), Some("Subject=a%20b&c=d"));
    }

    #[test]
    fn other_schemes_are_kept_as_text() {
        let tel: Uri = "TEL:+1-201-555-0123;phone-context=example.org".parse().unwrap();
        assert_eq!(
            (tel.scheme.clone(), tel.user.as_deref()),
            (Scheme::Tel, Some("+1-201-555-0123"))
        );
        assert_eq!(tel.params.get("phone-context"), Some("example.org"));
        assert_eq!(tel.to_string(), "tel:+1-201-555-0123;phone-context=example.org");
        let other: Uri = "http://example.org/a;b?c@d".parse().unwrap();
        assert_eq!(other.scheme, Scheme::Other("http".to_owned()));
        assert_eq!(other.to_string(), "http://example.org/a;b?c@d");
    }

    #[test]
    fn a_user_of_any_text_makes_one_address() {
        let rows = [
            ("300", "sip:300@host"),
            ("+34 600", "sip:+34%20600@host"),
            ("*98#", "sip:*98%23@host"),
            ("a@b;c:d?e%", "sip:a%40b%3Bc%3Ad%3Fe%25@host"),
            ("a>\r\nX: y", "sip:a%3E%0D%0AX%3A%20y@host"),
        ];
        for (user, text) in rows {
            let uri = Uri::sip(Some(user), Host::Name("host".to_owned()));
            assert_eq!(uri.to_string(), text);
            assert_eq!(text.parse(), Ok(uri));
        }
    }

    #[test]
    fn nothing_is_smuggled_in_through_a_part() {
        let mut uri = Uri::sip(None, Host::Name("a\r\n<b>".to_owned()));
        uri.scheme = Scheme::Other("x\r\ny: ".to_owned());
        uri.user = Some("> \r\n".to_owned());
        assert_eq!(uri.to_string(), "xy:%3E%20%0D%0A");
        uri.scheme = Scheme::Sip;
        uri.user = None;
        uri.params.set("a\r\n", Some("b"));
        uri.params.set("a", Some("\r\n;"));
        uri.headers = Some("a>\0".to_owned());
        assert_eq!(uri.to_string(), "sip:ab;a=%0D%0A%3B?a%3E%00");
    }
}
