//! Answers to challenges by Digest (RFC 2617, RFC 7616, RFC 8760): the password is proved, and not
//! sent.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

pub use super::message::{Algorithm, Challenge, Qop};

use super::message::grammar;
use super::message::{Name, Request};
use crate::config::Secret;

/// Who we are to the server.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// Who logs in.
    pub user: &'a str,
    /// The password.
    pub password: &'a Secret,
}

/// The header that answers a challenge, to be added to the request. `cnonce` is a random of ours,
/// of letters and digits; `count` how many requests have used this nonce, this one included.
///
/// Nothing if it cannot be answered: an algorithm or a protection that is not known here.
#[must_use]
pub fn answer(
    challenge: &Challenge,
    credentials: Credentials<'_>,
    request: &Request,
    cnonce: &str,
    count: u32,
) -> Option<(Name, String)> {
    let qop = match protection(challenge)? {
        Protection::Nothing => None,
        Protection::Of(qop) => Some(qop),
    };
    let hasher = Hasher::of(&challenge.algorithm)?;
    let (realm, nonce) = (&challenge.realm, &challenge.nonce);
    let (uri, nc) = (request.uri.to_string(), format!("{count:08x}"));
    // What is hashed are the strings as they stand between their quotes (RFC 2617 section 1.2).
    let user = grammar::escape_quoted(credentials.user);

    let mut a1 = hasher.hash(&[&user, realm, credentials.password.reveal()]);
    if hasher.session {
        a1 = hasher.hash(&[&a1, nonce, cnonce]);
    }
    let method = request.method.as_str();
    let a2 = match qop {
        Some(Qop::AuthInt) => hasher.hash(&[method, &uri, &hasher.hash_bytes(&request.body)]),
        Some(Qop::Auth) | None => hasher.hash(&[method, &uri]),
    };
    let response = match qop {
        Some(qop) => hasher.hash(&[&a1, nonce, &nc, cnonce, qop.as_str(), &a2]),
        None => hasher.hash(&[&a1, nonce, &a2]),
    };

    let quoted = |text: &str| format!("\"{}\"", grammar::keep_quoted(text));
    let mut parts = vec![
        format!("username=\"{user}\""),
        format!("realm={}", quoted(realm)),
        format!("nonce={}", quoted(nonce)),
        format!("uri={}", quoted(&uri)),
        format!("response=\"{response}\""),
        format!("algorithm={}", challenge.algorithm.as_str()),
    ];
    parts.extend(challenge.opaque.as_deref().map(|opaque| format!("opaque={}", quoted(opaque))));
    // Neither `qop` nor `nc` stands in quotes; some servers refuse them there.
    parts.extend(qop.map(|qop| format!("qop={}, nc={nc}", qop.as_str())));
    if qop.is_some() || hasher.session {
        parts.push(format!("cnonce={}", quoted(cnonce)));
    }
    let name = if challenge.proxy { Name::ProxyAuthorization } else { Name::Authorization };
    Some((name, format!("Digest {}", parts.join(", "))))
}

/// The challenges to answer: of each realm, of the far end and of proxies, the strongest that can
/// be answered; among equals the first, which the server prefers (RFC 8760 section 2.4).
#[must_use]
pub fn choose(challenges: &[Challenge]) -> Vec<&Challenge> {
    let mut chosen: Vec<(&Challenge, u8)> = Vec::new();
    for challenge in challenges {
        let Some(strength) = strength(challenge) else { continue };
        let same = |one: &Challenge| one.proxy == challenge.proxy && one.realm == challenge.realm;
        match chosen.iter_mut().find(|(one, _)| same(one)) {
            Some(place) if strength > place.1 => *place = (challenge, strength),
            Some(_) => {}
            None => chosen.push((challenge, strength)),
        }
    }
    chosen.into_iter().map(|(challenge, _)| challenge).collect()
}

/// How good an answer would be; nothing if there can be none.
fn strength(challenge: &Challenge) -> Option<u8> {
    protection(challenge)?;
    match challenge.algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => Some(1),
        Algorithm::Sha256
        | Algorithm::Sha256Sess
        | Algorithm::Sha512Half
        | Algorithm::Sha512HalfSess => Some(2),
        Algorithm::Other(_) => None,
    }
}

