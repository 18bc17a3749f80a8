//! Reverse-path and forward-path (RFC 5321 section 4.1.2) as devices write them.
//!
//! smtp-proto reads the paths of the RFC; UPSes, switches and scripts also send `<root>`,
//! `ups@site` without brackets, `"UPS" <ups@site>` and `<ana@[10.0.0.5]>`. An alert is not lost
//! over that.

/// Longest path, in bytes (RFC 5321 section 4.5.3.1.3).
const LONGEST: usize = 256;

/// Splits `<path> parameters` into the path without its brackets and source route, and the rest.
/// Nothing if there is no path or it is not one.
pub(super) fn split(argument: &str) -> Option<(&str, &str)> {
    let argument = argument.trim_start_matches([' ', '\t']);
    let (path, rest) = match argument.find('<') {
        Some(open) => argument.get(open + 1..)?.split_once('>')?,
        None => argument.split_at(argument.find([' ', '\r', '\n']).unwrap_or(argument.len())),
    };
    let bracketed = argument.contains('<');
    let path = path.trim_matches(' ');
    let path = match path.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_route, path)) => path,
        None => path,
    };
    ((bracketed || !path.is_empty()) && is_path(path)).then_some((path, rest))
}

/// Whether this can be a path: empty, `local-part`, `local-part@domain` or
/// `local-part@[address]`.
pub(super) fn is_path(path: &str) -> bool {
    let quoted = path.starts_with('"');
    if path.len() > LONGEST
        || path.contains(char::is_control)
        || (!quoted && path.contains([' ', '<', '>']))
    {
        return false;
    }
    match path.rsplit_once('@') {
        Some((local, domain)) => !local.is_empty() && is_domain(domain),
        None => true,
    }
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return literal.parse::<std::net::IpAddr>().is_ok();
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c) || !c.is_ascii())
    };
    domain.strip_suffix('.').unwrap_or(domain).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_devices_write_them() {
        let cases = [
            ("<a@b> SIZE=1\r\n", Some(("a@b", " SIZE=1\r\n"))),
            (" <a@b>\r\n", Some(("a@b", "\r\n"))),
            ("<>\r\n", Some(("", "\r\n"))),
            ("<root>\r\n", Some(("root", "\r\n"))),
            ("ups@site BODY=7BIT\r\n", Some(("ups@site", " BODY=7BIT\r\n"))),
            ("ups\n", Some(("ups", "\n"))),
            ("\"Die USV\" <ups@site>\r\n", Some(("ups@site", "\r\n"))),
            ("<@relay,@other:a@b>\r\n", Some(("a@b", "\r\n"))),
            ("<ana@[10.0.0.5]>\r\n", Some(("ana@[10.0.0.5]", "\r\n"))),
            ("<ana@[IPv6:fd00::1]>\r\n", Some(("ana@[IPv6:fd00::1]", "\r\n"))),
            ("<ñandú@peña.es>\r\n", Some(("ñandú@peña.es", "\r\n"))),
            ("<a@b.>\r\n", Some(("a@b.", "\r\n"))),
            ("\r\n", None),
            ("<a@b\r\n", None),
            ("<a@>\r\n", None),
            ("<@b>\r\n", None),
            ("<a@b..c>\r\n", None),
            ("<a@b c>\r\n", None),
            ("<a@[10.0.0]>\r\n", None),
            ("<a\u{7}@b>\r\n", None),
        ];
        for (argument, path) in cases {
            assert_eq!(split(argument), path, "{argument:?}");
        }
        assert_eq!(split(&format!("<{}@b>\r\n", "a".repeat(300))), None);
    }
}
