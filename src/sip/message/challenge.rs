//! Challenges (RFC 7616 section 3.3, RFC 8760): what a server wants to be answered with.

use super::grammar;

/// How the answer is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, also where none is named.
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`: half of a SHA-512.
    Sha512Half,
    /// `SHA-512-256-sess`
    Sha512HalfSess,
    /// Another one, which is not answered.
    Other(String),
}

impl Algorithm {
    /// The word in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512Half => "SHA-512-256",
            Self::Sha512HalfSess => "SHA-512-256-sess",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Algorithm {
    fn from(text: &str) -> Self {
        let all = [
            Self::Md5,
            Self::Md5Sess,
            Self::Sha256,
            Self::Sha256Sess,
            Self::Sha512Half,
            Self::Sha512HalfSess,
        ];
        let found = all.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(text));
        found.unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

/// What the answer protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// The request's method and address.
    Auth,
    /// The body as well.
    AuthInt,
}

impl Qop {
    /// The word in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// A challenge by Digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Of a proxy (407), or of the one the request is for (401).
    pub proxy: bool,
    /// Where the password holds. This and the next two stand here as between their quotes.
    pub realm: String,
    /// The server's random.
    pub nonce: String,
    /// To be handed back.
    pub opaque: Option<String>,
    /// How the answer is made.
    pub algorithm: Algorithm,
    /// What it may protect. `None` is an answer as of RFC 2069, without; an empty list is one
    /// nobody can meet.
    pub qop: Option<Vec<Qop>>,
    /// The nonce was too old, and the password right.
    pub stale: bool,
    /// Where else the password holds.
    pub domain: Option<String>,
}

/// Reads the Digest challenges of a line, which may hold several, and others between them.
pub(super) fn read(line: &str, proxy: bool) -> Vec<Challenge> {
    let mut found: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    let mut rest = line;
    while let Some((word, value)) = take(&mut rest) {
        match (value, found.last_mut()) {
            (Some(value), Some((_, params))) => params.push((word, value)),
            (Some(_), None) => {}
            (None, _) => found.push((word, Vec::new())),
        }
    }
    let digests = found.iter().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Digest"));
    digests.filter_map(|(_, params)| challenge(params, proxy)).collect()
}

/// Takes `name=value`, or the name of a scheme, off a line. Commas are not relied upon: some
/// devices forget one. A quoted value keeps its escapes, since it is hashed with them.
fn take<'a>(rest: &mut &'a str) -> Option<(&'a str, Option<&'a str>)> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '=');
    let text = rest.trim_start_matches(is_end);
    let end = text.find(is_end).unwrap_or(text.len());
    let (word, behind) = text.split_at_checked(end).filter(|(word, _)| !word.is_empty())?;
    let Some(value) = behind.trim_start().strip_prefix('=').map(str::trim_start) else {
        *rest = behind;
        return Some((word, None));
    };
    let (value, behind) = if let Some(inside) = value.strip_prefix('"') {
        let end = grammar::closing_quote(inside).unwrap_or(inside.len());
        let (value, behind) = inside.split_at_checked(end)?;
        (value, behind.strip_prefix('"').unwrap_or(behind))
    } else {
        let is_end = |c: char| c.is_whitespace() || c == ',';
        value.split_at_checked(value.find(is_end).unwrap_or(value.len()))?
    };
    *rest = behind;
    Some((word, Some(value)))
}

fn challenge(params: &[(&str, &str)], proxy: bool) -> Option<Challenge> {
    let get = |name: &str| {
        let found = params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| (*value).to_owned())
    };
    let qop = get("qop").map(|offered| {
        let words = offered.split([',', ' ']).map(str::trim);
        let known = |word: &str| {
            [Qop::Auth, Qop::AuthInt]
                .into_iter()
                .find(|qop| word.eq_ignore_ascii_case(qop.as_str()))
        };
        words.filter_map(known).collect()
    });
    Some(Challenge {
        proxy,
        realm: get("realm").unwrap_or_default(),
        nonce: get("nonce")?,
        opaque: get("opaque"),
        algorithm: get("algorithm").map_or(Algorithm::Md5, |name| name.as_str().into()),
        qop,
        stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        domain: get("domain"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let line = "Digest realm=\"pbx, 2\", nonce = \"a=\\\"b\", opaque=\"\", algorithm=\"sha-256\", \
                    qop=\"auth,auth-int\", stale=TRUE, domain=\"sip:pbx\"";
        let expected = Challenge {
            proxy: true,
            realm: "pbx, 2".to_owned(),
            nonce: "a=\\\"b".to_owned(),
            opaque: Some(String::new()),
            algorithm: Algorithm::Sha256,
            qop: Some(vec![Qop::Auth, Qop::AuthInt]),
            stale: true,
            domain: Some("sip:pbx".to_owned()),
        };
        assert_eq!(read(line, true), [expected]);
    }

    #[test]
    fn several_stand_in_one_line() {
        let rows: [(&str, &[&str]); 12] = [
            ("Digest realm=a,nonce=1", &["1 MD5"]),
            (
                "Digest realm=a,nonce=1,Digest realm=a,nonce=2,algorithm=SHA-256",
                &["1 MD5", "2 SHA-256"],
            ),
            ("Basic realm=\"a\", digest nonce=\"1\"", &["1 MD5"]),
            ("Bearer abc==, Digest nonce=1", &["1 MD5"]),
            ("Digest nonce=1, Negotiate", &["1 MD5"]),
            ("Digest nonce=1, Bearer scope=\"x\", realm=y", &["1 MD5"]),
            ("Digest realm=\"a\" nonce=\"1\" algorithm=MD5-sess", &["1 MD5-sess"]),
            ("Digest realm=\"a\"nonce=\"1\"", &["1 MD5"]),
            ("Digest nonce=\"1\", algorithm=SHA3", &["1 SHA3"]),
            ("Digest nonce=\"never closed, qop=auth", &["never closed, qop=auth MD5"]),
            ("Digest realm=\"a\"", &[]),
            ("nonce=1", &[]),
        ];
        for (line, expected) in rows {
            let found = read(line, false);
            let found: Vec<_> = found
                .iter()
                .map(|one| format!("{} {}", one.nonce, one.algorithm.as_str()))
                .collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
