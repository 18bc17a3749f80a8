//! The bytes after DATA or BDAT become lines (RFC 5321 section 4.5.2), so that no smuggling works.
//!
//! Three rules, and with them nobody before or behind us can see another end than we do:
//! - Only `<CRLF>.<CRLF>` ends DATA. The CRLF of the DATA command counts as the first one.
//! - A bare LF and a bare CR become CRLF (curl with an LF file must not lose its alert), so that a
//!   message never holds one; CRs right before a CRLF are dropped with it.
//! - A dot after a bare line end is text: it neither ends the message nor is it taken away, since
//!   whoever sent it did not see a line begin there and so did not add one. Whoever sends the
//!   message on sees a proper line and adds the dot that protects it.

use memchr::memchr2;

/// Reads one message, however it is cut into packets.
#[derive(Debug)]
pub(super) struct Decoder {
    at: At,
    dots: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// A line may begin here, after a real CRLF.
    LineStart,
    /// Anywhere else; also the start of a line after a bare CR or LF.
    Text,
    /// After a CR which may be bare.
    Cr,
    /// After `<CRLF>.`
    Dot,
    /// After `<CRLF>.<CR>`
    DotCr,
}

const CRLF: &[u8] = b"\r\n";

impl Decoder {
    /// For DATA, whose command line ended in CRLF or in a bare LF.
    pub(super) const fn data(command_ended_in_crlf: bool) -> Self {
        Self { at: if command_ended_in_crlf { At::LineStart } else { At::Text }, dots: true }
    }

    /// For the chunks of BDAT (RFC 3030), where a dot is a dot and the length tells the end.
    pub(super) const fn bdat() -> Self {
        Self { at: At::Text, dots: false }
    }

    /// Gives the text to `sink`, piece by piece, until `input` is used up or the end was read
    /// (true); what stands behind the end stays in `input`.
    pub(super) fn decode(&mut self, input: &mut &[u8], mut sink: impl FnMut(&[u8])) -> bool {
        while let Some((&byte, rest)) = input.split_first() {
            match (self.at, byte) {
                (At::Text, _) => {
                    *input = self.text(input, &mut sink);
                    continue;
                }
                (At::LineStart, b'.') if self.dots => self.at = At::Dot,
                (At::Cr, b'\n') => {
                    sink(CRLF);
                    self.at = At::LineStart;
                }
                (At::Cr, b'\r') => {}
                (At::Cr, _) => {
                    sink(CRLF);
                    self.at = At::Text;
                    continue;
                }
                (At::Dot, b'\r') => self.at = At::DotCr,
                (At::Dot, b'\n') => {
                    sink(b".\r\n");
                    self.at = At::Text;
                }
                (At::LineStart | At::Dot, _) => {
                    self.at = At::Text;
                    continue;
                }
                (At::DotCr, b'\n') => {
                    *input = rest;
                    return true;
                }
                (At::DotCr, _) => {
                    sink(b".");
                    self.at = At::Cr;
                    continue;
                }
            }
            *input = rest;
        }
        false
    }

    /// The end of the last chunk: what is pending, said in `sink`.
    pub(super) fn finish(&mut self, mut sink: impl FnMut(&[u8])) {
        if self.at == At::Cr {
            sink(CRLF);
        }
        self.at = At::LineStart;
    }