/// What an answer protects.
#[derive(Clone, Copy)]
enum Protection {
    /// As in RFC 2069: the nonce is all there is.
    Nothing,
    Of(Qop),
}

/// The protection that is used: that of the body only if no other is offered, since boxes on the
/// way change bodies. Nothing if only unknown ones are offered.
fn protection(challenge: &Challenge) -> Option<Protection> {
    let Some(offered) = &challenge.qop else { return Some(Protection::Nothing) };
    let best = offered.iter().find(|qop| **qop == Qop::Auth).or(offered.first());
    best.map(|qop| Protection::Of(*qop))
}

/// A hash, as hexadecimal text.
struct Hasher {
    hash: fn(&[u8]) -> String,
    /// The password's hash holds for a session, with its nonces.
    session: bool,
}

impl Hasher {
    fn of(algorithm: &Algorithm) -> Option<Self> {
        let (hash, session): (fn(&[u8]) -> String, bool) = match algorithm {
            Algorithm::Md5 => (hex::<Md5>, false),
            Algorithm::Md5Sess => (hex::<Md5>, true),
            Algorithm::Sha256 => (hex::<Sha256>, false),
            Algorithm::Sha256Sess => (hex::<Sha256>, true),
            Algorithm::Sha512Half => (hex::<Sha512_256>, false),
            Algorithm::Sha512HalfSess => (hex::<Sha512_256>, true),
            Algorithm::Other(_) => return None,
        };
        Some(Self { hash, session })
    }

    fn hash(&self, parts: &[&str]) -> String {
        self.hash_bytes(parts.join(":").as_bytes())
    }

    fn hash_bytes(&self, bytes: &[u8]) -> String {
        (self.hash)(bytes)
    }
}

