//! Keys by SIP INFO: what telephones and exchanges send where RFC 4733 was not agreed on.

use crate::sip::message::{Name, Request};

/// The key that an INFO tells: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
pub(super) fn of_info(request: &Request) -> Option<char> {
    let kind = request.headers.get(&Name::ContentType)?.split(';').next()?.trim();
    let body = std::str::from_utf8(request.body.get(..256).unwrap_or(&request.body)).ok()?;
    if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        let signal = body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        });
        return signal.and_then(key);
    }
    if kind.eq_ignore_ascii_case("application/dtmf") { key(body) } else { None }
}

/// A key by its sign, or by its number of RFC 4733: 10 is `*`, 11 is `#`, 12 to 15 are `A` to `D`.
fn key(text: &str) -> Option<char> {
    let text = text.trim();
    match text {
        "10" => Some('*'),
        "11" => Some('#'),
        "12" => Some('A'),
        "13" => Some('B'),
        "14" => Some('C'),
        "15" => Some('D'),
        _ => {
            let mut letters = text.chars();
            let letter = letters.next()?.to_ascii_uppercase();
            let is_key = matches!(letter, '0'..='9' | '*' | '#' | 'A'..='D');
            (is_key && letters.next().is_none()).then_some(letter)
        }
    }
}