    /// From the middle of the text to the next place that needs care; ordinary line ends are
    /// passed over, so that most messages are copied in one piece.
    fn text<'a>(&mut self, input: &'a [u8], sink: &mut impl FnMut(&[u8])) -> &'a [u8] {
        let mut passed = 0;
        loop {
            let ahead = input.get(passed..).unwrap_or_default();
            let Some(found) = memchr2(b'\r', b'\n', ahead) else {
                sink(input);
                return &[];
            };
            match ahead.get(found..) {
                Some([b'\r', b'\n', next, ..]) if *next != b'.' || !self.dots => {
                    passed += found + CRLF.len();
                }
                Some([b'\n', rest @ ..]) => {
                    sink(input.get(..passed + found).unwrap_or_default());
                    sink(CRLF);
                    return rest;
                }
                Some([_, rest @ ..]) => {
                    sink(input.get(..passed + found).unwrap_or_default());
                    self.at = At::Cr;
                    return rest;
                }
                Some([]) | None => return &[],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(mut decoder: Decoder, packets: &[&[u8]]) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut text = Vec::new();
        let mut behind: Option<Vec<u8>> = None;
        for packet in packets {
            let mut input = *packet;
            if behind.is_none() && decoder.decode(&mut input, |piece| text.extend_from_slice(piece))
            {
                behind = Some(Vec::new());
            }
            if let Some(behind) = &mut behind {
                behind.extend_from_slice(input);
            }
        }
        (text, behind)
    }

    #[test]
    fn lines_and_their_end() {
        // Sent; text; what stands behind the end, if it was reached.
        type Case = (&'static [u8], &'static [u8], Option<&'static [u8]>);
        let cases: &[Case] = &[
            (b".\r\n", b"", Some(b"")),
            (b"a\r\n.\r\nQUIT", b"a\r\n", Some(b"QUIT")),
            (b"a\r\n..\r\n..b\r\n.c\r\n.\r\n", b"a\r\n.\r\n.b\r\nc\r\n", Some(b"")),
            (b"a\nb\n.\r\n", b"a\r\nb\r\n.\r\n", None),
            (b"a\n.\n.b\r\n.\r\n", b"a\r\n.\r\n.b\r\n", Some(b"")),
            (b"a\rb\r.\r", b"a\r\nb\r\n.", None),
            (b"a\r\r\n.\r\n", b"a\r\n", Some(b"")),
            (b"a\r\n.\n", b"a\r\n.\r\n", None),
            (b"a\r\n.\rb", b"a\r\n.\r\nb", None),
            (b"a\r\n.\r\r\n", b"a\r\n.\r\n", None),
            (b"a\r\n\r\n\r\n.\r\n", b"a\r\n\r\n\r\n", Some(b"")),
            (b"a\r\n\n.\r\n", b"a\r\n\r\n.\r\n", None),
            (b"a\0\xff\r\n.\r\n", b"a\0\xff\r\n", Some(b"")),
        ];
        for (sent, text, behind) in cases {
            let (got, end) = decode(Decoder::data(true), &[sent]);
            assert_eq!((&got[..], end.as_deref()), (*text, *behind), "{}", sent.escape_ascii());
        }
        assert_eq!(decode(Decoder::data(false), &[b".\r\n"]).1, None);
    }

    #[test]
    fn only_one_sequence_of_cr_lf_and_dot_ends_a_message() {
        let alphabet = [b'\r', b'\n', b'.', b'x'];
        for length in 1..=7_u32 {
            for number in 0..4_u32.pow(length) {
                let mut sent = b"x".to_vec();
                sent.extend(
                    (0..length).map(|place| alphabet[(number >> (2 * place) & 3) as usize]),
                );
                let end = memchr::memmem::find(&sent, b"\r\n.\r\n");
                let (text, behind) = decode(Decoder::data(true), &[&sent]);
                assert_eq!(
                    behind,
                    end.map(|at| sent[at + 5..].to_vec()),
                    "{}",
                    sent.escape_ascii()
                );
                let bare = String::from_utf8(text).unwrap().replace("\r\n", "");
                assert!(!bare.contains(['\r', '\n']), "{}", sent.escape_ascii());
            }
        }
    }

    #[test]
    fn chunks_keep_their_dots() {
        let mut decoder = Decoder::bdat();
        let mut text = Vec::new();
        for chunk in [&b".a\r"[..], b"\n.\r\n", b"b\n\r"] {
            let mut input = chunk;
            assert!(!decoder.decode(&mut input, |piece| text.extend_from_slice(piece)));
        }
        decoder.finish(|piece| text.extend_from_slice(piece));
        assert_eq!(text, b".a\r\n.\r\nb\r\n\r\n");
    }

    proptest! {
        #[test]
        fn packets_do_not_matter(sent in "[\r\n.a]{0,40}", cuts in prop::collection::vec(0_usize..40, 0..5)) {
            let sent = sent.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(sent.len())).collect();
            cuts.extend([0, sent.len()]);
            cuts.sort_unstable();
            let packets: Vec<_> = cuts.windows(2).map(|pair| &sent[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(Decoder::data(true), &packets), decode(Decoder::data(true), &[sent]));
        }
    }
}
