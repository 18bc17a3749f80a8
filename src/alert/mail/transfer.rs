//! Content-Transfer-Encoding (RFC 2045 section 6), undone as far as possible: damaged text is
//! better than none.

use mail_parser::decoders::base64::base64_decode;

/// Decodes base64; characters outside the alphabet are left out.
pub(super) fn base64(encoded: &[u8]) -> Vec<u8> {
    base64_decode(encoded).unwrap_or_else(|| {
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let cleaned: Vec<u8> = encoded.iter().copied().filter(valid).collect();
        base64_decode(&cleaned).unwrap_or_default()
    })
}

/// Decodes quoted-printable, or its variant for headers (RFC 2047 section 4.2: `_` is a blank).
/// A `=` that begins no valid sequence stands for itself.
pub(super) fn quoted_printable(encoded: &[u8], header: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'=', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            (b'=', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => rest = after,
            (b'_', _) if header => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    decoded
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{base64, quoted_printable};

    #[test]
    fn decodes() {
        assert_eq!(base64(b"ZmFs\r\nbMOz"), "falló".as_bytes());
        assert_eq!(base64(b"Zm!Fs*bMOz"), "falló".as_bytes());
        assert_eq!(base64(b""), b"");
        assert_eq!(
            quoted_printable(b"a=C3=B1o=\r\n=3D_ 5 = 5 =zz =", false),
            "año=_ 5 = 5 =zz =".as_bytes()
        );
        assert_eq!(quoted_printable(b"a_b=5Fc", true), b"a b_c");
    }
}
