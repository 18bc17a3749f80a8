//! Names of headers: any case, long or compact (RFC 3261 section 7.3.3).

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// Declares the names, each with how it is written and its compact form, if there is one.
macro_rules! names {
    ($($name:ident $long:literal $($compact:literal)?,)+) => {
        /// The name of a header. Two names are the same if they differ in case only.
        #[derive(Debug, Clone)]
        pub enum Name {
            $(#[doc = concat!("`", $long, "`")] $name,)+
            /// Another one.
            Other(String),
        }

        impl Name {
            /// The name as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $long,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl FromStr for Name {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is = |name: &str| text.eq_ignore_ascii_case(name);
                $(if is($long) $(|| is($compact))? { return Ok(Self::$name); })+
                Ok(Self::Other(text.to_owned()))
            }
        }
    };
}

names! {
    Via "Via" "v",
    From "From" "f",
    To "To" "t",
    CallId "Call-ID" "i",
    CSeq "CSeq",
    MaxForwards "Max-Forwards",
    Contact "Contact" "m",
    Route "Route",
    RecordRoute "Record-Route",
    Path "Path",
    ServiceRoute "Service-Route",
    Expires "Expires",
    MinExpires "Min-Expires",
    SessionExpires "Session-Expires" "x",
    MinSe "Min-SE",
    Require "Require",
    ProxyRequire "Proxy-Require",
    Supported "Supported" "k",
    Unsupported "Unsupported",
    Allow "Allow",
    Accept "Accept",
    AcceptEncoding "Accept-Encoding",
    AcceptLanguage "Accept-Language",
    WwwAuthenticate "WWW-Authenticate",
    ProxyAuthenticate "Proxy-Authenticate",
    Authorization "Authorization",
    ProxyAuthorization "Proxy-Authorization",
    AuthenticationInfo "Authentication-Info",
    RetryAfter "Retry-After",
    RSeq "RSeq",
    RAck "RAck",
    Reason "Reason",
    Warning "Warning",
    UserAgent "User-Agent",
    Server "Server",
    Subject "Subject" "s",
    Timestamp "Timestamp",
    Date "Date",
    ContentType "Content-Type" "c",
    ContentLength "Content-Length" "l",
    ContentEncoding "Content-Encoding" "e",
    ContentDisposition "Content-Disposition",
    Event "Event" "o",
    AllowEvents "Allow-Events" "u",
    SubscriptionState "Subscription-State",
    ReferTo "Refer-To" "r",
    PAssertedIdentity "P-Asserted-Identity",
    PPreferredIdentity "P-Preferred-Identity",
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_every_form() {
        let rows = [
            ("via", Name::Via),
            ("V", Name::Via),
            ("CALL-id", Name::CallId),
            ("i", Name::CallId),
            ("l", Name::ContentLength),
            ("k", Name::Supported),
            ("X-Custom", Name::Other("x-custom".to_owned())),
        ];
        for (text, name) in rows {
            assert_eq!(Name::from(text), name);
        }
        assert_ne!(Name::From, Name::To);
        assert_eq!(Name::MinSe.to_string(), "Min-SE");
    }
}
