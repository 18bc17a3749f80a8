//! No mail, however built, makes the understanding of it panic, hang or grow without bound.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its data must fail"
)]

use proptest::prelude::*;
use proptest::sample::Index;
use smtp_appliance::alert::{Origin, understand};

/// Understands a mail on a thread with the small stack a server's tasks have, and checks what every
/// mail must fulfil.
fn check(raw: Vec<u8>) {
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let done = thread.spawn(move || holds(&raw)).expect("a thread");
    done.join().expect("understood");
}

fn holds(raw: &[u8]) {
    let (text, events) = understand(raw, &Origin::default());
    assert!(!events.is_empty() && events.len() <= 200);
    assert!(text.body.len() <= 64 * 1024 + 16, "{}", text.body.len());
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text.body.contains(control));
    for line in [&text.from, &text.subject, &text.date] {
        assert!(line.chars().count() <= 1001 && !line.contains(char::is_control));
    }
    for event in &events {
        assert!(!event.identity.is_empty() && event.identity.len() <= 4096);
        let fields = [&event.host, &event.check, &event.problem_id, &event.severity_text];
        for field in fields.into_iter().flatten().chain([&event.summary, &event.identity]) {
            assert!(!field.contains(char::is_control), "{field:?}");
            assert!(field.chars().count() <= 300, "{field:?}");
        }
    }
}

#[test]
fn ten_thousand_parts() {
    let mut raw = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    raw.push_str(&"--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n".repeat(10_000));
    check(raw.into_bytes());
}

#[test]
fn parts_within_parts() {
    let mut raw = "Subject: x\r\n".to_owned();
    for depth in 0..10_000 {
        let part = format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}");
        raw.push_str(&[part.as_str(), "\r\n"].concat());
    }
    check(raw.into_bytes());
    let forwarded = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
    check(format!("Subject: x\r\n{forwarded}").into_bytes());
    let one_boundary = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(20_000);
    check(format!("Subject: x\r\n{one_boundary}").into_bytes());
}

#[test]
fn headers_of_a_megabyte() {
    for raw in [
        format!("Subject: {}\r\n\r\nx", "a ".repeat(500_000)),
        format!("Subject: {}\r\n\r\nx", "=?utf-8?q?=C3=B1?= ".repeat(50_000)),
        format!("Subject: {}\r\n\r\nx", "=?utf-8?b?".repeat(100_000)),
        format!("Subject: x\r\n{}\r\nx", "X-Y: z\r\n".repeat(130_000)),
        format!("Subject: x\r\n{}\r\nx", " folded\r\n".repeat(110_000)),
        format!("{}: x\r\n\r\nx", "a".repeat(1_000_000)),
        format!("Content-Type: text/plain; {}\r\n\r\nx", "a=b; ".repeat(200_000)),
        format!("Content-Type: multipart/mixed; boundary={}\r\n\r\nx", "b".repeat(1_000_000)),
    ] {
        check(raw.into_bytes());
    }
}

#[test]
fn bodies_of_four_megabytes() {
    let html = "Subject: x\r\nContent-Type: text/html\r\n\r\n";
    for raw in [
        format!("Subject: x\r\n\r\n{}", "\0".repeat(4_000_000)),
        format!("Subject: x\r\n\r\n{}", "\n".repeat(4_000_000)),
        format!("Subject: x\r\n\r\n{}", "Host: ".repeat(600_000)),
        format!("Subject: x\r\n\r\n{}", "down up no -> ".repeat(250_000)),
        format!("{html}{}", "<div>".repeat(800_000)),
        format!("{html}{}", "<table><tr><td>".repeat(250_000)),
        format!("{html}{}", "<a \"'>".repeat(600_000)),
        format!("{html}{}", "<style></styl>".repeat(250_000)),
        format!("{html}{}", "&amp;".repeat(800_000)),
        format!(
            "Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            "QUJD".repeat(1_000_000)
        ),
        format!(
            "Subject: x\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n{}",
            "+AAA".repeat(1_000_000)
        ),
    ] {
        check(raw.into_bytes());
    }
}

#[test]
fn little_or_nothing() {
    for raw in [
        "",
        "\r\n",
        "\r\n\r\n",
        ":",
        "Subject:",
        "Subject:\r\n\r\n",
        "\0",
        "From \r\n",
        "Subject: [\r\n\r\n",
    ] {
        check(raw.as_bytes().to_vec());
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folders = ["corpus", "corpus-made"]
        .map(|name| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name));
    let files = folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).expect("corpus"));
    let paths = files.map(|file| file.expect("a file").path());
    let mut mails: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    mails.sort();
    mails.into_iter().map(|path| std::fs::read(path).expect("a mail")).collect()
}

/// Changes bytes, cuts, repeats and joins.
fn mutate(mail: &mut Vec<u8>, other: &[u8], changes: &[(Index, u8, u8)]) {
    for (place, how, byte) in changes {
        if mail.is_empty() {
            return;
        }
        let at = place.index(mail.len());
        match how % 5 {
            0 => mail[at] = *byte,
            1 => mail.insert(at, *byte),
            2 => drop(mail.drain(at..(at + usize::from(*byte)).min(mail.len()))),
            3 => mail.extend_from_within(at..(at + 200).min(mail.len())),
            _ => {
                let rest = other.get(at..).unwrap_or_default().to_vec();
                mail.splice(at..at, rest.into_iter().take(300));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn mutated_mails_are_understood(
        one: Index,
        other: Index,
        changes in prop::collection::vec(any::<(Index, u8, u8)>(), 1..40),
    ) {
        let mails = corpus();
        let mut mail = mails[one.index(mails.len())].clone();
        mutate(&mut mail, &mails[other.index(mails.len())], &changes);
        holds(&mail);
    }

    #[test]
    fn random_bytes_are_understood(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        holds(&bytes);
    }

    #[test]
    fn random_subjects_are_understood(subject in "\\PC{0,200}", body in "\\PC{0,200}") {
        holds(format!("Subject: {subject}\r\n\r\n{body}").as_bytes());
    }
}
