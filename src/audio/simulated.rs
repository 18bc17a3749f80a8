//! Sound cards that are files, for trials and proofs without hardware.
//!
//! A PCM's name can carry its whole definition, so neither `asound.conf` nor the environment is
//! touched: alsa-lib itself writes what arrives at the "card".

use std::path::Path;

/// Name of an ALSA PCM that writes what is played into a WAV file: exactly what a card would get.
#[must_use]
pub fn playback(file: &Path) -> String {
    format!("file:{{FILE {} FORMAT wav}}", quoted(file))
}

/// Name of an ALSA PCM that records what is in a file, raw: 16 bits, mono, 8000 Hz, no header.
#[must_use]
pub fn capture(file: &Path) -> String {
    // Who opens it to record writes, too: nowhere.
    let slave = format!("type file slave.pcm null file '/dev/null' infile {}", quoted(file));
    format!("plug:{{SLAVE {{{slave}}}}}")
}

/// A file's name as alsa-lib's configuration and its file PCM read it.
fn quoted(file: &Path) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut quoted = String::from("'");
    for c in file.to_string_lossy().chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            // `%r` and the like stand for rates and formats.
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_whatever_a_path_holds() {
        assert_eq!(playback(Path::new("/tmp/a b.wav")), "file:{FILE '/tmp/a b.wav' FORMAT wav}");
        assert_eq!(quoted(Path::new(r"/a'b\c%d,{e}")), r"'/a\'b\\c%%d,{e}'");
    }
}
