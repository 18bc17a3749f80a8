//! Header fields as bytes (RFC 5322 section 2.2): where each begins and ends, nothing decoded.

use memchr::memchr;

/// One field of a header, with its continuation lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// What stands before the colon.
    pub name: &'a str,
    /// What stands after the colon, without the last CRLF; folds are still in it.
    pub value: &'a [u8],
    /// All of it, to and with the last CRLF.
    pub raw: &'a [u8],
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Names of which at least one must be there, or what looks like a header is text: a script's
/// `ERROR: disk full` is the message itself.
const WELL_KNOWN: [&str; 19] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "received",
    "reply-to",
    "sender",
    "cc",
    "in-reply-to",
    "references",
    "return-path",
    "auto-submitted",
    "x-mailer",
    "x-priority",
    "importance",
];

/// Cuts a mail, whose lines end in CRLF, into header and body. The header has no blank line at its
/// end; it is empty when the mail has none. A header ends where a line is no field, as MTAs read
/// it: that line belongs to the body then.
pub(super) fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    let mut fields = fields(after_mbox_line(mail));
    let known = fields.by_ref().any(|field| WELL_KNOWN.iter().any(|name| field.is(name)));
    if !known {
        return (b"", mail.strip_prefix(b"\r\n").unwrap_or(mail));
    }
    fields.by_ref().for_each(drop);
    let start = after_mbox_line(mail);
    let (header, rest) = start.split_at(start.len() - fields.rest.len());
    (header, rest.strip_prefix(b"\r\n").unwrap_or(rest))
}

/// The fields of a header, one after the other, up to the first line that is none.
pub(super) fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// Iterator of [`fields`].
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let (name, after_colon) = name_of(self.rest)?;
        let mut end = line_end(self.rest, 0);
        while matches!(self.rest.get(end), Some(b' ' | b'\t')) {
            end = line_end(self.rest, end);
        }
        let (raw, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let value = raw.get(after_colon..)?;
        Some(Field { name, value: value.strip_suffix(b"\r\n").unwrap_or(value), raw })
    }
}

/// The field name a line begins with, and where its value begins. RFC 5322 section 4.5 lets blanks
/// stand before the colon.
fn name_of(line: &[u8]) -> Option<(&str, usize)> {
    let colon = memchr(b':', line.get(..line_end(line, 0))?)?;
    let name = std::str::from_utf8(line.get(..colon)?).ok()?.trim_end_matches([' ', '\t']);
    let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    valid.then_some((name, colon + 1))
}

fn line_end(text: &[u8], start: usize) -> usize {
    let line = text.get(start..).unwrap_or_default();
    memchr(b'\n', line).map_or(text.len(), |end| start + end + 1)
}

/// Programs that feed a mailbox file into SMTP leave its `From ` line on top.
fn after_mbox_line(mail: &[u8]) -> &[u8] {
    let is_mbox = mail.starts_with(b"From ") || mail.starts_with(b">From ");
    let end = if is_mbox { line_end(mail, 0) } else { 0 };
    mail.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_body_part_where_mtas_part_them() {
        let cases: &[(&[u8], &[u8], &[u8])] = &[
            (b"Subject: a\r\n\r\nbody\r\n", b"Subject: a\r\n", b"body\r\n"),
            (b"Subject: a\r\n folded\r\n\r\n\r\nx", b"Subject: a\r\n folded\r\n", b"\r\nx"),
            (b"Subject: a\r\n", b"Subject: a\r\n", b""),
            (b"Subject: a", b"Subject: a", b""),
            (b"To : a\r\nno field\r\nFrom: b\r\n", b"To : a\r\n", b"no field\r\nFrom: b\r\n"),
            (b"From x Mon Nov 23\r\nTo: a\r\n\r\nb", b"To: a\r\n", b"b"),
            (b"Disk full on srv-db-01\r\n", b"", b"Disk full on srv-db-01\r\n"),
            (b"ERROR: disk full\r\nHOST: a\r\n", b"", b"ERROR: disk full\r\nHOST: a\r\n"),
            (b"\r\nonly a body\r\n", b"", b"only a body\r\n"),
            (b" Subject: indented\r\n", b"", b" Subject: indented\r\n"),
            (b"", b"", b""),
            (b"\xff\xfe: x\r\n", b"", b"\xff\xfe: x\r\n"),
        ];
        for (mail, header, body) in cases {
            assert_eq!(split(mail), (*header, *body), "{}", String::from_utf8_lossy(mail));
        }
    }

    #[test]
    fn a_field_keeps_its_folds() {
        let header = b"From :  a\r\n\tb\r\nX:\r\n";
        let all: Vec<_> = fields(header).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].name, all[0].value), ("From", b"  a\r\n\tb".as_slice()));
        assert_eq!((all[1].name, all[1].value), ("X", b"".as_slice()));
    }
}