fn hex<H: Digest>(bytes: &[u8]) -> String {
    H::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Headers;

    fn challenges(lines: &[&str]) -> Vec<Challenge> {
        let mut headers = Headers::default();
        for line in lines {
            headers.push(Name::WwwAuthenticate, line);
        }
        headers.challenges()
    }

    fn response(challenge: &str, user: &str, password: &str, request: &Request) -> String {
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let found = challenges(&[challenge]);
        let password = Secret::new(password.to_owned());
        let credentials = Credentials { user, password: &password };
        let (_, value) = answer(&found[0], credentials, request, cnonce, 1).expect("an answer");
        let (_, response) = value.split_once("response=\"").expect("a response");
        response.split('"').next().unwrap_or_default().to_owned()
    }

    fn request(method: &str, uri: &str) -> Request {
        Request::new(method.into(), uri.parse().expect("an address"))
    }

    /// Computed with another program (Python's hashlib) by the formulas of RFC 7616.
    #[test]
    fn answers_are_right() {
        let register = request("REGISTER", "sip:pbx.example.org");
        let mut message = request("MESSAGE", "sip:300@pbx.example.org");
        message.body = "Disk full".into();
        let base = "Digest realm=\"asterisk\", nonce=\"1700000000/abc\"";
        let rows = [
            ("", &register, "49bf58856430918e4c0c507f3aa42a88"),
            (", qop=\"auth\"", &register, "4b5e4a45c581231862392db9af44ea69"),
            (
                ", algorithm=MD5, qop=\"auth,auth-int\"",
                &register,
                "4b5e4a45c581231862392db9af44ea69",
            ),
            (", algorithm=\"md5\", qop=auth", &register, "4b5e4a45c581231862392db9af44ea69"),
            (", algorithm=MD5-sess, qop=\"auth\"", &register, "0f411bfdd97ea254063b06e3a99b1fc9"),
            (", algorithm=MD5-sess", &register, "4423c251dc24705c328b6da747dbb8f3"),
            (", qop=\"auth-int\"", &message, "bb5f66e27e4ab19a8097d763c72f28e2"),
            (
                ", algorithm=SHA-256, qop=\"auth\"",
                &register,
                "795f2ead812e41d001f1d57029743b7faab61ffdb5f6bbe5f23a1f6f264526e7",
            ),
            (
                ", algorithm=SHA-256-sess, qop=\"auth\"",
                &register,
                "e91e565404b3a8845ca9269f13c499c33dd8056d3169001944567305e2395785",
            ),
            (
                ", algorithm=SHA-256, qop=\"auth-int\"",
                &message,
                "d0085f077d20dbc2173c40e56ec51a3f6881a717af036bbbd8d7322390ecfef2",
            ),
            (
                ", algorithm=SHA-512-256, qop=\"auth\"",
                &register,
                "54b99d3d452a503c58f75aec4997f1e721e76084c973486a8984371813f67e74",
            ),
        ];
        for (rest, request, expected) in rows {
            let found = response(&format!("{base}{rest}"), "200", "se:cret", request);
            assert_eq!(found, expected, "{rest}");
        }
    }

    #[test]
    fn the_header_is_written_as_servers_want_it() {
        let lines = "Digest realm=\"a \\\"b\\\"\", nonce=n1, opaque=\"o\", qop=\"auth,auth-int\"";
        let password = Secret::new("secret".to_owned());
        let credentials = Credentials { user: "an\"a", password: &password };
        let found = challenges(&[lines]);
        let invite = request("INVITE", "sip:300@pbx.example.org;transport=tcp");
        let (name, value) = answer(&found[0], credentials, &invite, "c1", 10).expect("an answer");
        assert_eq!(name, Name::Authorization);
        let (front, behind) = value.split_once("response=\"").expect("a response");
        assert_eq!(
            front,
            "Digest username=\"an\\\"a\", realm=\"a \\\"b\\\"\", nonce=\"n1\", \
             uri=\"sip:300@pbx.example.org;transport=tcp\", "
        );
        let behind = behind.split_once('"').expect("its end").1;
        assert_eq!(behind, ", algorithm=MD5, opaque=\"o\", qop=auth, nc=0000000a, cnonce=\"c1\"");
    }

    #[test]
    fn the_strongest_of_each_realm_is_chosen() {
        type Row = (&'static [&'static str], &'static [(&'static str, &'static str)]);
        let rows: [Row; 6] = [
            (&["Digest realm=a,nonce=1"], &[("a", "MD5")]),
            (
                &["Digest realm=a,nonce=1,algorithm=MD5,Digest realm=a,nonce=2,algorithm=SHA-256"],
                &[("a", "SHA-256")],
            ),
            (
                &[
                    "Digest realm=a,nonce=1,algorithm=SHA-256",
                    "Digest realm=a,nonce=1,algorithm=SHA-512-256",
                    "Digest realm=b,nonce=2",
                ],
                &[("a", "SHA-256"), ("b", "MD5")],
            ),
            (&["Digest realm=a,nonce=1,algorithm=SHA3", "Basic realm=a"], &[]),
            (&["Digest realm=a,nonce=1,qop=\"token\""], &[]),
            (&["Digest realm=a,nonce=1,qop=\"auth-int\""], &[("a", "MD5")]),
        ];
        for (lines, expected) in rows {
            let found = challenges(lines);
            let chosen = choose(&found);
            let chosen: Vec<_> =
                chosen.iter().map(|one| (one.realm.as_str(), one.algorithm.as_str())).collect();
            assert_eq!(chosen, expected, "{lines:?}");
        }
    }

    #[test]
    fn nothing_in_a_challenge_leaves_its_quotes() {
        let found = challenges(&["Digest realm=\"a\\\", nonce=\"b\", opaque=\"c\\"]);
        let password = Secret::new(String::new());
        let credentials = Credentials { user: "a\r\nb\"", password: &password };
        let invite = request("INVITE", "sip:a");
        for challenge in &found {
            let (_, value) = answer(challenge, credentials, &invite, "c", 1).expect("an answer");
            assert!(!value.contains(char::is_control), "{value}");
            assert_eq!(
                grammar::list(&value).count(),
                5 + usize::from(challenge.opaque.is_some()) + 1
            );
        }
    }
}
