//! Raw bytes of a mail, decoded for people and for the profiles.

mod charset;
pub(super) mod clean;
mod header;
mod html;
mod part;
mod transfer;

use super::label::{Labels, Table};
use super::{MailText, Origin};
use header::Headers;
use part::Content;

/// Bytes of text kept of one mail.
const MAX_BODY: usize = 64 * 1024;
/// Characters of one header kept.
const MAX_LINE: usize = 1000;

/// A mail, decoded.
#[derive(Debug)]
pub(super) struct Mail<'a> {
    /// What a person reads.
    pub text: MailText,
    /// The subject without what forwarding puts before it.
    pub subject: String,
    /// Whether it reports on the delivery of another mail.
    pub report: bool,
    labels: Table,
    headers: Headers<'a>,
    html: Option<String>,
}

impl<'a> Mail<'a> {
    /// Decodes a message. Never fails: what cannot be decoded is shown as it is.
    pub(super) fn read(raw: &'a [u8], origin: &Origin) -> Self {
        let (headers, body) = Headers::of_message(raw);
        let content = Content::read(&headers, body);
        let line = |name: &str| {
            headers.get(name).map(|value| clean::one_line(&value, MAX_LINE)).unwrap_or_default()
        };
        let from = line("from").split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = line("subject");
        let text = MailText {
            from: if from.is_empty() { clean::one_line(&origin.sender, MAX_LINE) } else { from },
            date: line("date"),
            body: clean::lines(&content.text, MAX_BODY),
            subject,
        };
        let told = if text.subject.is_empty() {
            content.subject_of_inner.map(|inner| clean::one_line(&inner, MAX_LINE))
        } else {
            None
        };
        let subject = without_forwarding(told.as_deref().unwrap_or(&text.subject)).to_owned();
        let labels = Table::of(&text.body);
        Self { subject, report: content.report, labels, headers, html: content.html, text }
    }

    /// A header, decoded.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)
    }

    /// Whether there is such a header.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.has(name)
    }

    /// The text of the body.
    pub(super) fn body(&self) -> &str {
        &self.text.body
    }

    /// The labels of the body.
    pub(super) fn labels(&self) -> Labels<'_> {
        Labels::new(&self.text.body, &self.labels)
    }

    /// The value of the body's first label with one of these names, which are folded.
    pub(super) fn label(&self, names: &[&str]) -> Option<&str> {
        self.labels().value(names)
    }

    /// What the HTML beside the plain text says.
    pub(super) fn html_text(&self) -> Option<String> {
        let source = self.html.as_deref()?;
        Some(clean::lines(&part::readable_html(source), MAX_BODY))
    }

    /// Whether the HTML beside the plain text has `needle` in it.
    pub(super) fn html_contains(&self, needle: &str) -> bool {
        self.html.as_deref().is_some_and(|html| html.contains(needle))
    }
}

/// A subject without `Fwd:`, `RV:`, `[External]` and the like.
fn without_forwarding(subject: &str) -> &str {
    const MARKS: [&str; 11] = [
        "fwd:",
        "fw:",
        "re:",
        "rv:",
        "tr:",
        "wg:",
        "aw:",
        "[external]",
        "[ext]",
        "[externo]",
        "external:",
    ];
    let mut rest = subject.trim();
    while let Some(mark) = MARKS
        .iter()
        .find(|mark| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))
    {
        rest = rest.get(mark.len()..).unwrap_or_default().trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{Mail, Origin};

    fn body(raw: &str) -> String {
        Mail::read(raw.replace('\n', "\r\n").as_bytes(), &Origin::default()).text.body
    }

    #[test]
    fn chooses_what_is_read() {
        let cases = [
            ("Subject: a\n\nplain\n\n\n\nmore\n", "plain\n\nmore"),
            ("Content-Type: text/html\n\n<b>Host:</b> a<br>b", "Host: a\nb"),
            (
                "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>html</p>\n--x--\n",
                "html",
            ),
            (
                "Content-Type: multipart/alternative; boundary=\"x y\"\n\npreamble\n--x y\n\nplain\n--x y\nContent-Type: text/html\n\n<p>html</p>\n",
                "plain",
            ),
            (
                "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nContent-Disposition: attachment; filename=\"log.txt\"\n\nsecret\n--x\nContent-Type: image/png; name*=utf-8''gr%C3%A1fica.png\n\nPNG\n--x--\n",
                "one\n[+ log.txt]\n[+ gráfica.png]",
            ),
            ("Content-Type: multipart/mixed; boundary=x\n\nno such boundary", "no such boundary"),
            ("Content-Type: multipart/mixed\n\nno boundary", "no boundary"),
            (
                "Content-Type: message/rfc822\n\nSubject: =?utf-8?q?ca=C3=ADdo?=\nFrom: a@b\n\ninner",
                "From: a@b\nSubject: caído\n\ninner",
            ),
            ("Content-Transfer-Encoding: BASE64\n\nZmFsbMOz\n", "falló"),
            ("no header", "no header"),
        ];
        for (raw, text) in cases {
            assert_eq!(body(raw), text, "{raw}");
        }
    }

    #[test]
    fn forwarding_marks_go() {
        let raw = b"Subject: Fwd: RE: [External] Problem: x\r\n\r\n";
        let mail = Mail::read(raw, &Origin::default());
        assert_eq!(mail.subject, "Problem: x");
        assert_eq!(mail.text.subject, "Fwd: RE: [External] Problem: x");
    }

    #[test]
    fn sender_stands_in_for_from() {
        let origin = Origin { sender: "root@web1".into(), ..Origin::default() };
        assert_eq!(Mail::read(b"text", &origin).text.from, "root@web1");
    }
}
