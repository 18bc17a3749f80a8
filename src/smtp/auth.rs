//! AUTH (RFC 4954) by PLAIN (RFC 4616) and LOGIN: what the client says, and whether it is right.

use std::hint::black_box;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::command::Mechanism;
use super::reply;
use crate::config::SmtpUser;

/// Small devices leave out the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the next line of the client will be.
#[derive(Debug)]
pub(super) enum Exchange {
    Plain,
    LoginName,
    LoginPassword { name: String },
}

/// What a client says it is.
#[derive(PartialEq, Eq)]
pub(super) struct Credentials {
    name: String,
    password: String,
}

/// What to do after a line of the client.
pub(super) enum Next {
    /// Say this line and expect another one.
    Ask(&'static str, Exchange),
    /// See whether they are right.
    Verify(Credentials),
    /// Over, with this line.
    Fail(&'static str),
}

/// After `AUTH mechanism [initial-response]`; `initial` is empty when there is none.
pub(super) fn begin(mechanism: Mechanism, initial: &str) -> Next {
    let exchange = match mechanism {
        Mechanism::Plain => Exchange::Plain,
        Mechanism::Login => Exchange::LoginName,
        Mechanism::Unknown => return Next::Fail(reply::UNKNOWN_MECHANISM),
    };
    if !initial.is_empty() {
        // A response that is empty but there is written "=" (RFC 4954 section 4).
        return resume(exchange, if initial == "=" { b"" } else { initial.as_bytes() });
    }
    match exchange {
        Exchange::Plain => Next::Ask(reply::ASK_PLAIN, exchange),
        Exchange::LoginName => Next::Ask(reply::ASK_LOGIN_NAME, exchange),
        Exchange::LoginPassword { .. } => Next::Ask(reply::ASK_LOGIN_PASSWORD, exchange),
    }
}

/// After a line of the exchange, without its line end.
pub(super) fn resume(exchange: Exchange, line: &[u8]) -> Next {
    if line == b"*" {
        return Next::Fail(reply::AUTH_CANCELLED);
    }
    let Some(text) = BASE64.decode(line).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    else {
        return Next::Fail(reply::BAD_CREDENTIALS);
    };
    match exchange {
        Exchange::Plain => plain(&text).map_or(Next::Fail(reply::BAD_CREDENTIALS), Next::Verify),
        Exchange::LoginName => {
            Next::Ask(reply::ASK_LOGIN_PASSWORD, Exchange::LoginPassword { name: text })
        }
        Exchange::LoginPassword { name } => Next::Verify(Credentials { name, password: text }),
    }
}

/// `[authzid] NUL authcid NUL password`; nobody may act for another.
fn plain(text: &str) -> Option<Credentials> {
    let mut parts = text.split('\0');
    let (acts_for, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    let valid = parts.next().is_none() && (acts_for.is_empty() || acts_for == name);
    valid.then(|| Credentials { name: name.to_owned(), password: password.to_owned() })
}

/// The user the credentials belong to. Takes as long whether the name, the password, both or
/// nothing is right.
pub(super) fn verify<'a>(users: &'a [SmtpUser], credentials: &Credentials) -> Option<&'a SmtpUser> {
    let mut found = None;
    for user in users {
        let name = same(user.name.as_bytes(), credentials.name.as_bytes());
        let password = same(user.password.reveal().as_bytes(), credentials.password.as_bytes());
        if name & password {
            found = Some(user);
        }
    }
    found
}

/// Compares in a time that depends on the length of `given` only, which the client knows.
fn same(secret: &[u8], given: &[u8]) -> bool {
    let mut difference = secret.len() ^ given.len();
    for (place, byte) in given.iter().enumerate() {
        let secret = secret.get(place).copied().unwrap_or(0);
        difference |= usize::from(black_box(secret ^ byte));
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn users() -> Vec<SmtpUser> {
        let user = |name: &str, password: &str| SmtpUser {
            name: name.to_owned(),
            password: Secret::new(password.to_owned()),
        };
        vec![user("ana", "secreto"), user("zabbix", "pässword")]
    }

    fn login(next: Next, lines: &[&str]) -> Result<Option<String>, &'static str> {
        let mut lines = lines.iter();
        let mut next = next;
        loop {
            match next {
                Next::Ask(_, exchange) => {
                    next = resume(exchange, lines.next().unwrap().as_bytes());
                }
                Next::Verify(credentials) => {
                    return Ok(verify(&users(), &credentials).map(|user| user.name.clone()));
                }
                Next::Fail(line) => return Err(line),
            }
        }
    }

    #[test]
    fn names_and_passwords() {
        use Mechanism::{Login, Plain, Unknown};
        let ana = || Ok(Some("ana".to_owned()));
        assert_eq!(login(begin(Plain, "AGFuYQBzZWNyZXRv"), &[]), ana());
        assert_eq!(login(begin(Plain, ""), &["AGFuYQBzZWNyZXRv"]), ana());
        assert_eq!(login(begin(Plain, "YW5hAGFuYQBzZWNyZXRv"), &[]), ana());
        assert_eq!(login(begin(Login, ""), &["YW5h", "c2VjcmV0bw=="]), ana());
        assert_eq!(login(begin(Login, "YW5h"), &["c2VjcmV0bw"]), ana());
        assert_eq!(login(begin(Plain, "AGFuYQBzZWNyZXQ="), &[]), Ok(None));
        assert_eq!(login(begin(Plain, "AGFuYQBzZWNyZXRvbw=="), &[]), Ok(None));
        assert_eq!(login(begin(Plain, "AGFuYQA="), &[]), Ok(None));
        assert_eq!(
            login(begin(Plain, "bHVpcwBhbmEAc2VjcmV0bw=="), &[]),
            Err(reply::BAD_CREDENTIALS)
        );
        assert_eq!(login(begin(Plain, "="), &[]), Err(reply::BAD_CREDENTIALS));
        assert_eq!(login(begin(Plain, "%%"), &[]), Err(reply::BAD_CREDENTIALS));
        assert_eq!(login(begin(Login, ""), &["*"]), Err(reply::AUTH_CANCELLED));
        assert_eq!(login(begin(Unknown, ""), &[]), Err(reply::UNKNOWN_MECHANISM));
    }
}
