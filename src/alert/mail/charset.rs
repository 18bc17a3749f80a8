//! Bytes to text, also when the label is missing, unknown or wrong.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes text that says it is in `label`.
///
/// Valid UTF-8 with a byte above 127 is taken as such, whatever a single-byte label says: scripts
/// under `LC_ALL=C` and `sendEmail` label UTF-8 as ASCII or Latin-1, and Latin-1 that is valid
/// UTF-8 by chance does not occur. Without a usable label the rest is windows-1252, which holds
/// Latin-1.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(|label| label.trim().to_ascii_lowercase());
    let label = label.as_deref().filter(|label| !is_ascii_label(label));
    if label.is_none_or(is_western) {
        return guess(bytes);
    }
    match label.and_then(|label| charset_decoder(label.as_bytes())) {
        Some(_) if label.is_some_and(is_utf8) => guess(bytes),
        Some(decode) => decode(bytes),
        None => guess(bytes),
    }
}

/// Decodes text without a label: UTF-8, else windows-1252.
pub(super) fn guess(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // UTF-8 that was cut or damaged in one place is still UTF-8.
        Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

fn is_ascii_label(label: &str) -> bool {
    matches!(label, "" | "us-ascii" | "ascii" | "unknown-8bit" | "x-unknown" | "8bit" | "none")
        || label.starts_with("ansi_x3.4")
}

fn is_western(label: &str) -> bool {
    matches!(
        label,
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "windows-1252" | "cp1252"
    )
}

fn is_utf8(label: &str) -> bool {
    matches!(label, "utf-8" | "utf8")
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_what_was_meant() {
        let cases: &[(&[u8], Option<&str>, &str)] = &[
            ("caída".as_bytes(), Some("UTF-8"), "caída"),
            ("caída".as_bytes(), Some("ANSI_X3.4-1968"), "caída"),
            ("caída".as_bytes(), Some("iso-8859-1"), "caída"),
            (b"ca\xedda", Some("iso-8859-1"), "caída"),
            (b"ca\xedda", Some("us-ascii"), "caída"),
            (b"ca\xedda", Some("utf-8"), "caída"),
            (b"ca\xedda", None, "caída"),
            (b"ca\xedda", Some("no-such-charset"), "caída"),
            (b"\xc3\xa1\xc3\xa9\xc3", None, "áé\u{fffd}"),
            (b"ca\xa1da", Some("ibm850"), "caída"),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "Привет"),
            (b"\x83n\x83\x8D\x81[", Some("shift_jis"), "ハロー"),
        ];
        for (bytes, label, text) in cases {
            assert_eq!(decode(bytes, *label), *text, "{label:?}");
        }
    }
}
