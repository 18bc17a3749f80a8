//! One function per fuzz target: what it tries on any bytes, and what must hold. The targets under
//! `fuzz/` call them, and so does a plain test with every input found so far.

use bytes::Bytes;
use smtp_appliance::alert::AlertId;
use smtp_appliance::channel::mail::rewrite::{Facts, Loop, MAX_PASSES, rewrite};
use smtp_appliance::config::MailAddress;

/// A target's name, and what it tries.
type Entry = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const ENTRIES: [Entry; 1] = [("mail_rewrite", mail_rewrite)];

/// Runs a target on an input.
///
/// # Panics
/// If there is no such target, or what must hold does not.
pub(crate) fn run(target: &str, bytes: &[u8]) {
    let (_, entry) = ENTRIES.iter().find(|(name, _)| *name == target).expect("a known target");
    entry(bytes);
}

/// The mail as it goes to the relay: always one `From`, ASCII in the header, CRLF throughout, the
/// body as it was.
fn mail_rewrite(bytes: &[u8]) {
    let from: MailAddress = "alerts@example.org".parse().expect("an address");
    let text = String::from_utf8_lossy(bytes);
    let facts = Facts {
        from: &from,
        name: "smtp.appliance",
        alert: AlertId(1),
        received: jiff::Timestamp::UNIX_EPOCH,
        client: &text,
        helo: &text,
        summary: &text,
    };
    let out = match rewrite(&Bytes::copy_from_slice(bytes), &facts) {
        Ok(out) => out,
        Err(Loop(passes)) => return assert!(passes > MAX_PASSES),
    };
    assert!(out.header.is_ascii());
    let header = str::from_utf8(&out.header).expect("ASCII");
    let lines = header.strip_suffix("\r\n\r\n").expect("a blank line at the end").split("\r\n");
    let mut senders = 0;
    for line in lines {
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "{line:?}");
        senders += usize::from(line.to_ascii_lowercase().starts_with("from:"));
    }
    assert_eq!(senders, 1);
    let body = String::from_utf8_lossy(&out.body).replace("\r\n", "");
    assert!(!body.contains(['\r', '\n']));
    if !bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
        assert!(bytes.ends_with(&out.body));
    }
}
