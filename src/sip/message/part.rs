//! A body of several parts (RFC 2046 section 5.1, RFC 5621): what some exchanges send a description
//! of sound in, beside what they tell each other.

use memchr::memmem;

use super::params::Params;

/// Deepest that one body of several parts stands in another.
const MAX_DEPTH: u32 = 3;

/// The part of a body that is of this type, such as `application/sdp`: the body itself, or the first
/// such part of one that has several. A body whose type is not told is of any.
#[must_use]
pub(crate) fn part<'a>(kind: Option<&str>, body: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    find(kind.unwrap_or(wanted), body, wanted, MAX_DEPTH).filter(|found| !found.is_empty())
}

fn find<'a>(kind: &str, body: &'a [u8], wanted: &str, depth: u32) -> Option<&'a [u8]> {
    let (name, params) = kind.split_once(';').unwrap_or((kind, ""));
    let name = name.trim();
    if name.eq_ignore_ascii_case(wanted) {
        return Some(body);
    }
    let is_multipart = name.get(..10).is_some_and(|name| name.eq_ignore_ascii_case("multipart/"));
    let params = Params::of_header(params);
    let boundary = params.get("boundary").filter(|boundary| !boundary.is_empty())?;
    if !is_multipart || depth == 0 {
        return None;
    }
    // The first may stand at the very beginning.
    let dashes = format!("--{boundary}");
    let begin = memmem::find(body, dashes.as_bytes())? + dashes.len();
    let delimiter = format!("\r\n{dashes}");
    let mut rest = body.get(begin..)?;
    // "--" behind the last one: nothing follows.
    while !rest.starts_with(b"--") {
        let end = memmem::find(rest, delimiter.as_bytes());
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        let (headers, content) = headers_and_content(part)?;
        if let Some(found) = find(&kind_of(headers), content, wanted, depth - 1) {
            return Some(found);
        }
        rest = after.get(delimiter.len()..)?;
    }
    None
}

/// The part begins with what is left of its delimiter's line.
fn headers_and_content(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let headers = memmem::find(part, b"\r\n")?;
    let part = part.get(headers..)?;
    let end = memmem::find(part, b"\r\n\r\n")?;
    Some((part.get(..end)?, part.get(end + 4..)?))
}

/// Its Content-Type; plain text if it tells none.
fn kind_of(headers: &[u8]) -> String {
    let headers = String::from_utf8_lossy(headers);
    let mut lines = headers.split("\r\n").filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| {
        let name = name.trim();
        name.eq_ignore_ascii_case("Content-Type") || name.eq_ignore_ascii_case("c")
    });
    found.map_or_else(|| "text/plain".to_owned(), |(_, kind)| kind.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "application/sdp";

    fn found<'a>(kind: &str, body: &'a str) -> Option<&'a str> {
        let kind = (!kind.is_empty()).then_some(kind);
        part(kind, body.as_bytes(), SDP).map(|found| std::str::from_utf8(found).unwrap())
    }

    #[test]
    fn the_description_is_found_where_it_is() {
        let two = "--x\r\nContent-Type: application/pidf+xml\r\n\r\n<a/>\r\n--x\r\n\
                   c: Application/SDP; charset=utf-8\r\nContent-Id: 1\r\n\r\nv=0\r\no=-\r\n\r\n--x--\r\n";
        let within =
            format!("--y\r\nContent-Type: multipart/alternative;boundary=x\r\n\r\n{two}\r\n--y--");
        let rows = [
            ("", "v=0", Some("v=0")),
            ("application/sdp", "v=0", Some("v=0")),
            ("Application/SDP ;a=b", "v=0", Some("v=0")),
            ("text/plain", "v=0", None),
            ("application/sdp", "", None),
            ("multipart/mixed;boundary=x", two, Some("v=0\r\no=-\r\n")),
            ("Multipart/Mixed; boundary=\"x\"", two, Some("v=0\r\no=-\r\n")),
            ("multipart/mixed;boundary=y", within.as_str(), Some("v=0\r\no=-\r\n")),
            ("multipart/mixed;boundary=z", two, None),
            ("multipart/mixed", two, None),
            ("multipart/mixed;boundary=x", "--x\r\nc:application/sdp\r\n\r\nv=0", Some("v=0")),
            ("multipart/mixed;boundary=x", "--x", None),
            ("multipart/mixed;boundary=x", "--x--", None),
            ("multipart/mixed;boundary=x", "--x\r\n\r\nv=0\r\n--x--", None),
        ];
        for (kind, body, expected) in rows {
            assert_eq!(found(kind, body), expected, "{kind}: {body:?}");
        }
    }

    #[test]
    fn parts_in_parts_without_end_are_left() {
        let kind = "multipart/mixed;boundary=x";
        let body = format!("--x\r\nContent-Type: {kind}\r\n\r\n").repeat(1000);
        assert_eq!(found(kind, &body), None);
    }
}
